"""autograder.intake.repair: cells are taken out of a file, however broken the file is."""

from __future__ import annotations

import io
import json
import zipfile

import nbformat
import pytest
from call_counts import counted_calls, counted_parsing
from small_notebooks import case, cell, students

from autograder.intake import repair, submission
from autograder.intake.submission import Extra, SubmissionError, fit, read, recover_cells


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


@pytest.mark.parametrize(
    ("metadata", "lesson", "release"),
    [
        ({"autograder": {"assignment": "90_small", "release": "0123abcd"}}, "90_small", "0123abcd"),
        ({"autograder": {"assignment": 5, "release": ["0"]}}, "", ""),
        ({"autograder": "90_small"}, "", ""),
        ({}, "", ""),
        (["autograder"], "", ""),
    ],
)
def test_a_notebook_says_of_which_edition_of_a_lesson_it_is(metadata, lesson, release):
    text = json.dumps({"nbformat": 4, "metadata": metadata, "cells": [{"source": "x"}]})
    found = repair.recover(text.encode())
    assert (found.lesson, found.release) == (lesson, release)


def as_notebook(cells):
    """Cells as a notebook of version 4.4, the last in which cells have no ids."""
    made = [{key: value for key, value in one.items() if key != "id"} for one in cells]
    for one in made:
        if one["cell_type"] == "code":
            one.update(outputs=[], execution_count=None)
    whole = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": made}
    return nbformat.from_dict(whole)


def test_a_repaired_file_is_a_notebook_of_version_4(whole):
    for name in ("version_3", "version_2", "cut_off", "garbage_metadata"):
        cells = recover_cells(case(name))
        assert whole.sources["solution-double"] in [one["source"] for one in cells]
        nbformat.validate(as_notebook(cells))


def test_a_heading_underlined_in_an_answer_is_no_conflict(hand_in, notebook):
    cell(notebook, "answer-why").source = "Title\n=======\nBecause."
    assert hand_in(notebook).remarks == ()
    conflict = "a\n=======\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\nd"
    assert repair.one_side(conflict, 0) == "a\n=======\nb\nd"
    assert repair.one_side(conflict, 1) == "a\n=======\nc\nd"


MERGED = "a\n<<<<<<< HEAD\nb\n||||||| 1a2b\nc\n=======\nd\n>>>>>>> theirs\ne"


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        (MERGED, ("a\nb\ne", "a\nd\ne")),
        (MERGED + "\n" + MERGED, ("a\nb\ne\na\nb\ne", "a\nd\ne\na\nd\ne")),
        (MERGED.replace("\n", "\r\n"), ("a\r\nb\r\ne", "a\r\nd\r\ne")),
        ("<<<<<<< a\n=======\n>>>>>>> b", ("", "")),
        ("no conflict", (None, None)),
        ("x = '<<<<<<<'", (None, None)),
        (MERGED.partition(">>>>>>>")[0], (None, None)),
        (MERGED * 1001, (None, None)),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_merge_conflict_has_two_sides(text, sides):
    assert (repair.one_side(text, 0), repair.one_side(text, 1)) == sides


def test_of_a_cell_what_grades_it_is_kept_and_everything_else_dropped():
    cell = {
        "cell_type": "code", "id": "i", "source": ["a = 1\n", 5, "b = 2"], "outputs": [{}],
        "metadata": {
            "nbgrader": {"grade_id": "i\0", "points": 2, "grade": True, "x": [1], 5: "y"},
            "tags": ["t", 3, "\ud800"], "collapsed": True,
        },
    }  # fmt: skip
    assert repair.clean_cells([cell, None, "cell", {}]) == [
        {
            "id": "i",
            "cell_type": "code",
            "source": "a = 1\nb = 2",
            "metadata": {
                "nbgrader": {"grade_id": "i\ufffd", "points": 2, "grade": True},
                "tags": ["t", "?"],
            },
        },
        {"id": "", "cell_type": "markdown", "source": "", "metadata": {}},
    ]


# -- files that are no notebooks --------------------------------------------------------------


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


# -- files that are too much -----------------------------------------------------------------


FLOODS = {
    "lists in lists": (b"", b"[", "holds too much data"),
    "maps in maps": (b"", b'{"cells":', "holds too much data"),
    "numbers": (b"", b"1,", "holds too much data"),
    "conflicts": (b"", b"<<<<<<< a\n=======\n", "is no JSON"),
    "whole conflicts": (b"", b"<<<<<<< a\n=======\n>>>>>>> b\n", "is no JSON"),
    "quotes": (b"", b'{"cells": [{"source": "' + b'\\"' * 100_000, "no whole cell"),
    "code": (b"", b"x = 1\n", "is no JSON"),
    "cells in cells": (
        b'{"cells": [',
        b'{"cell_type": "' + b"x" * 2000 + b'", "a": [1, ',
        "no whole cell",
    ),
}


@pytest.mark.parametrize(("begin", "piece", "says"), FLOODS.values(), ids=FLOODS)
def test_a_huge_file_of_junk_is_refused_with_little_work(small, tmp_path, begin, piece, says):
    path = tmp_path / "mine.ipynb"
    size = submission.MAX_NOTEBOOK_MB << 20
    path.write_bytes(begin + piece * ((size - len(begin)) // len(piece)))
    with (
        counted_parsing() as parsed,
        counted_calls() as calls,
        pytest.raises(SubmissionError, match=says),
    ):
        read(small, path)
    # The file as a whole, and a few cells of it that are damaged; no text as Python.
    most = 0 if "too much" in says else 12
    assert parsed.times_json <= most and parsed.json <= most * size
    assert parsed.python == 0
    assert calls.number < 1000


def test_a_notebook_of_very_many_cells_is_refused(small, tmp_path):
    path = tmp_path / "mine.ipynb"
    cells = [{"cell_type": "raw", "source": ""}] * (repair.MAX_CELLS + 1)
    path.write_text(json.dumps({"cells": cells}))
    with pytest.raises(SubmissionError, match="holds more than 2000 cells"):
        read(small, path)


def test_a_large_notebook_is_parsed_once(small, notebook, tmp_path):
    cell(notebook, "setup-imports").outputs = [
        nbformat.v4.new_output("display_data", {"image/png": "A" * (20 << 20)})
    ]
    path = tmp_path / "large.ipynb"
    nbformat.write(notebook, path)
    with counted_parsing() as parsed, counted_calls() as calls:
        assert read(small, path).remarks == ()
    assert parsed.times_json == 1
    assert calls.number < 50_000
