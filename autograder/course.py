"""The folders of an nbgrader course: its configuration, and what students handed in."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import filelock
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from autograder import __version__
from autograder.classroom import Job
from autograder.grading import Options
from autograder.lesson import Lesson
from autograder.submission import MAX_NOTEBOOK_MB, SubmissionError, read
from nnlab.testing import SEED_VARIABLE

CONFIG_FILE = "nbgrader_config.py"
#: The files beside a notebook that go with it into the sandbox: so many, so large together.
MAX_FILES, MAX_FILES_MB = 500, 20
#: Held while marks are written. The system lets go of it when its holder ends, however it ends.
LOCK_FILE = ".autograder.lock"


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
    """A course's configuration and folders, as nbgrader sees them."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.config = _load_config(self.root)
        self.config.CourseDirectory.root = str(self.root)
        self.directory = CourseDirectory(config=self.config)

    @contextlib.contextmanager
    def to_oneself(self) -> Iterator[None]:
        """Hold the course against a second command that writes marks.

        Raises:
            CourseError: another one holds it.
        """
        lock = filelock.FileLock(self.root / LOCK_FILE, timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise CourseError(
                f"another autograder is writing marks to {self.root} (it holds {LOCK_FILE}); "
                "nothing was done. Run this again when it has ended"
            ) from error
        try:
            yield
        finally:
            lock.release()

    @property
    def db_url(self) -> str:
        return self.directory.db_url

    @property
    def hidden_seed(self) -> int:
        """The seed of the hidden tests, from the environment or the configuration."""
        value = os.environ.get(SEED_VARIABLE, "0")
        try:
            return int(value)
        except ValueError as error:
            raise CourseError(f"{SEED_VARIABLE} is {value!r}, not a whole number") from error

    def autograded(self, student: str, lesson: Lesson) -> Path:
        """The folder of a graded submission."""
        return self._folder(self.directory.autograded_directory, student, lesson.name)

    def handed_in(self, lesson: Lesson, students: list[str] | None = None) -> list[HandedIn]:
        """What is in submitted/ for an assignment, by student, in order.

        Raises:
            CourseError: a student that was asked for handed in nothing.
        """
        pattern = self._folder(self.directory.submitted_directory, "*", lesson.name)
        at = pattern.parts.index("*")
        found = []
        for folder in sorted(self.root.glob(str(pattern.relative_to(self.root)))):
            student = folder.parts[at]
            if folder.is_dir() and not student.startswith("."):
                notebook, remark = _notebook_in(folder, lesson)
                files = tuple(_files_beside(folder))
                found.append(HandedIn(student, folder, notebook, remark, files))
        if students:
            missing = sorted(set(students) - {one.student for one in found})
            if missing:
                raise CourseError(
                    f"no submission for {lesson.name} by {', '.join(missing)} under "
                    f"{self.root / self.directory.submitted_directory}"
                )
            found = [one for one in found if one.student in students]
        return found

    def job(self, one: HandedIn, lesson: Lesson, master: dict, options: Options) -> Job:
        """The job that grades what a student handed in."""
        submission, reason = None, one.remark
        if one.notebook is not None:
            try:
                submission = read(lesson, one.notebook)
            except SubmissionError as error:
                reason = str(error)
        seed = self._seed_for(one)
        files = tuple((name, (one.folder / name).read_bytes()) for name in one.files)
        return Job(one.student, lesson, master, submission, reason, seed, options, files)

    def _seed_for(self, one: HandedIn) -> int:
        """The seed of the hidden tests' inputs for one notebook.

        Another notebook meets other inputs. So what a submission learned about its inputs, if it
        finds a way to tell its author, is of no use for the next one.
        """
        digest = hashlib.sha256(str(self.hidden_seed).encode())
        if one.notebook is not None:
            _add_file(digest, one.notebook)
        return int.from_bytes(digest.digest()[:4], "big")

    def fingerprint(self, one: HandedIn, lesson: Lesson, options: Options) -> str:
        """What a result depends on: equal fingerprints, equal marks."""
        digest = hashlib.sha256()
        limits = asdict(lesson.limits)
        facts = [__version__, lesson.digest, self.hidden_seed, asdict(options), one.remark, limits]
        digest.update(json.dumps(facts).encode())
        if one.notebook is not None:
            _add_file(digest, one.notebook)
        for name in one.files:
            digest.update(name.encode("utf-8", "surrogateescape"))
            digest.update((one.folder / name).read_bytes())
        return digest.hexdigest()

    def _folder(self, step: str, student: str, assignment: str) -> Path:
        return Path(self.directory.format_path(step, student, assignment))


def _load_config(root: Path) -> Config:
    if not (root / CONFIG_FILE).exists():
        return Config()
    try:
        return PyFileConfigLoader(CONFIG_FILE, path=str(root)).load_config()
    except Exception as error:
        # The file is Python: it may raise anything.
        raise CourseError(f"{root / CONFIG_FILE}: {type(error).__name__}: {error}") from error


def _add_file(digest: hashlib._Hash, path: Path) -> None:
    """Add a file's content; of one that is too large to be read, what the system knows of it."""
    state = path.stat()
    if state.st_size > MAX_NOTEBOOK_MB << 20:
        digest.update(f"{state.st_size} {state.st_mtime_ns}".encode())
    else:
        digest.update(path.read_bytes())


def _files_beside(folder: Path) -> Iterator[str]:
    """What a student handed in beside the notebook, as far as it is not too much."""
    left = MAX_FILES_MB << 20
    for path in sorted(folder.rglob("*"))[:MAX_FILES]:
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if hidden or path.is_symlink() or not path.is_file() or path.suffix == ".ipynb":
            continue
        left -= path.stat().st_size
        if left >= 0 and str(name) != "timestamp.txt":
            yield str(name)


def _notebook_in(folder: Path, lesson: Lesson) -> tuple[Path | None, str]:
    expected = folder / f"{lesson.name}.ipynb"
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
