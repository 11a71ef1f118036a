"""autograder.intake.submission: a notebook that was handed in, fitted to the lesson."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from call_counts import counted_calls, counted_parsing
from small_notebooks import case, cell, code, position, students

from autograder.authoring import build
from autograder.intake import submission
from autograder.intake.submission import Extra, SubmissionError, fit, read
from autograder.lessons.model import Cell, Lesson


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
    assert found.remarks == (
        "The cell solution-largest is there 3 times, with different work in it; "
        "the last one was taken.",
    )


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


def test_what_is_missing_of_the_lessons_own_code_is_put_back_and_remarked(hand_in, notebook):
    notebook.cells = [one for one in notebook.cells if one.id not in ("test-double", "text-1")]
    assert hand_in(notebook).remarks == (
        "Put back, because missing from the notebook: test-double.",
    )


# -- files ------------------------------------------------------------------------------------


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


def test_a_pipe_is_not_waited_for(small, tmp_path):
    path = tmp_path / "mine.ipynb"
    os.mkfifo(path)
    with pytest.raises(SubmissionError, match="no ordinary file"):
        read(small, path)


def test_the_work_of_reading_a_notebook_grows_with_its_cells_and_not_with_their_square(
    small, notebook, tmp_path
):
    read(small, case("whole"))  # the first of a class also makes the release it is held against
    path = tmp_path / "n.ipynb"
    calls = []
    for count in (100, 200, 400):
        one = copy.deepcopy(notebook)
        one.cells += [code(f"x{n} = {count}", id=f"more-{n}") for n in range(count)]
        nbformat.write(one, path)
        with counted_parsing() as parsed, counted_calls() as made:
            read(small, path)
        calls.append(made.number)
        # Each cell that the student added is parsed once, the file too.
        assert parsed.times_python <= count and parsed.python <= count * len("x100 = 100")
        assert parsed.json <= path.stat().st_size
    assert calls[0] < 50_000
    assert calls[2] - calls[1] < 2.2 * (calls[1] - calls[0])


def test_what_grades_a_submission_imports_neither_nbformat_nor_nbgrader():
    command = (
        "import sys, autograder.intake.submission; "
        "print(sorted({'nbformat', 'nbgrader', 'autograder.authoring.build'} & {*sys.modules}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", command], check=True, capture_output=True, text=True
    )
    assert ran.stdout.strip() == "[]"


UNHARMED = {
    "utf_16": ["The file was saved as UTF-16 instead of UTF-8."],
    "latin_1": ["The file was saved as Latin-1 (Windows-1252) instead of UTF-8."],
    "version_3": [],
    "version_2": [
        "nbgrader's metadata is missing from solution-double, solution-update, solution-Line, "
        "solution-largest; each was recognized by the names it defines.",
        "nbgrader's metadata is missing from answer-why; it was recognized by its text and place.",
    ],
    "kernel_of_another_language": [
        "The notebook says that it is written in 'R'; it was run as Python."
    ],
    "merge_conflict_in_the_file": [
        "The file holds a merge conflict of Git (<<<<<<<); the first side of it was taken."
    ],
    "garbage_metadata": [
        "nbgrader's metadata is missing from solution-double, solution-update, solution-Line, "
        "solution-largest, answer-why; each was recognized by its own id."
    ],
    "stripped_metadata": [
        "nbgrader's metadata is missing from solution-double, solution-update, solution-Line, "
        "solution-largest, answer-why; each was recognized by its own id."
    ],
    "renamed_cells": [
        "The cell solution-Line is called 'solution-update' in the notebook; "
        "it was recognized by its own id.",
        "The cell solution-double is called 'solution-triple' in the notebook; "
        "it was recognized by its own id.",
    ],
    "retyped_cells": [
        "The cell solution-double had become a markdown cell; its text was taken as code.",
        "The cell solution-largest had become a raw cell; its text was taken as code.",
        "The cell answer-why had become a code cell; its text was taken as an answer.",
    ],
    "release_copy_beside_the_work": [
        "The cell solution-double is there twice, once as it was handed out; "
        "the one with work in it was taken."
    ],
    "split_by_jupyterlab": [
        "The cell solution-update was split into 2; they were put together again."
    ],
    "split_within_a_statement": [
        "The cell solution-double was split within a statement; "
        "it and the cell behind it were put together again."
    ],
    "merge_conflict_in_a_cell": [
        "The cell solution-double holds a merge conflict of Git (<<<<<<<); "
        "its second side was taken."
    ],
    "saved_by_other_editors": [],
}


@pytest.mark.parametrize("name", UNHARMED)
def test_all_work_is_found_in_a_notebook_that_was_broken_by_accident(small, work, name):
    found = read(small, case(name))
    assert {key: text.rstrip("\n") for key, text in students(small, found).items()} == work
    assert found.extras == ()
    assert sorted(found.remarks) == sorted(UNHARMED[name])
    assert found.flags == ()


# -- cells that were copied, split, moved ------------------------------------------------------


def test_the_last_of_two_attempts_counts_and_the_other_runs_before_it(small, work):
    found = read(small, case("two_attempts"))
    assert students(small, found) == work
    assert found.extras == (
        Extra("solution-double", "code", "def double(x):\n    return x + x", "text-4"),
    )
    assert found.remarks == (
        "The cell solution-double is there twice, with different work in it; "
        "the last one was taken.",
    )


def test_an_earlier_attempt_that_stands_further_down_still_runs_before_the_one_that_counts(
    small, whole
):
    early, late = (
        {
            "cell_type": "code",
            "source": f"def double(x):\n    return x * {number}",
            "id": f"n{number}",
            "metadata": {"nbgrader": {"grade_id": "solution-double"}},
        }
        for number in (2, 3)
    )
    test = {"cell_type": "markdown", "source": "", "id": "text-9", "metadata": {}}
    found = fit(small, [test, early, late])
    assert found.sources["solution-double"] == late["source"]
    assert found.extras == (Extra("n2", "code", early["source"], "text-4"),)


def test_an_untouched_copy_is_not_run_after_the_work(hand_in, notebook):
    blank = copy.deepcopy(cell(notebook, "solution-largest"))
    blank.id = "copy"
    cell(notebook, "solution-largest").source = "largest = 16"
    notebook.cells.append(blank)
    found = hand_in(notebook)
    assert found.sources["solution-largest"] == "largest = 16"
    assert found.extras == ()


def test_copies_of_the_lessons_own_cells_are_dropped_and_changed_copies_are_the_students(
    hand_in, notebook
):
    same, tried = (copy.deepcopy(cell(notebook, "given-square")) for _ in range(2))
    same.id, tried.id, tried.source = "same", "tried", "square(3)"
    notebook.cells += [same, tried]
    found = hand_in(notebook)
    assert found.extras == (Extra("tried", "code", "square(3)", "answer-why"),)
    assert "given-square" not in [flag.cell for flag in found.flags]


def test_an_answer_that_jupyterlab_split_is_put_together(hand_in, notebook):
    first = cell(notebook, "answer-why")
    second = copy.deepcopy(first)
    first.source, second.source, second.id = "**Why?**\n\nOne reason.", "Another.", "second"
    notebook.cells.append(second)
    found = hand_in(notebook)
    assert found.sources["answer-why"] == "**Why?**\n\nOne reason.\nAnother."
    assert found.remarks == ("The cell answer-why was split into 2; they were put together again.",)


def test_a_solution_split_between_statements_runs_as_it_is(hand_in, notebook):
    at = position(notebook, "solution-largest")
    cell(notebook, "solution-largest").source = "squares = [16]"
    notebook.cells.insert(at + 1, code("largest = squares[0]", id="rest"))
    found = hand_in(notebook)
    assert found.sources["solution-largest"] == "squares = [16]"
    assert found.extras == (Extra("rest", "code", "largest = squares[0]", "solution-largest"),)
    assert found.remarks == ()


def test_deleted_and_moved_cells_are_named(small, work):
    found = read(small, case("deleted_and_moved_cells"))
    kept = ("solution-double", "solution-update", "solution-largest")
    assert students(small, found) == {name: work[name] for name in kept}
    assert found.remarks == (
        "Cells were moved (solution-update); everything was run in the lesson's order.",
        "The cell solution-Line is missing from the notebook.",
        "The cell answer-why is missing from the notebook.",
        "Put back, because missing from the notebook: test-double.",
    )


def test_a_notebook_of_another_lesson_is_remarked_in_one_sentence(small):
    other = {"cell_type": "code", "source": "def f(): pass", "metadata": {}, "id": "solution-f"}
    other["metadata"] = {"nbgrader": {"grade_id": "solution-f"}}
    assert fit(small, [other]).remarks[0] == (
        "None of the cells to be filled in for 90_small is in this notebook; "
        "it may be another assignment's."
    )


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ("largest = 9", "largest = 16", "largest = 9"),
        ("largest = (9", "largest = 16", "largest = 16"),
        ("STUB", "largest = 16", "largest = 16"),
    ],
)
def test_of_a_conflict_in_code_the_side_with_work_that_is_python_is_taken(
    hand_in, notebook, first, second, taken
):
    solution = cell(notebook, "solution-largest")
    first = first.replace("STUB", solution.source)
    solution.source = f"<<<<<<< HEAD\n{first}\n||||||| base\n?\n=======\n{second}\n>>>>>>> x"
    assert hand_in(notebook).sources["solution-largest"].strip() == taken


def test_of_a_conflict_in_an_answer_both_sides_are_kept_for_its_marker(hand_in, notebook):
    text = "<<<<<<< HEAD\nOne.\n=======\nTwo.\n>>>>>>> x"
    cell(notebook, "answer-why").source = text
    found = hand_in(notebook)
    assert found.sources["answer-why"] == text
    assert found.remarks[0].endswith("both sides were kept.")


def test_an_answer_in_which_only_whitespace_changed_is_the_one_handed_out(hand_in, notebook):
    before = cell(notebook, "answer-why").source
    cell(notebook, "answer-why").source = before + "\n\n  "
    assert hand_in(notebook).sources["answer-why"] == before


def test_a_lesson_made_of_the_notebook_itself_knows_copies_by_their_checksums(small):
    # A student's own check has no lesson but the notebook: the release's text is unknown.
    release = nbformat.reads(build.build(small).release, as_version=4)
    blank = cell(release, "solution-largest")
    done = {**copy.deepcopy(blank), "source": "largest = 16", "id": "done"}
    lesson = Lesson("n", Path("n"), "n", 0, (Cell("solution", blank.source, 1, "largest"),))
    for cells in ([blank, done], [done, blank]):
        found = fit(lesson, cells)
        assert found.sources == {"solution-largest": "largest = 16"}
        assert (found.extras, found.flags) == ((), ())
