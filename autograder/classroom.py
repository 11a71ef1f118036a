"""Many submissions: spreads jobs over warm worker processes, or over a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from autograder import examiner
from autograder.grading import Options, Result, grade, unreadable
from autograder.lesson import Lesson, preloads
from autograder.sandbox.client import Sandbox, SandboxError
from autograder.sandbox.tiers import NO_ISOLATION, Isolation, choose
from autograder.submission import Submission
from nnlab.testing import SEED_VARIABLE


@dataclass(frozen=True)
class Job:
    """One submission to grade. ``submission`` is None, with a reason, if it could not be read.

    ``files`` lie beside the notebook while it runs: relative paths and contents.
    """

    key: str
    lesson: Lesson
    master: dict[str, Any] = field(repr=False)
    submission: Submission | None
    reason: str = ""
    hidden_seed: int = 0
    options: Options = field(default_factory=Options)
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class NotGraded:
    """A job that could not be graded, for a reason that is no fault of the submission's."""

    reason: str


class ClassroomError(Exception):
    """The grader itself cannot go on. ``code`` is the exit code: 1 it broke, 2 wrong use."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Classroom:
    """Warm processes that grade jobs. Use it as a context manager, and keep it for several runs.

    Entering it starts a warm parent and does not wait for its imports, so enter it before other
    slow work. The workers, which judge, and their sandboxes, in which submissions run, are both
    forks of it: it holds nothing but imported modules, and what a worker is told afterwards, no
    sandbox sees.

    Args:
        workers: how many submissions are graded at once.
        isolation: how submissions are isolated; the workers are in the house as well.
    """

    def __init__(self, workers: int = 2, isolation: Isolation = NO_ISOLATION) -> None:
        self._count = max(workers, 1)
        self._isolation = isolation
        self._workers: list[_Worker] = []
        self._to_preload: list[Lesson] = []

    def __enter__(self) -> Classroom:
        try:
            self._source = Sandbox(self._isolation)
        except SandboxError as error:
            raise ClassroomError(str(error)) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            for worker in self._workers:
                worker.end(patience=1)
        else:  # interrupted, or broken: nobody waits for what is under way
            self._source.kill()
        self._source.close()

    def preload(self, lessons: Iterable[Lesson]) -> None:
        """Have what these lessons need imported and read once for all workers; may be left out.

        It is done before the first worker begins, and not waited for here.
        """
        self._to_preload += lessons

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | NotGraded]]:
        """Grade ``jobs``; yields each with its result as it is done, in any order.

        A worker process that ends is replaced, and its job tried once more; after that the job is
        not graded, and the others are.

        Raises:
            ClassroomError: the sandbox does not start, or has ended.
        """
        pending = iter(jobs)
        again: list[Job] = []
        tried_twice: set[str] = set()
        busy: dict[Connection, tuple[_Worker, Job]] = {}
        while True:
            while len(busy) < self._count:
                job = again.pop() if again else next(pending, None)
                if job is None:
                    break
                worker = self._free_worker(busy)
                if worker.give(job):
                    busy[worker.connection] = (worker, job)
                else:
                    self._workers.remove(worker)
                    again.append(job)
            if not busy:
                return
            for ready in wait(list(busy)):
                worker, job = busy.pop(ready)
                answer = worker.take()
                if isinstance(answer, NotGraded):
                    worker.end()
                    self._workers.remove(worker)
                    if job.key not in tried_twice:
                        tried_twice.add(job.key)
                        again.append(job)
                        continue
                yield job, answer

    def _free_worker(self, busy: dict[Connection, tuple[_Worker, Job]]) -> _Worker:
        for worker in self._workers:
            if worker.connection not in busy:
                return worker
        try:
            while self._to_preload:
                self._source.preload(preloads(self._to_preload.pop(0)))
            worker = _Worker(self._source)
        except SandboxError as error:
            raise ClassroomError(str(error)) from error
        self._workers.append(worker)
        return worker


class DaskClassroom:
    """The same on the workers of a Dask scheduler, where this package must be installed.

    Args:
        address: the scheduler's, as in ``tcp://host:8786``.
        isolation: how submissions are isolated; each worker's machine must be able to do it.
    """

    def __init__(self, address: str, isolation: Isolation = NO_ISOLATION) -> None:
        self._address = address
        self._isolation = isolation

    def __enter__(self) -> DaskClassroom:
        from distributed import Client

        try:
            self._client = Client(self._address, timeout="10s")
        except (OSError, ValueError) as error:
            raise ClassroomError(f"no Dask scheduler answers at {self._address}", code=2) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def preload(self, lessons: Iterable[Lesson]) -> None:
        """Nothing: each worker does it when it gets its first job of a lesson."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | NotGraded]]:
        """Grade ``jobs``; each worker process keeps a sandbox of its own."""
        from distributed import as_completed

        futures = {
            self._client.submit(_grade_on_dask, job, self._isolation, pure=False): job
            for job in jobs
        }
        for future in as_completed(list(futures)):
            yield futures[future], future.result()


