"""Crashes, interruptions and rivals: nothing is lost, nothing graded twice, nothing stays."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook

from autograder.course.lock import LOCK_FILE, LockedError, locked

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "benchmarks"))

import kills  # noqa: E402  a script, not a package

GRADE = [sys.executable, "-m", "autograder.commands.cli", "grade", kills.NAME, "--jobs", "2"]


@pytest.fixture(autouse=True)
def no_haste(small_course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The classes of the script get limits on time that no busy machine comes to."""
    monkeypatch.setattr(kills, "SMALL", small_course)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A class of sixty in a course of its own."""
    kills.make_class(tmp_path / "class", 60, seed=1)
    return tmp_path / "class"


def start(course: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        GRADE, cwd=course, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def wait_for_marks(course: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until so many have been graded."""
    while len(list((course / "autograded").glob("*/*/*.ipynb"))) < count:
        assert process.poll() is None, f"it ended before: {process.communicate()}"
        time.sleep(0.02)


def test_random_kills_lose_nothing_and_grade_nothing_twice(tmp_path: Path) -> None:
    tally = kills.run(tmp_path, kills=4, students=30, seed=3)
    assert tally.complaints == []
    assert sum(tally.kills.values()) == 4
    assert tally.graded == 30 * tally.finished


def test_the_kill_script_notices_a_wrong_mark(course: Path) -> None:
    known = kills.make_class(course.parent / "small", 2, seed=1)
    subprocess.run(GRADE, cwd=course.parent / "small", check=True, capture_output=True)
    assert kills.wrong_marks(course.parent / "small", known, complete=True) == []
    wrong = {student: points + 1 for student, points in known.items()}
    assert len(kills.wrong_marks(course.parent / "small", wrong, complete=True)) == 2


def test_ctrl_c_ends_it_and_it_says_what_was_done_and_leaves_no_process(course: Path) -> None:
    process = start(course)
    wait_for_marks(course, 3, process)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    done = int(re.search(r"stopped\. (\d+) submissions were graded", said)[1])
    assert done == len(list((course / "autograded").glob("*/*/*.ipynb")))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "") as book:
        assert len(book.assignment_submissions(kills.NAME)) == done
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(family, timeout=600)
    assert alive == []
    ended = subprocess.run(GRADE, cwd=course, capture_output=True, text=True, check=True)
    assert f"{60 - done} graded" in ended.stdout
    assert f"{done} unchanged" in ended.stdout


def test_a_second_grade_of_the_same_course_says_so_and_stops(course: Path) -> None:
    process = start(course)
    wait_for_marks(course, 1, process)
    process.send_signal(signal.SIGSTOP)  # or it may be done before the second has begun
    try:
        second = subprocess.run(GRADE, cwd=course, capture_output=True, text=True)
    finally:
        process.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert "another autograder is writing marks" in second.stderr
    assert LOCK_FILE in second.stderr
    process.communicate()
    assert process.returncode == 0


def test_the_lock_goes_with_its_holder(course: Path) -> None:
    process = start(course)
    wait_for_marks(course, 1, process)
    process.send_signal(signal.SIGSTOP)
    with pytest.raises(LockedError, match="Run this again"), locked(course):
        pass
    process.kill()
    process.communicate()
    with locked(course):
        assert (course / LOCK_FILE).exists()


def test_a_worker_that_is_killed_is_replaced_and_everybody_graded(course: Path) -> None:
    process = start(course)
    wait_for_marks(course, 3, process)
    # The processes that hold most children are warm parents and their copies; the others work.
    below = psutil.Process(process.pid).children(recursive=True)
    pythons = [one for one in below if one.name().startswith("python")]
    pythons[-1].kill()
    said, complaint = process.communicate()
    assert process.returncode == 0, complaint
    assert "60 graded" in said
