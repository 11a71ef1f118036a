"""One command at a time writes to a course, and a killed one holds nothing up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course.lock import LOCK_FILE, LockedError, locked

HOLD = """
import sys
from pathlib import Path
from autograder.course.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(root: Path) -> subprocess.Popen[str]:
    """A process that holds a course until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_course_that_another_process_holds_is_refused_with_what_to_do(tmp_path) -> None:
    process = holder(tmp_path)
    with pytest.raises(LockedError) as caught, locked(tmp_path):
        pytest.fail("both hold the course")
    assert f"writing marks to {tmp_path} (it holds {LOCK_FILE})" in str(caught.value)
    assert "nothing was done. Run this again when it has ended" in str(caught.value)
    process.communicate("")
    assert process.returncode == 0
    with locked(tmp_path):
        pass


def test_the_lock_goes_with_its_holder_however_it_ends(tmp_path) -> None:
    process = holder(tmp_path)
    process.kill()
    process.communicate()
    with locked(tmp_path):
        assert (tmp_path / LOCK_FILE).exists()


def test_an_error_lets_go_of_the_course(tmp_path) -> None:
    with pytest.raises(KeyError), locked(tmp_path):
        raise KeyError
    with locked(tmp_path):
        pass


def test_a_course_is_held_once_within_a_process_too(tmp_path) -> None:
    with locked(tmp_path), pytest.raises(LockedError), locked(tmp_path):
        pytest.fail("held twice")


def test_courses_do_not_wait_for_each_other(tmp_path) -> None:
    (tmp_path / "other").mkdir()
    with locked(tmp_path), locked(tmp_path / "other"):
        pass
