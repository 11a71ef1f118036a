"""Times the grading of one class in several ways, in one run, and writes docs/benchmarks.md.

    python benchmarks/grading.py [--students 30] [--memory-students 48] [--beside DIR] [--keep DIR]

The class is made as by ``autograder demo``: each student hands in every assignment. Stock nbgrader
grades it one by one and in two processes side by side; ``autograder grade`` without and with
experiments; and the *floor* runs the same cells in forks of a warm process and does nothing else.
``--beside`` names a checkout of another version of this project, which grades the same notebooks.
What each way gave is held against what the class is known to earn.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import checkouts
import clock
import psutil
import sections
from nbgrader.api import Gradebook
from rich.table import Table

from autograder.authoring import demo_class
from autograder.commands.options import cores
from autograder.commands.output import err, progress
from autograder.lessons import reading
from autograder.lessons.model import Lesson
from autograder.sandbox import preimport

ROOT = Path(__file__).parents[1]
#: The class hands in these; the same ones from run to run, so that runs can be compared.
LESSONS = ("01", "06")
BEGIN, END = "<!-- measured by benchmarks/grading.py -->", "<!-- end of grading -->"
#: So many submissions with other points are named.
_NAMED = 3

#: The points of each submission, by student and assignment.
Points = dict[tuple[str, str], float]


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


@dataclass(frozen=True)
class Measured:
    """What a way took, and the points that it gave."""

    way: Way
    taken: clock.Taken
    points: Points


@dataclass(frozen=True)
class Class:
    """A course with what was handed in for some assignments, and what it is known to earn."""

    course: Path
    names: tuple[str, ...]
    known: Points


def main() -> None:
    options = arguments()
    # nbgrader calls alembic by its name, whether or not the environment is active.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    try:
        ours = checkouts.checkout(ROOT)
        beside = [checkouts.checkout(folder) for folder in options.beside]
        lessons = reading.find(ROOT, LESSONS)
        with work_folder(options.keep) as folder:
            made = make_class(folder / "class", lessons, options.students)
            ours.register(made.course, made.names)
            for one in (ours, *beside):
                one.compile()
            ways = [way for way in ways_to_grade(made.names, ours, beside)
                    if way.kind != "stock" or not options.skip_stock]  # fmt: skip
            measured = [measure(way, made, folder, bool(options.keep)) for way in ways]
            sizes = (options.memory_students // 4, options.memory_students)
            peaks = [memory(ours, lessons, size, folder) for size in sizes]
    except (checkouts.CheckoutError, clock.CommandFailed) as error:
        raise SystemExit(str(error)) from error
    submissions = len(made.known)
    rows = rows_of(measured, submissions)
    words = [
        f"{time.strftime('%Y-%m-%d')}: {submissions} submissions ({options.students} for each of "
        f"{', '.join(made.names)}), {machine()}, autograder {ours.version}.",
        what_was_given(measured, made.known),
        "Peak memory of `autograder grade` by the size of the class: "
        + ", ".join(f"{count} submissions: {peak:.0f} MB" for count, peak in peaks)
        + ".",
    ]
    if not options.no_write:
        text = "\n\n".join([words[0], markdown(rows), *words[1:]])
        sections.write(sections.DOCS / "benchmarks.md", BEGIN, END, text)
    err.print(table(rows))
    for sentence in words:
        err.print(sentence, markup=False, soft_wrap=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30, help="who hand in each assignment")
    parser.add_argument(
        "--memory-students",
        type=int,
        default=48,
        help="for the memory of a large class, and of one of a quarter of it",
    )
    parser.add_argument(
        "--beside",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a checkout of another version of this project to compare with; may be repeated",
    )
    parser.add_argument("--keep", type=Path, help="work in this new folder and leave it there")
    parser.add_argument("--skip-stock", action="store_true", help="leave stock nbgrader out")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    options = parser.parse_args()
    if options.keep and options.keep.exists():
        parser.error(f"{options.keep} is there already; name a new folder")
    return options


@contextlib.contextmanager
def work_folder(keep: Path | None) -> Iterator[Path]:
    """The folder to work in: one to be kept, or one that goes."""
    if keep:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="grading-benchmark-") as folder:
        yield Path(folder)


# -- The class and the ways ------------------------------------------------------------------------


def make_class(course: Path, lessons: Sequence[Lesson], students: int) -> Class:
    """A class in a course of its own, with the assignments of this checkout."""
    demo_class.prepare_folder(ROOT, course)
    shutil.copytree(ROOT / "assignments", course / "assignments")
    known: Points = {}
    with progress(f"Making a class of {students}") as advance:
        for number, lesson in enumerate(lessons, start=1):
            for one in demo_class.make_class(course, lesson, students):
                known[one.student, lesson.name] = sum(one.tasks.values())
            advance(number, len(lessons))
    return Class(course, tuple(lesson.name for lesson in lessons), known)


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
        floor_way(experiments=False),
        floor_way(experiments=True),
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


def floor_way(experiments: bool) -> Way:
    script = str(Path(__file__).with_name("floor.py"))
    options = ("--experiments",) if experiments else ()
    return Way(
        name="floor" + "-experiments" * experiments,
        label="floor" + _experiments_too(experiments),
        kind="floor",
        experiments=experiments,
        commands=lambda course: [
            clock.Command(
                (sys.executable, script, str(course), *options), course, preimport.ENVIRONMENT
            )
        ],
    )


def _experiments_too(experiments: bool) -> str:
    return ", experiments too" if experiments else ""


def _run_experiments(experiments: bool) -> tuple[str, ...]:
    return ("--run-experiments",) if experiments else ()


# -- Measuring -------------------------------------------------------------------------------------


def measure(way: Way, made: Class, folder: Path, keep: bool) -> Measured:
    """Grade a fresh copy of the class in one way."""
    course = folder / way.name
    shutil.copytree(made.course, course)
    with progress(way.label) as advance:
        err.print(f"{way.label} …")
        way.prepare(course)
        commands = way.commands(course)
        courses = [command.folder for command in commands]

        def look() -> None:
            if way.kind != "floor":  # which writes nothing
                advance(graded(courses, made.names), len(made.known))

        taken = clock.run(commands, look)
    points = {} if way.kind == "floor" else points_in(courses, made.names)
    err.print(f"{way.label}: {taken.seconds:.1f} s")
    if not keep:
        for one in courses:
            shutil.rmtree(one)
    return Measured(way, taken, points)


def graded(courses: Iterable[Path], names: Iterable[str]) -> int:
    """How many submissions have an autograded notebook."""
    names = list(names)
    return sum(
        len(list((course / "autograded").glob(f"*/{name}/{name}.ipynb")))
        for course in courses
        for name in names
    )


def points_in(courses: Iterable[Path], names: Sequence[str]) -> Points:
    """What the gradebooks of some courses say."""
    points: Points = {}
    for course in courses:
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "") as book:
            for name in names:
                for submission in book.assignment_submissions(name):
                    points[submission.student_id, name] = submission.score
    return points


def memory(
    ours: checkouts.Checkout, lessons: Sequence[Lesson], students: int, folder: Path
) -> tuple[int, float]:
    """A number of submissions, and the peak memory in MB of ``autograder grade`` with them."""
    made = make_class(folder / f"memory-{students}", lessons, students)
    with progress(f"Memory of {len(made.known)} submissions") as advance:
        command = ours.grade(made.course, made.names)

        def look() -> None:
            advance(graded([made.course], made.names), len(made.known))

        return len(made.known), clock.run([command], look, looking=0.5).peak_mb


# -- What is shown ---------------------------------------------------------------------------------

COLUMNS = (
    "way", "s in all", "s a submission", "against stock", "against its floor", "peak memory, MB",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A way's line of the table. A ratio is None if there is nothing to compare with."""

    label: str
    seconds: float
    seconds_each: float
    against_stock: float | None
    against_floor: float | None
    peak_mb: float

    @property
    def cells(self) -> tuple[str, ...]:
        """Its text, by column."""
        return (
            self.label,
            f"{self.seconds:.1f}",
            f"{self.seconds_each:.2f}",
            "–" if self.against_stock is None else f"{self.against_stock:.1f}×",
            "–" if self.against_floor is None else f"{self.against_floor:.2f}×",
            f"{self.peak_mb:.0f}",
        )


