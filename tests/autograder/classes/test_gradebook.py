"""Marks on their way into nbgrader's gradebook and the autograded notebooks, and nobody else's."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import nbformat
import pytest
import sqlalchemy.event
from small_class import NAME, book, grade, graded, hand_in
from sqlalchemy.orm import Session

from autograder.classes import gradebook
from autograder.course.nbgrader import BuildError
from autograder.lessons.model import Lesson


def test_marks_comments_and_the_autograded_notebook_are_written(small_course, pool) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo", double="def double(x):\n    return x")
    grade(small_course, pool)
    with book(small_course) as marks:
        assert marks.find_submission(NAME, "ada").score == 10.0
        wrong = marks.find_grade("test-double", NAME, NAME, "bo")
        assert (wrong.auto_score, wrong.needs_manual_grade) == (0.0, False)
        assert marks.find_grade("answer-why", NAME, NAME, "bo").needs_manual_grade
        comment = marks.find_comment("solution-double", NAME, NAME, "bo").auto_comment
        assert "double(3) returned 3, expected 6" in comment
    path = small_course / "autograded" / "bo" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.autograder.tier == "none"
    (test,) = [cell for cell in notebook.cells if cell.id == "test-double"]
    assert test.metadata.autograder.outcome == "failed"
    assert "BEGIN HIDDEN TESTS" in test.source
    assert any("For the marker" in cell.source for cell in notebook.cells)


def test_marks_and_comments_given_by_hand_survive_a_regrade(small_course, pool) -> None:
    hand_in(small_course, "ada", double="def double(x):\n    return x")
    grade(small_course, pool)
    with book(small_course) as marks:
        marks.find_grade("answer-why", NAME, NAME, "ada").manual_score = 1.5
        marks.find_grade("test-double", NAME, NAME, "ada").manual_score = 1.0
        marks.find_grade("test-Line", NAME, NAME, "ada").extra_credit = 0.5
        marks.find_comment("solution-double", NAME, NAME, "ada").manual_comment = "Nearly."
        marks.db.commit()
    hand_in(small_course, "ada", double="def double(x):\n    return -x")
    grade(small_course, pool)
    with book(small_course) as marks:
        assert marks.find_grade("answer-why", NAME, NAME, "ada").score == 1.5
        assert marks.find_grade("test-double", NAME, NAME, "ada").score == 1.0
        assert marks.find_grade("test-double", NAME, NAME, "ada").needs_manual_grade
        assert marks.find_grade("test-Line", NAME, NAME, "ada").score == 4.5
        assert marks.find_comment("solution-double", NAME, NAME, "ada").comment == "Nearly."


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def interrupted(moment: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ctrl-C comes at a moment of writing."""
    with monkeypatch.context() as patched:
        if moment == "while the notebook is written":
            patched.setattr(os, "fsync", interrupt)
        elif moment == "before marks are committed":
            sqlalchemy.event.listen(Session, "before_commit", interrupt)
        else:
            patched.setattr(gradebook, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            yield
    if sqlalchemy.event.contains(Session, "before_commit", interrupt):
        sqlalchemy.event.remove(Session, "before_commit", interrupt)


@pytest.mark.parametrize(
    "moment",
    ["while the notebook is written", "before marks are committed", "before folders are swapped"],
)
def test_whatever_is_interrupted_is_graded_again_and_nothing_is_half_written(
    small_course, pool, monkeypatch, moment
) -> None:
    hand_in(small_course, "ada")
    grade(small_course, pool)
    hand_in(small_course, "ada", largest="largest = 9")
    with interrupted(moment, monkeypatch):
        grade(small_course, pool)
    notebook = nbformat.read(small_course / "autograded" / "ada" / NAME / f"{NAME}.ipynb", 4)
    assert any("largest = 16" in cell.source for cell in notebook.cells)  # the old one, whole
    assert graded(grade(small_course, pool)) == {"ada"}
    with book(small_course) as marks:
        assert marks.find_submission(NAME, "ada").score == 9.0
    assert [p.name for p in (small_course / "autograded" / "ada").iterdir()] == [NAME]


def test_other_files_and_the_timestamp_come_along(small_course, pool) -> None:
    path = hand_in(small_course, "ada")
    path.with_name("timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    path.with_name("data.csv").write_text("1,2")
    grade(small_course, pool)
    assert (small_course / "autograded" / "ada" / NAME / "data.csv").read_text() == "1,2"
    with book(small_course) as marks:
        assert str(marks.find_submission(NAME, "ada").timestamp) == "2026-03-01 12:00:00"


def test_the_courses_late_penalty_applies(small_course, pool) -> None:
    (small_course / "late.py").write_text(
        "from nbgrader.plugins import BasePlugin\n\nclass Half(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 2\n"
    )
    (small_course / "nbgrader_config.py").write_text(
        f"import sys\nsys.path.insert(0, {str(small_course)!r})\nfrom late import Half\n"
        "c = get_config()\nc.AssignLatePenalties.plugin_class = Half\n"
    )
    path = hand_in(small_course, "ada")
    grade(small_course, pool)
    with book(small_course) as marks:
        marks.update_or_create_assignment(NAME, duedate="2026-02-01 00:00:00 UTC")
    path.with_name("timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    grade(small_course, pool, force=True)
    with book(small_course) as marks:
        (notebook,) = marks.find_submission(NAME, "ada").notebooks
        assert notebook.late_submission_penalty == 5.0


def test_cells_that_came_after_grading_are_refused_with_nbgraders_reason(
    small_course, pool
) -> None:
    hand_in(small_course, "ada")
    grade(small_course, pool)
    path = small_course / "assignments" / NAME / "lesson.py"
    path.write_text(path.read_text() + '\n# %% sandboxed="later"\nlater = 1\n')
    with pytest.raises(BuildError, match="Cannot add or remove cells"):
        grade(small_course, pool)


def test_a_new_gradebook_needs_no_active_environment(small_course, pool, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    hand_in(small_course, "ada")
    grade(small_course, pool)
    with book(small_course) as marks:
        assert marks.find_submission(NAME, "ada").score == 10.0


def test_a_small_lesson_is_what_these_tests_assume(small: Lesson) -> None:
    assert small.points == 12.0
