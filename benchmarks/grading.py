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
import platform
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import checkouts
import clock
import comparison
import psutil
import sections
import ways
from comparison import Measured, Points
from nbgrader.api import Gradebook
from ways import Way

from autograder.authoring import demo_class
from autograder.commands.options import cores
from autograder.commands.output import err, progress
from autograder.lessons import reading
from autograder.lessons.model import Lesson

ROOT = Path(__file__).parents[1]
#: The class hands in these; the same ones from run to run, so that runs can be compared.
LESSONS = ("01", "06")
BEGIN, END = "<!-- measured by benchmarks/grading.py -->", "<!-- end of grading -->"


#: (student, cell) → the automatic mark.
Marks = dict[tuple[str, str], float | None]


@dataclass(frozen=True)
class Class:
    """A course with what was handed in for some assignments, and what it is known to earn."""

    course: Path
    names: tuple[str, ...]
    known: Points


def main() -> None:
    options = arguments()
    try:
        ours = checkouts.checkout(ROOT)
        beside = [checkouts.checkout(folder) for folder in options.beside]
        lessons = reading.find(ROOT, LESSONS)
        with work_folder(options.keep) as folder:
            made = make_class(folder / "class", lessons, options.students)
            ours.register(made.course, made.names)
            for one in (ours, *beside):
                one.compile()
            measured = [
                measure(way, made, folder, bool(options.keep))
                for way in ways.ways_to_grade(made.names, ours, beside)
                if way.kind != "stock" or not options.skip_stock
            ]
            sizes = (options.memory_students // 4, options.memory_students)
            peaks = [memory(ours, lessons, size, folder) for size in sizes]
    except (checkouts.CheckoutError, clock.CommandFailed) as error:
        raise SystemExit(str(error)) from error
    submissions = len(made.known)
    rows = comparison.rows_of(measured, submissions)
    words = [
        f"{time.strftime('%Y-%m-%d')}: {submissions} submissions ({options.students} for each of "
        f"{', '.join(made.names)}), {machine()}, autograder {ours.version}.",
        comparison.what_was_given(measured, made.known),
        "Peak memory of `autograder grade` by the size of the class: "
        + ", ".join(f"{count} submissions: {peak:.0f} MB" for count, peak in peaks)
        + ".",
    ]
    if not options.no_write:
        text = "\n\n".join([words[0], comparison.markdown(rows), *words[1:]])
        sections.write(sections.DOCS / "benchmarks.md", BEGIN, END, text)
    err.print(comparison.table(rows))
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
    if options.students < 2 and not options.skip_stock:
        parser.error("two processes of nbgrader share the class: it needs two students")
    if options.memory_students < 4:
        parser.error("a quarter of --memory-students must be a student")
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
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


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


def marks_in(course: Path, name: str) -> Marks:
    """What the gradebook of a course holds of an assignment, cell by cell."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "") as book:
        return {
            (submission.student_id, grade.name): grade.auto_score
            for submission in book.assignment_submissions(name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


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
