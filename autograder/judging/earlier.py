"""What an earlier grading of the same submission came to, for the next one to begin from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.judging.needs import Needs
from autograder.judging.plan import LessonStep, Step, TestStep
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import master_cells
from autograder.protocol.messages import called_names


@dataclass(frozen=True)
class Earlier:
    """What an earlier grading of the same submission came to.

    ``verdicts`` are those of tests, by cell, before they were held against the rest of the
    notebook; ``keys`` those of their marks. ``called`` is what was called though a task forbids
    it. ``outputs`` are those of the cells that ran: the lesson's by id, with their source, and the
    student's own in order.
    """

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    called: frozenset[tuple[str, str]] = frozenset()
    outputs: Mapping[str, tuple[str, list[dict[str, Any]]]] = field(default_factory=dict)
    added: tuple[list[dict[str, Any]], ...] = ()

    @classmethod
    def of_run(cls, steps: Iterable[Step], called: set[tuple[str, str]]) -> Earlier:
        """What the run of a notebook came to; outputs are left to its cells."""
        tests = [step for step in steps if isinstance(step, TestStep) and step.verdict is not None]
        verdicts = {
            step.cell.id: step.verdict
            for step in tests
            if step.verdict is not None and step.verdict.mark.outcome != "not_run"
        }
        return cls(verdicts, called=frozenset(called))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON of all but the outputs."""
        return {
            "verdicts": {name: one.to_message() for name, one in self.verdicts.items()},
            "called": sorted(list(pair) for pair in self.called),
        }

    @classmethod
    def from_notebook(
        cls, record: Mapping[str, Any], keys: Mapping[str, str], cells: list[dict[str, Any]],
        lesson: Lesson,
    ) -> Earlier:  # fmt: skip
        """What :meth:`to_dict` made, and the outputs in the cells of the autograded notebook.

        Raises:
            ValueError, KeyError, TypeError: it was not made by this version.
        """
        known = {cell["id"] for cell in master_cells(lesson)}
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        return cls(
            {name: Verdict.from_message(one) for name, one in record["verdicts"].items()},
            dict(keys),
            called_names(record["called"]),
            {
                cell["id"]: (cell["source"], cell["outputs"])
                for cell in code
                if cell["id"] in known and cell["execution_count"] is not None
            },
            tuple(cell["outputs"] for cell in code if cell["id"] not in known),
        )

    def only(self, keys: Mapping[str, str]) -> Earlier:
        """The part of it that holds where the marks have these keys."""
        same = {name: one for name, one in self.verdicts.items() if self._holds(name, keys)}
        return replace(self, verdicts=same)

    def _holds(self, name: str, keys: Mapping[str, str]) -> bool:
        return name in keys and self.keys.get(name) == keys[name]


def keep(steps: list[Step], earlier: Earlier, files: Iterable[str]) -> bool:
    """Fill steps with what an earlier grading says of them, such that only the rest has to run.

    Returns whether anything has to.
    """
    tests = [step for step in steps if isinstance(step, TestStep)]
    for test in tests:
        test.verdict = earlier.verdicts.get(test.cell.id)
    cells = [step for step in steps if step.runs]
    known = _known_outputs(steps, earlier)
    if any(id(step) not in known for step in cells):
        return True  # a cell is new: everything runs
    needs = Needs(steps, files)
    open_tests = [step for step in tests if step.verdict is None]
    needed = {id(step) for test in open_tests for step in needs.of(test)}
    for step in cells:
        if id(step) not in needed:
            step.kept = step.done = True
            step.outputs = known[id(step)]  # cleaned when they came from the sandbox
    return bool(open_tests)


def _known_outputs(steps: list[Step], earlier: Earlier) -> dict[int, list[dict[str, Any]]]:
    """The outputs that cells had then, by the cell's identity."""
    added = [step for step in steps if not isinstance(step, LessonStep) and step.runs]
    found = {}
    if len(added) == len(earlier.added):
        found = {id(step): outputs for step, outputs in zip(added, earlier.added)}
    for step in steps:
        if isinstance(step, LessonStep) and step.cell.id in earlier.outputs:
            source, outputs = earlier.outputs[step.cell.id]
            if source == step.source:
                found[id(step)] = outputs
    return found
