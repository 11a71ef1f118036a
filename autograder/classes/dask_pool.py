"""Spreads jobs over the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import pickle
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded
from autograder.classes.packing import (
    Answer,
    KnownLessons,
    Lost,
    UnknownLesson,
    not_graded,
    pack,
    unpack_answer,
)
from autograder.classes.supply import Attempt, Supply
from autograder.classes.workers import WorkerPool
from autograder.isolation.tiers import NO_ISOLATION, Isolation, TierError, choose
from autograder.judging.result import Result
from autograder.lessons.model import Lesson

if TYPE_CHECKING:
    from distributed import Future

#: Seconds after which the workers are looked at, if nothing else happens.
_LOOK_EVERY = 0.5
#: Seconds to wait for a first worker, or for another one after the last has gone.
_WAIT_FOR_WORKERS = 60.0
#: Seconds for an answer to come over; if its worker has gone meanwhile, it never does.
_FETCH_SECONDS = 10.0
#: Seconds to say goodbye to the scheduler.
_CLOSE_SECONDS = 1.0
#: Until Python 3.11 these are two.
_TIMEOUTS = (TimeoutError, asyncio.TimeoutError)


@dataclass(frozen=True)
class _Sent:
    """A job that a worker has."""

    attempt: Attempt
    future: Future[bytes]


class DaskPool:
    """The same on the workers of a Dask scheduler, where this package must be installed.

    A worker process grades one job at a time, however many threads it has, and each job is for one
    worker: Dask itself would try a job that kills its workers on worker after worker.

    Args:
        address: the scheduler's, as in ``tcp://host:8786``.
        isolation: how submissions are isolated; each worker's machine must be able to do it.
    """

    def __init__(self, address: str, isolation: Isolation = NO_ISOLATION) -> None:
        self._address = address
        self._isolation = isolation
        #: Why some workers are given no job, by their address.
        self._unusable: dict[str, str] = {}
        self._news = threading.Event()

    def __enter__(self) -> DaskPool:
        from distributed import Client

        try:
            self._client = Client(self._address, timeout="10s", set_as_default=False)
        except (OSError, ValueError) as error:
            raise PoolError(f"no Dask scheduler answers at {self._address}", code=2) from error
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._client.close(timeout=_CLOSE_SECONDS)
        except (OSError, *_TIMEOUTS):  # it has gone without a goodbye
            return

    @property
    def tier(self) -> str:
        """How submissions are isolated; a worker whose machine can't says another in its marks."""
        return self._isolation.tier

    def preload(self, lessons: Iterable[Lesson]) -> None:
        """Nothing: each worker does it when it gets its first job of a lesson."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | NotGraded]]:
        """Grade ``jobs``; yields each with its result as it is done, in any order.

        Raises:
            PoolError: the scheduler is gone, or no worker is there that can grade.
        """
        supply = Supply(jobs)
        sent: dict[str, _Sent] = {}
        try:
            while True:
                yield from self._fill(supply, sent)
                if not sent:
                    if supply.is_empty():
                        break
                    self._wait_for_workers()
                    continue
                self._news.wait(_LOOK_EVERY)
                self._news.clear()
                workers = self._workers()
                for worker, one in list(sent.items()):
                    answer = self._answer(one, worker in workers)
                    if answer is None:
                        continue
                    del sent[worker]
                    if isinstance(answer, UnknownLesson):
                        failed = self._send(worker, one.attempt, sent, with_lesson=True)
                        if failed is None:
                            continue
                        answer = failed
                    if isinstance(answer, Lost) and not answer.usable:
                        self._unusable[worker] = answer.reason
                    result = supply.result(one.attempt, answer)
                    # Nobody idles while the caller writes down what it gets.
                    yield from self._fill(supply, sent)
                    if result is not None:
                        yield one.attempt.job, result
        finally:  # the caller may have had enough
            for one in sent.values():
                one.future.release()
        supply.finish()

    def _fill(
        self, supply: Supply, sent: dict[str, _Sent]
    ) -> Iterator[tuple[Job, Result | NotGraded]]:
        """Give every worker something to do; yields the jobs that cannot even be sent."""
        for worker in self._workers() - set(self._unusable) - set(sent):
            while worker not in sent and (attempt := supply.next()) is not None:
                answer = self._send(worker, attempt, sent)
                if answer is not None:
                    yield attempt.job, answer

    def _send(
        self, worker: str, attempt: Attempt, sent: dict[str, _Sent], with_lesson: bool = False
    ) -> NotGraded | None:
        """Send a job to a worker; its answer at once if that cannot be done."""
        try:
            message = pack(attempt.job, with_lesson)
        except Exception as error:  # noqa: BLE001  one job's error is that job's answer
            return not_graded(error)
        self._check_connection()
        future = self._client.submit(
            grade_here, message, self._isolation, pure=False, workers=[worker]
        )
        future.add_done_callback(lambda _: self._news.set())
        sent[worker] = _Sent(attempt, future)
        return None

    def _answer(self, one: _Sent, is_there: bool) -> Answer | None:
        """What has become of a job; None if nothing has yet."""
        from distributed import KilledWorker

        status = one.future.status
        if status == "cancelled":
            raise self._gone()
        try:
            if status == "finished":
                return unpack_answer(one.future.result(timeout=_FETCH_SECONDS))
            if status == "error":
                error = one.future.exception(timeout=_FETCH_SECONDS)
                if isinstance(error, KilledWorker):  # a new one at the address of the old one
                    return Lost(_LEFT)
                return not_graded(error)
        except _TIMEOUTS:  # it has gone with its worker, or is on its way
            self._check_connection()
        except Exception as error:  # noqa: BLE001  one job's error is that job's answer
            self._check_connection()
            return not_graded(error)
        return None if is_there else Lost(_LEFT)

    def _workers(self) -> set[str]:
        """The addresses of the workers that are there now."""
        self._check_connection()
        try:
            return set(self._client.nthreads())
        except (OSError, *_TIMEOUTS) as error:
            raise self._gone() from error

    def _wait_for_workers(self) -> None:
        """Wait until a worker is there that can be given a job.

        Raises:
            PoolError: none comes, or none can grade.
        """
        deadline = time.monotonic() + _WAIT_FOR_WORKERS
        while not (workers := self._workers()) - set(self._unusable):
            reasons = {self._unusable[worker] for worker in workers}
            if reasons:
                said = "; ".join(sorted(reasons))
                raise PoolError(
                    f"no worker of the Dask cluster at {self._address} can grade: {said}"
                )
            if time.monotonic() >= deadline:
                raise PoolError(
                    f"the Dask scheduler at {self._address} has no workers; start some with "
                    f"'dask worker {self._address}'",
                    code=2,
                )
            time.sleep(_LOOK_EVERY)

    def _check_connection(self) -> None:
        if self._client.status != "running":
            raise self._gone()

    def _gone(self) -> PoolError:
        return PoolError(
            f"the Dask scheduler at {self._address} is gone, or has dropped what it had. When "
            "it is back, the same command goes on"
        )


#: What is said of a job whose worker was lost.
_LEFT = "the Dask worker that graded it has left the cluster"


# What follows runs on a Dask worker.

_one_at_a_time = threading.Lock()
_lessons = KnownLessons()
_pools: dict[Isolation, WorkerPool] = {}


def grade_here(message: bytes, isolation: Isolation) -> bytes:
    """Grade a job on this machine.

    A Dask worker has threads and so must not fork: a process that does is started beside it, a
    pool of one worker, and kept.
    """
    with _one_at_a_time:
        return pickle.dumps(_grade_here(message, isolation))


def _grade_here(message: bytes, isolation: Isolation) -> Answer:
    try:
        job = _lessons.unpack(message)
    except Exception as error:  # noqa: BLE001  one job's error is that job's answer
        return not_graded(error)
    if job is None:
        return UnknownLesson()
    try:
        if isolation not in _pools:
            _pools[isolation] = _opened(isolation)
    except (PoolError, TierError) as error:
        return Lost(str(error), usable=False)
    try:
        ((_, answer),) = _pools[isolation].run([job])
    except PoolError as error:
        _pools.pop(isolation).__exit__(PoolError)
        return Lost(str(error))
    return answer


def _opened(isolation: Isolation) -> WorkerPool:
    """A pool of one worker, isolated as this machine can do it."""
    pool = WorkerPool(1, choose(isolation.tier, isolation.gpu))
    pool.__enter__()
    try:
        pool.wait_until_warm()
    except PoolError:
        pool.__exit__(PoolError)
        raise
    return pool
