"""A graded submission: marks, remarks, and the cells of the autograded notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from autograder import __version__
from autograder.intake.alterations import Flag
from autograder.judging.earlier import Earlier
from autograder.judging.mark import Mark


@dataclass(frozen=True)
class Result:
    """A graded submission.

    ``cells`` are nbformat cells (plain dicts) in order. ``remarks`` are sentences about what was
    odd and what was done about it, for the student as well; ``flags`` are for the instructor
    alone. ``environment`` is the digest of what judged. ``earlier`` is what the next grading of the
    same submission can begin from; None if a cell ended the process.
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
    environment: str = ""
    earlier: Earlier | None = None

    @property
    def points(self) -> float:
        """The points of all marks; what waits for a person counts nothing yet."""
        return sum(mark.points or 0.0 for mark in self.marks)

    @property
    def faults(self) -> tuple[Mark, ...]:
        """The marks of tests that have a fault of their own."""
        return tuple(mark for mark in self.marks if mark.outcome == "fault")

    def with_keys(self, keys: Mapping[str, str]) -> Result:
        """The result with the key of each mark, by cell."""
        marks = tuple(replace(mark, key=keys.get(mark.cell, "")) for mark in self.marks)
        return replace(self, marks=marks)

    def mark(self, cell_id: str) -> Mark:
        """The mark of a cell.

        Raises:
            KeyError: it was not judged.
        """
        for mark in self.marks:
            if mark.cell == cell_id:
                return mark
        raise KeyError(cell_id)
