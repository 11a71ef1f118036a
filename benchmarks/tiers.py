"""Measures what isolation adds to a submission, and writes it into docs/benchmarks.md.

    python benchmarks/tiers.py [--students 12] [--rounds 3]

Every submission of a made-up class is graded in each tier that this machine can do, one after
another, so that what else goes on meets all tiers alike. What is compared is the time of one
submission in one tier with that of the same submission in tier none, next to it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import sections

from autograder.authoring import demo_class
from autograder.classes.jobs import Job, NotGraded, make_job
from autograder.classes.workers import WorkerPool
from autograder.commands.output import err, progress
from autograder.course.folders import Course
from autograder.isolation import tiers
from autograder.judging.options import Options
from autograder.lessons import reading
from autograder.lessons.model import Lesson

ROOT = Path(__file__).parents[1]
LESSONS = ("01", "06")
BEGIN, END = "<!-- measured by benchmarks/tiers.py -->", "<!-- end of tiers -->"

#: Seconds of each submission, by tier.
Seconds = dict[str, list[float]]


def jobs(folder: Path, one: Lesson, students: int) -> list[Job]:
    """A class for a lesson in a course of its own, ready to be graded."""
    demo_class.prepare_folder(ROOT, folder)
    demo_class.make_class(folder, one, students)
    course = Course(folder)
    return [make_job(course, each, one, Options()) for each in course.handed_in(one.name)]


def measure(todo: list[Job], rounds: int) -> Seconds:
    """Grade each submission ``rounds`` times in each tier; the median counts."""
    usable = [tier for tier in tiers.TIERS if tiers.probe(tiers.Isolation(tier)).works]
    seconds: Seconds = {tier: [] for tier in usable}
    with ExitStack() as stack:
        pools = {tier: stack.enter_context(WorkerPool(1, tiers.Isolation(tier))) for tier in usable}
        for pool in pools.values():  # the first one of a lesson waits for its imports
            list(pool.run(todo[:1]))
        advance = stack.enter_context(progress(todo[0].lesson.name))
        for done, job in enumerate(todo, start=1):
            times: Seconds = {tier: [] for tier in usable}
            for number in range(rounds):
                turn = number % len(usable)
                for tier in usable[turn:] + usable[:turn]:
                    started = time.perf_counter()
                    ((_, result),) = pools[tier].run([job])
                    times[tier].append(time.perf_counter() - started)
                    if isinstance(result, NotGraded):
                        raise SystemExit(f"{job.key}: {result.reason}")
            for tier in usable:
                seconds[tier].append(statistics.median(times[tier]))
            advance(done, len(todo))
    return seconds


def report(measured: dict[str, Seconds], rounds: int) -> str:
    """The page's section: what each lesson took in each tier."""
    count = len(next(iter(next(iter(measured.values())).values())))
    lines = [
        f"{time.strftime('%Y-%m-%d')}: {count} submissions a lesson, each graded {rounds} times in "
        "each tier in turn. Milliseconds: the median of all submissions, and the median of what "
        "each took longer than in tier *none*.",
        "",
        "| lesson | tier | a submission | added |",
        "| --- | --- | ---: | ---: |",
    ]
    for name, seconds in measured.items():
        for tier, times in seconds.items():
            added = statistics.median(a - b for a, b in zip(times, seconds["none"], strict=True))
            middle = statistics.median(times)
            lines.append(f"| {name} | {tier} | {1000 * middle:.0f} | {1000 * added:+.0f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=12, help="who hand in each assignment")
    parser.add_argument("--rounds", type=int, default=3, help="how often each one is graded")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    options = parser.parse_args()
    measured = {}
    with tempfile.TemporaryDirectory(prefix="tiers-") as folder:
        for one in reading.find(ROOT, LESSONS):
            todo = jobs(Path(folder) / one.name, one, options.students)
            measured[one.name] = measure(todo, options.rounds)
    said = report(measured, options.rounds)
    if not options.no_write:
        sections.write(sections.DOCS / "benchmarks.md", BEGIN, END, said)
    err.print(said, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
