"""What every pool promises (``autograder.classes.jobs.Pool``), for the local one and the Dask one.

The Dask pool meets a real cluster, whose workers are killed. It has two workers, as the local pool,
with two threads each: a worker grades one job at a time all the same.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograder.classes import dask_pool, workers
from autograder.classes.dask_pool import DaskPool
from autograder.classes.jobs import Job, NotGraded, Pool
from autograder.classes.packing import pack
from autograder.classes.workers import WorkerPool
from autograder.intake.submission import Submission

pytestmark = pytest.mark.xdist_group("pools")  # one cluster for all
KINDS = ("local", "dask")
WORKERS = 2
#: More than the workers that may be asked for.
SPARE = 2
#: What ends the worker of a pool, run where a job is judged: on a Dask worker that is a process
#: beside it, two below.
KILL = {
    "local": "import os; os.kill(os.getpid(), 9)",
    "dask": "import psutil, time; psutil.Process().parent().parent().kill(); time.sleep(6000)",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the scheduler of two worker processes listens."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=WORKERS, threads_per_worker=2, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def pool(kind: str, request: pytest.FixtureRequest) -> Iterator[Pool]:
    """A pool of two workers."""
    if kind == "local":
        with WorkerPool(WORKERS) as local:
            yield local
    else:
        with DaskPool(request.getfixturevalue("address")) as dask:
            yield dask


def answers(pool: Pool, jobs: list[Job]) -> dict[str, object]:
    """The points of each job, or why there are none; no job may be answered twice."""
    found: dict[str, object] = {}
    for job, answer in pool.run(jobs):
        assert job.key not in found
        found[job.key] = answer if isinstance(answer, NotGraded) else answer.points
    return found


def noted(tries: Path, then: str) -> str:
    """A cell that notes in a file that it was run, and then does something."""
    return f"open({str(tries)!r}, 'a').write('x'); {then}"


class Unreadable:
    """What can be sent, and not be read."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("seven",)


