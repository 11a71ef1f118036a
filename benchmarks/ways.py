"""The ways in which benchmarks/grading.py grades a class: commands, and what they need before."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import checkouts
import clock

from autograder.sandbox import preimport


@dataclass(frozen=True)
class Way:
    """A way to grade a class.

    Attributes:
        name: of its copy of the course.
        label: its name in the table.
        kind: whose work it is: stock nbgrader's, this project's in some version, or the floor's,
            which gives no points.
        experiments: whether cells with experiments run too.
        commands: makes the commands that grade the course in a folder, side by side.
        prepare: changes that course as this way needs it, before the clock runs.
    """

    name: str
    label: str
    kind: Literal["stock", "ours", "floor"]
    experiments: bool
    commands: Callable[[Path], list[clock.Command]]
    prepare: Callable[[Path], None] = lambda course: None


def ways_to_grade(
    names: Sequence[str], ours: checkouts.Checkout, beside: Sequence[checkouts.Checkout]
) -> list[Way]:
    """All ways, in the order in which they are timed and shown."""
    return [
        *stock_ways(names),
        *(
            way
            for experiments in (False, True)
            for way in (
                our_way(ours, names, experiments),
                *(
                    other_way(one, number, names, experiments)
                    for number, one in enumerate(beside, start=1)
                ),
            )
        ),
        floor_way(names, experiments=False),
        floor_way(names, experiments=True),
    ]


def stock_ways(names: Sequence[str]) -> tuple[Way, Way]:
    """Stock nbgrader, alone and as two. It runs all cells, experiments too."""
    words = clock.one_after_another(
        [(sys.executable, "-m", "nbgrader", "autograde", name) for name in names]
    )

    def command(course: Path) -> clock.Command:
        return clock.Command(words, course, {"OMP_NUM_THREADS": "1"})

    def second(course: Path) -> Path:
        return course.with_name(course.name + "-second")

    def halve(course: Path) -> None:
        # Two courses with half the class each: two nbgraders on one gradebook lock each other out.
        shutil.copytree(course, second(course))
        for number, student in enumerate(sorted((course / "submitted").iterdir())):
            without = second(course) if number % 2 else course
            shutil.rmtree(without / "submitted" / student.name)

    return (
        Way(
            name="stock",
            label="nbgrader autograde, one by one",
            kind="stock",
            experiments=True,
            commands=lambda course: [command(course)],
        ),
        Way(
            name="stock-two",
            label="nbgrader autograde, two processes",
            kind="stock",
            experiments=True,
            commands=lambda course: [command(course), command(second(course))],
            prepare=halve,
        ),
    )


def our_way(ours: checkouts.Checkout, names: Sequence[str], experiments: bool) -> Way:
    """This checkout's ``autograder grade``."""
    return Way(
        name="grade" + "-experiments" * experiments,
        label="autograder grade" + _experiments_too(experiments),
        kind="ours",
        experiments=experiments,
        commands=lambda course: [ours.grade(course, names, *_run_experiments(experiments))],
    )


def other_way(
    other: checkouts.Checkout, number: int, names: Sequence[str], experiments: bool
) -> Way:
    """The ``autograder grade`` of another checkout, which has a number, on its assignments."""
    return Way(
        name=f"beside-{number}" + "-experiments" * experiments,
        label=f"autograder grade, {other.version}" + _experiments_too(experiments),
        kind="ours",
        experiments=experiments,
        commands=lambda course: [other.grade(course, names, *_run_experiments(experiments))],
        prepare=lambda course: other.take_over(course, names),
    )


def floor_way(names: Sequence[str], experiments: bool) -> Way:
    """The work that no grader can leave out: see floor.py."""
    script = (sys.executable, str(Path(__file__).with_name("floor.py")))
    options = ("--experiments",) if experiments else ()
    return Way(
        name="floor" + "-experiments" * experiments,
        label="floor" + _experiments_too(experiments),
        kind="floor",
        experiments=experiments,
        commands=lambda course: [
            clock.Command((*script, str(course), *names, *options), course, preimport.ENVIRONMENT)
        ],
    )


def _experiments_too(experiments: bool) -> str:
    return ", experiments too" if experiments else ""


def _run_experiments(experiments: bool) -> tuple[str, ...]:
    return ("--run-experiments",) if experiments else ()
