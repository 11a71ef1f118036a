"""autograder.submission: a notebook that was handed in, fitted to the lesson and repaired.

``tests/submissions`` holds the small lesson with a student's work (``whole``), broken in one way
a folder.
"""

from __future__ import annotations

import copy
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from autograder.authoring import build
from autograder.intake import repair, submission
from autograder.intake.submission import Extra, SubmissionError, fit, read, recover_cells
from autograder.lessons import notebooks
from autograder.lessons.model import Cell, Lesson
from autograder.lessons.notebooks import released_cells

CASES = Path(__file__).parents[1] / "submissions"


def case(name):
    return CASES / name / "90_small.ipynb"


@pytest.fixture(scope="module")
def blank(small):
    """The release of the small lesson, but for nbgrader's own touches."""
    return nbformat.from_dict({"cells": list(notebooks.master_cells(small))})


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


@pytest.mark.parametrize(
    "metadata", [{"nbgrader": 5}, {"nbgrader": {"grade_id": ["x"]}}, {"x": {}}]
)
def test_strange_metadata_makes_an_extra_cell(small, metadata):
    found = fit(small, [{"cell_type": "code", "source": "x = 1", "metadata": metadata, "id": "z"}])
    assert found.extras == (Extra("z", "code", "x = 1", ""),)


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("escape", "stands"), [("\\ud800", "?"), ("\\u0000", "\ufffd")])
def test_what_no_file_and_no_parser_can_hold_is_replaced(small, notebook, tmp_path, escape, stands):
    cell(notebook, "solution-largest").source = "largest = '@'"
    path = tmp_path / "n.ipynb"
    path.write_text(nbformat.writes(notebook).replace("@", escape))
    assert read(small, path).sources["solution-largest"] == f"largest = '{stands}'"


def test_a_line_break_within_a_string_of_the_file_is_kept(small, notebook, tmp_path):
    cell(notebook, "solution-largest").source = "largest = 4@largest = 16"
    path = tmp_path / "n.ipynb"
    path.write_text(nbformat.writes(notebook).replace("@", "\n"))
    found = read(small, path)
    assert found.sources["solution-largest"] == "largest = 4\nlargest = 16"
    assert found.remarks == ()


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


def test_a_notebook_of_a_hundred_cells_is_read_within_milliseconds(small, notebook, tmp_path):
    notebook.cells += [code(f"x{n} = {n}", id=f"more-{n}") for n in range(100)]
    path = tmp_path / "n.ipynb"
    nbformat.write(notebook, path)
    read(small, path)  # the first of a class also makes the release that it is held against

    def seconds():
        started = time.perf_counter()
        read(small, path)
        return time.perf_counter() - started

    assert min(seconds() for _ in range(5)) < 0.02


def test_what_grades_a_submission_imports_neither_nbformat_nor_nbgrader():
    command = (
        "import sys, autograder.submission; "
        "print(sorted({'nbformat', 'nbgrader', 'autograder.build'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", command], check=True, capture_output=True, text=True
    )
    assert ran.stdout.strip() == "[]"


# -- files that are broken ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(small):
    """What the student wrote whose work is in tests/submissions, read from the whole notebook."""
    found = read(small, case("whole"))
    assert (found.extras, found.remarks, found.flags) == ((), (), ())
    return found


@pytest.fixture(scope="module")
def work(small, whole):
    """The sources of the student's cells in the whole notebook."""
    return students(small, whole)


def students(lesson, found):
    return {name: text for name, text in found.sources.items() if lesson.by_id[name].is_students}


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


def test_a_byte_order_mark_is_no_obstacle_and_no_remark(small, whole, tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + case("whole").read_bytes())
    assert read(small, path) == whole


