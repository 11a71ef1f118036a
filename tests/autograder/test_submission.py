"""autograder.submission: a notebook that was handed in, fitted to the lesson."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest

from autograder import build, submission
from autograder.submission import Extra, SubmissionError, fit, read


@pytest.fixture(scope="module")
def blank(small):
    """The release of the small lesson, but for nbgrader's own touches."""
    return nbformat.from_dict(build.master_notebook(small))


@pytest.fixture
def notebook(blank):
    return copy.deepcopy(blank)


@pytest.fixture
def hand_in(small, tmp_path):
    """Write a notebook to a file and read it as a submission."""

    def write_and_read(notebook):
        path = tmp_path / "90_small.ipynb"
        nbformat.write(notebook, path)
        return read(small, path)

    return write_and_read


def cell(notebook, name):
    return next(one for one in notebook.cells if one.id == name)


def position(notebook, name):
    return notebook.cells.index(cell(notebook, name))


def code(source, **more):
    return nbformat.v4.new_code_cell(source, **more)


def test_what_a_student_wrote_is_found_by_the_ids_of_the_lesson(hand_in, notebook):
    cell(notebook, "solution-largest").source = "largest = 16"
    cell(notebook, "answer-why").source = "Because."
    found = hand_in(notebook)
    assert found.sources["solution-largest"] == "largest = 16"
    assert found.sources["answer-why"] == "Because."
    assert (found.extras, found.remarks) == ((), ())


def test_outputs_tags_and_metadata_are_dropped(hand_in, notebook):
    before = hand_in(notebook)
    for one in notebook.cells:
        one.metadata.update(tags=["x"], collapsed=True)
        if one.cell_type == "code":
            one.outputs = [nbformat.v4.new_output("stream", text="5")]
            one.execution_count = 7
    assert hand_in(notebook) == before


def test_cells_may_stand_in_any_order(hand_in, notebook):
    before = hand_in(notebook)
    notebook.cells.reverse()
    assert hand_in(notebook).sources == before.sources


def test_extra_cells_keep_their_place_between_the_lessons_cells(hand_in, notebook):
    at = position(notebook, "solution-double")
    notebook.cells[at + 1 : at + 1] = [code("one = 1", id="a"), code("two = 2", id="b")]
    notebook.cells.append(nbformat.v4.new_markdown_cell("My notes.", id="c"))
    notebook.cells.insert(0, nbformat.v4.new_raw_cell("raw", id="d"))
    assert hand_in(notebook).extras == (
        Extra("d", "raw", "raw", ""),
        Extra("a", "code", "one = 1", "solution-double"),
        Extra("b", "code", "two = 2", "solution-double"),
        Extra("c", "markdown", "My notes.", "answer-why"),
    )


def test_of_cells_with_the_same_id_the_last_one_counts_and_the_others_are_extra(hand_in, notebook):
    original = cell(notebook, "solution-largest")
    original.source = "largest = 1"
    copies = [copy.deepcopy(original) for _ in range(2)]
    for number, one in enumerate(copies, start=2):
        one.update(id=f"copy-{number}", source=f"largest = {number}")
    at = position(notebook, "solution-largest")
    notebook.cells.insert(at + 1, copies[0])
    notebook.cells.append(copies[1])
    found = hand_in(notebook)
    assert found.sources["solution-largest"] == "largest = 3"
    assert found.extras == (
        Extra("solution-largest", "code", "largest = 1", "experiment-squares"),
        Extra("copy-2", "code", "largest = 2", "experiment-squares"),
    )
    assert found.remarks == ()


def test_a_missing_cell_is_remarked(hand_in, notebook):
    notebook.cells = [
        one for one in notebook.cells if one.id not in ("solution-Line", "answer-why")
    ]
    found = hand_in(notebook)
    assert found.remarks == (
        "The cell solution-Line is missing from the notebook.",
        "The cell answer-why is missing from the notebook.",
    )
    assert "solution-Line" not in found.sources


def test_a_missing_test_is_no_remark(hand_in, notebook):
    notebook.cells = [one for one in notebook.cells if one.id != "test-double"]
    assert hand_in(notebook).remarks == ()


def test_text_without_nbgraders_metadata_is_known_by_its_own_id(hand_in, notebook):
    answer = cell(notebook, "answer-why")
    answer.metadata, answer.source = {}, "Because."
    assert hand_in(notebook).sources["answer-why"] == "Because."


