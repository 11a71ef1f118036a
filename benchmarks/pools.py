"""Sends thousands of submissions through each pool, and writes docs/benchmarks.md.

    python benchmarks/pools.py [--students 300] [--pool local] [--pool dask] [--no-write]

A class is made as by ``autograder demo``: each student hands in ten assignments (the lessons there
are, and some of them once more under another name). Each pool of two workers grades it whole, a
tenth of it and a hundredth, each in a process of its own that does what ``autograder grade`` does;
the Dask cluster is a fresh one each time. Every job's answers are counted, and the points in the
gradebook held against what the class is known to earn.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import clock
import grading
import sections

from autograder.authoring import demo_class
from autograder.classes.dask_pool import DaskPool
from autograder.classes.jobs import Job, NotGraded, Pool
from autograder.classes.run import grade_class
from autograder.classes.workers import WorkerPool
from autograder.commands.output import err, progress
from autograder.course.folders import Course
from autograder.isolation import tiers
from autograder.judging.result import Result
from autograder.lessons import reading

ROOT = Path(__file__).parents[1]
POOLS = ("local", "dask")
WORKERS = 2
#: So many assignments a student hands in.
LESSONS = 10
BEGIN, END = "<!-- measured by benchmarks/pools.py -->", "<!-- end of pools -->"
#: Where the process that grades writes how often each job was answered.
ANSWERS = "answers.json"


class Counted:
    """A pool whose answers are counted, by student."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.answers: Counter[str] = Counter()

    @property
    def tier(self) -> str:
        return self._pool.tier

    def preload(self, lessons: Iterable[reading.Lesson]) -> None:
        self._pool.preload(lessons)

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | NotGraded]]:
        for job, result in self._pool.run(jobs):
            self.answers[f"{job.lesson.name}/{job.key}"] += 1
            yield job, result


@dataclass(frozen=True)
class Measured:
    """What one run took. ``wrong`` says what was lost, doubled or marked otherwise."""

    pool: str
    submissions: int
    taken: clock.Taken
    wrong: tuple[str, ...]


