"""Kills processes of ``autograder grade`` at random moments, and shows that nothing is lost.

    python benchmarks/kills.py [--kills 200] [--students 100] [--seed 0] [--sandbox auto]

A class whose right marks are known is graded; after a random time a random process of the command
(the command itself, bubblewrap, the warm parent, a worker, a submission) gets SIGKILL; then the
command is started again. When a class is done the next begins. Checked after every kill: each mark
in the gradebook is the known one, what was graded before was not graded again, and nothing of the
command lives on.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from nbgrader.api import Gradebook, MissingEntry

from autograder.authoring import demo_class
from autograder.commands.output import err, problem, progress
from autograder.lessons import reading

ROOT = Path(__file__).parents[1]
SMALL = ROOT / "tests" / "course"
NAME = "90_small"
#: A moment between the start of the command and the end of a small class, in seconds.
_LATEST = 9.0


@dataclass
class Tally:
    """What was seen: kills by the program that was hit, classes that were finished, complaints."""

    kills: dict[str, int] = field(default_factory=dict)
    finished: int = 0
    graded: int = 0
    complaints: list[str] = field(default_factory=list)


def run(
    folder: Path,
    kills: int,
    students: int,
    seed: int,
    sandbox: str = "auto",
    tally: Tally | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tally:
    """Grade class after class in ``folder`` until so many processes were killed.

    Args:
        tally: is filled, so that something is known if this is interrupted.
        on_progress: is called with the number of kills, and how many there shall be.
    """
    rng, number = random.Random(seed), 0
    tally = tally or Tally()
    while sum(tally.kills.values()) < kills:
        course = folder / f"class-{number}"
        known = make_class(course, students, seed + number)
        number += 1
        before: dict[str, int] = {}
        while True:
            enough = sum(tally.kills.values()) >= kills
            ended = grade_and_kill(course, None if enough else rng, tally, sandbox)
            on_progress(sum(tally.kills.values()), kills)
            after = inodes(course)
            again = [one for one, inode in before.items() if after.get(one) != inode]
            tally.complaints += [f"{course.name}: {one} was graded twice" for one in again]
            tally.complaints += wrong_marks(course, known, complete=ended)
            before = after
            if ended:
                tally.finished += 1
                tally.graded += len(after)
                break
        shutil.rmtree(course)
    return tally


def make_class(course: Path, students: int, seed: int) -> dict[str, float]:
    """A class for the small lesson; what each student must get, by hand-marked answers apart."""
    shutil.copytree(SMALL, course)
    small = reading.load(course / "assignments" / NAME)
    known = demo_class.make_class(course, small, students, seed)
    return {one.student: sum(one.tasks.values()) for one in known}


def grade_and_kill(course: Path, rng: random.Random | None, tally: Tally, sandbox: str) -> bool:
    """Start the command, and kill a process of it unless ``rng`` is None. Whether it was done."""
    command = [sys.executable, "-m", "autograder.commands.cli", "grade", NAME, "--sandbox", sandbox]
    with (course / "log.txt").open("a") as log:
        process = subprocess.Popen([*command, "--jobs", "2"], cwd=course, stdout=log, stderr=log)
    family: list[psutil.Process] = []
    if rng is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, _LATEST))
    if rng is not None and process.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            me = psutil.Process(process.pid)
            family = [me, *me.children(recursive=True)]
            victim = rng.choice(family)
            name = what(victim, me)
            victim.send_signal(signal.SIGKILL)
            tally.kills[name] = tally.kills.get(name, 0) + 1
    code = process.wait(180)
    deadline = time.monotonic() + 5
    while (left := [one for one in family if alive(one)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    tally.complaints += [f"{course.name}: {one} lives on" for one in left]
    return code == 0


def alive(process: psutil.Process) -> bool:
    """Whether a process has not ended; one that only waits to be asked for its code has."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def what(process: psutil.Process, command: psutil.Process) -> str:
    """Which program of the command a process is."""
    if process.pid == command.pid:
        return "the command"
    return "bubblewrap" if process.name() == "bwrap" else "a process below it"


def inodes(course: Path) -> dict[str, int]:
    """The autograded notebooks there are, by student; another grading makes another file."""
    found = {}
    for path in (course / "autograded").glob(f"*/{NAME}/{NAME}.ipynb"):
        json.loads(path.read_text())  # complete, or this raises
        found[path.parts[-3]] = path.stat().st_ino
    return found


def wrong_marks(course: Path, known: dict[str, float], complete: bool) -> list[str]:
    """What in the gradebook is not as it should be."""
    if not (course / "gradebook.db").exists():
        return []
    wrong = []
    graded = set(inodes(course))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "") as book:
        for student, points in known.items():
            try:
                score = book.find_submission(NAME, student).score
            except MissingEntry:
                if complete or student in graded:
                    wrong.append(f"{course.name}: {student} is not in the gradebook")
                continue
            if score != points:
                lost = "; ".join(reasons(course, student))
                wrong.append(f"{course.name}: {student} has {score:g}, not {points:g} ({lost})")
    if complete and graded != set(known):
        wrong.append(f"{course.name}: {len(known) - len(graded)} notebooks are missing")
    return wrong


def reasons(course: Path, student: str) -> list[str]:
    """What was said where a student lost points."""
    path = course / "autograded" / student / NAME / f"{NAME}.ipynb"
    if not path.exists():
        return ["no notebook"]
    verdicts = {
        cell["id"]: cell["metadata"]["autograder"]
        for cell in json.loads(path.read_text())["cells"]
        if "autograder" in cell["metadata"]
    }
    return [f"{cell}: {one['says']}" for cell, one in verdicts.items() if one["says"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="kills-") as folder,
        contextlib.suppress(KeyboardInterrupt),  # what was seen until then is said
        progress("Killing") as advance,
    ):
        run(
            Path(folder), options.kills, options.students, options.seed, options.sandbox, tally,
            advance,
        )  # fmt: skip
    for complaint in tally.complaints:
        problem(complaint)
    hits = ", ".join(f"{count} of {name}" for name, count in sorted(tally.kills.items()))
    err.print(
        f"{sum(tally.kills.values())} kills ({hits}) in {tally.finished} classes of "
        f"{options.students}: {tally.graded} submissions graded, {len(tally.complaints)} complaints"
    )
    raise SystemExit(bool(tally.complaints))


if __name__ == "__main__":
    main()