class TestEveryPool:
    def test_every_job_is_answered_once(self, pool: Pool, jobs: Callable[..., list[Job]]) -> None:
        todo = jobs(9)
        assert answers(pool, todo) == {job.key: 1.0 for job in todo}

    def test_jobs_are_asked_for_as_workers_are_free(self, pool: Pool, jobs) -> None:
        asked, answered, open_ = 0, 0, []

        def one_by_one() -> Iterator[Job]:
            nonlocal asked
            for job in jobs(9):
                asked += 1
                open_.append(asked - answered)
                yield job

        for _ in pool.run(one_by_one()):
            answered += 1
        assert answered == 9
        assert max(open_) <= WORKERS + SPARE

    def test_a_job_whose_worker_is_killed_is_tried_once_more(
        self, pool: Pool, kind: str, jobs, tmp_path: Path
    ) -> None:
        tries = tmp_path / "tries"
        once = f"import os\nif os.path.getsize({str(tries)!r}) == 1: {KILL[kind]}"
        todo = [*jobs(1, noted(tries, once)), *jobs(4)]
        assert answers(pool, todo) == {job.key: 1.0 for job in todo}
        assert tries.read_text() == "x" + "xx"  # the second time, in the sandbox too

    def test_a_job_whose_worker_is_killed_twice_is_not_graded(
        self, pool: Pool, kind: str, jobs, tmp_path: Path
    ) -> None:
        tries = tmp_path / "tries"
        bad, *good = [*jobs(1, noted(tries, KILL[kind])), *jobs(4)]
        found = answers(pool, [bad, *good])
        assert isinstance(found.pop(bad.key), NotGraded)
        assert found == {job.key: 1.0 for job in good}
        assert tries.read_text() == "xx"

    def test_a_job_that_raises_is_not_graded_nor_tried_again(
        self, pool: Pool, jobs, tmp_path: Path
    ) -> None:
        tries = tmp_path / "tries"
        (bad,), good = jobs(1, noted(tries, "1 / 0")), jobs(2)
        found = answers(pool, [bad, *good])
        assert found.pop(bad.key) == NotGraded("ZeroDivisionError: division by zero")
        assert found == {job.key: 1.0 for job in good}
        assert tries.read_text() == "x"

    def test_a_job_that_gives_up_is_not_graded(self, pool: Pool, jobs) -> None:
        (bad,), good = jobs(1, "import sys; sys.exit('enough')"), jobs(1)
        assert answers(pool, [bad, *good]) == {
            bad.key: NotGraded("SystemExit: enough"),
            good[0].key: 1.0,
        }

    def test_a_job_that_cannot_be_sent_or_read_is_not_graded(self, pool: Pool, jobs) -> None:
        first, *good, last = jobs(4)
        unsendable = replace(first, submission=Submission({"one": lambda: 1}, (), ()))
        unreadable = replace(last, submission=Submission({"one": Unreadable()}, (), ()))
        found = answers(pool, [unsendable, *good, unreadable])
        assert "lambda" in found.pop(first.key).reason
        assert "'seven'" in found.pop(last.key).reason
        assert found == {job.key: 1.0 for job in good}

    def test_a_submission_that_could_not_be_read_is_a_result(self, pool: Pool, jobs) -> None:
        (torn,) = jobs(1)
        torn = replace(torn, submission=None, reason="It is no notebook.")
        ((_, answer),) = pool.run([torn])
        assert (answer.points, answer.remarks) == (0.0, ("It is no notebook.",))

    def test_an_error_of_the_jobs_themselves_is_raised_when_others_are_answered(
        self, pool: Pool, jobs
    ) -> None:
        def broken() -> Iterator[Job]:
            yield from jobs(3)
            raise LookupError("no more")

        answered = []
        with pytest.raises(LookupError, match="no more"):
            answered += (job.key for job, _ in pool.run(broken()))  # keeps what came before
        assert len(answered) == 3

    def test_a_run_that_is_given_up_leaves_no_answer_to_the_next(self, pool: Pool, jobs) -> None:
        run = pool.run(jobs(4, "y = 1"))
        next(run)
        run.close()
        todo = jobs(4, "z = 1")
        assert answers(pool, todo) == {job.key: 1.0 for job in todo}

    def test_a_lesson_travels_once_to_a_worker(self, pool: Pool, jobs, monkeypatch) -> None:
        with_lesson = []

        def counted(job: Job, whole: bool = False) -> bytes:
            with_lesson.append(whole)
            return pack(job, whole)

        monkeypatch.setattr(workers, "pack", counted)
        monkeypatch.setattr(dask_pool, "pack", counted)
        todo = jobs(8, "lesson = 'a new one'")
        for _ in range(2):
            assert len(answers(pool, todo)) == 8
        assert len(with_lesson) >= 16
        assert 1 <= sum(with_lesson) <= WORKERS

    def test_ctrl_c_waits_for_no_job_and_leaves_no_process(
        self, kind: str, jobs, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        begun, end = tmp_path / "begun", tmp_path / "end"
        waits = f"import os, time\nwhile not os.path.exists({str(end)!r}): time.sleep(0.05)"
        (job,) = jobs(1, noted(begun, waits))
        where = request.getfixturevalue("address") if kind == "dask" else ""
        script = Path(__file__).with_name("pool_to_interrupt.py")
        command = [sys.executable, str(script), kind, where, str(job.lesson.folder)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            while not begun.exists():
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            family = psutil.Process(process.pid).children(recursive=True)
            assert bool(family) == (kind == "local")
            process.send_signal(signal.SIGINT)
            said, complaint = process.communicate(timeout=600)
            assert (process.returncode, said) == (130, b""), complaint
            _, alive = psutil.wait_procs(family, timeout=600)
            assert alive == []
        finally:
            end.touch()  # a Dask worker goes on to the end of its job
            process.kill()


def test_a_job_names_its_lesson_and_does_not_hold_it(jobs) -> None:
    (job,) = jobs(1, f"x = {os.urandom(2000).hex()!r}")
    job = replace(job, key="ada")
    assert len(pack(job)) < 1000 < 4000 < len(pack(job, with_lesson=True))
