"""Every threat in every tier of this machine: marks, secrets, side effects, neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from threat_cases import CASES, FULL
from threat_class import NAME, Graded, student_of


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.threat}: {case.name}")
def test_it_gains_nothing_and_learns_nothing(graded: Graded, case) -> None:
    one = graded.student(student_of(case))
    assert "not_graded" not in one
    earned = {m["cell"]: m["points"] for m in one["marks"] if m["cell"].startswith("test-")}
    assert earned == case.earns
    shown = graded.shown(student_of(case))
    for word in case.never:
        assert word not in shown
    assert any(words in shown for words in case.says_in(graded.tier)), shown
    assert one["tier"] == graded.tier
    if case.left:
        left = case.left.replace("{course}", str(graded.course))
        left = left.replace("{home}", str(graded.course.parent / "home"))
        assert not Path(left).exists()


def test_nothing_outside_was_changed_and_nobody_noticed(graded: Graded) -> None:
    assert graded.complaints == []


def test_every_neighbour_has_all_points_in_result_and_gradebook(graded: Graded) -> None:
    (assignment,) = graded.report["assignments"]
    honest = [one for one in assignment["students"] if one["student"].endswith("-neighbour")]
    assert len(honest) >= len(CASES) // 3
    with Gradebook(f"sqlite:///{graded.course / 'gradebook.db'}", "") as book:
        for one in honest:
            assert one["points"] == sum(FULL.values())
            assert book.find_submission(NAME, one["student"]).score == sum(FULL.values())


def test_the_gradebook_has_the_marks_of_the_results(graded: Graded) -> None:
    (assignment,) = graded.report["assignments"]
    with Gradebook(f"sqlite:///{graded.course / 'gradebook.db'}", "") as book:
        for one in assignment["students"]:
            assert book.find_submission(NAME, one["student"]).score == one["points"]


def test_every_case_of_exhaustion_says_by_what_it_is_stopped() -> None:
    """So a limit that no longer works is noticed: the words about it are not there."""
    for case in CASES:
        if case.threat == "exhaustion":
            assert all(all(case.says_in(tier)) for tier in ("strong", "fallback")), case.name


def test_there_are_at_least_eighty_cases_of_every_kind() -> None:
    assert len(CASES) >= 80
    assert {case.threat for case in CASES} == {"marks", "secrets", "harm", "exhaustion", "broken"}
    assert len({case.name for case in CASES}) == len(CASES)
