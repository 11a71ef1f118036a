"""A graded submission: marks, remarks, and the cells of the autograded notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograder import __version__
from autograder.intake.alterations import Flag
from autograder.judging.mark import Mark


@dataclass(frozen=True)
class Options:
    """How to grade: whether experiments run, and which tasks are judged (all if none is named)."""

    run_experiments: bool = False
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A graded submission.

    ``cells`` are nbformat cells (plain dicts) in order. ``remarks`` are sentences about what was
    odd and what was done about it, for the student as well; ``flags`` are for the instructor
    alone.
    """

    lesson: str
    lesson_digest: str
    marks: tuple[Mark, ...]
    cells: list[dict[str, Any]]
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0
    tier: str = ""
    version: str = __version__
    flags: tuple[Flag, ...] = ()

    @property
    def points(self) -> float:
        """The points of all marks; what waits for a person counts nothing yet."""
        return sum(mark.points or 0.0 for mark in self.marks)

    @property
    def faults(self) -> tuple[Mark, ...]:
        """The marks of tests that have a fault of their own."""
        return tuple(mark for mark in self.marks if mark.outcome == "fault")

    def mark(self, cell_id: str) -> Mark:
        """The mark of a cell.

        Raises:
            KeyError: it was not judged.
        """
        for mark in self.marks:
            if mark.cell == cell_id:
                return mark
        raise KeyError(cell_id)
