"""Spreads jobs over the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded
from autograder.classes.workers import Grader
from autograder.isolation.tiers import NO_ISOLATION, Isolation, choose
from autograder.judging.result import Result
from autograder.judging.sandbox_client import Sandbox, SandboxError
from autograder.lessons.model import Lesson


class DaskPool:
    """The same on the workers of a Dask scheduler, where this package must be installed.

    Args:
        address: the scheduler's, as in ``tcp://host:8786``.
        isolation: how submissions are isolated; each worker's machine must be able to do it.
    """

    def __init__(self, address: str, isolation: Isolation = NO_ISOLATION) -> None:
        self._address = address
        self._isolation = isolation

    def __enter__(self) -> DaskPool:
        from distributed import Client

        try:
            self._client = Client(self._address, timeout="10s")
        except (OSError, ValueError) as error:
            raise PoolError(f"no Dask scheduler answers at {self._address}", code=2) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def tier(self) -> str:
        """How submissions are isolated; a worker whose machine can't says another in its marks."""
        return self._isolation.tier

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


_grader: Grader | None = None


def _grade_on_dask(job: Job, isolation: Isolation) -> Result | NotGraded:
    """Runs on a Dask worker, whose threads must not fork: one process each grades for it."""
    global _grader
    if _grader is None:
        sandbox = Sandbox(choose(isolation.tier, isolation.gpu))  # as that machine can do it
        sandbox.wait_until_warm()
        _grader = Grader(sandbox)
    try:
        return _grader.grade(job)
    except SandboxError as error:
        _grader = None
        return NotGraded(str(error))
