"""A lesson made of a student's own notebook: what is read-only in it, and its visible tests."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.intake.alterations import fits_own_checksum
from autograder.intake.recognition import grade_id
from autograder.intake.repair import Recovered
from autograder.intake.submission import NotOfCourseError, Submission, fit_file, recover
from autograder.lessons.model import ID_PREFIXES, PURPOSE_KINDS, Cell, Lesson
from autograder.lessons.notebooks import CHANGES_SHOWN_TAG

_KINDS = {ID_PREFIXES.get(kind, kind): kind for kind in PURPOSE_KINDS}


@dataclass(frozen=True)
class OwnNotebook:
    """A student's notebook as a lesson and a submission to it.

    ``altered`` are the ids of tests that are not as they were handed out.
    """

    lesson: Lesson
    submission: Submission
    altered: frozenset[str]


def read_own(path: Path, file: Recovered | None = None) -> OwnNotebook:
    """Read a student's notebook without the lesson that it was made from.

    Args:
        file: what was recovered from the file at ``path``, if that was done already.

    Raises:
        SubmissionError: the file is no notebook.
        NotOfCourseError: it is no notebook of the course.
    """
    file = file or recover(path)
    recovered = list(file.cells)
    cells: dict[str, Cell] = {}
    worked_on: set[str] = set()
    altered: set[str] = set()
    for number, raw in enumerate(recovered, start=1):
        cell = _as_cell(number, raw)
        if cell is None:
            continue
        if cell.kind == "tests" and f"solution-{cell.name}" not in cells:
            # The task's own cell was deleted, or stands further down: known, but not there yet.
            not_yet = Cell("solution", "", number, cell.name)
            cells.setdefault(not_yet.id, not_yet)
        cells[cell.id] = cell
        if not fits_own_checksum(raw):
            if cell.is_students:
                worked_on.add(cell.id)
            elif cell.kind == "tests" and raw["metadata"]["nbgrader"].get("checksum"):
                altered.add(cell.id)
    there = {grade_id(raw) for raw in recovered} | {"install"}
    worked_on |= {name for name in cells if name not in there}
    if not any(cell.kind == "tests" for cell in cells.values()):
        raise NotOfCourseError(f"{path.name} holds no tests: it is no notebook of this course.")
    title = _title(recovered) or path.stem
    digest = hashlib.sha256(repr([(one.id, one.source) for one in cells.values()]).encode())
    lesson = Lesson(
        path.stem,
        path.parent,
        title,
        0,
        tuple(cells.values()),
        digest=digest.hexdigest(),
        worked_on=frozenset(worked_on),
    )
    return OwnNotebook(lesson, fit_file(lesson, file), frozenset(altered))


def _as_cell(number: int, raw: dict[str, Any]) -> Cell | None:
    """A clean cell as the lesson's, by nbgrader's metadata; None if it is no cell of a lesson."""
    if raw["id"] == "install" and not grade_id(raw):
        return Cell("install", raw["source"], number)
    prefix, _, rest = grade_id(raw).partition("-")
    if prefix not in _KINDS:
        return None
    task, _, part = rest.partition("-")
    points = raw["metadata"]["nbgrader"].get("points")
    worth = 0.0
    if isinstance(points, (int, float)):
        with contextlib.suppress(OverflowError):  # a whole number may have a thousand digits
            worth = float(points)
    shown = CHANGES_SHOWN_TAG in raw["metadata"].get("tags", ())
    return Cell(_KINDS[prefix], raw["source"], number, task, part, worth, shows_changes=shown)


def _title(cells: list[dict[str, Any]]) -> str:
    prose = (cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    headings = (source for source in prose if source.startswith("# "))
    return next((words.lstrip("# ").split("\n")[0] for words in headings), "")
