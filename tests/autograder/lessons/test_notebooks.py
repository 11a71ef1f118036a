"""The notebooks of a lesson: made here without nbgrader, and the same as nbgrader's own."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace

import nbformat
import pytest
from nbgrader.preprocessors import ClearSolutions, ComputeChecksums, LockCells
from nbgrader.utils import compute_checksum

from autograder.course.nbgrader import released_by_nbgrader
from autograder.lessons.notebooks import (
    STUB_LINES,
    checksum,
    master_cells,
    release_id,
    released_cells,
    source_notebook,
    to_text,
)

#: What a lesson may hold, in the forms that the small lesson has not.
ODD = """\
# %% [markdown]
# # Größe
#
# Two spaces at the end of a line  
# and an empty line below.
#

# %% shared="imports"
import math


# %% solution="Two" title="Two solutions in one cell"
class Two:
    ### BEGIN SOLUTION
    a = "ä"

    ### END SOLUTION

    def b(self):
        if self:
            ### BEGIN SOLUTION
            return 2
            ### END SOLUTION

# %% tests="Two" points=0.5 part="first"
### BEGIN HIDDEN TESTS
assert Two().a == "ä"
### END HIDDEN TESTS
assert Two().b() == 2

# %% tests="Two" points=1 part="between"
assert Two().b() == 2
### BEGIN HIDDEN TESTS
assert Two().b() < 3
### END HIDDEN TESTS

assert Two().b() > 1
### BEGIN HIDDEN TESTS
assert Two().b() != 3
### END HIDDEN TESTS

# %% tests="Two" points=2 part="all_hidden"
### BEGIN HIDDEN TESTS
assert Two().b() < 4
### END HIDDEN TESTS

# %% [markdown] answer="scheme_first" title="Scheme first" points=1.25
# **Why?**
#
# ### BEGIN MARK SCHEME
# One point for
# symmetry.
# ### END MARK SCHEME
# ### BEGIN SOLUTION
# Because of symmetry.
# ### END SOLUTION
#
# (Two sentences.)

# %% [markdown] answer="no_scheme" title="No scheme" points=3
# ### BEGIN SOLUTION
# ### END SOLUTION