def test_code_without_nbgraders_metadata_runs_as_an_extra_cell_and_is_remarked(hand_in, notebook):
    solution = cell(notebook, "solution-largest")
    solution.metadata, solution.source = {}, "largest = 16"
    found = hand_in(notebook)
    assert found.extras == (
        Extra("solution-largest", "code", "largest = 16", "experiment-squares"),
    )
    assert found.remarks == ("The cell solution-largest is missing from the notebook.",)


def test_ids_of_another_lesson_match_nothing(hand_in, notebook):
    other = cell(notebook, "solution-double")
    other.metadata.nbgrader.grade_id = "solution-triple"
    found = hand_in(notebook)
    assert "solution-triple" not in found.sources
    assert found.extras[0].source == other.source


@pytest.mark.parametrize(
    "metadata", [{"nbgrader": 5}, {"nbgrader": {"grade_id": ["x"]}}, {"x": {}}]
)
def test_strange_metadata_makes_an_extra_cell(small, metadata):
    found = fit(small, [{"cell_type": "code", "source": "x = 1", "metadata": metadata, "id": "z"}])
    assert found.extras == (Extra("z", "code", "x = 1", ""),)


# -- files ----------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_no_obstacle(small, notebook, tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(nbformat.writes(notebook), encoding="utf-8-sig")
    assert "solution-double" in read(small, path).sources


def test_a_notebook_of_version_3_is_brought_up_to_date(small, tmp_path):
    metadata = {"nbgrader": {"grade_id": "solution-largest", "schema_version": 1, "solution": True}}
    old = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Mine"]},
                    {
                        "cell_type": "code",
                        "collapsed": False,
                        "input": ["largest = \\\n", "    16"],
                        "language": "python",
                        "metadata": metadata,
                        "outputs": [],
                    },
                ],
            }
        ],
    }
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old))
    found = read(small, path)
    assert found.sources == {"solution-largest": "largest = \\\n    16"}
    assert [(one.cell_type, one.source) for one in found.extras] == [("markdown", "## Mine")]


def test_half_a_character_is_replaced(small, notebook, tmp_path):
    cell(notebook, "solution-largest").source = "largest = '@'"
    path = tmp_path / "n.ipynb"
    path.write_text(nbformat.writes(notebook).replace("@", "\\ud800"))
    assert read(small, path).sources["solution-largest"] == "largest = '?'"


BROKEN = {
    "nothing": b"",
    "no JSON": b"largest = 16",
    "a list": b"[]",
    "a number": b"4",
    "no cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "cells that are none": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]}',
    "no source": b'{"nbformat": 4, "nbformat_minor": 5, "cells": [{"cell_type": "code"}]}',
    "metadata": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells":'
    b' [{"cell_type": "raw", "source": "", "metadata": []}]}',
    "another version": b'{"nbformat": 99, "cells": []}',
    "another encoding": '{"nbformat": 4, "x": "é"}'.encode("utf-16"),
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_notebook_is_named_with_the_reason(small, tmp_path, raw):
    path = tmp_path / "mine.ipynb"
    path.write_bytes(raw)
    with pytest.raises(SubmissionError, match=r"^mine\.ipynb is not a Jupyter notebook \(\w+: "):
        read(small, path)


def test_a_notebook_that_was_cut_off_is_no_notebook(small, notebook, tmp_path):
    path = tmp_path / "mine.ipynb"
    text = nbformat.writes(notebook)
    path.write_text(text[: len(text) // 2])
    with pytest.raises(SubmissionError, match="is not a Jupyter notebook"):
        read(small, path)


def test_a_missing_file_and_a_folder_are_named(small, tmp_path):
    for path in (tmp_path / "none.ipynb", tmp_path):
        with pytest.raises(SubmissionError, match="cannot be read"):
            read(small, path)


def test_a_file_that_is_too_large_is_not_read(small, tmp_path):
    path = tmp_path / "mine.ipynb"
    with path.open("wb") as file:
        file.truncate((submission.MAX_NOTEBOOK_MB << 20) + 1)  # a hole: takes no space
    with pytest.raises(SubmissionError, match="larger than 64 MB; clear its outputs"):
        read(small, path)


def test_a_large_notebook_is_read_within_seconds(hand_in, notebook):
    cell(notebook, "setup-imports").outputs = [
        nbformat.v4.new_output("display_data", {"image/png": "A" * (20 << 20)})
    ]
    assert hand_in(notebook).remarks == ()
