"""The script that measures what a change to one test costs a class."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import regrade  # noqa: E402  a script, not a package

from autograder.lessons import reading  # noqa: E402


@pytest.mark.parametrize(
    ("count", "names"),
    [(1, ["double"]), (2, ["double", "largest"]), (9, ["double", "update", "Line", "largest"])],
)
def test_tests_are_taken_from_the_first_to_the_last(small, count, names) -> None:
    assert [cell.name for cell in regrade.tests_to_change(small, count)] == names


def test_nobody_passes_a_test_that_was_changed(small_course, grade) -> None:
    assignment = small_course / "assignments" / "90_small"
    before = reading.load(assignment)
    (cell,) = regrade.tests_to_change(before, 1)
    regrade.change(assignment, cell)
    after = reading.load(assignment)
    result = grade(lesson=after)
    lost = {mark.cell for mark in result.marks if mark.outcome == "failed"}
    assert lost == {cell.id}
    with pytest.raises(SystemExit, match=f"no file holds the test {cell.id}"):
        regrade.change(assignment, cell)  # its lines are others now


def test_marks_that_differ_are_found_and_so_is_a_change_that_nobody_sees(small) -> None:
    (changed,) = regrade.tests_to_change(small, 1)
    whole = {("ada", changed.id): 0.0, ("ada", "test-largest"): 1.0, ("bo", "answer"): None}
    assert regrade.differing(whole, dict(whole), changed) == ()
    other = {**whole, ("ada", "test-largest"): 0.0}
    assert regrade.differing(whole, other, changed) == (("ada", "test-largest"),)
    passed = {**whole, ("ada", changed.id): changed.points}
    assert regrade.differing(passed, passed, changed) == (("ada", changed.id),)


def test_the_page_says_the_share_and_what_differs() -> None:
    runs = [
        regrade.Measured("04", "test-a", 20.0, 4.0, ()),
        regrade.Measured("04", "test-b", 20.0, 2.0, ()),
    ]
    said = regrade.report(runs, 60, experiments=False)
    assert "| 04 | test-a | 20.0 | 4.0 | 0.20 |" in said
    assert "The median share is 0.15." in said
    assert said.endswith("Each cell has the same mark both ways.")
    runs.append(regrade.Measured("04", "test-c", 20.0, 2.0, (("ada", "test-c"),)))
    assert regrade.report(runs, 60, experiments=True).endswith("('ada', 'test-c'),).")
