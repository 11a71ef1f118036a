"""What is graded: one student's submission as a job, its seed, and what it is made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from autograder.course.folders import Course, HandedIn
from autograder.intake.submission import MAX_NOTEBOOK_MB, Submission, SubmissionError, read
from autograder.judging.earlier import Earlier
from autograder.judging.environment import Environment
from autograder.judging.key import graded_part, hidden_seed
from autograder.judging.options import Options
from autograder.judging.result import Result
from autograder.lessons.model import Lesson


@dataclass(frozen=True)
class Job:
    """One submission to grade. ``submission`` is None, with a reason, if it could not be read.

    ``files`` lie beside the notebook while it runs: relative paths and contents. ``earlier`` is
    what is known of the same submission already.
    """

    key: str
    lesson: Lesson
    submission: Submission | None
    reason: str = ""
    hidden_seed: int = 0
    options: Options = field(default_factory=Options)
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    earlier: Earlier | None = field(default=None, repr=False)


@dataclass(frozen=True)
class NotGraded:
    """A job that could not be graded, for a reason that is no fault of the submission's."""

    reason: str


class Pool(Protocol):
    """Processes that grade jobs: on this machine, or on a cluster.

    What every pool promises of ``run``, and ``tests/autograder/classes/test_pools.py`` holds it to:

    - It asks for a job when a worker is free for it. Those asked for and not answered yet are never
      more than the workers and two.
    - Every job is answered once, as soon as it is done, in any order.
    - A job whose worker is lost, killed for example, is tried once more; if that one is lost too,
      the answer is :class:`NotGraded`.
    - An error in one job, while it is sent, read, graded or answered, is a NotGraded with the words
      of the error. It is not tried again.
    - What concerns all jobs ends the run with a PoolError: no sandbox can be started, no worker is
      left, the scheduler is gone.
    - An error that ``jobs`` itself raises is raised here, after those asked for were answered. Who
      makes jobs of files of many students keeps the errors of one from the others.
    - An interruption (Ctrl-C) waits for no job. After the pool's ``with`` block no process of the
      pool is left. (A worker of a cluster is not the pool's: it goes on to the end of its job, for
      which nobody waits.)
    - Its memory does not grow with the number of jobs. A lesson is sent once to a worker.
    """

    @property
    def tier(self) -> str:
        """How submissions are isolated; every mark says so."""

    def preload(self, lessons: Iterable[Lesson]) -> None:
        """Have what these lessons need imported and read once; may be left out."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | NotGraded]]:
        """Grade ``jobs``; yields each with its result as it is done, in any order."""


def make_job(course: Course, one: HandedIn, lesson: Lesson, options: Options) -> Job:
    """The job that grades what a student handed in.

    Raises:
        OSError: a file beside the notebook cannot be read.
        CourseError: the course's seed is no number.
    """
    submission, reason, seed = None, one.remark, course.hidden_seed
    if one.notebook is not None:
        try:
            submission = read(lesson, one.notebook)
            seed = hidden_seed(seed, submission)
        except SubmissionError as error:
            reason = str(error)
    files = tuple((name, (one.folder / name).read_bytes()) for name in one.files)
    return Job(one.student, lesson, submission, reason, seed, options, files)


def inputs_digest(
    course: Course, one: HandedIn, lesson: Lesson, options: Options, environment: Environment
) -> str:
    """A digest of a submission's files and of all else that its marks depend on.

    While it stays the same nothing is read any closer. If it changes, the keys of the single marks
    tell which of them are made again.

    Raises:
        OSError: a file cannot be read.
        CourseError: the course's seed is no number.
    """
    digest = hashlib.sha256()
    facts = [
        environment.digest, graded_part(lesson), course.hidden_seed, asdict(options), one.remark,
    ]  # fmt: skip
    digest.update(json.dumps(facts).encode())
    if one.notebook is not None:
        _add_file(digest, one.notebook)
    for name in one.files:
        digest.update(name.encode("utf-8", "surrogateescape"))
        digest.update((one.folder / name).read_bytes())
    return digest.hexdigest()


def _add_file(digest: hashlib._Hash, path: Path) -> None:
    """Add a file's content; of one that is too large to be read, what the system knows of it."""
    state = path.stat()
    if state.st_size > MAX_NOTEBOOK_MB << 20:
        digest.update(f"{state.st_size} {state.st_mtime_ns}".encode())
    else:
        digest.update(path.read_bytes())
