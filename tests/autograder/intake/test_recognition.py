"""autograder.intake.recognition: which of the lesson's cells a cell is, without its metadata."""

from __future__ import annotations

import nbformat
import pytest
from small_notebooks import case, cell, position, stripped, students

from autograder.intake.recognition import bare, grade_id, names_bound, recognize
from autograder.intake.submission import Extra, fit, read


@pytest.mark.parametrize(
    "metadata", [{"nbgrader": 5}, {"nbgrader": {"grade_id": ["x"]}}, {"x": {}}]
)
def test_strange_metadata_makes_an_extra_cell(small, metadata):
    found = fit(small, [{"cell_type": "code", "source": "x = 1", "metadata": metadata, "id": "z"}])
    assert found.extras == (Extra("z", "code", "x = 1", ""),)


def test_without_metadata_and_ids_cells_are_known_by_what_they_define(small, work):
    found = read(small, case("stripped_metadata_new_ids"))
    double = "import math\n\n" + work["solution-double"]
    assert students(small, found) == {**work, "solution-double": double}
    assert (found.extras, found.flags) == ((), ())
    assert found.remarks == (
        "nbgrader's metadata is missing from solution-double, solution-update, solution-Line, "
        "solution-largest; each was recognized by the names it defines.",
        "nbgrader's metadata is missing from answer-why; it was recognized by its text and place.",
    )


def test_two_cells_that_define_the_same_are_not_guessed_between(small, notebook):
    cells = stripped(notebook)
    at = position(notebook, "solution-double")
    cells[at]["source"] = "def double(x):\n    return 2 * x"
    cells.insert(at + 1, {**cells[at], "id": "again", "source": "def double(x):\n    return x + x"})
    found = fit(small, cells)
    assert "solution-double" not in found.sources
    assert [(one.id, one.after) for one in found.extras] == [
        (cells[at]["id"], "text-4"),
        ("again", "text-4"),
    ]


def test_a_broken_solution_is_known_by_the_function_that_it_begins(small, notebook):
    cells = stripped(notebook)
    cells[position(notebook, "solution-double")]["source"] = "def double(x):\n    return (2 *"
    assert fit(small, cells).sources["solution-double"] == "def double(x):\n    return (2 *"


def test_an_edited_test_without_metadata_is_known_by_its_lines_and_place(small, notebook):
    cells = stripped(notebook)
    test = cells[position(notebook, "test-update")]
    test["source"] = test["source"].split("### BEGIN")[0].replace("x + 5", "x + 6")
    found = fit(small, cells)
    assert found.extras == ()
    assert [flag.cell for flag in found.flags if flag.cell == "test-update"] == ["test-update"]


def test_an_answer_without_a_line_of_its_question_is_known_by_its_place(small, notebook):
    cells = stripped(notebook)
    cells[-1]["source"] = "Because."
    found = fit(small, cells)
    assert found.sources["answer-why"] == "Because."
    assert (
        "nbgrader's metadata is missing from answer-why; it was recognized by its place."
        in found.remarks
    )


def test_two_notes_where_an_answer_can_stand_are_not_guessed_between(small, notebook):
    cells = stripped(notebook)
    cells[-1]["source"] = "Because."
    cells.append({**cells[-1], "id": "note", "source": "My notes."})
    assert "answer-why" not in fit(small, cells).sources


def test_a_note_is_no_answer_where_the_other_cells_still_have_metadata(hand_in, notebook):
    notebook.cells[-1] = nbformat.v4.new_markdown_cell("My notes.", id="note")
    found = hand_in(notebook)
    assert "answer-why" not in found.sources
    assert found.extras == (Extra("note", "markdown", "My notes.", "test-largest"),)
