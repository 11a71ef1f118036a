"""The key of a mark: a digest of everything that it depends on. Equal keys, equal points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from autograder.intake.submission import Submission
from autograder.judging.environment import Environment
from autograder.judging.needs import Needs
from autograder.judging.options import Options
from autograder.judging.plan import LessonStep, Step, TestStep, plan
from autograder.lessons.model import Cell, Lesson
from autograder.lessons.notebooks import released_cells

#: Grows when the same facts would come to another digest.
_SCHEMA = 1


def mark_keys(
    lesson: Lesson,
    submission: Submission,
    environment: Environment,
    *,
    hidden_seed: int = 0,
    options: Options = Options(),  # noqa: B008  frozen
    files: Iterable[tuple[str, bytes]] = (),
) -> dict[str, str]:
    """The key of each graded cell's mark, by the cell's id.

    A test's has the cells that it needs (:mod:`autograder.judging.needs`), its own lines, the seed
    of its inputs, the limits, the files beside the notebook and what judges. What a sentence says
    of *other* tasks is no part of it: a mark that waits for another is worded anew.
    """
    steps = plan(lesson, submission, options)
    beside = [(name, hashlib.sha256(content).hexdigest()) for name, content in files]
    needs = Needs(steps, [name for name, _ in beside])
    shared = {
        "schema": _SCHEMA,
        "environment": environment.digest,
        "seed": hidden_seed,
        "limits": asdict(lesson.limits),
        "experiments": options.run_experiments,
        "files": beside,
    }
    keys = {}
    for step in steps:
        if isinstance(step, TestStep):
            cells = [_described(one) for one in needs.of(step)]
            keys[step.cell.id] = _digest({**shared, "test": _of_cell(step.cell), "cells": cells})
        elif isinstance(step, LessonStep) and step.cell.kind == "answer":
            text = None if step.missing else step.source
            answer = {"id": step.cell.id, "points": step.cell.points, "text": text}
            released = released_cells(lesson).get(step.cell.id)
            untouched = released is not None and text == released.source
            keys[step.cell.id] = _digest({"schema": _SCHEMA, **answer, "untouched": untouched})
    return keys


@lru_cache(maxsize=16)  # asked for every submission of a class
def graded_part(lesson: Lesson) -> str:
    """A digest of what of a lesson may change a mark: its code, its points, its limits.

    Prose, hints, mark schemes and titles are no part of it.
    """
    released = released_cells(lesson)
    cells: list[Any] = []
    for cell in lesson.cells:
        if cell.is_code and cell.kind != "install":
            cells.append(_of_cell(cell))
        elif cell.kind == "answer":
            there = released.get(cell.id)
            cells.append((cell.id, cell.points, there.source if there else ""))
    return _digest({"limits": asdict(lesson.limits), "cells": cells})


def submission_digest(submission: Submission) -> str:
    """A digest of what a student wrote, and of what was said about it when it was read."""
    extras = [asdict(extra) for extra in submission.extras]
    flags = [asdict(flag) for flag in submission.flags]
    return _digest([sorted(submission.sources.items()), extras, submission.remarks, flags])


def hidden_seed(base: int, submission: Submission) -> int:
    """The seed of the hidden tests' inputs for one submission.

    Other code meets other inputs. So what a submission learned about its inputs, if it finds a way
    to tell its author, is of no use for the next one. The same code meets the same.
    """
    code = sorted(
        (name, source)
        for name, source in submission.sources.items()
        if name.startswith("solution-")
    )
    added = [one.source for one in submission.extras if one.cell_type == "code"]
    return int(_digest([base, code, added])[:8], 16)


def _of_cell(cell: Cell) -> dict[str, Any]:
    fields = {**asdict(cell), "id": cell.id}
    for name in ("number", "title"):
        del fields[name]
    return fields


def _described(step: Step) -> tuple[str, str]:
    return (step.cell.id if isinstance(step, LessonStep) else "", step.source)


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=list).encode()).hexdigest()
