"""Spreads jobs over warm worker processes of this machine."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait

from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded
from autograder.classes.packing import (
    Answer,
    KnownLessons,
    Lost,
    UnknownLesson,
    keep,
    not_graded,
    pack,
    unpack_answer,
)
from autograder.classes.supply import Attempt, Supply
from autograder.isolation.tiers import NO_ISOLATION, Isolation
from autograder.judging.grade import grade, unreadable
from autograder.judging.result import Result
from autograder.judging.sandbox_client import Sandbox, SandboxError
from autograder.judging.scripts import Prepared, prepare
from autograder.lessons.model import Lesson
from autograder.lessons.preloads import preloads
from nnlab.testing import SEED_VARIABLE

#: The message after which a worker ends.
_THE_END = b""
#: What is said of a job whose worker was lost.
_ENDED = "the process that graded it ended"


class WorkerPool:
    """Warm processes that grade jobs. Use it as a context manager, and keep it for several runs.

    Entering it starts a warm parent and does not wait for its imports, so enter it before other
    slow work. The workers, which judge, and their sandboxes, in which submissions run, are both
    forks of it: it holds nothing but imported modules, and what a worker is told afterwards, no
    sandbox sees. If it is lost, another takes its place.

    Args:
        workers: how many submissions are graded at once.
        isolation: how submissions are isolated; the workers run where the warm parent does.
    """

    def __init__(self, workers: int = 2, isolation: Isolation = NO_ISOLATION) -> None:
        self._count = max(workers, 1)
        self._isolation = isolation
        self._workers: list[_Worker] = []
        self._lessons: list[Lesson] = []

    def __enter__(self) -> WorkerPool:
        self._start()
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

        It is done before the next worker begins, and not waited for here.
        """
        self._lessons += lessons

    def wait_until_warm(self) -> None:
        """Wait for the imports; may be left out.

        Raises:
            PoolError: the sandbox does not start.
        """
        try:
            self._source.wait_until_warm()
        except SandboxError as error:
            raise PoolError(str(error)) from error

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | NotGraded]]:
        """Grade ``jobs``; yields each with its result as it is done, in any order.

        Raises:
            PoolError: the sandbox does not start.
        """
        supply = Supply(jobs)
        busy: dict[Connection, tuple[_Worker, Attempt]] = {}
        try:
            yield from self._fill(supply, busy)
            while busy:
                for ready in wait(list(busy)):
                    assert isinstance(ready, Connection)
                    worker, attempt = busy.pop(ready)
                    answer = worker.take()
                    if isinstance(answer, UnknownLesson):
                        failed = worker.give(attempt.job, with_lesson=True)
                        if failed is None:
                            busy[ready] = (worker, attempt)
                            continue
                        answer = failed
                    if not isinstance(answer, Result):
                        self._drop(worker)
                    result = supply.result(attempt, answer)
                    # Nobody idles while the caller writes down what it gets.
                    yield from self._fill(supply, busy)
                    if result is not None:
                        yield attempt.job, result
        finally:  # the caller may have had enough
            for worker, _ in busy.values():
                self._drop(worker)
        supply.finish()

    def _fill(
        self, supply: Supply, busy: dict[Connection, tuple[_Worker, Attempt]]
    ) -> Iterator[tuple[Job, Result | NotGraded]]:
        """Give every worker something to do; yields the jobs that cannot even be sent."""
        while len(busy) < self._count and (attempt := supply.next()) is not None:
            worker = self._free_worker(busy)
            answer = worker.give(attempt.job)
            if answer is None:
                busy[worker.connection] = (worker, attempt)
                continue
            if isinstance(answer, Lost):
                self._drop(worker)
            result = supply.result(attempt, answer)
            if result is not None:
                yield attempt.job, result

    def _free_worker(self, busy: dict[Connection, tuple[_Worker, Attempt]]) -> _Worker:
        for worker in [one for one in self._workers if one.connection not in busy]:
            if not worker.has_ended():
                return worker
            self._drop(worker)
        try:
            worker = self._fork()
        except SandboxError as error:
            if not self._has_forked:  # it did not start, so another would not
                raise PoolError(str(error)) from error
            self._source.kill()
            self._source.close()
            self._start()
            try:
                worker = self._fork()
            except SandboxError as again:
                raise PoolError(str(again)) from again
        self._workers.append(worker)
        return worker

    def _start(self) -> None:
        """Start a warm parent."""
        try:
            self._source = Sandbox(self._isolation)
        except SandboxError as error:
            raise PoolError(str(error)) from error
        self._preloaded = 0
        self._has_forked = False

    def _fork(self) -> _Worker:
        for lesson in self._lessons[self._preloaded :]:
            self._source.preload(preloads(lesson))
            self._preloaded += 1
        worker = _Worker(self._source)
        self._has_forked = True
        return worker

    def _drop(self, worker: _Worker) -> None:
        worker.connection.close()
        self._workers.remove(worker)