class _Worker:
    """A worker process, forked from the warm parent, with a sandbox of its own."""

    def __init__(self, source: Sandbox) -> None:
        ours, theirs = socket.socketpair()
        with theirs, source.clone() as sandbox:
            source.fork("autograder.classroom:work", theirs, sandbox)
        self.connection = Connection(ours.detach())

    def give(self, job: Job) -> bool:
        """Send it a job; False if it is gone."""
        try:
            self.connection.send(job)
        except OSError:
            return False
        return True

    def take(self) -> Result | NotGraded:
        """What it sent."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return NotGraded("the process that graded it ended")

    def end(self, patience: float = 0.0) -> None:
        """Have it end; wait so long, in seconds, for it to clear up behind itself."""
        with contextlib.suppress(OSError, EOFError):
            self.connection.send(None)
            if self.connection.poll(patience):
                self.connection.recv()
        self.connection.close()


def work(jobs: int, sandbox: int) -> None:
    """The worker's loop, in a fork of the warm parent.

    Args:
        jobs: the descriptor over which jobs come and results go.
        sandbox: the descriptor of the worker's own sandbox.
    """
    connection = Connection(jobs)
    with Sandbox.attached(socket.socket(fileno=sandbox)) as own:
        grader = _Grader(own)
        while True:
            try:
                job = connection.recv()
            except EOFError:
                return
            if job is None:
                return
            try:
                connection.send(grader.grade(job))
            except Exception as error:  # noqa: BLE001  the parent tells it, and goes on
                connection.send(NotGraded(f"{type(error).__name__}: {error}"))


class _Grader:
    """Grades jobs one after another, and keeps what jobs of the same lesson share."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._prepared: dict[str, examiner.Prepared] = {}

    def grade(self, job: Job) -> Result:
        if job.submission is None:
            return unreadable(job.lesson, job.master, job.reason)
        if job.lesson.digest not in self._prepared:
            self.sandbox.preload(preloads(job.lesson))
            self._prepared[job.lesson.digest] = examiner.prepare(job.lesson)
        os.environ[SEED_VARIABLE] = str(job.hidden_seed)
        prepared = self._prepared[job.lesson.digest]
        return grade(
            job.lesson, job.master, job.submission, self.sandbox, prepared, job.options, job.files
        )


_dask_grader: _Grader | None = None


def _grade_on_dask(job: Job, isolation: Isolation) -> Result | NotGraded:
    """Runs on a Dask worker, whose threads must not fork: one process each grades for it."""
    global _dask_grader
    if _dask_grader is None:
        sandbox = Sandbox(choose(isolation.tier, isolation.gpu))  # as that machine can do it
        sandbox.wait_until_warm()
        _dask_grader = _Grader(sandbox)
    try:
        return _dask_grader.grade(job)
    except SandboxError as error:
        _dask_grader = None
        return NotGraded(str(error))