def main() -> None:
    options = arguments()
    if options.cluster:
        serve_cluster()
    if options.grade:
        grade(options.grade, options.address)
        return
    measured = []
    with tempfile.TemporaryDirectory(prefix="pools-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        made = make_class(folder / "class", options.students)
        for pool in options.pool or POOLS:
            for students in sizes(options.students):
                measured.append(measure(pool, made, students, folder))
    said = report(measured)
    if not options.no_write:
        sections.write(sections.DOCS / "benchmarks.md", BEGIN, END, said)
    err.print(said, markup=False, soft_wrap=True)
    raise SystemExit(any(one.wrong for one in measured))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=300, help="who hand in ten assignments")
    parser.add_argument("--pool", action="append", choices=POOLS, help="only this one")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    # What this starts itself:
    parser.add_argument("--grade", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--address", default="", help=argparse.SUPPRESS)
    parser.add_argument("--cluster", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.students < 1:
        parser.error("a class needs a student")
    return options


def sizes(students: int) -> list[int]:
    """A hundredth of the students, a tenth and all; without the sizes that would be nobody."""
    return [size for size in (students // 100, students // 10, students) if size]


def make_class(course: Path, students: int) -> grading.Class:
    """A class whose students hand in ten assignments, in a course of its own."""
    demo_class.prepare_folder(ROOT, course)
    there = reading.find(ROOT)
    known: grading.Points = {}
    names = []
    with progress(f"Making a class of {students}") as advance:
        for number in range(LESSONS):
            once_more, which = divmod(number, len(there))
            name = there[which].name + f"_{once_more + 1}" * bool(once_more)
            shutil.copytree(there[which].folder, course / "assignments" / name)
            lesson = reading.load(course / "assignments" / name)
            for one in demo_class.make_class(course, lesson, students, seed=number):
                known[one.student, name] = sum(one.tasks.values())
            names.append(name)
            advance(number + 1, LESSONS)
    return grading.Class(course, tuple(names), known)


def part_of(made: grading.Class, students: int, course: Path) -> grading.Class:
    """The same class with the first of its students, in a course of its own."""
    shutil.copytree(made.course, course, copy_function=os.link, ignore=_but("submitted"))
    chosen = set(list(dict.fromkeys(student for student, _ in made.known))[:students])
    for student in chosen:
        shutil.copytree(
            made.course / "submitted" / student,
            course / "submitted" / student,
            copy_function=os.link,
        )
    known = {key: points for key, points in made.known.items() if key[0] in chosen}
    return grading.Class(course, made.names, known)


def _but(name: str):
    return lambda folder, names: [name] if name in names else []


def measure(pool: str, made: grading.Class, students: int, folder: Path) -> Measured:
    """Grade a part of the class in a process of its own, and look at what came of it."""
    part = part_of(made, students, folder / f"{pool}-{students}")
    label = f"{pool}, {len(part.known)} submissions"
    err.print(f"{label} …")
    words = [sys.executable, str(Path(__file__).resolve()), "--grade", str(part.course)]
    with contextlib.ExitStack() as stack:
        beside: list[int] = []
        if pool == "dask":
            cluster = stack.enter_context(running_cluster())
            beside, words = [cluster.pid], [*words, "--address", cluster.address]
        advance = stack.enter_context(progress(label))
        command = clock.Command(tuple(words), part.course, {"PYTHONPATH": str(ROOT)})
        taken = clock.run(
            [command],
            lambda: advance(grading.graded([part.course], part.names), len(part.known)),
            looking=0.01,
            beside=beside,
        )
    answers = json.loads((part.course / ANSWERS).read_text())
    found = tuple(wrong(part, answers))
    shutil.rmtree(part.course)
    err.print(f"{label}: {taken.seconds:.1f} s, {len(found)} complaints")
    return Measured(pool, len(part.known), taken, found)


def wrong(part: grading.Class, answers: dict[str, int]) -> Iterator[str]:
    """What was lost, doubled, or marked otherwise than it must be."""
    points = grading.points_in([part.course], part.names)
    for (student, name), known in part.known.items():
        count = answers.get(f"{name}/{student}", 0)
        got = points.get((student, name))
        if count != 1:
            yield f"{student} in {name} was answered {count} times"
        if got is None or not math.isclose(got, known, abs_tol=1e-9):
            yield f"{student} in {name} has {got}, not {known:g}"


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster: its process, and where its scheduler listens."""

    pid: int
    address: str


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A fresh cluster, in a process of its own."""
    words = [sys.executable, str(Path(__file__).resolve()), "--cluster"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        yield Cluster(process.pid, process.stdout.readline().strip())
        process.stdin.close()


def serve_cluster() -> None:
    """Be a cluster until the input ends."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
    raise SystemExit(0)


def grade(folder: Path, address: str) -> None:
    """What ``autograder grade`` does with a course, all assignments, with answers counted."""
    isolation = tiers.choose()
    course = Course(folder)
    classes = []
    with DaskPool(address, isolation) if address else WorkerPool(WORKERS, isolation) as pool:
        counted = Counted(pool)
        lessons = reading.find(folder)
        counted.preload(lessons)
        for lesson in lessons:  # kept to the end, as the command does
            classes.append(grade_class(course, lesson, counted))
    (folder / ANSWERS).write_text(json.dumps(counted.answers))
    for one in classes:
        for entry in one.entries:
            if entry.not_graded:
                print(f"{one.lesson.name}: {entry.student}: {entry.not_graded}", file=sys.stderr)


def report(measured: list[Measured]) -> str:
    """The page's section."""
    lines = [
        f"{time.strftime('%Y-%m-%d')}: {grading.machine()}. Each submission more: seconds that the "
        "larger class took longer, by the submissions that it has more.",
        "",
        "| pool | submissions | s in all | s each submission more | the command, MB | all, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    sentences = []
    for pool in dict.fromkeys(one.pool for one in measured):
        runs = [one for one in measured if one.pool == pool]
        slopes = [
            (b.taken.seconds - a.taken.seconds) / (b.submissions - a.submissions)
            for a, b in pairwise(runs)
        ]
        for one, slope in zip(runs, [None, *slopes], strict=True):
            lines.append(
                f"| {pool} | {one.submissions} | {one.taken.seconds:.1f} | "
                f"{'–' if slope is None else f'{slope:.3f}'} | {one.taken.own_mb:.0f} | "
                f"{one.taken.peak_mb:.0f} |"
            )
        if len(runs) > 2:
            last, before = runs[-1].taken, runs[-2].taken
            sentences.append(
                f"*{pool}*, from {runs[-2].submissions} to {runs[-1].submissions} submissions: "
                f"each one more takes {slopes[-1] / slopes[-2] - 1:+.0%} time than from "
                f"{runs[-3].submissions} to {runs[-2].submissions}; peak memory "
                f"{last.own_mb / before.own_mb - 1:+.0%} (the command), "
                f"{last.peak_mb / before.peak_mb - 1:+.0%} (all together)."
            )
    complaints = [f"{one.pool}: {what}" for one in measured for what in one.wrong]
    sentences.append(
        "Every submission was answered once, and has the points that it must get."
        if not complaints
        else f"{len(complaints)} complaints: {'; '.join(complaints[:5])}."
    )
    return "\n".join([*lines, "", *sentences])


if __name__ == "__main__":
    main()
