"""A class graded: who is graded, who is not and why, what is left as it is."""

from __future__ import annotations

import json
import os
import pickle
import signal
from dataclasses import replace

import nbformat
import pytest
from small_class import NAME, book, grade, graded, hand_in, lesson_of

from autograder.authoring.proof import answers
from autograder.classes import run as class_run
from autograder.classes.gradebook import GradebookWriter
from autograder.classes.jobs import Job
from autograder.classes.run import Entry
from autograder.course.folders import Course, CourseError, HandedIn
from autograder.judging.mark import Mark
from autograder.judging.result import Result


def test_a_lone_surrogate_deep_in_a_displayed_json_stops_nobody(small_course, pool) -> None:
    odd = "from IPython.display import JSON, display\ndisplay(JSON({'a': [{'b': '\\ud800'}]}))\n"
    right = answers(lesson_of(small_course))["solution-double"]
    hand_in(small_course, "ada", double=odd + right)
    hand_in(small_course, "bo")
    run = grade(small_course, pool)
    assert [entry.result.points for entry in run.entries] == [10.0, 10.0]
    path = small_course / "autograded" / "ada" / NAME / f"{NAME}.ipynb"
    nbformat.validate(nbformat.read(path, as_version=4))


def test_words_that_no_database_or_terminal_can_take_are_made_harmless(small_course, pool) -> None:
    odd = "def double(x):\n    return np.array('bad \\udc80 \\x1b[31m' + 'x' * 9000)\n"
    hand_in(small_course, "ada", double=odd)
    hand_in(small_course, "bo")
    ada, bo = (entry.result for entry in grade(small_course, pool).entries)
    assert (ada.points, bo.points) == (8.0, 10.0)
    says = ada.mark("test-double").says
    assert "\x1b" not in says and len(says) < 2100
    says.encode()


@pytest.mark.parametrize("odd", ["folder", "sparse", "stamp", "pipe"])
def test_odd_files_of_one_student_stop_nobody(small_course, pool, odd) -> None:
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
    ada, bo = grade(small_course, pool).entries
    assert bo.result.points == 10.0
    if odd == "sparse":
        assert "larger than" in ada.result.remarks[0]
    elif odd == "stamp":
        assert ada.not_graded
    else:
        assert ada.result.points == 10.0


def test_only_what_changed_is_graded_again(small_course, pool) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo")
    assert graded(grade(small_course, pool)) == {"ada", "bo"}
    assert graded(grade(small_course, pool)) == set()
    hand_in(small_course, "bo", largest="largest = 9")
    assert graded(grade(small_course, pool)) == {"bo"}
    assert graded(grade(small_course, pool, force=True, students=["ada"])) == {"ada"}
    (small_course / "gradebook.db").unlink()
    assert graded(grade(small_course, pool)) == {"ada", "bo"}


def test_a_changed_lesson_grades_everybody_again(small_course, pool) -> None:
    hand_in(small_course, "ada")
    grade(small_course, pool)
    path = small_course / "assignments" / NAME / "lesson.py"
    path.write_text(
        path.read_text().replace(
            'check_equal("largest", largest, 16)', 'check_equal("largest", largest, 9)'
        )
    )
    grade(small_course, pool)
    with book(small_course) as marks:
        assert marks.find_grade("test-largest", NAME, NAME, "ada").auto_score == 0.0


def test_a_renamed_notebook_is_taken_and_a_missing_one_earns_nothing(small_course, pool) -> None:
    hand_in(small_course, "ada", name="90_small (1).ipynb")
    (small_course / "submitted" / "bo" / NAME).mkdir(parents=True)
    torn = hand_in(small_course, "cy")
    torn.write_text("no notebook")
    found = {entry.student: entry.result for entry in grade(small_course, pool).entries}
    assert found["ada"].points == 10.0
    assert found["bo"].points == 0.0
    assert "No notebook was handed in" in found["bo"].remarks[0]
    assert "is not a Jupyter notebook" in found["cy"].remarks[0]


