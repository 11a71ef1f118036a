"""The released lesson: what students may see of a lesson, as data beside their notebook.

``autograder check`` judges with it as ``grade`` does with the lesson itself: it tells which cells
the notebook was handed out with, what tasks need and forbid, and which tests see changes in place.
Its type has no solution and no hidden line, and refuses to be made of any.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from autograder.lessons.model import (
    BEGIN_HIDDEN,
    BEGIN_RUBRIC,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_RUBRIC,
    END_SOLUTION,
    Cell,
    Kind,
    Lesson,
    LimitError,
    Limits,
)
from autograder.lessons.notebooks import release_id, released_cells
from autograder.lessons.python_source import NOT_PYTHON, parses

#: The version of the file. It grows when a field changes its meaning or goes.
SCHEMA_VERSION = 1
#: How the names of its files end.
SUFFIX = ".lesson.json"

MARKERS = (
    BEGIN_SOLUTION, END_SOLUTION, BEGIN_HIDDEN, END_HIDDEN, BEGIN_RUBRIC, END_RUBRIC,
)  # fmt: skip
_KINDS = get_args(Kind)
_DEFAULTS = {one.name: one.default for one in fields(Cell)}


class ReleasedLessonError(ValueError):
    """A file that holds no released lesson. The message goes on after its name."""


@dataclass(frozen=True)
class ReleasedLesson:
    """What students may see of a lesson. ``release`` names its edition.

    The cells are the lesson's, each with the text that was handed out.

    Raises:
        ReleasedLessonError: a cell holds a marker, behind which something would be hidden.
    """

    name: str
    title: str
    minutes: int
    limits: Limits
    release: str
    cells: tuple[Cell, ...]

    def __post_init__(self) -> None:
        for cell in self.cells:
            if any(marker in cell.source for marker in MARKERS):
                raise ReleasedLessonError(f"holds a marker of something hidden in {cell.id}")

    def to_text(self) -> str:
        """The text of its file."""
        record = {
            "schema": SCHEMA_VERSION,
            "release": self.release,
            "name": self.name,
            "title": self.title,
            "minutes": self.minutes,
            "limits": asdict(self.limits),
            "cells": [_told(cell) for cell in self.cells],
        }
        return json.dumps(record, indent=1, ensure_ascii=False) + "\n"

    def lesson(self, folder: Path) -> Lesson:
        """It as a lesson whose tests have visible lines only; ``folder`` is where its file lies."""
        digest = hashlib.sha256(self.to_text().encode()).hexdigest()
        return Lesson(self.name, folder, self.title, self.minutes, self.cells, self.limits, digest)


def released_lesson(lesson: Lesson) -> ReleasedLesson:
    """What students may see of a lesson."""
    released = released_cells(lesson)
    shown = {word for cell in released.values() for word in re.findall(r"\w+", cell.source)}
    cells = []
    for cell in lesson.cells:
        # Of a ladder of hints the notebook has one cell, which holds all of them.
        source = released[cell.id].source if cell.kind != "hint" else cell.source
        binds: tuple[str, ...] = ()
        if cell.kind == "solution":
            # What nobody but the solution names is nobody's business.
            binds = tuple(name for name in lesson.task(cell.name).defines if name in shown)
        cells.append(replace(cell, source=source, binds=binds))
    return ReleasedLesson(
        lesson.name, lesson.title, lesson.minutes, lesson.limits, release_id(lesson), tuple(cells)
    )


def from_text(text: str) -> ReleasedLesson:
    """The released lesson in the text of a file.

    Raises:
        ReleasedLessonError: there is none, or one of another version, or one that was changed.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReleasedLessonError("is no JSON") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA_VERSION:
        raise ReleasedLessonError(
            f"is no released lesson of version {SCHEMA_VERSION}; take the one of the hand-out"
        )
    try:
        found = ReleasedLesson(
            name=_text(record["name"]),
            title=_text(record["title"]),
            minutes=int(record["minutes"]),
            limits=Limits().changed(record["limits"]),
            release=_text(record["release"]),
            cells=tuple(_cell(one) for one in record["cells"]),
        )
        if not _is_whole(found):
            raise ReleasedLessonError("was changed since it was made; take the one of the hand-out")
    except (KeyError, TypeError, LimitError, *NOT_PYTHON) as error:
        if isinstance(error, ReleasedLessonError):
            raise
        raise ReleasedLessonError(
            f"lacks a field, or has one of another kind ({type(error).__name__}: {error})"
        ) from error
    return found


def _is_whole(found: ReleasedLesson) -> bool:
    """Whether its cells are those of the edition that it names, and can be judged."""
    lesson = found.lesson(Path())
    solutions = {cell.name for cell in lesson.cells if cell.kind == "solution"}
    return (
        len(lesson.by_id) == len(lesson.cells)
        and all(cell.name in solutions for cell in lesson.cells if cell.kind == "tests")
        and all(parses(cell.source) for cell in lesson.cells if cell.kind in ("tests", "shared"))
        and release_id(lesson) == found.release
    )


def _told(cell: Cell) -> dict[str, Any]:
    """A cell's fields, but for those that say nothing."""
    record = {name: value for name, value in asdict(cell).items() if value != _DEFAULTS[name]}
    return {"id": cell.id, **record}


def _cell(record: dict[str, Any]) -> Cell:
    """A cell of its fields.

    Raises:
        TypeError, KeyError: one is missing, unknown, or of another kind.
    """
    given = {name: value for name, value in record.items() if name != "id"}
    for name, value in given.items():
        default = _DEFAULTS[name]
        if isinstance(default, tuple):
            given[name] = tuple(_text(word) for word in value)
        elif isinstance(default, str) or name == "source":
            _text(value)
        elif name == "points":
            given[name] = float(value)
    if given["kind"] not in _KINDS:
        raise TypeError(f"a cell of the kind {given['kind']!r}")
    if not isinstance(given["number"], int) or not isinstance(
        given.get("shows_changes", False), bool
    ):
        raise TypeError("a number that is none")
    return Cell(**given)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
