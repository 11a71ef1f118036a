"""What the tests of classes share: a pool of warm processes, small jobs, a course without haste."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "without_forks"))

from small_class import without_haste

from autograder.authoring.proof import reference
from autograder.classes.jobs import Job
from autograder.classes.workers import WorkerPool

CELLS = """\
# %% shared="imports"
FIRST

# %% solution="one"
### BEGIN SOLUTION
one = 1
### END SOLUTION

# %% tests="one" points=1
assert one == 1
"""


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


@pytest.fixture
def jobs(make_lesson) -> Callable[..., list[Job]]:
    """Jobs of a lesson of a line, whose shared cell, which the worker runs too, is ``first``."""

    def make(count: int, first: str = "x = 1") -> list[Job]:
        lesson = make_lesson(CELLS.replace("FIRST", first))
        return [Job(f"{first} {number}", lesson, reference(lesson)) for number in range(count)]

    return make