def test_of_a_file_that_breaks_off_the_cells_before_are_read(small, work):
    found = read(small, case("cut_off"))
    before = ("solution-double", "solution-update")
    assert students(small, found) == {name: work[name] for name in before}
    assert found.remarks == (
        "The file breaks off in cell 12; the 11 cells before it were read. "
        "If something is missing, save the notebook again and hand in that file.",
        "The cell solution-Line is missing from the notebook.",
        "The cell solution-largest is missing from the notebook.",
        "The cell answer-why is missing from the notebook.",
        "Put back, because missing from the notebook: test-Line, test-largest.",
    )


def test_wherever_a_file_breaks_off_what_is_read_is_what_the_student_wrote(small, work, tmp_path):
    raw = case("whole").read_bytes()
    path = tmp_path / "n.ipynb"
    most = 0
    for size in range(1, len(raw), 101):
        path.write_bytes(raw[:size])
        try:
            found = read(small, path)
        except SubmissionError:
            assert most == 0
            continue
        assert students(small, found).items() <= work.items()
        assert found.extras == ()
        assert len(found.sources) >= most
        most = len(found.sources)
    assert most == len(read(small, case("whole")).sources)


def test_the_cells_around_a_damaged_one_are_read(small, work):
    found = read(small, case("damaged_cell"))
    assert work.items() - students(small, found).items() == {
        ("solution-update", work["solution-update"])
    }
    assert found.remarks == (
        "The file is damaged in cell 9; the other 17 cells were read. "
        "If something is missing, save the notebook again and hand in that file.",
        "The cell solution-update is missing from the notebook.",
    )


def test_a_file_with_something_behind_its_end_is_read(small, whole, tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_bytes(case("whole").read_bytes() + b"}\n")
    found = read(small, path)
    assert found.sources == whole.sources
    assert found.remarks[0].startswith("The file is damaged behind its last cell (Extra data in")


def test_a_few_bad_bytes_in_utf_8_are_replaced_and_counted(small, work, tmp_path):
    path = tmp_path / "n.ipynb"
    raw = case("whole").read_bytes().replace(b"negative", b"neg\xfftive")
    path.write_bytes(raw)
    found = read(small, path)
    assert "neg\ufffdtive" in found.sources["solution-double"]
    assert found.sources["answer-why"] == work["answer-why"]
    places = raw.count(b"\xff")
    assert found.remarks == (
        f"{places} places in the file could not be read as text; "
        "the character \ufffd stands there now.",
    )


def test_a_heading_of_version_3_is_text(small):
    old = {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Mine"]}
    assert fit(small, [old]).extras == (Extra("", "markdown", "## Mine", ""),)


def test_a_cell_without_text_counts_as_empty_and_an_entry_that_is_no_cell_is_left_out(small, work):
    found = read(small, case("strange_sources"))
    assert students(small, found) == {**work, "solution-largest": ""}
    assert found.remarks == (
        "Left out, because it is no cell: 4 in the notebook's list of cells.",
        "Taken as empty, because it holds no text: cell 17 of the notebook.",
    )


def test_a_newer_format_is_read_as_the_one_that_is_known(small, whole, tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({**json.loads(case("whole").read_text("utf-8")), "nbformat": 99}))
    found = read(small, path)
    assert found.sources == whole.sources
    assert found.remarks == ("The notebook has the format 99; it was read as format 4.",)


HAND_IN = r" Hand in the \.ipynb file itself\.$"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("python_script", "is not a Jupyter notebook: it is a Python script." + HAND_IN),
        ("web_page", "is not a Jupyter notebook: it is a web page." + HAND_IN),
        ("other_json", "is not a Jupyter notebook: it is JSON, but holds no list of c.*" + HAND_IN),
        ("no_cells", r"holds no cells\. Save the notebook again, and hand in that file\."),
    ],
)
def test_a_file_that_is_something_else_is_called_what_it_is(small, name, says):
    with pytest.raises(SubmissionError, match=rf"^90_small\.ipynb {says}"):
        read(small, case(name))


def zipped(raw):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("90_small.ipynb", raw)
    return archive.getvalue()


