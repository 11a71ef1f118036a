"""A student's own check: grade's judge with the visible tests, by the released lesson."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from small_class import notebook_of

from autograder.authoring.build import build
from autograder.classes.self_check import Check, UnknownTaskError, check, read_work
from autograder.intake.submission import NotOfCourseError, SubmissionError
from autograder.lessons.model import Lesson
from autograder.lessons.released import SUFFIX, released_lesson

WRONG_DOUBLE = "def double(x):\n    return x**2"
IN_PLACE_UPDATE = (
    "def update(state, function):\n    state['y'] = function(state['x'])\n"
    "    state['x'] += 1\n    return state, lambda: state.pop('y')"
)


@pytest.fixture
def hand_out(small: Lesson, tmp_path: Path) -> Path:
    """A folder with the released lesson in it, as students get it."""
    folder = tmp_path / "handed out"
    folder.mkdir()
    (folder / f"{small.name}{SUFFIX}").write_text(
        released_lesson(small).to_text(), encoding="utf-8"
    )
    return folder


@pytest.fixture
def checked(small: Lesson, pool, hand_out: Path, tmp_path: Path):
    """Check the reference with some solutions changed, by task; ``change`` changes its cells."""

    def run(
        change=lambda cells: None,
        experiments: bool = False,
        tasks: tuple[str, ...] = (),
        folder: Path = hand_out,
        **changed: str,
    ) -> Check:
        notebook = notebook_of(small, **changed)
        change(notebook.cells)
        path = folder / "my notebook.ipynb"
        nbformat.write(notebook, path)
        return check(path, pool, experiments, tasks, here=tmp_path)

    return run


@pytest.fixture
def by_itself(checked, tmp_path: Path):
    """The same of a notebook that has lost the file it came with."""
    folder = tmp_path / "alone"
    folder.mkdir()
    return lambda *more, **changed: checked(*more, folder=folder, **changed)


def delete(*names: str):
    def change(cells) -> None:
        cells[:] = [cell for cell in cells if cell.id not in names]

    return change


def outcomes(found: Check) -> dict[str, str]:
    return {line.task: line.outcome for line in found.lines}


def test_right_answers_pass_every_visible_test(checked) -> None:
    found = checked()
    double, update, line, largest = found.lines
    assert (double.task, double.title, double.says) == (
        "double", "Doubling", "passes its visible tests",
    )  # fmt: skip
    assert (double.outcome, double.points, double.max_points) == ("passed", 2.0, 2.0)
    # Its last line gives points, and the rest of them are given by hidden lines.
    assert (line.outcome, line.says) == ("partial", "its visible tests give 2 of 4 points")
    assert (update.outcome, largest.outcome) == ("passed", "passed")
    assert (found.points, found.max_points, found.passed, found.is_good) == (8, 10, 3, True)
    assert (found.remarks, found.notes, found.missing, found.altered) == ((), (), (), ())
    assert (found.lesson, found.title, found.found) == (
        "90_small", "A small lesson for the tests", True,
    )  # fmt: skip
    assert found.next is None


def test_a_right_answer_that_works_in_place_passes(checked) -> None:
    assert outcomes(checked(update=IN_PLACE_UPDATE))["update"] == "passed"


def test_a_wrong_answer_is_told_what_came_back(checked) -> None:
    found = checked(double=WRONG_DOUBLE)
    assert found.lines[0].outcome == "failed"
    assert found.lines[0].says.startswith("double(3) returned 9, expected 6")
    assert found.next == found.lines[0]
    assert not found.is_good


def test_hidden_tests_are_not_there(checked) -> None:
    assert checked(double="def double(x):\n    return 6.0").lines[0].outcome == "passed"


def test_an_untouched_notebook_is_not_written_at_every_task(pool, small, hand_out) -> None:
    path = hand_out / "open.ipynb"
    path.write_text(build(small).release, encoding="utf-8")
    found = check(path, pool)
    assert [(line.task, line.outcome, line.says) for line in found.lines] == [
        (task, "not_written", f"{task} is not written yet.")
        for task in ("double", "update", "Line", "largest")
    ]
    assert [answer.state for answer in found.answers] == ["blank"]


@pytest.mark.parametrize(
    ("change", "state"),
    [(lambda cells: None, "answered"), (delete("answer-why"), "missing")],
)
def test_written_answers_are_listed(checked, change, state) -> None:
    (answer,) = checked(change).answers
    assert (answer.cell, answer.title, answer.state) == ("answer-why", "Why", state)


def test_a_test_that_was_deleted_is_judged_and_told(checked) -> None:
    found = checked(delete("test-double"), double=WRONG_DOUBLE)
    assert outcomes(found)["double"] == "failed"
    assert found.remarks == ("Put back, because missing from the notebook: test-double.",)


def test_a_cell_that_was_deleted_is_said_to_be(checked) -> None:
    found = checked(delete("solution-double"))
    assert outcomes(found) == {
        "double": "not_written", "update": "passed", "Line": "partial", "largest": "passed",
    }  # fmt: skip
    assert "not in the notebook" in found.lines[0].says
    assert found.missing == ("solution-double",)
    assert found.remarks == ("The cell solution-double is missing from the notebook.",)


def test_a_test_that_was_changed_is_judged_as_it_was_handed_out(checked) -> None:
    def ease(cells) -> None:
        (cell,) = [cell for cell in cells if cell.id == "test-double"]
        cell.source = cell.source.replace("6.0", "9.0")
        (cell,) = [cell for cell in cells if cell.id == "setup-imports"]
        cell.source += "\nSCALE = 3"

    found = checked(ease, double=WRONG_DOUBLE)
    assert (found.lines[0].outcome, found.lines[0].changed) == ("failed", True)
    assert not any(line.changed for line in found.lines[1:])
    assert found.altered == ("setup-imports", "test-double")


def test_a_notebook_without_any_metadata_is_recognized(checked) -> None:
    def strip(cells) -> None:
        for number, cell in enumerate(cells):
            cell.update(id=f"n{number}", metadata={})

    found = checked(strip)
    assert found.is_good
    assert any("nbgrader's metadata is missing" in remark for remark in found.remarks)


def test_an_answer_that_calls_a_wrong_one_is_told_which_comes_first(checked) -> None:
    found = checked(double="def double(x):\n    return 3 * x", largest="largest = double(9)")
    assert outcomes(found)["double"] == "failed"
    assert outcomes(found)["largest"] == "blocked"
    assert found.lines[-1].says == "First put double right: this answer calls it."


def test_one_task_is_checked_if_it_is_asked_for(checked, small: Lesson) -> None:
    found = checked(tasks=("Line",), double=WRONG_DOUBLE)
    assert outcomes(found) == {"Line": "partial"}
    assert found.answers == ()


def test_what_an_asked_task_needs_is_judged_with_it(small: Lesson, hand_out: Path) -> None:
    work = read_work(_release(small, hand_out))
    assert work.job(["largest"]).options.tasks == ("largest",)
    needing = tuple(
        replace(cell, needs=("double",)) if cell.id == "solution-largest" else cell
        for cell in work.lesson.cells
    )
    work = replace(work, lesson=replace(work.lesson, cells=needing))
    assert work.job(["largest"]).options.tasks == ("double", "largest")


def test_a_task_that_is_none_is_named_with_those_there_are(small: Lesson, hand_out: Path) -> None:
    work = read_work(_release(small, hand_out))
    with pytest.raises(UnknownTaskError, match="no task 'doubel'; choose from double, update, L"):
        work.job(["doubel"])


def _release(small: Lesson, folder: Path) -> Path:
    path = folder / "open.ipynb"
    path.write_text(build(small).release, encoding="utf-8")
    return path


def test_what_lies_beside_the_notebook_is_there_when_it_runs(checked, hand_out: Path) -> None:
    (hand_out / "mine.py").write_text("ANSWER = 16\n")
    assert outcomes(checked(largest="import mine\nlargest = mine.ANSWER"))["largest"] == "passed"


def test_an_experiment_runs_if_asked_for(checked) -> None:
    # The lesson's own runs, so that it is told by a name that only the experiment binds.
    peek = "largest = 16 if 'squares' not in globals() else 5"
    assert outcomes(checked(largest=peek))["largest"] == "passed"
    assert outcomes(checked(experiments=True, largest=peek))["largest"] == "failed"


def test_of_another_edition_one_is_told(small: Lesson, pool, hand_out: Path) -> None:
    path = hand_out / "old.ipynb"
    text = build(small).release
    release = nbformat.reads(text, as_version=4).metadata.autograder.release
    path.write_text(text.replace(release, "0" * 12), encoding="utf-8")
    (note,) = check(path, pool).notes
    assert "another edition of 90_small" in note
    assert "autograder refresh" in note


def test_a_check_survives_its_record(checked) -> None:
    found = checked(delete("test-double"), double=WRONG_DOUBLE)
    assert Check.from_dict(copy.deepcopy(found.to_dict())) == found


# -- without the released lesson ------------------------------------------------------------------


def test_by_itself_a_notebook_is_checked_and_what_is_not_known_is_said(by_itself) -> None:
    found = by_itself(double=WRONG_DOUBLE)
    assert outcomes(found) == {
        "double": "failed", "update": "passed", "Line": "partial", "largest": "passed",
    }  # fmt: skip
    assert not found.found
    (note,) = found.notes
    assert note.startswith("What was handed out was not found (NAME.lesson.json")


def test_by_itself_a_changed_test_is_told(by_itself) -> None:
    def ease(cells) -> None:
        (cell,) = [cell for cell in cells if cell.id == "test-double"]
        cell.source = cell.source.replace("6.0", "9.0")

    found = by_itself(ease, double=WRONG_DOUBLE)
    assert (found.lines[0].outcome, found.lines[0].changed) == ("passed", True)


def test_by_itself_a_written_answer_is_known_by_its_checksum(by_itself) -> None:
    assert by_itself().answers[0].state == "answered"

    def blank(cells) -> None:
        (cell,) = [cell for cell in cells if cell.id == "answer-why"]
        cell.source = "**Why?**\n\nYOUR ANSWER HERE"

    assert by_itself(blank).answers[0].state == "blank"


def test_by_itself_without_metadata_the_way_out_is_named(by_itself) -> None:
    def strip(cells) -> None:
        for number, cell in enumerate(cells):
            cell.update(id=f"n{number}", metadata={})

    with pytest.raises(NotOfCourseError, match=r"holds no tests.*NAME\.lesson\.json"):
        by_itself(strip)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no notebook", "is not a Jupyter notebook"),
        ('{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no"),
    ],
)
def test_what_is_no_notebook_of_a_course_is_refused(pool, tmp_path, content, says) -> None:
    path = tmp_path / "odd.ipynb"
    path.write_text(content)
    with pytest.raises(SubmissionError, match=says):
        check(path, pool, here=tmp_path)
