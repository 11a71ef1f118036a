"""Worker processes of this machine: every job has an answer, whatever becomes of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from autograder.authoring.proof import blank, reference
from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded
from autograder.classes.workers import WorkerPool
from autograder.isolation.tiers import Isolation
from autograder.judging import sandbox_client
from autograder.judging.result import Result
from autograder.lessons.model import Lesson


def answers(pool: WorkerPool, jobs: list[Job]) -> dict[str, Result | NotGraded]:
    return {job.key: answer for job, answer in pool.run(jobs)}


def test_every_job_has_its_own_result(pool, small: Lesson) -> None:
    done = answers(pool, [Job("right", small, reference(small)), Job("open", small, blank(small))])
    assert (done["right"].points, done["open"].points) == (10.0, 0.0)
    assert done["right"].tier == "none"


def test_what_could_not_be_read_is_a_result_too(pool, small: Lesson) -> None:
    (answer,) = answers(pool, [Job("torn", small, None, "It is no notebook.")]).values()
    assert answer.points == 0.0
    assert answer.remarks == ("It is no notebook.",)


def test_files_lie_beside_the_notebook(pool, jobs) -> None:
    (job,) = jobs(1)
    source = {"solution-one": "one = int(open('in/one.txt').read())"}
    submission = type(job.submission)(source, (), ())
    files = (("in/one.txt", b"1"),)
    (answer,) = answers(pool, [Job("one", job.lesson, submission, files=files)]).values()
    assert answer.points == 1.0


def test_several_workers_take_what_is_next(jobs) -> None:
    with WorkerPool(2) as two:
        two.preload([jobs(1)[0].lesson])
        done = answers(two, jobs(5))
        assert [answer.points for answer in done.values()] == [1.0] * 5
        assert len(done) == 5


def test_a_worker_that_ends_is_replaced_and_its_job_tried_once_more(pool, jobs, tmp_path) -> None:
    tries = tmp_path / "tries"
    ends = f"import os; open({str(tries)!r}, 'a').write('x'); os._exit(1)"
    done = answers(pool, [*jobs(1, ends), *jobs(2)])
    assert done[f"{ends} 0"] == NotGraded("the process that graded it ended")
    assert [done[f"x = 1 {n}"].points for n in range(2)] == [1.0, 1.0]
    assert tries.read_text().count("x") == 2


def test_a_job_that_breaks_the_grader_is_not_graded_and_says_why(pool, jobs) -> None:
    done = answers(pool, [*jobs(1, "1 / 0"), *jobs(1)])
    assert done["1 / 0 0"] == NotGraded("ZeroDivisionError: division by zero")
    assert done["x = 1 0"].points == 1.0


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


def test_no_process_outlives_its_pool(jobs) -> None:
    before = below()
    with WorkerPool(2) as two:
        answers(two, jobs(3))
        made = below() - before
        assert len(made) >= 5  # the warm parent, two workers and their sandboxes
    _, alive = psutil.wait_procs(made, timeout=600)
    assert alive == []


def test_a_run_that_is_interrupted_waits_for_nobody(jobs) -> None:
    before, made = below(), set()

    def interrupted() -> Iterator[Job]:
        yield from jobs(1, "import time; time.sleep(6000)")
        made.update(below() - before)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), WorkerPool(2) as two:
        list(two.run(interrupted()))
    assert made
    _, alive = psutil.wait_procs(made, timeout=600)
    assert alive == []


def test_isolation_that_cannot_be_set_up_ends_the_run(monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise sandbox_client.FilterError("libseccomp cannot be used")

    monkeypatch.setattr(Isolation, "confinement", refuse)
    with pytest.raises(PoolError, match="libseccomp cannot be used") as caught, WorkerPool(1):
        pass
    assert caught.value.code == 1