def test_unknown_students_and_broken_configurations_are_named(small_course, pool) -> None:
    with pytest.raises(CourseError, match="no submission for 90_small by nobody"):
        grade(small_course, pool, students=["nobody"])
    (small_course / "nbgrader_config.py").write_text("c = get_config(\n")
    with pytest.raises(CourseError, match=r"nbgrader_config\.py: SyntaxError"):
        Course(small_course)


def test_the_json_form_is_plain_and_says_how_each_mark_was_reached(small_course, pool) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo")
    grade(small_course, pool, students=["ada"])
    data = json.loads(json.dumps(grade(small_course, pool).to_dict()))
    assert data["students"][0] == {"student": "ada", "unchanged": True}
    second = data["students"][1]
    assert second["points"] == 10.0
    assert {"cell", "points", "outcome", "says", "tier", "seconds"} <= set(second["marks"][0])


def test_a_submission_that_could_not_be_graded_is_named_and_costs_no_other(
    small_course, pool
) -> None:
    hand_in(small_course, "ada").with_name("timestamp.txt").write_bytes(b"\xff yesterday")
    hand_in(small_course, "bo")
    run = grade(small_course, pool)
    (ada, bo) = run.entries
    assert (ada.result, bool(ada.not_graded)) == (None, True)
    assert bo.result.points == 10.0
    assert run.to_dict()["students"][0] == {
        "student": "ada",
        "unchanged": False,
        "not_graded": ada.not_graded,
    }


def test_whatever_is_raised_while_a_job_is_made_costs_no_other(
    small_course, pool, monkeypatch
) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo")
    made = class_run.make_job

    def odd(course: Course, one: HandedIn, *given: object) -> Job:
        if one.student == "ada":
            raise NotImplementedError("nobody has thought of this")
        return made(course, one, *given)

    monkeypatch.setattr(class_run, "make_job", odd)
    ada, bo = grade(small_course, pool).entries
    assert ada.not_graded == "NotImplementedError: nobody has thought of this"
    assert bo.result.points == 10.0


def test_an_error_of_the_course_is_nobodys(small_course, pool, monkeypatch) -> None:
    hand_in(small_course, "ada")

    def broken(*_: object) -> None:
        raise CourseError("the seed is no number")

    monkeypatch.setattr(class_run, "make_job", broken)
    with pytest.raises(CourseError, match="the seed is no number"):
        grade(small_course, pool)


def test_results_are_kept_packed_and_without_the_cells_that_are_in_the_notebooks(small) -> None:
    marks = tuple(
        Mark(cell.id, cell.name, 1.0, 1.0, "passed", says="Well done. " * 20)
        for cell in small.graded
    )
    result = Result(small.name, small.digest, marks, [{"source": "x = 1"}], remarks=("A remark.",))
    entry = Entry("ada", result)
    assert entry.result == replace(result, cells=[])
    assert len(entry._packed) < len(pickle.dumps(result)) / 2
    assert Entry("bo", None).result is None


def test_who_is_in_the_gradebook_and_handed_in_nothing_is_missing(small_course, pool) -> None:
    hand_in(small_course, "ada")
    grade(small_course, pool)
    with book(small_course) as marks:
        for student in ("zoe", "bo"):
            marks.add_student(student)
    run = grade(small_course, pool)
    assert run.missing == ("bo", "zoe")
    assert run.to_dict()["missing"] == ["bo", "zoe"]
    # Who asks for one student does not ask about the others.
    assert grade(small_course, pool, students=["ada"]).missing == ()


def test_progress_is_told_from_none_to_all(small_course, pool) -> None:
    told = []
    for student in ("ada", "bo"):
        hand_in(small_course, student)
    grade(small_course, pool, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2), (2, 2)]
    told.clear()
    grade(small_course, pool, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 0)]


def test_an_interruption_waits_until_marks_and_files_agree(small_course, pool, monkeypatch) -> None:
    hand_in(small_course, "ada")
    commit = GradebookWriter.commit

    def press_ctrl_c(*given: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        commit(*given)

    monkeypatch.setattr(GradebookWriter, "commit", press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        grade(small_course, pool)
    monkeypatch.undo()
    with book(small_course) as marks:
        assert marks.find_submission(NAME, "ada").score == 10.0
    assert graded(grade(small_course, pool)) == set()
