"""Jobs on a Dask cluster: the same answers, from workers that may be anywhere."""

from __future__ import annotations

import pytest

from autograder.authoring.proof import blank, reference
from autograder.classes.dask_pool import DaskPool
from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded
from autograder.lessons.model import Lesson

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def address():
    """Where a scheduler of one worker process listens."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


def test_every_job_has_its_own_result(address, small: Lesson) -> None:
    jobs = [Job("right", small, reference(small)), Job("open", small, blank(small))]
    with DaskPool(address) as pool:
        pool.preload([small])
        done = {job.key: answer for job, answer in pool.run(jobs)}
    assert (done["right"].points, done["open"].points) == (10.0, 0.0)
    assert done["right"].tier == "none"


def test_a_worker_keeps_its_sandbox_for_the_next_run(address, small: Lesson) -> None:
    for _ in range(2):
        with DaskPool(address) as pool:
            ((_, answer),) = pool.run([Job("right", small, reference(small))])
            assert not isinstance(answer, NotGraded)
            assert answer.points == 10.0


def test_where_no_scheduler_answers_the_address_is_named() -> None:
    with (
        pytest.raises(PoolError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1$") as no,
        DaskPool("tcp://127.0.0.1:1"),
    ):
        pass
    assert no.value.code == 2
