"""Worker processes of this machine: what is theirs alone (test_pools.py has what all pools do)."""

from __future__ import annotations

import psutil
import pytest

from autograder.authoring.proof import blank, reference
from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded
from autograder.classes.workers import WorkerPool
from autograder.isolation.tiers import Isolation
from autograder.judging import sandbox_client
from autograder.judging.result import Result
from autograder.judging.sandbox_client import Sandbox
from autograder.lessons.model import Lesson


def answers(pool: WorkerPool, jobs: list[Job]) -> dict[str, Result | NotGraded]:
    return {job.key: answer for job, answer in pool.run(jobs)}


def test_every_job_has_its_own_result(pool, small: Lesson) -> None:
    done = answers(pool, [Job("right", small, reference(small)), Job("open", small, blank(small))])
    assert (done["right"].points, done["open"].points) == (10.0, 0.0)
    assert done["right"].tier == "none"


def test_files_lie_beside_the_notebook(pool, jobs) -> None:
    (job,) = jobs(1)
    source = {"solution-one": "one = int(open('in/one.txt').read())"}
    submission = type(job.submission)(source, (), ())
    files = (("in/one.txt", b"1"),)
    (answer,) = answers(pool, [Job("one", job.lesson, submission, files=files)]).values()
    assert answer.points == 1.0


def below() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def test_a_worker_that_is_killed_between_two_runs_is_replaced(jobs) -> None:
    before = below()
    with WorkerPool(1) as one:
        assert len(answers(one, jobs(1))) == 1
        # The warm parent is this process's own; what it forked works.
        (warm_parent,) = set(psutil.Process().children()) - before
        workers = warm_parent.children()
        assert len(workers) == 2  # a worker, and its sandbox
        for worker in workers:
            worker.kill()
        assert [answer.points for answer in answers(one, jobs(1)).values()] == [1.0]


def test_a_warm_parent_that_is_killed_is_replaced_and_what_it_had_read_is_read_again(
    jobs, monkeypatch
) -> None:
    read = []
    preload = Sandbox.preload
    monkeypatch.setattr(
        Sandbox, "preload", lambda self, source: (read.append(source), preload(self, source))
    )
    before = set(psutil.Process().children())
    with WorkerPool(2) as two:
        two.preload([jobs(1)[0].lesson])
        run = two.run(jobs(4))
        done = [next(run)]
        (warm_parent,) = set(psutil.Process().children()) - before
        warm_parent.kill()
        done += run
    assert sorted(job.key for job, _ in done) == [job.key for job in jobs(4)]
    assert [answer.points for _, answer in done] == [1.0] * 4
    assert len(read) == 2


def test_no_process_outlives_its_pool(jobs) -> None:
    before = below()
    with WorkerPool(2) as two:
        two.preload([jobs(1)[0].lesson])
        answers(two, jobs(3))
        made = below() - before
        assert len(made) >= 5  # the warm parent, two workers and their sandboxes
    _, alive = psutil.wait_procs(made, timeout=600)
    assert alive == []


def test_isolation_that_cannot_be_set_up_ends_the_run(monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise sandbox_client.FilterError("libseccomp cannot be used")

    monkeypatch.setattr(Isolation, "confinement", refuse)
    with pytest.raises(PoolError, match="libseccomp cannot be used") as caught, WorkerPool(1):
        pass
    assert caught.value.code == 1
