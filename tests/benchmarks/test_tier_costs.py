"""The script that measures what isolation adds."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

from autograder.isolation import tiers as isolation

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import tiers  # noqa: E402  a script, not a package


def test_each_submission_is_timed_in_each_tier(small, tmp_path, monkeypatch) -> None:
    usable = [t for t in isolation.TIERS if isolation.probe(isolation.Isolation(t)).works]
    # A clock that goes on by one whenever somebody looks at it.
    clock = SimpleNamespace(perf_counter=itertools.count().__next__)
    monkeypatch.setattr(tiers, "time", clock)
    todo = tiers.jobs(tmp_path / "class", small, 2)
    seconds = tiers.measure(todo, rounds=1)
    assert list(seconds) == usable
    assert all(times == [1, 1] for times in seconds.values())


def test_what_is_reported_is_the_median_of_differences() -> None:
    # Not the difference of medians, which would be 0.
    seconds = {"strong": [0.130, 0.200, 0.340], "none": [0.100, 0.200, 0.300]}
    said = tiers.report({"a lesson": seconds}, rounds=1)
    assert "| a lesson | strong | 200 | +30 |" in said
    assert "| a lesson | none | 200 | +0 |" in said
