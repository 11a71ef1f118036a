"""The notebooks of a lesson: the instructor's, the gradebook's, the students'.

What they hold is a fact of the lesson, so they are made here, by nbgrader's rules and without
importing nbgrader, which takes seconds. ``autograder build`` holds the students' one against what
nbgrader's own converter makes.

Cells are plain dicts of nbformat 4.5. A *source* cell has the solution and the hidden tests; in a
*master* cell, which nbgrader's gradebook holds, the solution is blank; a *released* cell is what
students get.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from autograder.lessons.install_cell import METADATA
from autograder.lessons.model import (
    BEGIN_RUBRIC,
    BEGIN_SOLUTION,
    END_RUBRIC,
    END_SOLUTION,
    Cell,
    Lesson,
)

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

#: Where a notebook's metadata say of which lesson and of which edition of it the notebook is.
EDITION_KEY = "autograder"

#: The tag of a test that sees what is done in place to its arguments: a notebook that has lost its
#: released lesson still says so.
CHANGES_SHOWN_TAG = "changes-shown"

#: What nbgrader puts where a solution was.
_CODE_STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
_TEXT_STUB = ("YOUR ANSWER HERE",)
STUB_LINES = frozenset((*_CODE_STUB, *_TEXT_STUB))
#: Lessons whose notebooks are kept: every submission of a class is held against the same.
_KEPT = 64


@dataclass(frozen=True)
class Released:
    """A cell as students got it: no solution, no hidden tests; ``nbgrader`` is its metadata."""

    source: str
    cell_type: str
    nbgrader: dict[str, Any] = field(default_factory=dict)


def source_notebook(lesson: Lesson) -> dict[str, Any]:
    """The instructor's notebook: solutions, hidden tests, nbgrader's metadata (schema 3)."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": dict(KERNEL),
            "language_info": {"name": "python", "file_extension": ".py"},
            EDITION_KEY: {"assignment": lesson.name, "release": release_id(lesson)},
        },
        "cells": _source_cells(lesson),
    }


@lru_cache(maxsize=_KEPT)
def master_cells(lesson: Lesson) -> tuple[dict[str, Any], ...]:
    """The cells that nbgrader's gradebook holds: blank solutions, hidden tests, checksums.

    A student's notebook is graded by filling its sources into them; do not change them.
    """
    cells = _source_cells(lesson)
    for cell in cells:
        cell["source"] = _blanked(cell["source"], cell["cell_type"])
        nbgrader = cell["metadata"].get("nbgrader")
        if nbgrader is None:
            continue
        cell["metadata"]["deletable"] = False
        if not nbgrader["solution"]:
            cell["metadata"]["editable"] = False
        nbgrader["checksum"] = checksum(cell["source"], cell["cell_type"], nbgrader)
        nbgrader["cell_type"] = cell["cell_type"]
    return tuple(cells)


@lru_cache(maxsize=_KEPT)
def released_cells(lesson: Lesson) -> dict[str, Released]:
    """The cells of a lesson as its release holds them, by id, as far as that is known.

    (Of a lesson that was made of a student's own notebook, all but what was worked on.)
    """
    if lesson.worked_on is not None:
        return {
            cell.id: Released(cell.source, "code" if cell.is_code else "markdown")
            for cell in lesson.cells
            if cell.id not in lesson.worked_on
        }
    found = {}
    for cell in master_cells(lesson):
        hidden = lesson.by_id[cell["id"]].hidden_lines
        lines = cell["source"].split("\n")
        kept = [line for number, line in enumerate(lines, start=1) if number not in hidden]
        source, nbgrader = "\n".join(kept), dict(cell["metadata"].get("nbgrader", {}))
        if nbgrader:
            nbgrader["checksum"] = checksum(source, cell["cell_type"], nbgrader)
        found[cell["id"]] = Released(source, cell["cell_type"], nbgrader)
    return found


@lru_cache(maxsize=_KEPT)
def release_id(lesson: Lesson) -> str:
    """Changes with every letter that students see, and with nothing else.

    A notebook's metadata holds it, so that one can tell which edition it was made from.
    """
    digest = hashlib.sha256(lesson.name.encode())
    for cell in _source_cells(lesson):
        hidden = lesson.by_id[cell["id"]].hidden_lines
        blank = _blanked(cell["source"], cell["cell_type"]).split("\n")
        kept = [line for number, line in enumerate(blank, start=1) if number not in hidden]
        digest.update(json.dumps([cell["id"], cell["cell_type"], kept]).encode())
    return digest.hexdigest()[:12]


