"""Times the grading of one class in several ways, in one run, and writes docs/benchmarks.md.

    python benchmarks/grading.py [--students 30] [--memory-students 48] [--keep DIR]

The class is made as by ``autograder demo``: each student hands in every assignment. Stock nbgrader
grades it one by one and in two processes side by side; ``autograder grade`` without and with
experiments; and the *floor* runs the same cells in forks of a warm process and does nothing else.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from autograder.authoring import demo_class
from autograder.lessons import reading
from autograder.sandbox import preimport

ROOT = Path(__file__).parents[1]
#: The class hands in these; the same ones from run to run, so that runs can be compared.
LESSONS = ("01", "06")
MARKER = "<!-- measured by benchmarks/grading.py -->"
console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Timing:
    """One way to grade the class: seconds for all of it, and the peak of its memory in MB."""

    way: str
    seconds: float
    peak_mb: float


def main() -> None:
    # nbgrader calls alembic by its name, whether or not the environment is active.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30, help="who hand in each assignment")
    parser.add_argument(
        "--memory-students",
        type=int,
        default=48,
        help="for the memory of a large class, and of one of a quarter of it",
    )
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    parser.add_argument("--skip-stock", action="store_true", help="leave stock nbgrader out")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="grading-benchmark-"))
    lessons = reading.find(ROOT, LESSONS)
    try:
        timings = measure(folder, lessons, options.students, options.skip_stock)
        small, large = options.memory_students // 4, options.memory_students
        memory = memory_by_size(folder, lessons, (small, large))
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    text = report(timings, memory, lessons, options.students)
    path = ROOT / "docs" / "benchmarks.md"
    before = path.read_text(encoding="utf-8").split(MARKER)[0] if path.exists() else ""
    path.write_text(f"{before}{MARKER}\n\n{text}", encoding="utf-8")
    console.print(f"written to {path}")


def measure(folder: Path, lessons: list, students: int, skip_stock: bool) -> list[Timing]:
    """Grade the same class in every way, each in a fresh copy of the course."""
    original = make_course(folder / "class", lessons, students)
    names = [one.name for one in lessons]
    register(original, names)
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    timings = []

    def timed(way: str, work: Callable[[Path], list[subprocess.Popen]]) -> None:
        copy = folder / way.replace(" ", "-").replace(",", "")
        shutil.copytree(original, copy)
        console.print(f"{way} …")
        timings.append(run(way, lambda: work(copy)))
        if not options_keep(folder):
            shutil.rmtree(copy)

    def stock(copy: Path) -> list[subprocess.Popen]:
        command = " && ".join(f"{sys.executable} -m nbgrader autograde {name}" for name in names)
        return [quiet(["sh", "-c", command], copy, one_thread)]

    def side_by_side(copy: Path) -> list[subprocess.Popen]:
        # Two courses with half the class each: two nbgraders on one gradebook lock each other out.
        other = copy.with_name(copy.name + "-other")
        shutil.copytree(copy, other)
        everybody = sorted((copy / "submitted").iterdir())
        for number, student in enumerate(everybody):
            shutil.rmtree((other if number % 2 else copy) / "submitted" / student.name)
        command = " && ".join(f"{sys.executable} -m nbgrader autograde {name}" for name in names)
        return [quiet(["sh", "-c", command], where, one_thread) for where in (copy, other)]

    def ours(*extra: str) -> Callable[[Path], list[subprocess.Popen]]:
        def work(copy: Path) -> list[subprocess.Popen]:
            return [quiet(grade_command(names, *extra), copy, None)]

        return work

    def floor(copy: Path, *extra: str) -> list[subprocess.Popen]:
        script = Path(__file__).with_name("floor.py")
        command = [sys.executable, str(script), str(copy), *extra]
        return [quiet(command, copy, {**os.environ, **preimport.ENVIRONMENT})]

    if not skip_stock:
        timed("nbgrader autograde, one by one", stock)
        timed("nbgrader autograde, two processes", side_by_side)
    timed("autograder grade", ours())
    timed("autograder grade, experiments too", ours("--run-experiments"))
    timed("floor", floor)
    timed("floor, experiments too", lambda copy: floor(copy, "--experiments"))
    return timings


def grade_command(names: list[str], *extra: str) -> list[str]:
    return [sys.executable, "-m", "autograder.commands.cli", "grade", "--jobs", "2", *names, *extra]


def options_keep(folder: Path) -> bool:
    return not folder.name.startswith("grading-benchmark-")


def make_course(target: Path, lessons: list, students: int) -> Path:
    demo_class.prepare_folder(ROOT, target)
    shutil.copytree(ROOT / "assignments", target / "assignments")
    for one in lessons:
        demo_class.make_class(target, one, students)
    return target


def register(course: Path, names: list[str]) -> None:
    """Tell the gradebook the assignments, as an instructor who releases them has done."""
    for name in names:
        quiet(
            [sys.executable, "-m", "nbgrader", "generate_assignment", "--force", name], course, None
        ).wait()


def quiet(command: list[str], folder: Path, environment: dict[str, str] | None) -> subprocess.Popen:
    log = (folder / "log.txt").open("a")
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def run(way: str, start: Callable[[], list[subprocess.Popen]], looking: float = 0.03) -> Timing:
    """The wall time until all processes end, and the peak memory of their trees.

    Args:
        looking: the part of the time that may go into looking at their memory, which takes
            milliseconds a process and slows down what is timed.
    """
    processes = []
    peak = [0.0]
    over = threading.Event()

    def watch() -> None:
        pause = 0.2
        while not over.wait(pause):
            begun = time.perf_counter()
            peak[0] = max(peak[0], sum(tree_mb(process.pid) for process in processes))
            pause = max(0.2, (time.perf_counter() - begun) / looking)

    watcher = threading.Thread(target=watch, daemon=True)
    processes += start()
    started = time.perf_counter()
    watcher.start()
    codes = [process.wait() for process in processes]
    seconds = time.perf_counter() - started
    over.set()
    watcher.join()
    if any(codes):
        raise SystemExit(f"{way} ended with {codes}; see log.txt in its folder (--keep)")
    return Timing(way, seconds, peak[0])


def tree_mb(pid: int) -> float:
    """The proportional set size of a process and all below it, in MB: shared pages count once."""
    total = 0.0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for process in family:
        try:
            total += process.memory_full_info().pss / 2**20
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def memory_by_size(folder: Path, lessons: list, sizes: tuple[int, int]) -> dict[int, float]:
    """The peak memory of ``autograder grade`` for two sizes of class."""
    peaks = {}
    for size in sizes:
        course = make_course(folder / f"memory-{size}", lessons, size)
        command = grade_command([one.name for one in lessons])
        console.print(f"memory of {size * len(lessons)} submissions …")
        timing = run("memory", lambda c=command, f=course: [quiet(c, f, None)], looking=0.5)
        peaks[size * len(lessons)] = timing.peak_mb
    return peaks


def report(timings: list[Timing], memory: dict[int, float], lessons: list, students: int) -> str:
    count = students * len(lessons)
    by_way = {timing.way: timing for timing in timings}
    stock = by_way.get("nbgrader autograde, one by one")
    lines = [
        f"{time.strftime('%Y-%m-%d')}: {count} submissions ({students} for each of "
        f"{', '.join(one.name for one in lessons)}), {machine()}.",
        "",
        "| way | s in all | s a submission | against stock | against its floor | peak memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for timing in timings:
        against = f"{stock.seconds / timing.seconds:.1f}×" if stock else "–"
        own_floor = by_way["floor, experiments too" if "too" in timing.way else "floor"]
        ratio = (
            f"{timing.seconds / own_floor.seconds:.2f}×"
            if "grade" in timing.way and "nb" not in timing.way
            else "–"
        )
        lines.append(
            f"| {timing.way} | {timing.seconds:.1f} | {timing.seconds / count:.2f} | {against} | "
            f"{ratio} | {timing.peak_mb:.0f} |"
        )
    sizes = ", ".join(f"{size} submissions: {peak:.0f} MB" for size, peak in memory.items())
    lines += ["", f"Peak memory of `autograder grade` by the size of the class: {sizes}.", ""]
    table = Table(box=None)
    for line in lines:
        if line.startswith("|") and "---" not in line:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not table.columns:
                for cell in cells:
                    table.add_column(cell)
            else:
                table.add_row(*cells)
    console.print(table)
    console.print(lines[-2])
    return "\n".join(lines)


def machine() -> str:
    import nbgrader
    import numpy
    import torch

    name = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = found[0].split(":", 1)[1].strip() if found else name
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{len(os.sched_getaffinity(0))} cores of {name}, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"numpy {numpy.__version__}, torch {torch.__version__}, nbgrader {nbgrader.__version__}"
    )


if __name__ == "__main__":
    main()