BROKEN = {
    "nothing": (b"", "it is empty"),
    "zeros": (b"\0" * 4096, "it is empty"),
    "an archive": (zipped("{}"), "it is a zip archive"),
    "prose": (b"Dear all, here is my notebook.", r"it is no JSON \(Expecting value in line 1\)"),
    "noise": (bytes(range(1, 256)) * 9, "it is no JSON"),
    "a list": (b"[]", "holds no list of cells"),
    "a number": (b"4", "holds no list of cells"),
    "cells in a map": (b'{"nbformat": 4, "cells": {}}', "holds no list of cells"),
    "UTF-16": ('{"nbformat": 4, "x": "é"}'.encode("utf-16"), "holds no list of cells"),
    "half a cell": (b'{"cells": [{"cell_type": "code", "so', "no whole cell can be found"),
    "a long number": (b'{"cells": [{"a": ' + b"1" * 5000 + b"}]}", "has too many digits"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "deep cells": (b'{"cells": [' + b'{"cell_type":' * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize(("raw", "says"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_notebook_is_named_with_the_reason(small, tmp_path, raw, says):
    path = tmp_path / "mine.ipynb"
    path.write_bytes(raw)
    with pytest.raises(SubmissionError, match=rf"^mine\.ipynb is not a Jupyter notebook: .*{says}"):
        read(small, path)


FLOODS = {
    "lists in lists": (b"[", "holds too much data"),
    "maps in maps": (b'{"cells":', "holds too much data"),
    "numbers": (b"1,", "holds too much data"),
    "conflicts": (b"<<<<<<< a\n=======\n", "is no JSON"),
    "quotes": (b'{"cells": [{"source": "' + b'\\"' * 100_000, "no whole cell"),
    "code": (b"x = 1\n", "is no JSON"),
}


@pytest.mark.parametrize(("piece", "says"), FLOODS.values(), ids=FLOODS)
def test_a_huge_file_of_junk_is_refused_within_seconds(small, tmp_path, piece, says):
    path = tmp_path / "mine.ipynb"
    path.write_bytes(piece * ((submission.MAX_NOTEBOOK_MB << 20) // len(piece)))
    started = time.perf_counter()
    with pytest.raises(SubmissionError, match=says):
        read(small, path)
    assert time.perf_counter() - started < 20


def test_a_notebook_of_very_many_cells_is_refused(small, tmp_path):
    path = tmp_path / "mine.ipynb"
    cells = [{"cell_type": "raw", "source": ""}] * (repair.MAX_CELLS + 1)
    path.write_text(json.dumps({"cells": cells}))
    with pytest.raises(SubmissionError, match="holds more than 2000 cells"):
        read(small, path)


def test_a_pipe_is_not_waited_for(small, tmp_path):
    path = tmp_path / "mine.ipynb"
    os.mkfifo(path)
    with pytest.raises(SubmissionError, match="no ordinary file"):
        read(small, path)


def test_a_repaired_file_is_a_notebook_of_version_4(whole):
    for name in ("version_3", "version_2", "cut_off", "garbage_metadata"):
        notebook = recover_cells(case(name))
        assert notebook.nbformat == 4
        assert whole.sources["solution-double"] in [one.source for one in notebook.cells]


# -- cells that were copied, split, moved, or have lost their names -------------------------------


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


def stripped(notebook):
    """The notebook's cells without metadata and with new ids."""
    return [{**one, "metadata": {}, "id": f"n{n}"} for n, one in enumerate(notebook.cells)]


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


def test_a_heading_underlined_in_an_answer_is_no_conflict(hand_in, notebook):
    cell(notebook, "answer-why").source = "Title\n=======\nBecause."
    assert hand_in(notebook).remarks == ()
    conflict = "a\n=======\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\nd"
    assert repair.one_side(conflict, 0) == "a\n=======\nb\nd"
    assert repair.one_side(conflict, 1) == "a\n=======\nc\nd"


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


# -- what an instructor should look at ------------------------------------------------------------


def test_what_was_handed_out_is_what_the_release_holds(small):
    release = nbformat.reads(build.build(small).release, as_version=4)
    handed = released_cells(small)
    assert {one.id for one in release.cells} == set(handed)
    for one in release.cells:
        known = handed[one.id]
        assert (one.source, one.cell_type) == (known.source, known.cell_type)
        wanted = {k: v for k, v in one.metadata.get("nbgrader", {}).items() if k != "cell_type"}
        assert wanted.items() <= known.nbgrader.items()


def test_what_was_altered_is_flagged_with_evidence_and_changes_nothing(small, work):
    found = read(small, case("edited_tests"))
    assert (students(small, found), found.extras, found.remarks) == (work, (), ())
    assert [(flag.cell, flag.what) for flag in found.flags] == [
        ("setup-imports", "The setup was changed; the lesson's own was used."),
        ("given-square", "The given code was changed; the lesson's own was used."),
        ("test-double", "The test was changed; the lesson's own was used."),
        (
            "test-double",
            "The points in the cell's metadata were changed; the lesson's own were used.",
        ),
        ("test-update", "The test has a tag that changes how it runs; it was run as usual."),
        (
            "test-update",
            "What nbgrader's metadata says of the cell's role was changed; "
            "the lesson's own was used.",
        ),
        ("test-Line", "The test was turned into a raw cell; the lesson's own was used."),
        (
            "test-largest",
            "The checksum in the cell's metadata is not the one that was handed out; "
            "it was not used.",
        ),
    ]
    evidence = [flag.evidence for flag in found.flags]
    assert evidence[1] == (
        "--- handed out\n+++ handed in\n@@ -1,2 +1,2 @@\n def square(x):\n"
        "-    return x * x\n+    return x ** 3"
    )
    assert evidence[3:7] == [
        "points: 2 → 200",
        "tags: 'skip-execution'",
        "grade: True → False\nlocked: True → False",
        "cell_type: code → raw",
    ]


def test_evidence_holds_no_hidden_test(hand_in, notebook, small):
    for one in notebook.cells:
        if one.id.startswith("test-"):
            one.source = "pass"
    found = hand_in(notebook)
    shown = "\n".join(flag.evidence for flag in found.flags)
    assert len(found.flags) >= 4 and "check_one_of" in shown
    hidden = {
        line.strip()
        for one in small.cells
        for number, line in enumerate(one.source.splitlines(), start=1)
        if number in one.hidden_lines
    }
    assert not [line for line in hidden if line in shown]


def test_evidence_is_short_and_printable(hand_in, notebook):
    cell(notebook, "test-double").source = "\n".join(f"\x1b[31m{n}{'x' * 999}" for n in range(19))
    cell(notebook, "test-update").source = "\n".join("pass" for n in range(1000))
    cell(notebook, "test-Line").source = "x" * 100_000
    by_cell = {flag.cell: flag.evidence for flag in hand_in(notebook).flags}
    assert "\x1b" not in by_cell["test-double"] and "\ufffd[31m0" in by_cell["test-double"]
    assert all(len(text) < 4000 for text in by_cell.values())
    assert by_cell["test-update"].endswith("more lines")
    assert by_cell["test-Line"].startswith("Its text has 100000 characters now, instead of ")


def test_a_test_whose_checksum_fits_its_other_text_may_be_another_versions(small, notebook):
    test = cell(notebook, "given-square")
    test.source = "def square(x):\n    return x**2"
    test.metadata.nbgrader.checksum = compute_checksum(test)
    (flag,) = (flag for flag in fit(small, notebook.cells).flags if flag.cell == "given-square")
    assert flag.evidence.endswith(
        "Its checksum fits this text, as in another version of the assignment."
    )


def test_experiments_and_prose_are_for_trying_out(small):
    notebook = recover_cells(case("whole"))
    for name in ("experiment-squares", "text-4", "hint-6"):
        cell(notebook, name).source += "\nMine."
        cell(notebook, name).metadata["tags"] = ["skip-execution"]
    experiment = cell(notebook, "experiment-squares")
    experiment.metadata.nbgrader.update(locked=False, checksum="mine")
    assert fit(small, notebook.cells).flags == ()