def checksum(source: str, cell_type: str, nbgrader: dict[str, Any]) -> str:
    """nbgrader's checksum of a cell (``nbgrader.utils.compute_checksum``).

    Args:
        nbgrader: the cell's metadata of nbgrader.

    Raises:
        KeyError, TypeError, ValueError: the metadata lacks an id, or points that are a number.
    """
    digest = hashlib.md5()
    grade, solution = nbgrader.get("grade", False), nbgrader.get("solution", False)
    # For nbgrader a student's cell is never locked, and a test always.
    locked = not solution and (bool(grade) or nbgrader.get("locked", False))
    for part in (source, cell_type, str(grade), str(solution), str(locked), nbgrader["grade_id"]):
        digest.update(part.encode("utf-8"))
    if grade:
        digest.update(str(float(nbgrader["points"])).encode())
    return digest.hexdigest()


def to_text(notebook: dict[str, Any]) -> str:
    """A notebook as the text of its file."""
    import nbformat

    return str(nbformat.writes(nbformat.from_dict(notebook), version=4)) + "\n"


def _source_cells(lesson: Lesson) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = []
    hints: list[Cell] = []
    for cell in lesson.cells:
        if cell.kind == "hint":
            hints.append(cell)
            continue
        if hints:
            cells.append(_ladder(hints))
            hints = []
        cells.append(_source_cell(cell))
    if hints:
        cells.append(_ladder(hints))
    return cells


def _source_cell(cell: Cell) -> dict[str, Any]:
    source = _rubric_within_solution(cell) if cell.rubric else cell.source
    metadata: dict[str, Any] = {}
    if cell.kind == "install":
        metadata.update(METADATA)
    elif cell.kind != "text":
        metadata["nbgrader"] = {
            "grade": cell.is_graded,
            "grade_id": cell.id,
            "locked": not cell.is_students,
            "schema_version": 3,
            "solution": cell.is_students,
            "task": False,
        }
    if cell.is_graded:
        points = cell.points
        metadata["nbgrader"]["points"] = int(points) if points == int(points) else points
    if cell.kind == "experiment":
        metadata["tags"] = ["experiment"]
    if cell.shows_changes:
        metadata["tags"] = [CHANGES_SHOWN_TAG]
    return _cell(cell.id, "code" if cell.is_code else "markdown", source, metadata)


def _ladder(hints: list[Cell]) -> dict[str, Any]:
    """Consecutive hints as one markdown cell of collapsed rungs."""
    rungs = []
    for number, hint in enumerate(hints, start=1):
        title = f"Hint {number} of {len(hints)}" if len(hints) > 1 else "Hint"
        rungs.append(f"<details><summary>{title}</summary>\n\n{hint.source.strip()}\n\n</details>")
    return _cell(hints[0].id, "markdown", "\n".join(rungs), {})


def _cell(name: str, cell_type: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    made = {"id": name, "cell_type": cell_type, "metadata": metadata, "source": source}
    return made | ({"outputs": [], "execution_count": None} if cell_type == "code" else {})


def _rubric_within_solution(cell: Cell) -> str:
    """An answer cell with its mark scheme inside the solution, which nbgrader blanks.

    nbgrader knows mark schemes in task cells only; in an answer cell one would change the
    checksum by which an untouched answer is known.
    """
    outside: list[str] = []
    inside = False
    for line in cell.source.splitlines():
        inside = inside or BEGIN_RUBRIC in line
        if not inside:
            outside.append(line)
        inside = inside and END_RUBRIC not in line
    end = next(number for number, line in enumerate(outside) if END_SOLUTION in line)
    rubric = ["", "**Marks:**", "", *cell.rubric.splitlines()]
    return "\n".join([*outside[:end], *rubric, *outside[end:]])


def _blanked(source: str, cell_type: str) -> str:
    """``source`` with nbgrader's stub in place of each solution, indented as its first marker."""
    stub = _CODE_STUB if cell_type == "code" else _TEXT_STUB
    kept: list[str] = []
    inside = False
    for line in source.split("\n"):
        if BEGIN_SOLUTION in line:
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + words for words in stub]
            inside = True
        elif END_SOLUTION in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)
