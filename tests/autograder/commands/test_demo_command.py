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


def test_the_folder_is_a_course_in_which_every_command_works(small_course, autograder) -> None:
    made = small_course / "made"
    assert autograder("demo", "made", "--students", "2", folder=small_course).returncode == 0
    unchanged = autograder("grade", "90", folder=made)
    assert unchanged.returncode == 0, unchanged.stderr
    assert "0 graded" in unchanged.stdout and "2 unchanged" in unchanged.stdout
    student = sorted((made / "submitted").iterdir())[0]
    handed_in = str(student / "90_small" / "90_small.ipynb")
    for words, code in (
        (("build", "--check"), 0), (("claims",), 0), (("prove", "--quick"), 0),
        (("handout", "90"), 0), (("publish", "public"), 0), (("check", handed_in), None),
        (("collect", "90", "--dry-run", str(made / "90_small.zip")), None),
    ):  # fmt: skip
        ended = autograder(*words, folder=made)
        assert code in (None, ended.returncode), f"{words}: {ended.stdout}\n{ended.stderr}"
        assert "Traceback" not in ended.stderr and "is no assignment" not in ended.stderr, words
    assert (made / "90_small.zip").exists()


def test_the_settings_of_the_course_come_along(small_course, autograder) -> None:
    settings = small_course / "assignments" / "course.yml"
    settings.write_text("install_from: https://example.org/90.zip\n")
    assert autograder("demo", "made", "--students", "1", folder=small_course).returncode == 0
    released = small_course / "made" / "release" / "90_small" / "90_small.ipynb"
    assert "https://example.org/90.zip" in released.read_text()
    assert autograder("build", "--check", folder=small_course / "made").returncode == 0
