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
from autograder.submission import Submission
from nnlab.testing import SEED_VARIABLE


@dataclass(frozen=True)
class Job:
    """One submission to grade. ``submission`` is None, with a reason, if it could not be read."""

    key: str
    lesson: Lesson
    master: dict[str, Any] = field(repr=False)
    submission: Submission | None
    reason: str = ""
    hidden_seed: int = 0
    options: Options = field(default_factory=Options)


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
    """

    def __init__(self, workers: int = 2) -> None:
        self._count = max(workers, 1)
        self._stack = contextlib.ExitStack()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Classroom:
        self._source = self._stack.enter_context(Sandbox())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def preload(self, lessons: Iterable[Lesson]) -> None:
        """Import and read what these lessons need, once for all workers; may be left out.

        Raises:
            ClassroomError: the sandbox does not start.
        """
        try:
            for lesson in lessons:
                self._source.preload(preloads(lesson))
        except SandboxError as error:
            raise ClassroomError(str(error)) from error

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result]]:
        """Grade ``jobs``; yields each with its result as it is done, in any order.

        Raises:
            ClassroomError: the sandbox does not start, or a worker process ended; nothing of
                the job it had was written anywhere.
        """
        while len(self._workers) < self._count:
            try:
                self._workers.append(_Worker(self._source, self._stack))
            except SandboxError as error:
                raise ClassroomError(str(error)) from error
        pending = iter(jobs)
        busy: dict[Connection, tuple[_Worker, Job]] = {}
        for worker in self._workers:
            _give(worker, pending, busy)
        while busy:
            for ready in wait(list(busy)):
                worker, job = busy.pop(ready)
                try:
                    answer = worker.connection.recv()
                except EOFError as error:
                    raise ClassroomError(f"the worker that graded {job.key} ended") from error
                if isinstance(answer, Exception):
                    raise answer
                _give(worker, pending, busy)
                yield job, answer


class DaskClassroom:
    """The same on the workers of a Dask scheduler, where this package must be installed.

    Args:
        address: the scheduler's, as in ``tcp://host:8786``.
    """

    def __init__(self, address: str) -> None:
        self._address = address

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

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result]]:
        """Grade ``jobs``; each worker process keeps a sandbox of its own."""
        from distributed import as_completed

        futures = {self._client.submit(_grade_on_dask, job, pure=False): job for job in jobs}
        for future in as_completed(list(futures)):
            yield futures[future], future.result()


class _Worker:
    """A worker process, forked from the warm parent, with a sandbox of its own."""

    def __init__(self, source: Sandbox, stack: contextlib.ExitStack) -> None:
        ours, theirs = socket.socketpair()
        with theirs, source.clone() as sandbox:
            source.fork("autograder.classroom:work", theirs, sandbox)
        self.connection = Connection(ours.detach())
        stack.callback(self._end)

    def _end(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            self.connection.send(None)
            # A worker that ends by itself removes its folder; one that is busy is not waited for.
            if self.connection.poll(1):
                self.connection.recv()
        self.connection.close()


def _give(
    worker: _Worker, pending: Iterator[Job], busy: dict[Connection, tuple[_Worker, Job]]
) -> None:
    job = next(pending, None)
    if job is not None:
        worker.connection.send(job)
        busy[worker.connection] = (worker, job)


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
            except Exception as error:  # noqa: BLE001  the parent raises it
                connection.send(ClassroomError(f"{job.key}: {type(error).__name__}: {error}"))


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
        return grade(job.lesson, job.master, job.submission, self.sandbox, prepared, job.options)


_dask_grader: _Grader | None = None


def _grade_on_dask(job: Job) -> Result:
    """Runs on a Dask worker, whose threads must not fork: one process each grades for it."""
    global _dask_grader
    if _dask_grader is None:
        sandbox = Sandbox()
        sandbox.wait_until_warm()
        _dask_grader = _Grader(sandbox)
    return _dask_grader.grade(job)
