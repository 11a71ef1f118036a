"""The floor: a class's cells run in forks of a warm process, two at a time, and nothing else.

    python benchmarks/floor.py COURSE NAME... [--experiments]

One fork a submission runs its cells in IPython, and one fork of that runs each test cell, hidden
tests included: the work that any grader must do that keeps tests apart. No marks, no protocol,
no limits, no files.
"""

from __future__ import annotations

import argparse
import functools
import gc
import os
import traceback
from collections.abc import Callable
from pathlib import Path

from autograder.intake.submission import Submission, read
from autograder.lessons import reading
from autograder.lessons.model import Lesson
from autograder.sandbox import preimport
from autograder.sandbox.shell import Shell, warm_shell

#: Of each cell's output, so much is kept, in bytes.
_OUTPUT = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("course", type=Path)
    parser.add_argument("names", nargs="+", help="assignments, by name or beginning")
    parser.add_argument("--experiments", action="store_true", help="run experiments too")
    options = parser.parse_args()
    preimport.import_all()
    shell = warm_shell()
    gc.collect()
    gc.freeze()
    work = [
        (lesson, read(lesson, path))
        for lesson in reading.find(options.course, options.names)
        for path in sorted(options.course.glob(f"submitted/*/{lesson.name}/{lesson.name}.ipynb"))
    ]

    def run_half(first: int) -> None:
        for lesson, submission in work[first::2]:
            wait_for(fork(lambda: run(shell, lesson, submission, options.experiments)))  # noqa: B023

    # Two forks side by side take every second submission each.
    for half in [fork(functools.partial(run_half, first)) for first in (0, 1)]:
        wait_for(half)


def run(shell: Shell, lesson: Lesson, submission: Submission, experiments: bool) -> None:
    """Run the cells of a submission, and each test in a fork."""
    for cell in lesson.cells:
        if cell.kind == "tests":
            wait_for(fork(lambda: shell.run(cell.source, _OUTPUT)))  # noqa: B023  run at once
        elif cell.kind == "solution":
            shell.run(submission.sources[cell.id], _OUTPUT)
        elif cell.is_lessons_code or (cell.kind == "experiment" and experiments):
            shell.run(cell.source, _OUTPUT)


def fork(work: Callable[[], object]) -> int:
    """Do some work in a fork; its process's id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001  nothing may go on in a fork
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def wait_for(pid: int) -> None:
    """Wait for a fork; SystemExit if its work failed, for then less was done than is said."""
    _, status = os.waitpid(pid, 0)
    if status:
        raise SystemExit(f"a fork ended with {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
