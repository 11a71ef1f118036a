"""A result: the sum of its marks, and single ones."""

from __future__ import annotations

import pytest

from autograder.judging.mark import Mark
from autograder.judging.result import Result

MARKS = (
    Mark("test-a", "a", 1.5, 2.0, "partial"),
    Mark("test-b", "b", 0.0, 1.0, "fault", detail="its last line is nan"),
    Mark("answer-c", "c", None, 3.0, "to_be_marked"),
)
RESULT = Result("90_small", "digest", MARKS, [])


def test_what_waits_for_a_person_counts_nothing_yet() -> None:
    assert RESULT.points == 1.5


def test_marks_are_found_by_their_cells_and_faults_by_their_outcome() -> None:
    assert RESULT.mark("test-a") is MARKS[0]
    assert RESULT.faults == (MARKS[1],)
    with pytest.raises(KeyError):
        RESULT.mark("test-d")
