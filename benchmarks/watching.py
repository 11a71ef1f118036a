"""From save to verdict: how long a student waits for ``autograder check --watch``.

The reference of a lesson is saved again and again, with one solution changed each time. Prints the
first check, which starts everything, and the median and the longest of those after it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from autograder.authoring.proof import answers
from autograder.lessons import reading
from autograder.lessons.model import Lesson

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", nargs="?", default="06", help="the lesson, by name or number")
    parser.add_argument("--saves", type=int, default=10)
    chosen = parser.parse_args()
    (lesson,) = reading.find(ROOT, [chosen.name])
    with tempfile.TemporaryDirectory() as folder:
        seconds = measured(lesson, Path(folder), chosen.saves)
    first, later = seconds[0], seconds[1:]
    print(
        f"{lesson.name}, seconds from save to verdict: the first {first:.1f}; {len(later)} more: "
        f"median {statistics.median(later):.2f}, longest {max(later):.2f}"
    )


def measured(lesson: Lesson, folder: Path, saves: int) -> list[float]:
    """The seconds from each save to the verdict, the first from the start of the command."""
    release = ROOT / "release" / lesson.name
    shutil.copy(release / f"{lesson.name}.lesson.json", folder)
    notebook = json.loads((release / f"{lesson.name}.ipynb").read_text(encoding="utf-8"))
    path = folder / f"{lesson.name}.ipynb"
    command = [sys.executable, "-m", "autograder.commands.cli", "check", "--watch", str(path)]
    save(notebook, lesson, path, 0)
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as running:
        assert running.stdout is not None
        wait(running.stdout)
        seconds = [time.perf_counter() - began]
        for number in range(1, saves + 1):
            time.sleep(1)
            began = time.perf_counter()
            save(notebook, lesson, path, number)
            wait(running.stdout)
            seconds.append(time.perf_counter() - began)
        running.send_signal(signal.SIGINT)
    return seconds


def save(notebook: dict, lesson: Lesson, path: Path, number: int) -> None:
    """Write the reference, with a comment in one solution that makes it another each time."""
    sources = answers(lesson)
    task = lesson.tasks[number % len(lesson.tasks)]
    sources[task.solution.id] += f"\n# {number}"
    for cell in notebook["cells"]:
        cell["source"] = sources.get(cell["id"], cell["source"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def wait(said: IO[str]) -> None:
    """Wait for the line that ends a check."""
    assert any("Waiting for" in line for line in iter(said.readline, "")), "it ended"


if __name__ == "__main__":
    main()
