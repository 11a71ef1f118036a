"""What a change to one hidden test costs a class that was graded, and writes docs/benchmarks.md.

    python benchmarks/regrade.py [NAME ...] [--students 60] [--tests 3] [--experiments] [--no-write]

A class is made as by ``autograder demo`` and graded. Then a line is put into the hidden lines of
one test, such that nobody passes it, and the class is graded again twice: as it is, and with
``--force``. The mark of every cell must be the same. Tests are taken evenly from a lesson's first
to its last.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import checkouts
import clock
import grading
import sections

from autograder.commands.output import err, progress
from autograder.lessons import reading
from autograder.lessons.model import BEGIN_HIDDEN, Cell, Lesson

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- measured by benchmarks/regrade.py -->", "<!-- end of regrade -->"
#: What is put into a test: nobody passes it.
_NEW_LINE = 'assert False, "this line is new"'


@dataclass(frozen=True)
class Measured:
    """Seconds of one lesson's class: graded whole after a change to a test, and only as needed;
    ``differing`` are cells whose marks are not the same."""

    lesson: str
    test: str
    whole: float
    needed: float
    differing: tuple[tuple[str, str], ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=["04"], help="lessons, by name or number")
    parser.add_argument("--students", type=int, default=60, help="who hand in each assignment")
    parser.add_argument("--tests", type=int, default=3, help="how many of its tests are changed")
    parser.add_argument("--experiments", action="store_true", help="run experiments too")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    options = parser.parse_args()
    measured: list[Measured] = []
    for lesson in reading.find(ROOT, options.names):
        with tempfile.TemporaryDirectory(prefix="regrade-", ignore_cleanup_errors=True) as folder:
            measured += measure(
                lesson, options.students, options.tests, Path(folder), options.experiments
            )
    said = report(measured, options.students, options.experiments)
    if not options.no_write:
        sections.write(sections.DOCS / "benchmarks.md", BEGIN, END, said)
    err.print(said, markup=False, soft_wrap=True)
    raise SystemExit(any(one.differing for one in measured))


def measure(
    lesson: Lesson, students: int, tests: int, folder: Path, experiments: bool
) -> list[Measured]:
    """Grade a class, then change one test after another, each from the same beginning."""
    ours = checkouts.checkout(ROOT)
    options = ("--run-experiments",) if experiments else ()
    made = grading.make_class(folder / "class", [lesson], students)
    clock.run([ours.grade(made.course, made.names, *options)])
    found = []
    chosen = tests_to_change(lesson, tests)
    with progress(f"Changing tests of {lesson.name}") as advance:
        for number, cell in enumerate(chosen, start=1):
            needed, whole = (folder / f"{number}-{what}" for what in ("needed", "whole"))
            for course in (needed, whole):
                shutil.copytree(made.course, course)
                change(course / "assignments" / lesson.name, cell)
            found.append(
                Measured(
                    lesson.name,
                    cell.id,
                    clock.run([ours.grade(whole, made.names, *options, "--force")]).seconds,
                    clock.run([ours.grade(needed, made.names, *options)]).seconds,
                    differing(
                        grading.marks_in(whole, lesson.name),
                        grading.marks_in(needed, lesson.name),
                        cell,
                    ),
                )
            )
            for course in (needed, whole):
                shutil.rmtree(course)
            advance(number, len(chosen))
    return found


def tests_to_change(lesson: Lesson, count: int) -> list[Cell]:
    """So many test cells with hidden lines, evenly from the first to the last."""
    cells = [cell for task in lesson.tasks for cell in task.tests if BEGIN_HIDDEN in cell.source]
    count = min(count, len(cells))
    return [cells[round(i * (len(cells) - 1) / max(count - 1, 1))] for i in range(count)]


def change(assignment: Path, cell: Cell) -> None:
    """Put a line into the hidden lines of a test, where its lesson is written."""
    after = cell.source.replace(BEGIN_HIDDEN, f"{BEGIN_HIDDEN}\n{_NEW_LINE}", 1)
    for path in assignment.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if cell.source in text:
            path.write_text(text.replace(cell.source, after, 1), encoding="utf-8")
            return
    raise SystemExit(f"{assignment}: no file holds the test {cell.id}")


def differing(
    whole: grading.Marks, needed: grading.Marks, changed: Cell
) -> tuple[tuple[str, str], ...]:
    """The marks that are not the same, and those of the changed test that are full."""
    others = {key for key in whole.keys() | needed.keys() if whole.get(key) != needed.get(key)}
    passed = {
        key for key, mark in needed.items() if key[1] == changed.id and mark == changed.points
    }
    return tuple(sorted(others | passed))


def report(measured: list[Measured], students: int, experiments: bool) -> str:
    """The page's section."""
    also = ", experiments too" if experiments else ""
    lines = [
        f"{time.strftime('%Y-%m-%d')}: {students} submissions a lesson{also}; {grading.machine()}.",
        "",
        "| lesson | changed | all graded, s | what needs it, s | share |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {one.lesson} | {one.test} | {one.whole:.1f} | {one.needed:.1f} | "
        f"{one.needed / one.whole:.2f} |"
        for one in measured
    ]
    middle = statistics.median(one.needed / one.whole for one in measured)
    wrong = [f"{one.test}: {one.differing[:3]}" for one in measured if one.differing]
    lines += ["", f"The median share is {middle:.2f}."]
    lines.append(
        "Each cell has the same mark both ways."
        if not wrong
        else f"Marks differ: {'; '.join(wrong)}."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
