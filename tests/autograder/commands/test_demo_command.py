"""autograder demo: a class whose right marks are known."""

from __future__ import annotations

import json


def test_demo_grades_a_class_and_compares(small_course, autograder) -> None:
    ended = autograder("demo", "made", "--students", "4", "--json", "d.json", folder=small_course)
    assert ended.returncode == 0, ended.stderr
    assert "Marks against the known ones: 16 of 16 tasks agree (100.0%)" in ended.stdout
    page = (small_course / "made" / "report" / "90_small.html").read_text()
    assert "4 submissions" in page
    (assignment,) = json.loads((small_course / "d.json").read_text())["assignments"]
    assert len(assignment["students"]) == 4


def test_a_folder_that_no_demo_has_made_is_left_alone(small_course, autograder) -> None:
    made = small_course / "made"
    made.mkdir()
    (made / "gradebook.db").write_text("marks")
    refused = autograder("demo", "made", folder=small_course)
    assert refused.returncode == 2
    assert "made is not empty" in refused.stderr
    assert (made / "gradebook.db").read_text() == "marks"
