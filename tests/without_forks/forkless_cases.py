"""Notebooks of the small lesson whose marks must be the same with forks and without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.authoring import proof
from autograder.classes.jobs import Job, NotGraded
from autograder.judging.result import Result
from autograder.lessons import reading

_LESSON = Path(__file__).parents[1] / "course" / "assignments" / "90_small"

#: A function that is right once in the life of a process, and what it changes.
_ONCE = """
calls = []
torch.set_default_dtype(torch.float64)
def double(x):
    calls.append(x)
    np.random.seed(len(calls))
    return 2 * x if len(calls) == 1 else 0 * x
"""
_USES_IT = """
def update(state, function):
    state["y"] = double(function(state["x"])) / 2
    state["x"] += 1
    return state, lambda: state.pop("y")
"""
#: Names by task. What a cell ends in stands for itself.
CASES: dict[str, dict[str, str]] = {
    "right": {},
    "a test that changes the notebook": {
        "double": _ONCE,
        "update": _USES_IT,
        "largest": "largest = 16 if not calls and len(Out) == 0 else 4",
    },
    "functions that end and hang": {
        "double": "import os\ndef double(x):\n    os._exit(3)",
        "update": "def update(state, function):\n    while True:\n        pass",
        "Line": "class Line(torch.nn.Module):\n    def __init__(self):\n        raise SystemExit",
        "largest": "largest = 15",
    },
    "cells that fail": {
        "double": "def double(x)\n    return 2 * x",
        "update": "import sys\nsys.exit('no more')",
        "Line": "before = 4\nwhile True:\n    pass",
        "largest": "largest = before * before",
    },
    "a cell that ends the process": {
        "double": "import os\nos._exit(5)",
        "largest": "largest = 2**4",
    },
}


def jobs() -> Iterator[Job]:
    """A job for each case and one for the notebook as it is handed out."""
    lesson = reading.load(_LESSON)
    lesson = replace(lesson, limits=lesson.limits.changed({"cell_seconds": 5, "test_seconds": 8}))
    yield Job("untouched", lesson, proof.blank(lesson))
    for name, changed in CASES.items():
        yield Job(name, lesson, proof.reference(lesson, changed))


def words_of(graded: tuple[Job, Result | NotGraded]) -> dict[str, Any]:
    """What a result says, as data."""
    _, result = graded
    if isinstance(result, NotGraded):
        return {"not graded": result.reason}
    marks = [[mark.cell, mark.outcome, mark.points, mark.says] for mark in result.marks]
    errors = [
        output["ename"]
        for cell in result.cells
        for output in cell.get("outputs", ())
        if output["output_type"] == "error"
    ]
    return {"marks": marks, "remarks": list(result.remarks), "errors": errors}
