"""Spreads jobs over warm worker processes of this machine."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait

from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded
from autograder.isolation.tiers import NO_ISOLATION, Isolation
from autograder.judging.grade import grade, unreadable
from autograder.judging.result import Result
from autograder.judging.sandbox_client import Sandbox, SandboxError
from autograder.judging.scripts import Prepared, prepare
from autograder.lessons.model import Lesson
from autograder.lessons.preloads import preloads
from nnlab.testing import SEED_VARIABLE


class WorkerPool:
    """Warm processes that grade jobs. Use it as a context manager, and keep it for several runs.

    Entering it starts a warm parent and does not wait for its imports, so enter it before other
    slow work. The workers, which judge, and their sandboxes, in which submissions run, are both
    forks of it: it holds nothing but imported modules, and what a worker is told afterwards, no
    sandbox sees.

    Args:
        workers: how many submissions are graded at once.
        isolation: how submissions are isolated; the workers run where the warm parent does.
    """

    def __init__(self, workers: int = 2, isolation: Isolation = NO_ISOLATION) -> None:
        self._count = max(workers, 1)
        self._isolation = isolation
        self._workers: list[_Worker] = []
        self._to_preload: list[Lesson] = []

    def __enter__(self) -> WorkerPool:
        try:
            self._source = Sandbox(self._isolation)
        except SandboxError as error:
            raise PoolError(str(error)) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            for worker in self._workers:
                worker.end(patience=1)
        else:  # interrupted, or broken: nobody waits for what is under way
            self._source.kill()
        self._source.close()

    @property
    def tier(self) -> str:
        """How submissions are isolated."""
        return self._isolation.tier

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
            PoolError: the sandbox does not start, or has ended.
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
                assert isinstance(ready, Connection)
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
            raise PoolError(str(error)) from error
        self._workers.append(worker)
        return worker


class _Worker:
    """A worker process, forked from the warm parent, with a sandbox of its own."""

    def __init__(self, source: Sandbox) -> None:
        ours, theirs = socket.socketpair()
        with theirs, source.clone() as sandbox:
            source.fork("autograder.classes.workers:work", theirs, sandbox)
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
            sent: Result | NotGraded = self.connection.recv()
            return sent
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
        grader = Grader(own)
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


class Grader:
    """Grades jobs one after another, and keeps what jobs of the same lesson share."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._prepared: dict[str, Prepared] = {}

    def grade(self, job: Job) -> Result:
        """Grade a job in this process, with its sandbox."""
        if job.submission is None:
            return unreadable(job.lesson, job.reason)
        if job.lesson.digest not in self._prepared:
            self.sandbox.preload(preloads(job.lesson))
            self._prepared[job.lesson.digest] = prepare(job.lesson)
        os.environ[SEED_VARIABLE] = str(job.hidden_seed)
        prepared = self._prepared[job.lesson.digest]
        return grade(
            job.lesson, job.submission, self.sandbox, prepared, job.options, job.files, job.earlier
        )
