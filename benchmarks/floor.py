"""The floor: a class's cells run in forks of a warm process, two at a time, and nothing else.

    python benchmarks/floor.py COURSE [--experiments]

One fork a submission runs its cells in IPython, and one fork of that runs each test cell, hidden
tests included: the work that any grader must do that keeps tests apart. No marks, no wire, no
limits, no files.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from autograder.intake.submission import read
from autograder.lessons import reading
from autograder.sandbox import preimport
from autograder.sandbox.shell import warm_shell


def main() -> None:
    course, experiments = Path(sys.argv[1]), "--experiments" in sys.argv
    preimport.import_all()
    shell = warm_shell()
    gc.collect()
    gc.freeze()
    work = []
    for one in reading.find(course):
        for path in sorted(course.glob(f"submitted/*/{one.name}/{one.name}.ipynb")):
            work.append((one, read(one, path)))
    # Two forks side by side take every second submission each.
    halves = []
    for half in range(2):
        pid = os.fork()
        if pid == 0:
            for one, submission in work[half::2]:
                in_fork(
                    lambda one=one, submission=submission: run(shell, one, submission, experiments)
                )
            os._exit(0)
        halves.append(pid)
    for pid in halves:
        os.waitpid(pid, 0)


def run(shell, one, submission, experiments: bool) -> None:
    for cell in one.cells:
        if cell.kind == "tests":
            in_fork(lambda cell=cell: shell.run(cell.source, 1 << 20))
        elif cell.kind == "solution":
            shell.run(submission.sources[cell.id], 1 << 20)
        elif cell.kind in ("setup", "given") or (cell.kind == "experiment" and experiments):
            shell.run(cell.source, 1 << 20)


def in_fork(work) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
