"""Notebook files: whatever one holds, it is read as a submission or refused in a sentence."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import changed, changes, edited, edits

from autograder.intake import repair
from autograder.intake.own_lesson import read_own
from autograder.intake.submission import Submission, SubmissionError, fit, read, recover_cells
from autograder.lessons.model import Lesson

CASES = Path(__file__).parents[1] / "submissions"
#: The small lesson's notebook, whole and broken, of which other broken ones are made.
STARTS = ["whole", "version_3", "version_2", "two_attempts", "stripped_metadata_new_ids",
          "merge_conflict_in_a_cell", "split_by_jupyterlab", "edited_tests"]  # fmt: skip

_names = st.sampled_from(
    ["solution-double", "solution-update", "solution-largest", "test-double", "answer-why",
     "text-1", "given-square", "setup-imports", "no-such-cell", ""]
)  # fmt: skip
_sources = st.sampled_from(
    ["def double(x):\n    return 2 * x", "def double(x):", "    return (2 *", "largest = 16",
     "%matplotlib inline", "<<<<<<< HEAD\nlargest = 1\n=======\nlargest = 2\n>>>>>>> x",
     "<<<<<<< HEAD\n", "=======\n", "\x0c", "\ufeffx = 1", "# \u2028\nx", "((((" * 60, "**Why?**",
     "largest = 1" + "1" * 5000, "class Line(torch.nn.Module):\n    pass", "\0", "\ud800", "\r\n"]
)  # fmt: skip
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 1 << 70)
    | st.floats()
    | st.text(st.characters(), max_size=9)
    | st.sampled_from(["code", "markdown", "raw", "heading", "cells", "\ud800", "\0"])
    | _names
    | _sources,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["source", "metadata", "nbgrader", "grade_id", "id", "tags", "x"]),
            inner,
        )
    ),
    max_leaves=5,
)


def _mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 7).flatmap(lambda number: usual if number else junk)


_nbgrader = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": _mostly(_names),
        "points": _mostly(st.integers(0, 5)),
        "checksum": _mostly(st.text("0123456789abcdef", min_size=32, max_size=32)),
        "grade": _mostly(st.booleans()),
        "locked": _mostly(st.booleans()),
        "solution": _mostly(st.booleans()),
    },
)
_cells = _mostly(
    st.fixed_dictionaries(
        {
            "cell_type": _mostly(st.sampled_from(["code", "code", "markdown", "raw", "heading"])),
            "source": _mostly(_sources | st.lists(_sources, max_size=3)),
        },
        optional={
            "id": _mostly(_names),
            "metadata": _mostly(st.fixed_dictionaries({}, optional={"nbgrader": _nbgrader})),
            "outputs": junk,
            "input": junk,
            "level": junk,
        },
    )
)
_generated = st.fixed_dictionaries(
    {"cells": _mostly(st.lists(_cells, max_size=8))},
    optional={
        "nbformat": _mostly(st.integers(2, 5)),
        "metadata": _mostly(
            st.dictionaries(st.sampled_from(["kernelspec", "language_info"]), junk)
        ),
        "worksheets": junk,
    },
)


@st.composite
def _mutated(draw: st.DrawFn) -> Any:
    """A notebook of the small lesson, changed within its cells and around them."""
    path = CASES / draw(st.sampled_from(STARTS)) / "90_small.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    sheet = notebook if "cells" in notebook else notebook["worksheets"][0]
    sheet["cells"] = changed(sheet["cells"], draw(changes(junk, most=6)))
    return changed(notebook, draw(changes(junk, most=2)))


_PIECES = st.sampled_from(
    [b"\0", b"\xff", b"\xef\xbb\xbf", b'"', b"{", b"]", b"\\", b"\n", b'\\ud800', b"1" * 5000,
     b'"cells": [', b"<<<<<<< a\n", b"\n=======\n", b"\n>>>>>>> b\n", b"NaN", b"-Infinity", b""]
)  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """The bytes of a notebook that something happened to; of about every second, to its bytes."""
    notebook = draw(_mutated() | _generated)
    indent = draw(st.sampled_from([None, 1]))
    text = json.dumps(notebook, indent=indent, ensure_ascii=draw(st.booleans()))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    raw = text.encode(encoding, "backslashreplace")
    harm = draw(st.sampled_from(["none", "none", "cut", "edits"]))
    if harm == "cut":
        return raw[: draw(st.integers(0, len(raw)))]
    return edited(raw, draw(edits(st.integers(0, len(raw)), _PIECES))) if harm == "edits" else raw


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("handed_in")
    yield folder / "mine.ipynb"
    shutil.rmtree(folder)


@given(files())
def test_whatever_a_notebook_holds_it_is_read_or_refused_in_a_sentence(small, path, raw) -> None:
    path.write_bytes(raw)
    try:
        found = read(small, path)
    except SubmissionError as error:
        assert str(error).startswith("mine.ipynb ") and str(error).endswith(".")
        assert len(str(error)) < 400
        with pytest.raises(SubmissionError):
            recover_cells(path)
        return
    assert_sound(found, small)
    # A file that can be read can be shown, and means the same when it was saved again.
    cells = recover_cells(path)
    assert fit(small, copy.deepcopy(cells)).sources == found.sources
    path.write_text(json.dumps({"nbformat": 4, "cells": cells}), encoding="utf-8")
    again = read(small, path)
    assert (again.sources, again.extras, again.flags) == (found.sources, found.extras, found.flags)


@given(files())
def test_whatever_a_notebook_holds_it_is_its_own_lesson_or_refused_in_a_sentence(path, raw) -> None:
    path.write_bytes(raw)
    try:
        own = read_own(path)
    except SubmissionError as error:
        assert str(error).startswith("mine.ipynb ") and str(error).endswith(".")
        return
    lesson = own.lesson
    assert_sound(own.submission, lesson)
    assert own.altered <= {one.id for one in lesson.cells if one.kind == "tests"}
    assert lesson.worked_on is not None
    assert lesson.worked_on <= {one.id for one in lesson.cells if one.is_students}
    # Each test is one of a task, whose solution stands before it.
    names = list(lesson.by_id)
    for one in lesson.cells:
        if one.kind == "tests":
            assert names.index(lesson.task(one.name).solution.id) < names.index(one.id)
    path.write_bytes(raw)
    assert read_own(path).lesson.digest == lesson.digest


def assert_sound(found: Submission, lesson: Lesson) -> None:
    """Check that a submission has the lesson's cells, and texts that files and parsers take."""
    assert isinstance(found, Submission)
    assert found.sources.keys() <= lesson.by_id.keys()
    assert {one.cell_type for one in found.extras} <= {"code", "markdown", "raw"}
    assert {one.after for one in found.extras} <= {"", *lesson.by_id}
    assert {flag.cell for flag in found.flags} <= lesson.by_id.keys()
    texts = [*found.sources.values(), *(one.source for one in found.extras)]
    texts += [text for flag in found.flags for text in (flag.what, flag.evidence)]
    assert "\0" not in "".join([*texts, *found.remarks]).encode().decode()  # no half characters
    assert all(sentence.endswith(".") and len(sentence) < 1000 for sentence in found.remarks)
    assert all(len(flag.what) + len(flag.evidence) < 5000 for flag in found.flags)


@given(st.binary(max_size=80) | st.text(max_size=40).map(str.encode))
def test_a_file_that_is_no_notebook_is_refused_in_a_sentence(small, path, raw) -> None:
    path.write_bytes(raw)
    with pytest.raises(SubmissionError, match=r"(?s)^mine\.ipynb .*\.$"):
        read(small, path)


@given(st.lists(_cells, max_size=4))
def test_cleaning_cells_twice_changes_nothing(cells) -> None:
    once = repair.clean_cells(cells)
    assert repair.clean_cells(copy.deepcopy(once)) == once
