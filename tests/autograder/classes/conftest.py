"""What the tests of classes share: one pool of warm processes, and a course without haste."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "without_forks"))

from small_class import without_haste

from autograder.classes.workers import WorkerPool


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    """A worker without isolation."""
    with WorkerPool(1) as opened:
        yield opened


@pytest.fixture
def small_course(small_course: Path) -> Path:
    """As in the tests of the whole, with limits on time that no busy machine comes to."""
    without_haste(small_course)
    return small_course
