"""Grades the notebooks of ``forkless_cases`` without forks; prints what their marks say."""

from __future__ import annotations

import json
import os
import sys

import forkless_cases as cases

from autograder.classes.spawned_pool import SpawnedPool, open_pool
from autograder.judging import spawned

#: How many processes each case took.
_started: list[str] = []
_original = spawned.SpawnedSandbox.process


def _counted(self: spawned.SpawnedSandbox, is_replacement: bool) -> spawned.SpawnedProcess:
    _started.append(os.environ["CASE"])
    return _original(self, is_replacement)


def main() -> None:
    """Grade each case with one pool."""
    spawned.SpawnedSandbox.process = _counted  # type: ignore[method-assign]
    said = {}
    with open_pool() as pool:
        assert isinstance(pool, SpawnedPool)
        for job in cases.jobs():
            os.environ["CASE"] = job.key
            said[job.key] = cases.words_of(*pool.run([job]))
    processes = {name: _started.count(name) for name in said}
    json.dump({"said": said, "processes": processes}, sys.stdout)


if __name__ == "__main__":
    main()
