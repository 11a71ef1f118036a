"""The cells of the autograded notebook."""

from __future__ import annotations

from typing import Any

from autograder.judging.mark import Mark
from autograder.judging.outputs import error_output
from autograder.judging.plan import ExtraStep, LessonStep, Step, TestStep
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Cell, Lesson
from autograder.lessons.notebooks import master_cells

#: nbformat's limit on the length of a cell's id.
_LONGEST_ID = 64


def cells_of(lesson: Lesson, steps: list[Step], marks: dict[str, Mark]) -> list[dict[str, Any]]:
    """The master's cells, filled in with what the student wrote, with outputs.

    Args:
        marks: of the test cells, by id; each is kept in its cell's metadata.
    """
    originals = {cell["id"]: cell for cell in master_cells(lesson)}
    used = set(originals)
    cells: list[dict[str, Any]] = []
    count = 0
    for step in steps:
        if isinstance(step, ExtraStep):
            name = _free_id(step.extra.id, used, len(cells))
            used.add(name)
            made = {"id": name, "cell_type": step.extra.cell_type, "metadata": {}}
            made["source"] = step.source
        elif isinstance(step, LessonStep) and step.cell.id in originals:
            made = {**originals[step.cell.id]}
            if step.cell.is_students and not step.missing:
                made["source"] = step.source
        else:  # a hint that was joined to the ladder before it
            continue
        if made["cell_type"] == "code":
            count = _add_outputs(made, step, marks, count)
        cells.append(made)
        if isinstance(step, LessonStep) and step.cell.rubric:
            cells.append(_note_for_marker(step.cell))
    return cells


def _free_id(wanted: str, used: set[str], number: int) -> str:
    name = wanted if wanted.isidentifier() else f"extra-{number}"
    return f"extra-{number}" if name in used else name[:_LONGEST_ID]


def _add_outputs(made: dict[str, Any], step: Step, marks: dict[str, Mark], count: int) -> int:
    """Put a code cell's outputs into it; the execution count after it."""
    made["outputs"] = list(step.outputs)
    made["execution_count"] = None
    if step.fatal:
        says = f"Running this cell ended the process: {step.fatal}"
        made["outputs"].append(error_output("ProcessEnded", says))
    verdict = step.verdict if isinstance(step, TestStep) else None
    if isinstance(step, TestStep) and verdict is not None:
        mark = marks[step.cell.id]
        made["outputs"] = _for_nbgrader(verdict, mark)
        made["metadata"] = {**made["metadata"], "autograder": mark.to_dict()}
    if not step.done and verdict is None:
        return count
    made["execution_count"] = count + 1
    for output in made["outputs"]:
        if output["output_type"] == "execute_result":
            output["execution_count"] = count + 1
    return count + 1


def _note_for_marker(cell: Cell) -> dict[str, Any]:
    return {
        "id": f"rubric-{cell.name}",
        "cell_type": "markdown",
        "metadata": {},
        "source": f"*For the marker* — {cell.rubric}",
    }


def _for_nbgrader(verdict: Verdict, mark: Mark) -> list[dict[str, Any]]:
    """A test's outputs such that nbgrader's own reading of them agrees with the mark.

    nbgrader takes anything on stderr for a failure, so what was printed there is shown as stdout;
    and an earlier figure or result never stands before the test's own.
    """
    outputs = [
        {**output, "name": "stdout"} if output["output_type"] == "stream" else dict(output)
        for output in verdict.outputs
    ]
    failed = mark.outcome not in ("passed", "partial")
    if failed and not any(output["output_type"] == "error" for output in outputs):
        outputs.append(error_output(mark.outcome, mark.detail or mark.says))
    return outputs
