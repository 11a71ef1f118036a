"""What the tests of judging share: the small lesson without haste, and lessons of a few lines."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.judging.result import Result
from autograder.lessons.model import Lesson

sys.path.insert(0, str(Path(__file__).parents[1] / "sandbox"))

from ran_cells import bare, converse, run, running  # noqa: F401  fixtures

#: Seconds that no test waits for, however busy the machine is.
AGES = {"cell_seconds": 600, "test_seconds": 600, "notebook_seconds": 3600}


@pytest.fixture(scope="session")
def patient(small: Lesson) -> Lesson:
    """The small lesson with limits on time that nothing but a loop without end comes to."""
    return replace(small, limits=small.limits.changed(AGES))


@pytest.fixture(scope="session")
def grade(grade: Callable[..., Result], patient: Lesson) -> Callable[..., Result]:
    """As in the tests of the whole; if no lesson is named, the small one without haste."""
    return functools.partial(grade, lesson=patient)


@pytest.fixture(scope="session")
def hasty(small: Lesson) -> Callable[..., Lesson]:
    """The small lesson with a few seconds for a test or a cell, where a loop without end is one."""

    def make(**limits: float) -> Lesson:
        return replace(small, limits=small.limits.changed({**AGES, **limits}))

    return make


@pytest.fixture
def make_lesson(make_lesson: Callable[..., Lesson]) -> Callable[..., Lesson]:
    """As in the tests of the whole, with ages for each cell and test unless ``limits`` say less."""

    def make(cells: str, **limits: float) -> Lesson:
        made = make_lesson(cells)
        return replace(made, limits=made.limits.changed({**AGES, **limits}))

    return make
