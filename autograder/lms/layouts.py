"""Where the files of an archive belong: the layouts in which learning systems pack them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Whose file a member is, by the archive's name of the student, and where among theirs."""

    student: str
    path: tuple[str, ...]


class NoStudent(Exception):
    """A member that belongs to no student. The message is the reason."""


#: From a member's path and the assignment's name to its place; raises :class:`NoStudent`.
Layout = Callable[[tuple[str, ...], str], Place]


def generic(parts: tuple[str, ...], assignment: str) -> Place:
    """The layout ``STUDENT/…/NAME.ipynb``, or flat: ``STUDENT_NAME.ipynb`` and ``STUDENT.zip``.

    Raises:
        NoStudent: a file in no folder, whose name does not end in the assignment's.
    """
    if len(parts) > 1:
        return Place(parts[0], parts[1:])
    stem, dot, suffix = parts[0].rpartition(".")
    named = re.fullmatch(rf"(.+?)[ _-]+{re.escape(assignment)}", stem, re.IGNORECASE)
    if named:
        return Place(named[1], (f"{assignment}{dot}{suffix}",))
    if is_zip(parts):
        return Place(stem, parts)
    raise NoStudent(f"it is in no student's folder, and is not called STUDENT_{assignment}.ipynb")


def is_zip(path: tuple[str, ...]) -> bool:
    """Whether a file is a zip archive, by its name."""
    return path[-1].casefold().endswith(".zip")