def rows_of(measured: Sequence[Measured], submissions: int) -> list[Row]:
    """The table: how many times as fast as the first way of stock nbgrader, and how many times as
    long as the floor that runs the same cells."""
    stock = [one.taken.seconds for one in measured if one.way.kind == "stock"]
    floors = {one.way.experiments: one.taken.seconds for one in measured if one.way.kind == "floor"}
    rows = []
    for one in measured:
        seconds = one.taken.seconds
        floor = floors.get(one.way.experiments) if one.way.kind == "ours" else None
        rows.append(
            Row(
                label=one.way.label,
                seconds=seconds,
                seconds_each=seconds / submissions,
                against_stock=stock[0] / seconds if stock else None,
                against_floor=seconds / floor if floor else None,
                peak_mb=one.taken.peak_mb,
            )
        )
    return rows


def markdown(rows: Iterable[Row]) -> str:
    """The table in Markdown, numbers on the right."""
    lines = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def table(rows: Iterable[Row]) -> Table:
    """The table for a terminal."""
    made = Table(box=None)
    made.add_column(COLUMNS[0])
    for column in COLUMNS[1:]:
        made.add_column(column, justify="right", min_width=max(map(len, column.split())))
    for row in rows:
        made.add_row(*row.cells)
    return made


def what_was_given(measured: Iterable[Measured], known: Points) -> str:
    """Whether the ways that give points gave what the class must get: the speed of another result
    would say nothing."""
    right, wrong = [], []
    for one in measured:
        if one.way.kind == "floor":
            continue
        other = [
            key
            for key, points in known.items()
            if not math.isclose(one.points.get(key, 0.0), points, abs_tol=1e-9)
        ]
        if not other:
            right.append(f"*{one.way.label}*")
            continue
        some = "; ".join(
            f"{student} in {name}: {one.points.get((student, name), 0.0):g}, "
            f"not {known[student, name]:g}"
            for student, name in other[:_NAMED]
        )
        more = "; …" if len(other) > _NAMED else ""
        wrong.append(
            f"*{one.way.label}* gave {len(other)} of {len(known)} submissions other points "
            f"({some}{more})."
        )
    sentences = []
    if right:
        sentences.append(
            f"The points are the same, and what each of the {len(known)} submissions must get, "
            f"from {'; '.join(right)}."
        )
    return " ".join([*sentences, *wrong])


def machine() -> str:
    """The processor, the memory, the system and the versions of what matters."""
    import nbgrader
    import numpy
    import torch

    name = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = found[0].split(":", 1)[1].strip() if found else name
    gib = psutil.virtual_memory().total / 2**30
    return (
        f"{cores()} cores of {name}, {gib:.0f} GiB, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"numpy {numpy.__version__}, torch {torch.__version__}, nbgrader {nbgrader.__version__}"
    )


if __name__ == "__main__":
    main()
