"""The tables that commands print: a class, its picture, proofs and claims."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.authoring.proof import Row
from autograder.classes.run import ClassRun, Entry
from autograder.commands import tables
from autograder.commands.output import out
from autograder.intake.alterations import Flag
from autograder.judging.mark import Mark
from autograder.judging.result import Result
from autograder.lessons.model import Lesson


@pytest.fixture
def result(small: Lesson):
    """A result in which these tasks are right, and the free text waits for a person."""

    def make(*right: str, **fields: object) -> Result:
        marks = tuple(
            Mark(cell.id, cell.name, None, cell.points, "to_be_marked")
            if cell.kind == "answer"
            else Mark(cell.id, cell.name, cell.points, cell.points, "passed")
            if cell.name in right
            else Mark(cell.id, cell.name, 0.0, cell.points, "failed", "It is wrong.")
            for cell in small.graded
        )
        return Result(small.name, small.digest, marks, [], **fields)

    return make


@pytest.fixture
def run(small: Lesson, result):
    """A class: ada has everything, bo two tasks, cy one."""
    entries = (
        Entry("ada", result("double", "update", "Line", "largest")),
        Entry("bo", result("double", "largest")),
        Entry("cy", result("double")),
    )
    return ClassRun(small, entries, 4.5, ("zoe", "zuse"))


def printed(capsys) -> list[str]:
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_a_class_ends_with_mean_median_hardest_tasks_and_who_is_missing(run, capsys) -> None:
    tables.print_class(run)
    assert printed(capsys)[-4:] == [
        "90_small: 3 graded in 4.5 s (1.50 s each), 0 unchanged since they were graded",
        "mean 5.0, median 3.0 of 12 points",
        # The fewest got these right; Doubling, which everybody has, is not hard.
        "hardest: A change in place (33% right), A line (33% right), "
        "The largest square (67% right)",
        "missing: zoe, zuse",
    ]


def test_a_row_a_student_says_points_and_what_is_left_to_do(run, result, capsys) -> None:
    flag = Flag("solution-double", "It was copied.", "line 3")
    odd = Entry("di", result("double", remarks=("A [remark].",), flags=(flag,)))
    tables.print_class(replace(run, entries=(*run.entries, odd), missing=()))
    head, *rows = printed(capsys)
    assert head.split("  ")[0] == "student"
    assert rows[0].split() == ["ada", "10", "12", "1"]
    assert rows[3].split() == ["di", "2", "12", "1", "1", "A", "[remark]."]
    assert "look at di: solution-double: It was copied." in rows
    assert not any(line.startswith("missing") for line in rows)


def test_who_was_not_graded_and_whose_test_has_a_fault_is_told_on_stderr(
    run, result, capsys
) -> None:
    right = result("double")
    fault = replace(right.marks[0], outcome="fault", points=0.0, detail="its last line is nan")
    faulty = replace(right, marks=(fault, *right.marks[1:]))
    entries = (Entry("di", None, "OSError: torn"), Entry("ed", faulty), Entry("fe", None))
    tables.print_class(replace(run, entries=entries))
    captured = capsys.readouterr()
    assert "✗ di was not graded (OSError: torn); the same command tries again" in captured.err
    assert "✗ ed: its last line is nan" in captured.err
    assert "1 graded in 4.5 s (4.50 s each), 1 unchanged" in captured.out


def test_a_class_without_results_has_no_mean_and_no_table(run, capsys) -> None:
    unchanged = tuple(Entry(entry.student, None) for entry in run.entries)
    tables.print_class(replace(run, entries=unchanged, missing=()))
    assert printed(capsys) == ["90_small: 0 graded in 4.5 s, 3 unchanged since they were graded"]


def test_where_everybody_has_everything_no_task_is_hard(run, capsys) -> None:
    tables.print_class(replace(run, entries=run.entries[:1]))
    assert not any(line.startswith("hardest") for line in printed(capsys))


def test_the_picture_of_a_class_is_a_row_a_student_best_first(run, capsys) -> None:
    out.print(tables.class_picture(replace(run, entries=run.entries[::-1])))
    assert printed(capsys) == [
        "ada  █ █ █ █  10 of 12",
        "bo   █ ▁ ▁ █  3 of 12",
        "cy   █ ▁ ▁ ▁  2 of 12",
    ]


def test_a_proof_is_a_row_a_claim_and_counts_what_does_not_hold(capsys) -> None:
    holds = Row("90_small", "misconception", "double", "squares", 2, 0.0, 2.0)
    fails = Row("90_small", "alternative", "double", "adds", 2, 0.0, 2.0, "double loses 2 [x]")
    tables.print_proof([holds, fails])
    lines = printed(capsys)
    assert lines[1].split() == ["90_small", "misconception", "double", "squares", "2", "0", "of",
                                "2", "✓"]  # fmt: skip
    assert "✗ double loses 2 [x]" in " ".join(lines)
    assert lines[-1] == "2 rows: 1 misconceptions, 1 alternatives; 1 do not hold"


def test_no_name_of_a_student_is_taken_for_markup(run, result, capsys) -> None:
    entry = Entry("[bold]eve[/bold]", result("double"))
    tables.print_class(replace(run, entries=(entry,)))
    assert "[bold]eve[/bold]" in capsys.readouterr().out
