"""autograder grade: marks from submitted/, with options, limits and isolation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_class import NAME

from autograder.authoring import demo_class
from autograder.lessons import reading


def test_grade_writes_marks_and_goes_on_where_it_was(handed_in, autograder) -> None:
    first = autograder("grade", "90", "--jobs", "1", "--json", "m.json", folder=handed_in)
    assert first.returncode == 0, first.stderr
    assert "1 graded" in first.stdout
    assert json.loads((handed_in / "m.json").read_text())["schema"] == 2
    (assignment,) = json.loads((handed_in / "m.json").read_text())["assignments"]
    (ada,) = assignment["students"]
    assert ada["points"] == 5.0
    outcomes = {mark["task"]: mark["outcome"] for mark in ada["marks"]}
    assert outcomes == {
        "double": "failed",
        "update": "not_written",
        "Line": "passed",
        "largest": "passed",
        "why": "to_be_marked",
    }
    again = autograder("grade", "90", folder=handed_in)
    assert "0 graded" in again.stdout
    assert "1 unchanged" in again.stdout


def test_grade_runs_on_a_dask_cluster(handed_in, autograder) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        address = cluster.scheduler_address
        ended = autograder("grade", "90", "--dask", address, folder=handed_in)
    assert ended.returncode == 0, ended.stderr
    assert "ada      5" in ended.stdout


def test_a_dask_scheduler_that_does_not_answer_is_named(handed_in, autograder) -> None:
    ended = autograder("grade", "90", "--dask", "tcp://127.0.0.1:1", folder=handed_in)
    assert ended.returncode == 2, ended.stderr
    assert "no Dask scheduler answers" in ended.stderr


def test_without_isolation_grade_warns_and_every_mark_says_so(small_course, autograder) -> None:
    demo_class.make_class(small_course, reading.find(small_course)[0], 2)
    ended = autograder("grade", "90", "--sandbox", "none", "--json", "r.json", folder=small_course)
    assert ended.returncode == 0
    assert "with your own rights" in ended.stderr
    (assignment,) = json.loads((small_course / "r.json").read_text())["assignments"]
    tiers_of_marks = {mark["tier"] for one in assignment["students"] for mark in one["marks"]}
    assert tiers_of_marks == {"none"}


def test_a_limit_of_the_command_line_holds_and_grades_again(small_course, autograder) -> None:
    (student,) = demo_class.make_class(small_course, reading.find(small_course)[0], 1)
    path = small_course / "submitted" / student.student / "90_small" / "90_small.ipynb"
    notebook = json.loads(path.read_text())
    slow = {"id": "slow", "cell_type": "code", "metadata": {}, "outputs": []}
    slow |= {"execution_count": None, "source": "import time\ntime.sleep(4)"}
    notebook["cells"].insert(2, slow)
    path.write_text(json.dumps(notebook))
    assert autograder("grade", "90", folder=small_course).returncode == 0
    graded = small_course / "autograded" / student.student / "90_small" / "90_small.ipynb"
    assert "was stopped after" not in graded.read_text()
    again = autograder("grade", "90", "--limit", "cell_seconds=2", folder=small_course)
    assert "1 graded" in again.stdout
    assert "The cell was stopped after 2 seconds" in graded.read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--sandbox", "steel"), "choose from auto, strong, fallback, none"),
        (("--limit", "patience=3"), "there are cell_seconds, test_seconds"),
        (("--limit", "memory_mb"), "write NAME=NUMBER"),
        (("--limit", "memory_mb=-1"), "no positive number"),
        (("--student", "nobody"), "no submission for 90_small by nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_wrong_tiers_limits_and_students_are_named(handed_in, autograder, arguments, says) -> None:
    ended = autograder("grade", "90", *arguments, folder=handed_in)
    assert ended.returncode == 2
    assert says in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_a_fault_of_a_test_is_told_and_ends_with_1(handed_in, autograder) -> None:
    path = handed_in / "assignments" / "90_small" / "lesson.py"
    text = path.read_text()
    path.write_text(text.replace("float(score)", "float('nan')"))
    ended = autograder("grade", "90", folder=handed_in)
    assert ended.returncode == 1
    assert "✗ ada: fault of the test test-Line: its last line is nan" in ended.stderr


def test_who_could_not_be_graded_is_told_and_ends_with_1(handed_in, autograder) -> None:
    stamp = handed_in / "submitted" / "ada" / "90_small" / "timestamp.txt"
    stamp.write_bytes(b"\xff yesterday")
    ended = autograder("grade", "90", folder=handed_in)
    assert ended.returncode == 1
    assert "✗ ada was not graded (" in ended.stderr
    assert "the same command tries again" in ended.stderr


def test_a_dry_run_shows_whose_marks_would_change(autograder, handed_in: Path) -> None:
    assert autograder("grade", "90", folder=handed_in).returncode == 0
    path = handed_in / "assignments" / NAME / "lesson.py"
    text = path.read_text()
    hidden = 'check_equal("largest", largest, 16)'
    path.write_text(text.replace(hidden, hidden.replace("16", "9")))
    dry = autograder("grade", "90", "--dry-run", folder=handed_in, COLUMNS="120")
    assert dry.returncode == 0, dry.stderr
    assert "largest 1 → 0" in dry.stdout
    assert "of those graded before, 0 gain points, 1 lose points" in dry.stdout
    assert "nothing was written (--dry-run)" in dry.stdout
    # So the next run finds the same, and writes it.
    again = autograder("grade", "90", folder=handed_in, COLUMNS="120")
    assert "largest 1 → 0" in again.stdout
    assert "nothing was written" not in again.stdout