# %% [markdown] hint="no_scheme"
# What if x = 0?
"""  # noqa: W291


@pytest.fixture(params=["small", "odd"])
def lesson(request, small, make_lesson):
    return small if request.param == "small" else make_lesson(ODD)


def by_id(cells):
    return {cell["id"]: cell for cell in cells}


# -- the same as nbgrader's -----------------------------------------------------------------------


def test_master_cells_are_what_nbgraders_own_preprocessors_make(lesson):
    notebook = nbformat.from_dict(source_notebook(lesson))
    for step in (LockCells(), ClearSolutions(), ComputeChecksums()):
        notebook, _ = step.preprocess(notebook, {})
    assert list(master_cells(lesson)) == json.loads(json.dumps(notebook.cells))


def test_released_cells_are_what_generate_assignment_releases(lesson):
    released = nbformat.reads(released_by_nbgrader(lesson), as_version=4)
    expected = released_cells(lesson)
    assert list(expected) == [cell.id for cell in released.cells]
    for cell in released.cells:
        one = expected[cell.id]
        assert (one.source, one.cell_type) == (cell.source, cell.cell_type)
        assert one.nbgrader == dict(cell.metadata.get("nbgrader", {}))


def test_what_is_locked_in_a_master_cell_is_locked_in_the_release(lesson):
    released = nbformat.reads(released_by_nbgrader(lesson), as_version=4)
    for cell, master in zip(released.cells, master_cells(lesson), strict=True):
        for lock in ("editable", "deletable"):
            assert cell.metadata.get(lock, True) is master["metadata"].get(lock, True)


def test_a_checksum_is_nbgraders(lesson):
    cells = [*source_notebook(lesson)["cells"], *master_cells(lesson)]
    graded = [cell for cell in cells if "nbgrader" in cell["metadata"]]
    assert graded
    for cell in graded:
        ours = checksum(cell["source"], cell["cell_type"], cell["metadata"]["nbgrader"])
        assert ours == compute_checksum(nbformat.from_dict(cell))


@pytest.mark.parametrize(
    "change",
    [
        {"grade": False},
        {"points": 2.5},
        {"points": "2.5"},
        {"solution": True},
        {"locked": False},
        {"solution": True, "locked": False},
        {"grade": False, "locked": False},
        {"grade": False, "solution": True},
        {"grade": 1},
        {"locked": "yes", "grade": False},
        {"grade_id": "test-ä"},
        {"grade": False, "points": None},
        {"schema_version": 1},
    ],
)
def test_a_checksum_is_nbgraders_whatever_the_metadata_say(small, change):
    cell = nbformat.from_dict(copy.deepcopy(by_id(master_cells(small))["test-double"]))
    cell.metadata.nbgrader.update(change)
    assert checksum(cell.source, cell.cell_type, cell.metadata.nbgrader) == compute_checksum(cell)


@pytest.mark.parametrize(
    "metadata",
    [
        {"grade": True, "points": 1},
        {"grade": True, "points": "one", "grade_id": "a"},
        {"grade": True, "points": None, "grade_id": "a"},
        {"grade": True, "points": [1], "grade_id": "a"},
    ],
)
def test_metadata_without_an_id_or_a_number_of_points_have_no_checksum(metadata):
    with pytest.raises((KeyError, TypeError, ValueError)):
        checksum("x", "code", metadata)


# -- source, master, release ----------------------------------------------------------------------


def test_the_text_of_a_notebook_is_valid_nbformat(lesson):
    text = to_text(source_notebook(lesson))
    assert text.endswith("}\n")
    nbformat.validate(nbformat.reads(text, as_version=4))


def test_a_notebook_says_which_edition_of_which_assignment_it_is(small):
    wanted = {"assignment": "90_small", "release": release_id(small)}
    assert source_notebook(small)["metadata"]["autograder"] == wanted
    released = nbformat.reads(released_by_nbgrader(small), as_version=4)
    assert released.metadata["autograder"] == wanted


def test_points_may_be_halves(make_lesson):
    made = make_lesson(ODD)
    points = {
        cell["id"]: cell["metadata"]["nbgrader"]["points"]
        for cell in source_notebook(made)["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    assert points == {
        "test-Two-first": 0.5,
        "test-Two-between": 1,
        "test-Two-all_hidden": 2,
        "answer-scheme_first": 1.25,
        "answer-no_scheme": 3,
    }
    assert isinstance(points["test-Two-between"], int)


def test_the_master_has_blanks_hidden_tests_and_checksums(small):
    master = by_id(master_cells(small))
    assert "raise NotImplementedError()" in master["solution-double"]["source"]
    assert "hidden_rng" in master["test-double"]["source"]
    assert master["test-double"]["metadata"]["nbgrader"]["checksum"]
    assert master["test-double"]["metadata"]["editable"] is False
    assert "editable" not in master["solution-double"]["metadata"]
    assert master["solution-double"]["metadata"]["deletable"] is False


def test_the_source_has_solutions_and_hidden_tests(small):
    source = by_id(source_notebook(small)["cells"])
    assert "return SCALE * x" in source["solution-double"]["source"]
    assert "hidden_rng" in source["test-double"]["source"]


def test_a_stub_is_indented_like_the_solution_it_stands_for(make_lesson):
    released = released_cells(make_lesson(ODD))["solution-Two"].source
    assert released == (
        "class Two:\n    # YOUR CODE HERE\n    raise NotImplementedError()\n\n"
        "    def b(self):\n        if self:\n"
        "            # YOUR CODE HERE\n            raise NotImplementedError()"
    )
    stubs = [line.strip() for line in released.splitlines() if line.strip() in STUB_LINES]
    assert len(stubs) == 4


def test_of_an_answer_students_get_what_stands_around_model_and_mark_scheme(make_lesson):
    made = make_lesson(ODD)
    answer = released_cells(made)["answer-scheme_first"].source
    assert answer == "**Why?**\n\nYOUR ANSWER HERE\n\n(Two sentences.)"
    model = by_id(source_notebook(made)["cells"])["answer-scheme_first"]["source"]
    assert "Because of symmetry.\n\n**Marks:**\n\nOne point for\nsymmetry.\n### END SOL" in model


def test_consecutive_hints_are_one_cell_of_collapsed_rungs(small, make_lesson):
    (ladder,) = [c for c in source_notebook(small)["cells"] if "<details>" in c["source"]]
    assert ladder["id"] == small.task("double").hints[0].id
    assert re.findall(r"<summary>(.*?)</summary>\n\n(.*?)\n", ladder["source"]) == [
        ("Hint 1 of 2", "What is x + x?"),
        ("Hint 2 of 2", "Multiply by two."),
    ]
    # A hint alone has no number, also where a lesson ends with it.
    last = source_notebook(make_lesson(ODD))["cells"][-1]["source"]
    assert last == "<details><summary>Hint</summary>\n\nWhat if x = 0?\n\n</details>"


def test_an_experiment_is_tagged_and_a_test_that_sees_changes(small):
    cells = by_id(source_notebook(small)["cells"])
    assert cells["experiment-squares"]["metadata"]["tags"] == ["experiment"]
    tagged = [name for name, cell in cells.items() if "tags" in cell["metadata"]]
    assert tagged == ["test-update", "experiment-squares"]
    assert cells["test-update"]["metadata"]["tags"] == ["changes-shown"]


def test_of_a_students_own_notebook_what_was_worked_on_is_not_known(small):
    own = replace(small, worked_on=frozenset({"solution-double", "answer-why"}))
    released = released_cells(own)
    assert set(small.by_id) - set(released) == {"solution-double", "answer-why"}
    assert released["test-double"].source == small.by_id["test-double"].source
    assert released["solution-update"].cell_type == "code"
    assert released["text-1"].cell_type == "markdown"


# -- the edition ----------------------------------------------------------------------------------


def changed(lesson, name, *edit):
    """The lesson with a text of one cell replaced."""
    old, new = edit
    assert old in lesson.by_id[name].source
    return replace(
        lesson,
        cells=tuple(
            replace(cell, source=cell.source.replace(old, new)) if cell.id == name else cell
            for cell in lesson.cells
        ),
    )


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("text-1", ("It asks for", "It wants")),
        ("setup-imports", ("SCALE = 2.0", "SCALE = 2.")),
        ("given-square", ("return x * x", "return x**2")),
        ("solution-double", ("Twice", "Two times")),
        ("test-double", ("Read the first line", "Read the whole")),
        ("experiment-squares", ("range(5)", "range(6)")),
        ("answer-why", ("**Why?**", "**Why so?**")),
        ("hint-6", ("What is x + x?", "What is x + x, then?")),
        ("text-1", ("each kind", "each  kind")),
    ],
)
def test_the_edition_changes_with_what_students_see(small, name, edit):
    assert release_id(changed(small, name, *edit)) != release_id(small)


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("solution-double", ("return SCALE * x", "return x + x")),
        ("test-double", ("size=(2, 3)", "size=(3, 4)")),
        ("answer-why", ("Because the square", "Since the square")),
        ("answer-why", ("2 points for", "Two points for")),
    ],
)
def test_the_edition_stays_where_only_secrets_change(small, name, edit):
    assert release_id(changed(small, name, *edit)) == release_id(small)


def test_the_edition_stays_with_titles_points_and_limits(small):
    cells = tuple(replace(c, title=c.title and "Another", points=2 * c.points) for c in small.cells)
    other = replace(
        small, cells=cells, title="Another", minutes=9, limits=replace(small.limits, memory_mb=9)
    )
    assert release_id(other) == release_id(small)


def test_the_edition_changes_with_the_name_and_the_order_of_cells(small):
    swapped = replace(small, cells=(*small.cells[1:], small.cells[0]))
    ids = {release_id(one) for one in (small, swapped, replace(small, name="91_small"))}
    assert len(ids) == 3
    assert all(re.fullmatch("[0-9a-f]{12}", one) for one in ids)
