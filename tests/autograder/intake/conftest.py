"""What the tests of what comes in share: a class to collect for, and notebooks of the small lesson.

``tests/submissions`` holds the small lesson with a student's work (``whole``), broken in one way
a folder.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from lms_archives import Class
from nbformat import NotebookNode
from small_notebooks import case, students

from autograder.intake.submission import Submission, read
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import master_cells


@pytest.fixture
def a_class(tmp_path: Path) -> Class:
    """A course to collect into, beside files that no archive may touch."""
    return Class(tmp_path)


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows the time of a zone with summer time."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def notebook(small: Lesson) -> NotebookNode:
    """The release of the small lesson, but with its hidden tests; a test may change it."""
    cells = copy.deepcopy(list(master_cells(small)))
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    made: NotebookNode = nbformat.from_dict(whole)
    return made


@pytest.fixture
def hand_in(small: Lesson, tmp_path: Path) -> Callable[[NotebookNode], Submission]:
    """Write a notebook to a file and read it as a submission."""

    def write_and_read(notebook: NotebookNode) -> Submission:
        path = tmp_path / "90_small.ipynb"
        nbformat.write(notebook, path)
        return read(small, path)

    return write_and_read


@pytest.fixture(scope="module")
def whole(small: Lesson) -> Submission:
    """What the student wrote whose work is in tests/submissions, read from the whole notebook."""
    found = read(small, case("whole"))
    assert (found.extras, found.remarks, found.flags) == ((), (), ())
    return found


@pytest.fixture(scope="module")
def work(small: Lesson, whole: Submission) -> dict[str, str]:
    """The sources of the student's cells in the whole notebook."""
    return students(small, whole)
