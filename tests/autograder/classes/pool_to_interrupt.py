"""Run as a command: ``KIND ADDRESS LESSON`` grades jobs of a lesson until it is interrupted."""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.authoring.proof import reference
from autograder.classes.dask_pool import DaskPool
from autograder.classes.jobs import Job
from autograder.classes.workers import WorkerPool
from autograder.lessons import reading


def main(kind: str, address: str, folder: str) -> int:
    lesson = reading.load(Path(folder))
    jobs = (Job(f"{number}", lesson, reference(lesson)) for number in range(3000))
    try:
        with WorkerPool(2) if kind == "local" else DaskPool(address) as pool:
            for job, _ in pool.run(jobs):
                print(f"{job.key} is done")
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
