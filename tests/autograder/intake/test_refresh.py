"""A student's answers in a newer edition of the notebook: moved, kept, or told of."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from small_notebooks import case, cell, code, position

from autograder.intake.refresh import RefreshError, refresh
from autograder.intake.submission import SubmissionError, read
from autograder.lessons.model import Cell, Lesson
from autograder.lessons.notebooks import master_cells, source_notebook
from autograder.lessons.released import SUFFIX, released_lesson

DOUBLE = "def double(x):\n    return 2 * x"


@pytest.fixture(scope="module")
def later(small: Lesson) -> Lesson:
    """A later edition: another test, another stub, a text and a task more, a task less."""
    cells = []
    for one in small.cells:
        if one.name == "Line":
            continue
        source = one.source
        if one.id == "test-double":
            source = source.replace("double(3.0), 6.0", "double(4.0), 8.0")
        elif one.id == "solution-double":
            source = source.replace("Twice ``x``.", "Two times ``x``.")
        elif one.id == "text-1":
            source += "\nA sentence more."
        cells.append(replace(one, source=source))
    number = max(one.number for one in cells)
    stub = "### BEGIN SOLUTION\nsmallest = 0\n### END SOLUTION"
    test = "assert smallest is not None\n### BEGIN HIDDEN TESTS\nassert smallest == 0\n"
    cells += [
        Cell("solution", stub, number + 1, "smallest", title="The smallest"),
        Cell("tests", f"{test}### END HIDDEN TESTS", number + 2, "smallest", points=1),
    ]
    return replace(small, cells=tuple(cells))


@pytest.fixture(scope="module")
def texts(small: Lesson, later: Lesson) -> tuple[str, str]:
    return handed_out(small), handed_out(later)


def handed_out(lesson: Lesson) -> str:
    """The notebook that students get, as text."""
    shown = released_lesson(lesson).lesson(lesson.folder)
    notebook = source_notebook(shown)
    return json.dumps({**notebook, "cells": list(master_cells(shown))})


@pytest.fixture
def older(texts) -> nbformat.NotebookNode:
    """The older notebook with answers to two tasks; a test may change it."""
    made = nbformat.reads(texts[0], as_version=4)
    cell(made, "solution-double").source = DOUBLE
    cell(made, "answer-why").source = "Because it grows."
    return made


@pytest.fixture
def refreshed(texts, small: Lesson, later: Lesson, tmp_path: Path):
    """Move the answers of a notebook; ``known`` has the released lessons lie at hand."""

    def run(notebook, known: bool = False):
        older, newer = tmp_path / "older.ipynb", tmp_path / "newer.ipynb"
        older.write_text(json.dumps(notebook), encoding="utf-8")
        newer.write_text(texts[1], encoding="utf-8")
        if known:
            for folder, lesson in (("1", small), ("2", later)):
                path = tmp_path / "release" / folder / f"{lesson.name}{SUFFIX}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(released_lesson(lesson).to_text(), encoding="utf-8")
        found = refresh(older, newer, tmp_path / "nowhere")
        return found, nbformat.from_dict(found.notebook)

    return run


@pytest.mark.parametrize("known", [False, True])
def test_answers_move_and_the_rest_is_the_newer_notebooks(refreshed, older, texts, known) -> None:
    found, made = refreshed(older, known)
    assert found.moved == ("solution-double", "answer-why")
    assert (found.new, found.kept, found.no_place) == (("solution-smallest",), 0, ())
    newer = nbformat.reads(texts[1], as_version=4)
    cell(newer, "solution-double").source = DOUBLE
    cell(newer, "answer-why").source = "Because it grows."
    assert made == newer
    nbformat.validate(made)


def test_an_untouched_stub_of_the_older_edition_does_not_come_with(refreshed, texts) -> None:
    older = nbformat.reads(texts[0], as_version=4)
    cell(older, "solution-largest").source = "largest = 16"
    _, made = refreshed(older)
    assert "Two times" in cell(made, "solution-double").source


def test_cells_of_the_students_own_stay_at_their_place(refreshed, older) -> None:
    older.cells.insert(position(older, "test-double") + 1, code("mine = double(5)", id="mine"))
    older.cells.insert(0, nbformat.v4.new_markdown_cell("My notes"))
    found, made = refreshed(older)
    assert (found.kept, found.no_place) == (2, ())
    assert made.cells[0].source == "My notes"
    assert made.cells[position(made, "test-double") + 1].source == "mine = double(5)"


def test_an_answer_to_a_task_that_is_gone_stands_at_the_end(refreshed, older) -> None:
    cell(older, "solution-Line").source = "class Line:\n    mine = 1"
    found, made = refreshed(older)
    assert found.no_place == ("solution-Line",)
    assert made.cells[-1].source == "class Line:\n    mine = 1"
    assert made.cells[-2].source.startswith("## From the older notebook")
    # Its stub and its test, which nobody touched, are not there.
    assert sum("Line" in one.source for one in made.cells) == 1


def test_an_experiment_that_was_tried_out_is_kept_below_the_newer_one(refreshed, older) -> None:
    cell(older, "experiment-squares").source = "squares = [9]"
    found, made = refreshed(older)
    assert found.kept == 1
    assert made.cells[position(made, "experiment-squares") + 1].source == "squares = [9]"


def test_other_read_only_cells_that_were_changed_stand_at_the_end(refreshed, older) -> None:
    cell(older, "setup-imports").source += "\nSCALE = 3"
    found, made = refreshed(older)
    assert found.no_place == ("setup-imports",)
    assert made.cells[-1].source.endswith("SCALE = 3")
    assert "SCALE = 3" not in cell(made, "setup-imports").source


def test_a_note_in_the_lessons_text_is_kept_where_the_older_edition_is_known(
    refreshed, older
) -> None:
    cell(older, "text-4").source += "\nNote to self."
    found, made = refreshed(older, known=True)
    (note,) = [one for one in made.cells if "Note to self." in one.source]
    assert found.kept == 1
    assert made.cells.index(note) < position(made, "solution-double")


def test_where_the_older_edition_is_not_known_notes_are_told_of(refreshed, older) -> None:
    cell(older, "text-4").source += "\nNote to self."
    found, made = refreshed(older)
    assert not any("Note to self." in one.source for one in made.cells)
    (remark,) = found.remarks
    assert "stays in older.ipynb only" in remark


def test_answers_are_recognized_without_metadata(refreshed, older) -> None:
    for number, one in enumerate(older.cells):
        one.update(id=f"n{number}", metadata={})
    older.metadata = {}
    found, made = refreshed(older)
    assert cell(made, "solution-double").source == DOUBLE
    assert "solution-double" in found.moved


def test_of_two_tries_the_other_one_is_kept_at_the_end(refreshed, older) -> None:
    first = copy.deepcopy(cell(older, "solution-double"))
    first.update(source="def double(x):\n    return x + x", id="first")
    older.cells.insert(position(older, "solution-double"), first)
    found, made = refreshed(older)
    assert cell(made, "solution-double").source == DOUBLE
    assert made.cells[-1].source == first.source
    assert found.no_place == ("solution-double",)


def test_a_pasted_picture_comes_with_its_answer(refreshed, older) -> None:
    picture = {"image.png": {"image/png": "aGVsbG8="}}
    answer = cell(older, "answer-why")
    answer.update(source="![](attachment:image.png)", attachments=picture)
    _, made = refreshed(older)
    assert cell(made, "answer-why").attachments == picture


def test_what_was_moved_is_graded_as_before(refreshed, older, later, tmp_path) -> None:
    _, made = refreshed(older)
    path = tmp_path / "out.ipynb"
    nbformat.write(made, path)
    found = read(later, path)
    assert found.remarks == ()
    assert found.sources["solution-double"] == DOUBLE


def test_a_damaged_older_notebook_is_read_as_far_as_it_goes(tmp_path, texts) -> None:
    (tmp_path / "newer.ipynb").write_text(texts[1], encoding="utf-8")
    found = refresh(case("cut_off"), tmp_path / "newer.ipynb", tmp_path)
    assert found.remarks[0].startswith("The file breaks off")
    assert found.moved


def test_a_notebook_of_another_lesson_is_refused(tmp_path, texts) -> None:
    (tmp_path / "newer.ipynb").write_text(texts[1], encoding="utf-8")
    other = nbformat.v4.new_notebook(cells=[code("x = 1")])
    nbformat.write(other, tmp_path / "other.ipynb")
    with pytest.raises(RefreshError, match=r"no answer for newer\.ipynb is in other\.ipynb"):
        refresh(tmp_path / "other.ipynb", tmp_path / "newer.ipynb", tmp_path)


def test_a_damaged_newer_notebook_is_refused(tmp_path, older) -> None:
    nbformat.write(older, tmp_path / "older.ipynb")
    with pytest.raises(RefreshError, match=r"90_small\.ipynb is damaged"):
        refresh(tmp_path / "older.ipynb", case("cut_off"), tmp_path)
    with pytest.raises(RefreshError, match="is of an older format"):
        refresh(tmp_path / "older.ipynb", case("version_3"), tmp_path)


def test_a_file_that_is_no_notebook_is_named(tmp_path, older) -> None:
    nbformat.write(older, tmp_path / "older.ipynb")
    with pytest.raises(SubmissionError, match=r"none\.ipynb cannot be read"):
        refresh(tmp_path / "none.ipynb", tmp_path / "older.ipynb", tmp_path)
