"""Limits of the kernel for one process and what it starts."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

APPLY = """
import json, resource, sys
from autograder.isolation import rlimits
for limits in json.loads(sys.argv[1]):
    rlimits.apply(limits)
kinds = ("AS", "CPU", "FSIZE", "NPROC", "NOFILE", "CORE")
print(json.dumps({kind: resource.getrlimit(getattr(resource, f"RLIMIT_{kind}")) for kind in kinds}))
"""


def after(*limits: dict[str, float]) -> dict[str, list[int]]:
    """The soft and hard limits of a process that has applied these, one after another."""
    ended = subprocess.run(
        [sys.executable, "-c", APPLY, json.dumps(limits)], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.skipif(sys.platform == "darwin", reason="no limit on the address space there")
def test_each_limit_is_applied_in_its_unit() -> None:
    found = after({"memory_mb": 2048, "cpu_seconds": 90, "file_mb": 1.5, "files": 100})
    assert found["AS"] == [2048 << 20] * 2
    # The soft limit's signal says why a process ends; the hard one ends what ignores it.
    assert found["CPU"] == [90, 95]
    assert found["FSIZE"] == [3 << 19] * 2
    assert found["NOFILE"] == [100, 100]
    assert found["CORE"] == [0, 0]


def test_what_is_not_named_stays_and_nothing_is_raised_again() -> None:
    before, once = after({}), after({"files": 100})
    assert {**once, "NOFILE": before["NOFILE"]} == before
    assert after({"files": 100}, {"files": 200})["NOFILE"] == [100, 100]


def test_tests_that_wait_may_have_processes_beyond_the_limit() -> None:
    assert after({"processes": 10, "tests": 3})["NPROC"] == [10, 13]