class _Worker:
    """A worker process, forked from the warm parent, with a sandbox of its own."""

    def __init__(self, source: Sandbox) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs, source.clone() as sandbox:
                source.fork("autograder.classes.workers:work", theirs, sandbox)
        except BaseException:
            ours.close()
            raise
        self.connection = Connection(ours.detach())

    def give(self, job: Job, with_lesson: bool = False) -> NotGraded | Lost | None:
        """Send it a job; the answer at once if that cannot be done."""
        try:
            message = pack(job, with_lesson)
        except Exception as error:  # noqa: BLE001  one job's error is that job's answer
            return not_graded(error)
        try:
            self.connection.send_bytes(message)
        except OSError:
            return Lost(_ENDED)
        return None

    def take(self) -> Answer:
        """What it sent."""
        try:
            message = self.connection.recv_bytes()
        except (EOFError, OSError):
            return Lost(_ENDED)
        return unpack_answer(message)

    def has_ended(self) -> bool:
        """Whether it is gone, of a worker that has nothing to do."""
        return self.connection.poll()

    def end(self, patience: float) -> None:
        """Have it end; wait so long, in seconds, for it to clear up behind itself."""
        with contextlib.suppress(OSError, EOFError):
            self.connection.send_bytes(_THE_END)
            if self.connection.poll(patience):
                self.connection.recv_bytes()
        self.connection.close()


def work(jobs: int, sandbox: int) -> None:
    """The worker's loop, in a fork of the warm parent.

    Args:
        jobs: the descriptor over which jobs come and results go.
        sandbox: the descriptor of the worker's own sandbox.
    """
    connection = Connection(jobs)
    with Sandbox.attached(socket.socket(fileno=sandbox)) as own:
        grader, lessons = Grader(own), KnownLessons()
        with contextlib.suppress(EOFError, OSError):  # nobody is there any more
            while (message := connection.recv_bytes()) != _THE_END:
                connection.send_bytes(_answer(message, grader, lessons))


def _answer(message: bytes, grader: Grader, lessons: KnownLessons) -> bytes:
    try:
        job = lessons.unpack(message)
        return pickle.dumps(UnknownLesson() if job is None else grader.grade(job))
    except SandboxError as error:
        return pickle.dumps(Lost(str(error)))
    except (Exception, SystemExit) as error:  # noqa: BLE001  one job's error is its answer
        return pickle.dumps(not_graded(error))


class Grader:
    """Grades jobs one after another, and keeps what jobs of the same lesson share."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._prepared: dict[Lesson, Prepared] = {}

    def grade(self, job: Job) -> Result:
        """Grade a job in this process, with its sandbox."""
        if job.submission is None:
            return unreadable(job.lesson, job.reason)
        if job.lesson not in self._prepared:
            self.sandbox.preload(preloads(job.lesson))
            keep(self._prepared, job.lesson, prepare(job.lesson))
        os.environ[SEED_VARIABLE] = str(job.hidden_seed)
        prepared = self._prepared[job.lesson]
        return grade(
            job.lesson, job.submission, self.sandbox, prepared, job.options, job.files, job.earlier
        )
