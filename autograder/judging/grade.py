"""One submission to one result. Pure: no database, no files but the sandbox's, no global state."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from autograder.intake.submission import Submission
from autograder.judging import forbidden_names
from autograder.judging.earlier import Earlier, keep
from autograder.judging.environment import environment_of
from autograder.judging.mark import Mark
from autograder.judging.notebook import cells_of
from autograder.judging.options import Options
from autograder.judging.plan import plan
from autograder.judging.reasons import explained
from autograder.judging.result import Result
from autograder.judging.run import NotebookRun
from autograder.judging.sandbox_client import Sandbox
from autograder.judging.scripts import Prepared
from autograder.lessons.model import Cell, Lesson
from autograder.lessons.notebooks import master_cells, released_cells

if TYPE_CHECKING:
    from autograder.judging.spawned import SpawnedSandbox


def grade(
    lesson: Lesson,
    submission: Submission,
    sandbox: Sandbox | SpawnedSandbox,
    prepared: Prepared,
    options: Options = Options(),  # noqa: B008  frozen
    files: Iterable[tuple[str, bytes]] = (),
    earlier: Earlier | None = None,
) -> Result:
    """Run a submission in the sandbox and judge every test cell of the lesson.

    Args:
        prepared: the lesson's tests, ready to run (``scripts.prepare``).
        files: what lies beside the notebook while it runs.
        earlier: what is known of this submission already; only the rest is run.
    """
    started = time.perf_counter()
    files = list(files)
    steps = plan(lesson, submission, options)
    run = NotebookRun(lesson, steps, sandbox, prepared, files)
    if earlier is not None:
        run.called |= earlier.called
    names = [name for name, _ in files]
    if earlier is None or keep(steps, earlier, names):
        run.complete()
    marks = explained(lesson, submission, steps, sandbox.tier)
    for cell in lesson.graded:
        if cell.kind == "answer":
            marks[cell.id] = _mark_of_answer(lesson, cell, submission, sandbox.tier)
    used = forbidden_names.uses_in_source(lesson, submission)
    return Result(
        lesson=lesson.name,
        lesson_digest=lesson.digest,
        marks=tuple(marks[cell.id] for cell in lesson.graded if cell.id in marks),
        cells=cells_of(lesson, steps, marks),
        remarks=(*submission.remarks, *run.remarks),
        seconds=time.perf_counter() - started,
        tier=sandbox.tier,
        flags=(*submission.flags, *forbidden_names.flags(used, run.called)),
        environment=environment_of(lesson, sandbox.tier, "gpu" if options.gpu else "cpu").digest,
        earlier=None if run.remarks else Earlier.of_run(steps, run.called),
    )


def unreadable(lesson: Lesson, reason: str) -> Result:
    """The result of a submission that could not be read: no points, and the reason everywhere."""
    marks = tuple(
        Mark(cell.id, cell.name, 0.0, cell.points, "not_run", reason, reason)
        for cell in lesson.graded
    )
    cells = [copy.deepcopy(cell) for cell in master_cells(lesson)]
    return Result(lesson.name, lesson.digest, marks, cells, (reason,))


def _mark_of_answer(lesson: Lesson, cell: Cell, submission: Submission, tier: str) -> Mark:
    """Free text: nothing for what is as it was handed out; else it waits for a person."""
    answer = submission.sources.get(cell.id)
    released = released_cells(lesson).get(cell.id)
    if answer is None or (released is not None and answer == released.source):
        says = "No answer was given."
        return Mark(cell.id, cell.name, 0.0, cell.points, "not_answered", says, tier=tier)
    return Mark(cell.id, cell.name, None, cell.points, "to_be_marked", tier=tier)
