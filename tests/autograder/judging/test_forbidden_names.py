"""What a task asks to write and a submission uses: told to the instructor, no mark changed."""

from __future__ import annotations

import pytest

from autograder.authoring.proof import reference
from autograder.intake.submission import Extra, Submission
from autograder.lessons.model import LessonError

CELLS = """\
# %% shared="imports"
import numpy as np
import torch
import torch.nn.functional as F

# %% solution="norm" forbid="numpy.linalg.norm torch.nn.functional.normalize"
def norm(x):
    ### BEGIN SOLUTION
    return float(np.sqrt((x * x).sum()))
    ### END SOLUTION

# %% tests="norm" points=2
assert abs(norm(np.array([3.0, 4.0])) - 5) < 1e-9

# %% solution="by_library"
def by_library(x):
    ### BEGIN SOLUTION
    return float(np.linalg.norm(x))
    ### END SOLUTION

# %% tests="by_library" points=1
assert abs(by_library(np.array([3.0, 4.0])) - 5) < 1e-9
assert abs(np.linalg.norm(np.ones(4)) - 2) < 1e-9
"""


@pytest.fixture
def told(make_lesson, grade):
    """Grade an answer to the task; the points, and what the instructor is told."""
    lesson = make_lesson(CELLS)

    def run(source: str = "", extras: tuple[Extra, ...] = ()):
        base = reference(lesson)
        sources = {**base.sources, **({"solution-norm": source} if source else {})}
        result = grade(lesson=lesson, submission=Submission(sources, extras, ()))
        return result.points, [(flag.cell, flag.what, flag.evidence) for flag in result.flags]

    return run


def test_what_another_task_or_a_test_uses_is_no_matter(told) -> None:
    assert told() == (3.0, [])


@pytest.mark.parametrize(
    "source",
    [
        "def norm(x):\n    return float(np.linalg.norm(x))",
        "from numpy.linalg import norm as size\ndef norm(x):\n    return float(size(x))",
        "import numpy.linalg as la\ndef norm(x):\n    return float(la.norm(x))",
    ],
    ids=["attribute", "imported from", "alias"],
)
def test_a_use_in_the_source_is_told_with_its_line_and_costs_nothing(told, source) -> None:
    points, flags = told(source)
    assert points == 3.0
    ((cell, what, evidence), *others) = flags
    assert cell == "solution-norm"
    assert "numpy.linalg.norm, which the task asks to write; marks are unchanged" in what
    assert "norm" in evidence
    assert all("numpy.linalg.norm" in what for _, what, _ in others)


def test_a_use_that_the_source_hides_is_seen_while_it_runs(told) -> None:
    hidden = "def norm(x):\n    return float(getattr(getattr(np, 'lin' + 'alg'), 'norm')(x))"
    points, flags = told(hidden)
    assert points == 3.0
    ((_, what, evidence),) = flags
    assert "calls numpy.linalg.norm" in what
    assert evidence == "Seen while it ran; not in the source."


def test_a_use_in_an_added_cell_is_told(told) -> None:
    extra = Extra("extra", "code", "def helper(x):\n    return np.linalg.norm(x)", "setup-imports")
    points, flags = told("def norm(x):\n    return float(helper(x))", (extra,))
    assert points == 3.0
    assert [evidence for _, _, evidence in flags] == ["return np.linalg.norm(x)"]


def test_a_forbidden_name_must_be_dotted(make_lesson) -> None:
    with pytest.raises(LessonError, match=r"forbid='norm' is no dotted name"):
        make_lesson(CELLS.replace("numpy.linalg.norm torch.nn.functional.normalize", "norm"))
