"""Grades jobs one after another where no process can be forked: a student's check on Windows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded
from autograder.classes.workers import WorkerPool
from autograder.isolation.tiers import NO_ISOLATION, Isolation
from autograder.judging.grade import grade, unreadable
from autograder.judging.result import Result
from autograder.judging.sandbox_client import SandboxError
from autograder.judging.scripts import Prepared
from autograder.judging.spawned import SpawnedSandbox
from autograder.lessons.model import Lesson
from autograder.lessons.preloads import preloads

#: Set to anything, it has the command go this way where there are forks too: for tests.
SPAWN_VARIABLE = "AUTOGRADER_SPAWN"


def open_pool(workers: int = 1, isolation: Isolation = NO_ISOLATION) -> WorkerPool | SpawnedPool:
    """A pool that works on this machine: of forks if it has them."""
    if hasattr(os, "fork") and not os.environ.get(SPAWN_VARIABLE):
        return WorkerPool(workers, isolation)
    return SpawnedPool(isolation)


class SpawnedPool:
    """Grades jobs in this process, with a sandbox that forks nothing. A context manager, as
    :class:`~autograder.classes.workers.WorkerPool` is."""

    def __init__(self, isolation: Isolation = NO_ISOLATION) -> None:
        self._isolation = isolation

    def __enter__(self) -> SpawnedPool:
        try:
            self._sandbox = SpawnedSandbox(self._isolation)
        except SandboxError as error:
            raise PoolError(str(error)) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()

    @property
    def tier(self) -> str:
        """How submissions are isolated: not at all."""
        return self._isolation.tier

    def preload(self, lessons: Iterable[Lesson]) -> None:
        """Have what these lessons need imported and read first; may be left out."""
        for lesson in lessons:
            self._sandbox.preload(preloads(lesson))

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | NotGraded]]:
        """Grade ``jobs``; yields each with its result."""
        for job in jobs:
            yield job, self._grade(job)

    def _grade(self, job: Job) -> Result | NotGraded:
        if job.submission is None:
            return unreadable(job.lesson, job.reason)
        self.preload([job.lesson])
        self._sandbox.hidden_seed = job.hidden_seed
        nothing = Prepared({}, {})  # the examiner's process prepares the tests itself
        try:
            return grade(
                job.lesson, job.submission, self._sandbox, nothing, job.options, job.files,
                job.earlier,
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001  the caller tells it, and goes on
            return NotGraded(f"{type(error).__name__}: {error}")
