"""autograder handout and publish: what they print, where they write, when they refuse."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def built(small_course: Path, autograder) -> Path:
    assert autograder("build", folder=small_course).returncode == 0
    return small_course


def test_a_hand_out_is_named_after_its_notebook_or_as_one_says(built, autograder, tmp_path) -> None:
    made = autograder("handout", "90", folder=built)
    assert made.returncode == 0, made.stderr
    assert "90_small.zip (" in made.stdout and "START_HERE.md" in made.stdout
    other = tmp_path / "week 1.zip"
    assert autograder("handout", "90", "-o", str(other), folder=built).returncode == 0
    assert other.read_bytes() == (built / "90_small.zip").read_bytes()


def test_several_notebooks_make_one_file_named_after_the_course(built, autograder) -> None:
    shutil.copytree(built / "assignments" / "90_small", built / "assignments" / "91_more")
    (built / "nbgrader_config.py").write_text('get_config().CourseDirectory.course_id = "A b"\n')
    assert autograder("build", "91", folder=built).returncode == 0
    assert autograder("handout", "90", "91", folder=built).returncode == 0
    with zipfile.ZipFile(built / "A-b.zip") as archive:
        assert {"A-b/90_small.ipynb", "A-b/91_more.ipynb"} <= set(archive.namelist())


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("handout", "91"), 2, "is no assignment; choose from 90_small"),
        (("handout", "90", "-o", "nowhere/90.zip"), 2, "there is no folder nowhere"),
        (("handout", "90", "-o", "lesson.py"), 2, "lesson.py is no hand-out"),
        (("publish", "."), 2, "is the course itself, which holds solutions"),
        (("publish", "assignments"), 2, "made by no 'autograder publish'"),
    ],
)
def test_wrong_use_is_said_and_nothing_is_lost(built, autograder, words, code, says) -> None:
    (built / "lesson.py").write_text("mine")
    ended = autograder(*words, folder=built)
    assert ended.returncode == code
    assert says in " ".join(ended.stderr.split())
    assert (built / "lesson.py").read_text() == "mine"


@pytest.mark.parametrize("words", [("handout", "90"), ("publish", "public")])
def test_a_release_that_is_missing_is_a_finding(small_course, autograder, words) -> None:
    ended = autograder(*words, folder=small_course)
    assert ended.returncode == 1
    assert "is missing; run 'autograder build 90_small'" in " ".join(ended.stderr.split())


def test_the_public_tree_is_made_and_brought_up_to_date(built, autograder) -> None:
    first = autograder("publish", "public", folder=built)
    assert first.returncode == 0, first.stderr
    assert "No hidden line of any lesson is in them." in first.stdout
    assert ", 0 changed." in autograder("publish", "public", folder=built).stdout
