"""One zip file for students: notebooks, what they import, how to begin. Same files, same bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from autograder.authoring.public_files import (
    Files,
    PublicFilesError,
    check_for_leaks,
    notebooks,
    tools,
)
from autograder.authoring.start_here import start_here
from autograder.lessons.model import Lesson

_START = "START_HERE.md"
#: The earliest time that a zip file can tell.
_TIME = (1980, 1, 1, 0, 0, 0)


def handout(root: Path, lessons: list[Lesson], course: list[Lesson], name: str) -> bytes:
    """The zip file for some lessons of the course at ``root``, in one folder ``name``.

    pip can install it as it is, and as its address.

    Args:
        course: all lessons, none of whose secrets may be in it.

    Raises:
        PublicFilesError: a release is missing or stale, or something would leak.
        ProjectFileError: this installation lacks a file of the project.
    """
    files: Files = {**tools(_START), **notebooks(root, lessons)}
    files[_START] = start_here(lessons, name).encode()
    check_for_leaks(course, files)
    return _zipped({f"{name}/{path}": data for path, data in files.items()})


def write_handout(made: bytes, path: Path) -> None:
    """Write a hand-out; an older one gives way, another file does not.

    Raises:
        PublicFilesError: there is another file at ``path``.
    """
    if path.exists() and not _is_handout(path):
        raise PublicFilesError(f"{path} is no hand-out, and is not overwritten; give --output")
    path.write_bytes(made)


def _is_handout(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(Path(name).name == _START for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _zipped(files: Files) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _TIME)
            # As if made on Unix, by everybody: an ordinary file that all may read.
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[path])
    return stream.getvalue()
