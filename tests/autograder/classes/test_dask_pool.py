"""Jobs on a Dask cluster: what is its alone (test_pools.py has what all pools do)."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from autograder.authoring.proof import blank, reference
from autograder.classes import dask_pool
from autograder.classes.dask_pool import DaskPool
from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job
from autograder.classes.packing import KEPT_LESSONS, KnownLessons, Lost, UnknownLesson, pack
from autograder.isolation.tiers import Isolation, TierError
from autograder.judging.result import Result
from autograder.lessons.model import Lesson

distributed = pytest.importorskip("distributed")

CLUSTER = """
import time
from distributed import LocalCluster
cluster = LocalCluster(n_workers=1, processes=False, protocol="tcp", dashboard_address=None)
print(cluster.scheduler_address, flush=True)
time.sleep(6000)
"""


@pytest.fixture
def cluster() -> Iterator[distributed.LocalCluster]:
    """A cluster in this process, of one worker."""
    with distributed.LocalCluster(
        n_workers=1, processes=False, protocol="tcp", dashboard_address=None, host="127.0.0.1"
    ) as one:
        yield one


def test_where_no_scheduler_answers_the_address_is_named() -> None:
    with (
        pytest.raises(PoolError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1$") as no,
        DaskPool("tcp://127.0.0.1:1"),
    ):
        pass
    assert no.value.code == 2


def test_a_scheduler_that_goes_ends_the_run_and_says_so(jobs) -> None:
    script = [sys.executable, "-c", CLUSTER]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        todo = jobs(2, "import time; time.sleep(6000)")
        with (
            pytest.raises(PoolError, match=rf"scheduler at {address} is gone.* goes on$") as gone,
            DaskPool(address) as pool,
        ):
            threading.Timer(1.0, process.kill).start()
            list(pool.run(todo))
    assert gone.value.code == 1


def test_a_scheduler_without_workers_is_named(cluster, jobs, monkeypatch) -> None:
    monkeypatch.setattr(dask_pool, "_WAIT_FOR_WORKERS", 0.0)
    address = cluster.scheduler_address
    with DaskPool(address) as pool:
        cluster.scale(0)
        while pool._client.nthreads():
            pass
        with pytest.raises(PoolError, match=f"has no workers.*'dask worker {address}'$") as none:
            list(pool.run(jobs(1)))
    assert none.value.code == 2


def test_where_no_worker_can_isolate_the_run_ends_and_says_why(cluster, jobs, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise TierError("no tier works here")

    monkeypatch.setattr(dask_pool, "choose", refuse)
    with (
        pytest.raises(PoolError, match=r"no worker .* can grade: no tier works here$"),
        DaskPool(cluster.scheduler_address, Isolation("strong")) as pool,
    ):
        list(pool.run(jobs(2)))


class Recorded:
    """In the place of a pool: says nothing but how it was isolated, or breaks."""

    def __init__(self, isolation: Isolation) -> None:
        self.isolation = isolation
        self.is_broken = self.is_closed = False

    def run(self, jobs: list[Job]) -> Iterator[tuple[Job, Result]]:
        if self.is_broken:
            raise PoolError("the sandbox has ended")
        yield jobs[0], Result(self.isolation.tier, "", (), [])

    def __exit__(self, *_: object) -> None:
        self.is_closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """The pools that this process, as a Dask worker, opens."""
    made: list[Recorded] = []
    monkeypatch.setattr(dask_pool, "_pools", {})
    monkeypatch.setattr(dask_pool, "_lessons", KnownLessons())
    monkeypatch.setattr(
        dask_pool, "_opened", lambda isolation: made.append(Recorded(isolation)) or made[-1]
    )
    return made


def test_a_worker_keeps_a_pool_for_each_isolation_and_mixes_none(opened, small: Lesson) -> None:
    message = pack(Job("right", small, reference(small)), with_lesson=True)
    tiers = [
        dask_pool._grade_here(message, Isolation(tier)).lesson
        for tier in ("none", "strong", "none", "strong")
    ]
    assert tiers == ["none", "strong", "none", "strong"]
    assert len(opened) == 2


def test_a_pool_that_breaks_on_a_worker_is_closed_and_the_next_job_gets_another(
    opened, small: Lesson
) -> None:
    message = pack(Job("right", small, reference(small)), with_lesson=True)
    dask_pool._grade_here(message, Isolation())
    opened[0].is_broken = True
    assert dask_pool._grade_here(message, Isolation()) == Lost("the sandbox has ended")
    assert opened[0].is_closed
    assert isinstance(dask_pool._grade_here(message, Isolation()), Result)
    assert len(opened) == 2


def test_a_worker_asks_for_a_lesson_that_it_does_not_have(opened, small: Lesson) -> None:
    job = Job("open", small, blank(small))
    assert dask_pool._grade_here(pack(job), Isolation()) == UnknownLesson()
    assert isinstance(dask_pool._grade_here(pack(job, with_lesson=True), Isolation()), Result)
    assert isinstance(dask_pool._grade_here(pack(job), Isolation()), Result)


def test_a_worker_forgets_the_oldest_of_many_lessons(make_lesson) -> None:
    known = KnownLessons()
    made = [
        make_lesson("# %% [markdown]\n# A line.\n", header=f"title: T{number}\nminutes: 1")
        for number in range(KEPT_LESSONS + 1)
    ]
    todo = [Job("", one, None) for one in made]
    for job in todo:
        assert known.unpack(pack(job, with_lesson=True)) == job
    assert known.unpack(pack(todo[0])) is None
    assert known.unpack(pack(todo[1])) == todo[1]


def test_the_same_lesson_with_other_limits_is_another(small: Lesson) -> None:
    other = replace(small, limits=small.limits.changed({"cell_seconds": 1}))
    known = KnownLessons()
    assert known.unpack(pack(Job("", small, None), with_lesson=True)).lesson == small
    assert known.unpack(pack(Job("", other, None))) is None
