"""What check prints, from what was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.classes.folder_check import FolderCheck, FolderEntry
from autograder.classes.self_check import Check, Line, WrittenAnswer
from autograder.commands.check_report import print_check, print_folder

PASSES = Line("test-a", "a", "", "First", "passed", "passes its visible tests", 2.0, 2.0)
WRONG = Line("test-b-far", "b", "far", "b (far)", "failed", "b is [wrong]", 0.0, 1.0)
GOOD = Check("9_small", "Small", True, (PASSES,), (WrittenAnswer("answer-w", "Why", "blank"),))


def row(check: Check, capsys) -> str:
    print_folder(FolderCheck((FolderEntry(Path("in/a.ipynb"), check),)), Path("in"))
    return capsys.readouterr().out.splitlines()[0].strip()


@pytest.mark.parametrize(
    ("check", "ends"),
    [
        (replace(GOOD, lines=(PASSES, replace(WRONG, title="B"))), "next: B (b (far))"),
        (replace(GOOD, lines=(PASSES, WRONG)), "next: b (far)"),
        (GOOD, "next: Why (in your own words)"),
        (replace(GOOD, answers=(WrittenAnswer("answer-w", "Why", "answered"),)), "done"),
    ],
)
def test_a_row_ends_with_what_comes_next(check: Check, ends: str, capsys) -> None:
    assert row(check, capsys).endswith(ends)


def test_a_row_has_a_bar_the_count_and_the_points(capsys) -> None:
    shown = row(replace(GOOD, lines=(PASSES, WRONG)), capsys)
    assert shown.startswith("a.ipynb  █▁  1 of 2 pass  2 of 3 points  ")


def test_a_strangers_text_is_no_markup_and_remarks_stand_under_the_lines(capsys) -> None:
    print_check(
        replace(
            GOOD, lines=(WRONG,), remarks=("[red]Odd.",), notes=("Note.",), altered=("setup-x",)
        )
    )
    assert capsys.readouterr().out.splitlines() == [
        "✗ b (far): b is [wrong]",
        "· Why: not answered yet",
        "! Changed in your notebook: setup-x; the lesson's own was used.",
        "! [red]Odd.",
        "! Note.",
        "0 of 1 pass; 0 of 1 points so far. Your instructor's tests try further cases.",
    ]


def test_of_a_notebook_that_is_checked_by_itself_changed_cells_are_used(capsys) -> None:
    changed = replace(WRONG, changed=True)
    print_check(replace(GOOD, found=False, lines=(changed,), altered=("test-b-far",)))
    first = capsys.readouterr().out.splitlines()[0]
    assert first.endswith("(the test in your notebook was changed; it is not the one handed out)")
