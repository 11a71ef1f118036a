"""Reports how a notebook's read-only cells differ from the released ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.intake.recognition import bare
from autograder.lessons.model import Cell
from autograder.lessons.notebooks import Released, checksum
from autograder.protocol.plain_text import for_person, quoted

#: The longest text of which differences are quoted, and how much of them.
_LONGEST_COMPARED = 20_000
_LINES, _COLUMNS = 24, 120
_NAMES = {"shared": "setup", "sandboxed": "given code", "tests": "test"}
#: What nbgrader's metadata says of a cell's role.
_ROLE = ("grade", "locked", "solution", "task")


@dataclass(frozen=True)
class Flag:
    """Something in a notebook that an instructor should look at; it changes no mark.

    ``what`` is a neutral sentence. ``evidence`` shows it, and holds nothing of the lesson that
    students don't have; both may quote a stranger's text.
    """

    cell: str
    what: str
    evidence: str = ""


def flags(cell: Cell, released: Released, there: dict[str, Any]) -> Iterator[Flag]:
    """What is altered in ``there``, a notebook's clean cell, which is the lesson's ``cell``.

    Formatting, and what editors write into metadata, is no alteration; nor is anything in an
    experiment, which students are meant to try out.
    """
    if cell.kind in _NAMES:
        yield from _text(cell, released, there)
        yield from _tags(cell, there)
    nbgrader = there["metadata"].get("nbgrader", {})
    if cell.kind != "experiment" and released.nbgrader:
        yield from _role(cell, released, nbgrader)
        yield from _points(cell, nbgrader)
        if cell.is_students or bare(there["source"]) == bare(released.source):
            yield from _checksum(cell, released, nbgrader)


def _text(cell: Cell, released: Released, there: dict[str, Any]) -> Iterator[Flag]:
    what = _NAMES[cell.kind]
    if there["cell_type"] != released.cell_type:
        yield Flag(
            cell.id,
            f"The {what} was turned into a {there['cell_type']} cell; the lesson's own was used.",
            f"cell_type: {released.cell_type} → {there['cell_type']}",
        )
    if bare(there["source"]) != bare(released.source):
        evidence = _difference(released.source, there["source"])
        if fits_own_checksum(there, released.nbgrader):
            evidence += "\nIts checksum fits this text, as in another version of the assignment."
        yield Flag(cell.id, f"The {what} was changed; the lesson's own was used.", evidence)


def _tags(cell: Cell, there: dict[str, Any]) -> Iterator[Flag]:
    tags = there["metadata"].get("tags", [])
    found = [tag for tag in tags if "skip" in tag.lower() or "raises" in tag.lower()][:5]
    if found:
        yield Flag(
            cell.id,
            f"The {_NAMES[cell.kind]} has a tag that changes how it runs; it was run as usual.",
            "tags: " + ", ".join(map(quoted, found)),
        )


def _role(cell: Cell, released: Released, nbgrader: dict[str, Any]) -> Iterator[Flag]:
    changed = [
        f"{key}: {released.nbgrader[key]} → {nbgrader[key]}"
        for key in _ROLE
        if isinstance(nbgrader.get(key), bool) and nbgrader[key] != released.nbgrader[key]
    ]
    if changed:
        yield Flag(
            cell.id,
            "What nbgrader's metadata says of the cell's role was changed; the lesson's own was "
            "used.",
            "\n".join(changed),
        )


def _points(cell: Cell, nbgrader: dict[str, Any]) -> Iterator[Flag]:
    if cell.is_graded and "points" in nbgrader and nbgrader["points"] != cell.points:
        yield Flag(
            cell.id,
            "The points in the cell's metadata were changed; the lesson's own were used.",
            f"points: {cell.points:g} → {quoted(nbgrader['points'])}",
        )


def _checksum(cell: Cell, released: Released, nbgrader: dict[str, Any]) -> Iterator[Flag]:
    """A checksum says how the cell was handed out, so that a student's own work leaves it be."""
    wanted, got = released.nbgrader["checksum"], nbgrader.get("checksum")
    if got is not None and got != wanted:
        yield Flag(
            cell.id,
            "The checksum in the cell's metadata is not the one that was handed out; it was not "
            "used.",
            f"checksum: {wanted} → {quoted(got)}",
        )


def fits_own_checksum(there: dict[str, Any], nbgrader: dict[str, Any] | None = None) -> bool:
    """Whether a clean cell holds the checksum that nbgrader gives to its text.

    Args:
        nbgrader: nbgrader's metadata as the cell was handed out, if known; otherwise the cell's.
    """
    own = there["metadata"].get("nbgrader", {})
    nbgrader = nbgrader or own
    if not own.get("checksum") or not isinstance(nbgrader.get("grade_id"), str):
        return False
    try:
        return bool(own["checksum"] == checksum(there["source"], there["cell_type"], nbgrader))
    except (KeyError, TypeError, ValueError, OverflowError):
        return False  # it says that it is graded, with points that are missing or no number


def _difference(released: str, there: str) -> str:
    """The lines that differ, as a short unified diff of printable characters."""
    if len(there) > _LONGEST_COMPARED:
        return f"Its text has {len(there)} characters now, instead of {len(released)}."
    lines = list(
        difflib.unified_diff(
            released.splitlines(), there.splitlines(), "handed out", "handed in", n=1, lineterm=""
        )
    )
    if len(lines) > _LINES:
        lines = [*lines[:_LINES], f"… and {len(lines) - _LINES} more lines"]
    return "\n".join(for_person(line[:_COLUMNS]) for line in lines)
