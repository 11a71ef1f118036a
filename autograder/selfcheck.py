"""A student's own check: the visible tests of a notebook, in a clean process, with no lesson."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.alterations import fits_own_checksum
from autograder.classroom import Classroom, ClassroomError, Job, NotGraded
from autograder.grading import Mark, Options
from autograder.lesson import BEGIN_HIDDEN, Cell, Kind, Lesson
from autograder.submission import SubmissionError, fit, read_notebook

_KINDS: dict[str, Kind] = {
    "setup": "setup",
    "given": "given",
    "experiment": "experiment",
    "solution": "solution",
    "test": "tests",
    "answer": "answer",
}


@dataclass(frozen=True)
class Line:
    """What ``autograder check`` says about one test cell.

    ``status`` is "passed", "partial", "failed", "not written" or "not run"; ``changed`` tells
    that the test in the notebook is not the one that was handed out.
    """

    task: str
    status: str
    says: str
    points: float
    changed: bool = False


def check(path: Path, classroom: Classroom, run_experiments: bool = False) -> list[Line]:
    """Run a notebook from the top and judge its visible tests.

    Raises:
        SubmissionError: the file is no notebook, or no notebook of the course.
    """
    notebook = read_notebook(path)
    lesson = _as_lesson(path, notebook)
    changed = {name for cell in notebook.cells if (name := _changed_test(cell))}
    submission = fit(lesson, notebook.cells)
    job = Job(path.name, lesson, _master(notebook), submission, options=Options(run_experiments))
    ((_, result),) = classroom.run([job])
    if isinstance(result, NotGraded):
        raise ClassroomError(f"{path.name} could not be run: {result.reason}")
    lines = []
    for cell in lesson.cells:
        if cell.kind == "tests":
            mark = result.mark(cell.id)
            name = cell.name + (f" ({cell.part})" if cell.part else "")
            status, says = _status(mark)
            lines.append(Line(name, status, says, cell.points, cell.id in changed))
    return lines


def _status(mark: Mark) -> tuple[str, str]:
    if mark.outcome == "passed":
        return "passed", "passes its visible tests"
    if mark.outcome == "partial":
        # The rest of the points may be given by hidden tests, which are not here.
        return "partial", f"its visible tests give {mark.points:g} of {mark.max_points:g} points"
    if "is not written yet" in mark.says:
        return "not written", mark.says
    return mark.outcome, mark.says


def _as_lesson(path: Path, notebook: Any) -> Lesson:
    """A lesson made of a student's notebook: what is read-only in it, and its visible tests."""
    cells = []
    for number, cell in enumerate(notebook.cells, start=1):
        name = _grade_id(cell)
        prefix, _, rest = name.partition("-")
        if prefix not in _KINDS:
            continue
        task, _, part = rest.partition("-")
        points = cell.metadata["nbgrader"].get("points")
        points = float(points) if isinstance(points, (int, float)) else 0.0
        cells.append(Cell(_KINDS[prefix], cell.source, number, task, part, points))
    if not any(cell.kind == "tests" for cell in cells):
        raise SubmissionError(f"{path.name} holds no tests: it is no notebook of this course.")
    unique = {cell.id: cell for cell in cells}
    title = next(
        (
            c.source.lstrip("# ").splitlines()[0]
            for c in notebook.cells
            if c.source.startswith("# ")
        ),
        path.stem,
    )
    return Lesson(path.stem, path, title, 0, tuple(unique.values()))


def _grade_id(cell: Any) -> str:
    meta = cell.metadata.get("nbgrader")
    name = meta.get("grade_id") if isinstance(meta, dict) else None
    return name if isinstance(name, str) else ""


def _changed_test(cell: Any) -> str:
    """The id of a test cell that is not as it was handed out."""
    name = _grade_id(cell)
    if not name.startswith("test-") or BEGIN_HIDDEN in cell.source:
        return ""
    nbgrader = cell.metadata["nbgrader"]
    if not nbgrader.get("checksum"):
        return ""
    return "" if fits_own_checksum(cell) else name


def _master(notebook: Any) -> dict[str, Any]:
    cells = [dict(cell, id=_grade_id(cell) or f"text-{n}") for n, cell in enumerate(notebook.cells)]
    return {"cells": [nbformat.from_dict(cell) for cell in cells]}
