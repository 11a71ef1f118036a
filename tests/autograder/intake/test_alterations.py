"""autograder.intake.alterations: what an instructor should look at, with its evidence."""

from __future__ import annotations

import copy

import nbformat
import pytest
from nbgrader.utils import compute_checksum
from small_notebooks import case, cell, students

from autograder.authoring import build
from autograder.intake.alterations import fits_own_checksum
from autograder.intake.submission import fit, read, recover_cells
from autograder.lessons.notebooks import released_cells


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
    cells = {one["id"]: one for one in recover_cells(case("whole"))}
    for name in ("experiment-squares", "text-4", "hint-6"):
        cells[name]["source"] += "\nMine."
        cells[name]["metadata"]["tags"] = ["skip-execution"]
    cells["experiment-squares"]["metadata"]["nbgrader"].update(locked=False, checksum="mine")
    assert fit(small, list(cells.values())).flags == ()


# -- checksums -------------------------------------------------------------------------------------


def test_a_cells_checksum_is_the_one_that_nbgrader_computes(small):
    release = nbformat.reads(build.build(small).release, as_version=4)
    with_checksums = [one for one in release.cells if one.metadata.get("nbgrader")]
    assert len(with_checksums) > 10
    for one in with_checksums:
        assert one.metadata.nbgrader.checksum == compute_checksum(one)
        assert fits_own_checksum(one)
        one.source += " "
        assert not fits_own_checksum(one)


@pytest.mark.parametrize(
    "changed",
    [{"checksum": ""}, {"checksum": None}, {"checksum": 5}, {"grade_id": None}, {"grade_id": 3},
     {"points": "two"}, {"points": None}, {"points": 3}, {"grade": False},
     {"solution": True}],
    ids=repr,
)  # fmt: skip
def test_other_metadata_do_not_fit_a_checksum(notebook, changed):
    test = copy.deepcopy(cell(notebook, "test-double"))
    assert fits_own_checksum(test)
    test.metadata.nbgrader.update(changed)
    assert not fits_own_checksum(test)


@pytest.mark.parametrize("role", ["grade", "locked", "solution", "task"])
@pytest.mark.parametrize("name", ["test-double", "solution-double", "given-square", "answer-why"])
def test_a_role_that_was_changed_fits_where_nbgrader_says_that_it_does(notebook, name, role):
    one = cell(notebook, name)
    one.metadata.nbgrader.setdefault("points", 1)
    one.metadata.nbgrader[role] = not one.metadata.nbgrader[role]
    assert fits_own_checksum(one) == (one.metadata.nbgrader.checksum == compute_checksum(one))


def test_a_cell_without_metadata_fits_no_checksum(notebook):
    test = cell(notebook, "test-double")
    test.metadata = {}
    assert not fits_own_checksum(test)
