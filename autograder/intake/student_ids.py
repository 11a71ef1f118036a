"""The id of a student whom an archive calls by a name."""

from __future__ import annotations

import hashlib
import unicodedata

from autograder.intake.safe_names import is_device
from autograder.lms.layouts import NoStudent
from autograder.protocol.plain_text import on_one_line


def student_id(name: str) -> str:
    """The id, and folder, of the student whom an archive calls ``name``.

    An id is letters and digits of any script and ``_ . - @ +``, begins with a letter, a digit or
    ``_``, and does not end with a dot: a folder on every system, and no formula in any table.
    A name that is such an id is taken as it is. In another, what does not fit becomes ``_``, and
    a digest of the whole name is put after it, so that no two names become one id.

    Raises:
        NoStudent: the name has no letter and no digit.
    """
    name = unicodedata.normalize("NFC", name)
    letters = ["_" if not _fits(char) else char for char in name]
    if not any(unicodedata.category(char)[0] in "LN" for char in name):
        raise NoStudent(
            f"{on_one_line(name)!r} is no student's name: it has no letter and no digit"
        )
    if unicodedata.category(letters[0])[0] not in "LN":
        letters[0] = "_"
    if letters[-1] == ".":
        letters[-1] = "_"
    made = "".join(letters)
    if made == name and len(name) <= 64 and not is_device(name):
        return name
    return f"{made[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _fits(char: str) -> bool:
    return char in "_.-@+" or unicodedata.category(char)[0] in "LMN"
