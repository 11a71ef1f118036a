"""autograder.intake.alterations: what an instructor should look at, with its evidence."""

from __future__ import annotations

import nbformat
from nbgrader.utils import compute_checksum
from small_notebooks import case, cell, students

from autograder.authoring import build
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
