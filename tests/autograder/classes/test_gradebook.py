"""A class into nbgrader's gradebook: marks, files, regrading, interruption."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.proof import answers
from autograder.classes import gradebook
from autograder.classes.run import ClassRun, grade_class
from autograder.classes.workers import WorkerPool
from autograder.course.folders import Course, CourseError
from autograder.course.nbgrader import BuildError
from autograder.lessons import reading
from autograder.lessons.model import Lesson

NAME = "90_small"


@pytest.fixture(scope="module")
def classroom():
    with WorkerPool(1) as room:
        yield room


def hand_in(course: Path, student: str, name: str = f"{NAME}.ipynb", **changed: str) -> Path:
    """Hand in the reference with some solutions changed, by task."""
    small = reading.load(course / "assignments" / NAME)
    notebook = nbformat.reads(build(small).release, as_version=4)
    sources = answers(small) | {f"solution-{task}": text for task, text in changed.items()}
    for cell in notebook.cells:
        cell.source = sources.get(cell.id, cell.source)
        if cell.id == "answer-why":
            cell.source = "Because the largest number has the largest square."
    path = course / "submitted" / student / NAME / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def mark(course: Path, classroom: WorkerPool, **options) -> ClassRun:
    small = reading.load(course / "assignments" / NAME)
    return grade_class(Course(course), small, classroom, **options)


def book(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}", "")


def graded(marked: ClassRun) -> set[str]:
    return {entry.student for entry in marked.entries if entry.result is not None}


def test_a_lone_surrogate_deep_in_a_displayed_json_stops_nobody(small_course, classroom) -> None:
    odd = "from IPython.display import JSON, display\ndisplay(JSON({'a': [{'b': '\\ud800'}]}))\n"
    right = answers(reading.load(small_course / "assignments" / NAME))["solution-double"]
    hand_in(small_course, "ada", double=odd + right)
    hand_in(small_course, "bo")
    marked = mark(small_course, classroom)
    assert [entry.result.points for entry in marked.entries] == [10.0, 10.0]
    path = small_course / "autograded" / "ada" / NAME / f"{NAME}.ipynb"
    nbformat.validate(nbformat.read(path, as_version=4))


def test_words_that_no_database_or_terminal_can_take_are_made_harmless(
    small_course, classroom
) -> None:
    odd = "def double(x):\n    return np.array('bad \\udc80 \\x1b[31m' + 'x' * 9000)\n"
    hand_in(small_course, "ada", double=odd)
    hand_in(small_course, "bo")
    ada, bo = (entry.result for entry in mark(small_course, classroom).entries)
    assert (ada.points, bo.points) == (8.0, 10.0)
    says = ada.mark("test-double").says
    assert "\x1b" not in says and len(says) < 2100
    says.encode()


@pytest.mark.parametrize("odd", ["folder", "sparse", "stamp", "pipe"])
def test_odd_files_of_one_student_stop_nobody(small_course, classroom, odd) -> None:
    path = hand_in(small_course, "ada")
    hand_in(small_course, "bo")
    if odd == "folder":
        path.rename(path.with_name("mine.ipynb"))
        path.mkdir()
        (path / "x.txt").write_text("")
    elif odd == "sparse":
        os.truncate(path, 30 << 30)
    elif odd == "stamp":
        path.with_name("timestamp.txt").write_bytes(b"\xff yesterday")
    else:
        os.mkfifo(path.with_name("timestamp.txt"))
    ada, bo = mark(small_course, classroom).entries
    assert bo.result.points == 10.0
    if odd == "sparse":
        assert "larger than" in ada.result.remarks[0]
    elif odd == "stamp":
        assert ada.not_graded
    else:
        assert ada.result.points == 10.0


def test_marks_comments_and_the_autograded_notebook_are_written(small_course, classroom) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo", double="def double(x):\n    return x")
    mark(small_course, classroom)
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


def test_only_what_changed_is_graded_again(small_course, classroom) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo")
    assert graded(mark(small_course, classroom)) == {"ada", "bo"}
    assert graded(mark(small_course, classroom)) == set()
    hand_in(small_course, "bo", largest="largest = 9")
    assert graded(mark(small_course, classroom)) == {"bo"}
    assert graded(mark(small_course, classroom, force=True, students=["ada"])) == {"ada"}
    (small_course / "gradebook.db").unlink()
    assert graded(mark(small_course, classroom)) == {"ada", "bo"}


def test_a_changed_lesson_grades_everybody_again(small_course, classroom) -> None:
    hand_in(small_course, "ada")
    mark(small_course, classroom)
    path = small_course / "assignments" / NAME / "lesson.py"
    path.write_text(
        path.read_text().replace(
            'check_equal("largest", largest, 16)', 'check_equal("largest", largest, 9)'
        )
    )
    mark(small_course, classroom)
    with book(small_course) as marks:
        assert marks.find_grade("test-largest", NAME, NAME, "ada").auto_score == 0.0


def test_marks_and_comments_given_by_hand_survive_a_regrade(small_course, classroom) -> None:
    hand_in(small_course, "ada", double="def double(x):\n    return x")
    mark(small_course, classroom)
    with book(small_course) as marks:
        marks.find_grade("answer-why", NAME, NAME, "ada").manual_score = 1.5
        marks.find_grade("test-double", NAME, NAME, "ada").manual_score = 1.0
        marks.find_grade("test-Line", NAME, NAME, "ada").extra_credit = 0.5
        marks.find_comment("solution-double", NAME, NAME, "ada").manual_comment = "Nearly."
        marks.db.commit()
    hand_in(small_course, "ada", double="def double(x):\n    return -x")
    mark(small_course, classroom)
    with book(small_course) as marks:
        assert marks.find_grade("answer-why", NAME, NAME, "ada").score == 1.5
        assert marks.find_grade("test-double", NAME, NAME, "ada").score == 1.0
        assert marks.find_grade("test-double", NAME, NAME, "ada").needs_manual_grade
        assert marks.find_grade("test-Line", NAME, NAME, "ada").score == 4.5
        assert marks.find_comment("solution-double", NAME, NAME, "ada").comment == "Nearly."


@pytest.mark.parametrize("moment", ["_stage", "_write_marks", "_swap"])
def test_whatever_is_interrupted_is_graded_again_and_nothing_is_half_written(
    small_course, classroom, monkeypatch, moment: str
) -> None:
    hand_in(small_course, "ada")
    mark(small_course, classroom)
    hand_in(small_course, "ada", largest="largest = 9")
    owner = gradebook if moment == "_swap" else gradebook.GradebookWriter
    original = getattr(owner, moment)

    def cut(*args):
        if moment == "_write_marks":
            original(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, moment, cut)
    with pytest.raises(KeyboardInterrupt):
        mark(small_course, classroom)
    monkeypatch.undo()
    notebook = nbformat.read(small_course / "autograded" / "ada" / NAME / f"{NAME}.ipynb", 4)
    assert any("largest = 16" in cell.source for cell in notebook.cells)  # the old one, whole
    assert graded(mark(small_course, classroom)) == {"ada"}
    with book(small_course) as marks:
        assert marks.find_submission(NAME, "ada").score == 9.0
    assert [p.name for p in (small_course / "autograded" / "ada").iterdir()] == [NAME]


def test_a_renamed_notebook_is_taken_and_a_missing_one_earns_nothing(
    small_course, classroom
) -> None:
    hand_in(small_course, "ada", name="90_small (1).ipynb")
    (small_course / "submitted" / "bo" / NAME).mkdir(parents=True)
    torn = hand_in(small_course, "cy")
    torn.write_text("no notebook")
    marked = {entry.student: entry.result for entry in mark(small_course, classroom).entries}
    assert marked["ada"].points == 10.0
    assert marked["bo"].points == 0.0
    assert "No notebook was handed in" in marked["bo"].remarks[0]
    assert "is not a Jupyter notebook" in marked["cy"].remarks[0]


def test_other_files_and_the_timestamp_come_along(small_course, classroom) -> None:
    path = hand_in(small_course, "ada")
    path.with_name("timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    path.with_name("data.csv").write_text("1,2")
    mark(small_course, classroom)
    assert (small_course / "autograded" / "ada" / NAME / "data.csv").read_text() == "1,2"
    with book(small_course) as marks:
        assert str(marks.find_submission(NAME, "ada").timestamp) == "2026-03-01 12:00:00"


def test_the_courses_late_penalty_applies(small_course, classroom) -> None:
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
    mark(small_course, classroom)
    with book(small_course) as marks:
        marks.update_or_create_assignment(NAME, duedate="2026-02-01 00:00:00 UTC")
    path.with_name("timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    mark(small_course, classroom, force=True)
    with book(small_course) as marks:
        (notebook,) = marks.find_submission(NAME, "ada").notebooks
        assert notebook.late_submission_penalty == 5.0


def test_cells_that_came_after_grading_are_refused_with_nbgraders_reason(
    small_course, classroom
) -> None:
    hand_in(small_course, "ada")
    mark(small_course, classroom)
    path = small_course / "assignments" / NAME / "lesson.py"
    path.write_text(path.read_text() + '\n# %% sandboxed="later"\nlater = 1\n')
    with pytest.raises(BuildError, match="Cannot add or remove cells"):
        mark(small_course, classroom)


def test_unknown_students_and_broken_configurations_are_named(small_course, classroom) -> None:
    with pytest.raises(CourseError, match="no submission for 90_small by nobody"):
        mark(small_course, classroom, students=["nobody"])
    (small_course / "nbgrader_config.py").write_text("c = get_config(\n")
    with pytest.raises(CourseError, match=r"nbgrader_config\.py: SyntaxError"):
        Course(small_course)


def test_the_json_form_is_plain_and_says_how_each_mark_was_reached(small_course, classroom) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo")
    mark(small_course, classroom, students=["ada"])
    data = json.loads(json.dumps(mark(small_course, classroom).to_dict()))
    assert data["students"][0] == {"student": "ada", "unchanged": True}
    second = data["students"][1]
    assert second["points"] == 10.0
    assert {"cell", "points", "outcome", "says", "tier", "seconds"} <= set(second["marks"][0])


def test_a_small_lesson_is_what_these_tests_assume(small: Lesson) -> None:
    assert small.points == 12.0


def test_a_new_gradebook_needs_no_active_environment(small_course, classroom, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    hand_in(small_course, "ada")
    mark(small_course, classroom)
    with book(small_course) as marks:
        assert marks.find_submission(NAME, "ada").score == 10.0
