"""The folders of an nbgrader course: its configuration, and what students handed in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from traitlets.config.loader import Config, PyFileConfigLoader

from autograder.lessons.released import SUFFIX
from nnlab.testing import SEED_VARIABLE

CONFIG_FILE = "nbgrader_config.py"
#: The files beside a notebook that go with it into the sandbox: so many, so large together.
MAX_FILES, MAX_FILES_MB = 500, 20
_NOT_TAKEN = (".ipynb", SUFFIX)


class CourseError(Exception):
    """A course folder that cannot be used. The message says what to do."""


@dataclass(frozen=True)
class HandedIn:
    """One student's folder for one assignment.

    ``notebook`` is None if there is none to grade; ``remark`` then says why. ``files`` are what
    lies beside it, by path within the folder.
    """

    student: str
    folder: Path
    notebook: Path | None
    remark: str = ""
    files: tuple[str, ...] = ()


class Course:
    """A course's configuration and folders, as nbgrader sees them.

    nbgrader's own ``CourseDirectory`` says the same, and takes seconds to import.

    Raises:
        CourseError: the configuration cannot be loaded.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.config = _load_config(self.root)
        self.config.CourseDirectory.root = str(self.root)

    def _setting(self, name: str, default: str) -> str:
        """A setting of nbgrader's ``CourseDirectory``."""
        return str(self.config.CourseDirectory.get(name, default))

    @property
    def course_id(self) -> str:
        """nbgrader's name of the course; may be empty."""
        return self._setting("course_id", "").strip()

    @property
    def db_url(self) -> str:
        """Where the gradebook is."""
        return self._setting("db_url", f"sqlite:///{self.root / 'gradebook.db'}")

    @property
    def structure(self) -> str:
        """How the folders of steps, students and assignments lie in each other."""
        usual = Path("{nbgrader_step}", "{student_id}", "{assignment_id}")
        return self._setting("directory_structure", str(usual))

    def folder(self, step: str, student: str, assignment: str) -> Path:
        """The folder of a student's assignment in a step, "submitted" or "autograded"."""
        where = self.structure.format(
            nbgrader_step=self._setting(f"{step}_directory", step),
            student_id=student,
            assignment_id=assignment,
        )
        return self.root / where

    @property
    def hidden_seed(self) -> int:
        """The seed of the hidden tests, from the environment or the configuration.

        Raises:
            CourseError: it is not a whole number.
        """
        value = os.environ.get(SEED_VARIABLE, "0")
        try:
            return int(value)
        except ValueError as error:
            raise CourseError(f"{SEED_VARIABLE} is {value!r}, not a whole number") from error

    def handed_in(self, assignment: str, students: list[str] | None = None) -> list[HandedIn]:
        """What is in submitted/ for an assignment, by student, in order.

        Raises:
            CourseError: a student that was asked for handed in nothing.
        """
        pattern = self.folder("submitted", "*", assignment)
        at = pattern.parts.index("*")
        home = Path(*pattern.parts[:at])
        found = []
        for folder in sorted(self.root.glob(str(pattern.relative_to(self.root)))):
            student = folder.parts[at]
            if folder.is_dir() and not student.startswith("."):
                notebook, remark = _notebook_in(folder, assignment)
                files = tuple(files_beside(folder))
                found.append(HandedIn(student, folder, notebook, remark, files))
        if students:
            missing = sorted(set(students) - {one.student for one in found})
            if missing:
                raise CourseError(
                    f"no submission for {assignment} by {', '.join(missing)} under {home}"
                )
            found = [one for one in found if one.student in students]
        return found


def _load_config(root: Path) -> Config:
    if not (root / CONFIG_FILE).exists():
        return Config()
    try:
        loaded: Config = PyFileConfigLoader(CONFIG_FILE, path=str(root)).load_config()
        return loaded
    except Exception as error:
        # The file is Python: it may raise anything.
        raise CourseError(f"{root / CONFIG_FILE}: {type(error).__name__}: {error}") from error


def files_beside(folder: Path) -> Iterator[str]:
    """What lies beside a notebook and goes with it, as far as it is not too much.

    Other notebooks, hidden files, links and the files of nbgrader and of the released lesson don't.
    """
    left = MAX_FILES_MB << 20
    for path in islice(_walked(folder), MAX_FILES):
        if path.is_symlink() or not path.is_file() or path.name.endswith(_NOT_TAKEN):
            continue
        left -= path.stat().st_size
        name = str(path.relative_to(folder))
        if left >= 0 and name != "timestamp.txt":
            yield name


def _walked(folder: Path) -> Iterator[Path]:
    """The files and folders in a folder, in order, without hidden ones; nothing that is not asked
    for is read: a notebook may lie in a home directory."""
    try:
        there = sorted(folder.iterdir())
    except OSError:
        return
    for path in there:
        if not path.name.startswith("."):
            yield path
            if path.is_dir() and not path.is_symlink():
                yield from _walked(path)


def _notebook_in(folder: Path, assignment: str) -> tuple[Path | None, str]:
    expected = folder / f"{assignment}.ipynb"
    if expected.is_symlink():
        return None, f"{expected.name} is a link to another file, which is not followed."
    if expected.is_file():
        return expected, ""
    others = sorted(p for p in folder.glob("*.ipynb") if p.is_file() and not p.is_symlink())
    if len(others) == 1:
        return others[0], ""
    if not others:
        return None, f"No notebook was handed in: {expected.name} is missing."
    names = ", ".join(path.name for path in others)
    return None, f"Several notebooks were handed in ({names}), and none is {expected.name}."
