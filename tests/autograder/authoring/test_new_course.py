"""A course to begin with, in a folder of its own."""

from __future__ import annotations

import re

import pytest

from autograder.authoring import new_course
from autograder.authoring.lint import lint
from autograder.authoring.new_course import make_course
from autograder.course.folders import Course, CourseError
from autograder.lessons import reading
from autograder.lessons.variants import variants


def test_it_is_one_lesson_in_sections_with_wrong_answers_for_every_task(tmp_path) -> None:
    made = make_course(tmp_path / "My course")
    assert {path.relative_to(tmp_path / "My course").parts[0] for path in made} == {
        "README.md", ".gitignore", "nbgrader_config.py", "assignments",
    }  # fmt: skip
    (lesson,) = reading.find(tmp_path / "My course")
    assert lint(lesson) == []
    headings = [cell.source for cell in lesson.cells if cell.source.startswith("## ")]
    assert len(headings) == 2
    kinds = [(one.task, one.kind) for one in variants(lesson)]
    for task in lesson.tasks:
        assert kinds.count((task.name, "misconception")) >= 2
        assert kinds.count((task.name, "alternative")) >= 1


def test_each_has_a_hidden_seed_and_the_name_of_its_folder(tmp_path, monkeypatch) -> None:
    seeds = set()
    for name in ("first", "second"):
        monkeypatch.setenv("NNLAB_HIDDEN_SEED", "")  # is put back after the test
        monkeypatch.delenv("NNLAB_HIDDEN_SEED")
        make_course(tmp_path / name)
        course = Course(tmp_path / name)
        assert course.course_id == name
        seeds.add(course.hidden_seed)
    assert len(seeds) == 2 and 2026 not in seeds


def test_no_word_of_the_pattern_is_left_open(tmp_path) -> None:
    for path in make_course(tmp_path / "a b"):
        assert not re.search(r"\{(course_id|seed)\}", path.read_text(encoding="utf-8"))
    assert (tmp_path / "a b" / "README.md").read_text(encoding="utf-8").startswith("# a-b\n")


@pytest.mark.parametrize("there", ["file", "folder"])
def test_what_is_there_is_left_alone(tmp_path, there) -> None:
    target = tmp_path / "course"
    if there == "folder":
        target.mkdir()
    mine = target / "mine" if there == "folder" else target
    mine.write_text("x")
    with pytest.raises(CourseError, match="is not empty"):
        make_course(target)
    assert mine.read_text() == "x"


def test_a_hand_out_for_students_has_no_course_to_begin_with(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(new_course, "__file__", str(tmp_path / "new_course.py"))
    with pytest.raises(CourseError, match="is a hand-out for students"):
        make_course(tmp_path / "course")
