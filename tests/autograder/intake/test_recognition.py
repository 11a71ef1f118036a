"""autograder.intake.recognition: which of the lesson's cells a cell is, without its metadata."""

from __future__ import annotations

import nbformat
import pytest
from call_counts import counted_parsing
from small_notebooks import case, cell, position, stripped, students

from autograder.intake.recognition import Match, bare, grade_id, names_bound, recognize
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


# -- recognize, by each way ------------------------------------------------------------------------


def test_a_cell_is_known_by_nbgraders_id_whatever_it_holds(small, notebook):
    cell(notebook, "solution-double").update(source="1 +", id="mine")
    found = recognize(small, notebook.cells)
    assert found[position(notebook, "solution-update")] == Match("solution-update", "grade_id")
    at = next(n for n, one in enumerate(notebook.cells) if one.id == "mine")
    assert found[at] == Match("solution-double", "grade_id")


def test_a_cell_without_metadata_is_known_by_its_own_id(small, notebook):
    for one in notebook.cells:
        one.metadata = {}
    found = recognize(small, notebook.cells)
    assert {match.way for match in found.values()} == {"id"}
    assert [match.cell for match in found.values()] == [one.id for one in notebook.cells]


def test_a_cell_without_any_name_is_known_by_the_surest_way_that_is_left(small, notebook):
    cells = stripped(notebook)
    solution = position(notebook, "solution-double")
    test, answer = position(notebook, "test-update"), position(notebook, "answer-why")
    cells[solution]["source"] = "def double(x):\n    return 2 * x"
    cells[test]["source"] = cells[test]["source"].split("### BEGIN")[0] + "print(undo)"
    cells[answer]["source"] = "Because."
    found = recognize(small, cells)
    assert found[position(notebook, "setup-imports")] == Match("setup-imports", "text")
    assert found[solution] == Match("solution-double", "names")
    assert found[test] == Match("test-update", "likeness")
    assert found[answer] == Match("answer-why", "place")


def test_a_cell_that_was_given_anothers_name_is_known_by_its_own(small, notebook):
    cell(notebook, "solution-double").metadata.nbgrader.grade_id = "solution-update"
    found = recognize(small, notebook.cells)
    assert found[position(notebook, "solution-double")] == Match("solution-double", "id")
    assert found[position(notebook, "solution-update")] == Match("solution-update", "grade_id")


def test_a_strangers_cell_is_none_of_the_lessons(small, notebook):
    cells = [
        *stripped(notebook),
        {"cell_type": "code", "source": "x = 1", "metadata": {}, "id": ""},
    ]
    assert len(cells) - 1 not in recognize(small, cells)
    assert recognize(small, []) == {}


def test_formatting_alone_makes_no_other_text():
    assert bare("def f(x):\n    return  x\n") == bare("def f(x): return x") == "deff(x):returnx"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f():\n    inner = 1\nclass A:\n    b = 2", {"f", "A"}),
        ("x, (y, *z) = 1, (2, 3)\nimport os.path as p", {"x", "y", "z", "p"}),
        ("for i in (): j = i\nif (k := 1): pass", {"i", "j", "k"}),
        ("x == 1\nprint(x)", set()),
        ("%matplotlib inline\nasync def f(x):\n  y = 1\nclass B(\nz = 2", {"f", "B", "z"}),
        ("!ls\na == b\n= 3\n1x = 2", set()),
        ("x = 1\0", {"x"}),
        ("x = " + "(" * 5000, {"x"}),
    ],
)
def test_names_are_bound_at_the_top_level_also_of_what_is_no_python(source, names):
    assert names_bound(source) == names


def test_very_long_code_is_searched_and_not_parsed(small, notebook):
    long = "# " + "x" * 600_000 + "\nlate = 1"
    with counted_parsing() as parsed:
        assert names_bound(long, parse=False) == {"late"}
        assert names_bound(long + long) == {"late"}
        assert parsed.python == 0
        # Nor are several cells that are long together.
        cells = stripped(notebook)
        cells += [{**cells[0], "source": f"{long}_{n}", "cell_type": "code"} for n in range(2)]
        recognize(small, cells)
    assert parsed.python < 10_000


@pytest.mark.parametrize("nbgrader", [{}, {"grade_id": 5}, {"grade_id": None}, {"grade_id": True}])
def test_nbgraders_id_is_text_or_none(nbgrader):
    assert grade_id({"metadata": {"nbgrader": nbgrader}}) == ""
    assert grade_id({"metadata": {}}) == ""
    assert grade_id({"metadata": {"nbgrader": {"grade_id": "solution-f"}}}) == "solution-f"
