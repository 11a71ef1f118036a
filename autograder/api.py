"""The few functions that other programs call: grade a notebook, check one, prove a lesson, read
results.

::

    from pathlib import Path
    from autograder import api

    lesson = api.load_lesson(Path("assignments/06_optimizers"))
    result = api.grade_notebook(Path("ada.ipynb"), lesson)
    print(result.points, "of", lesson.points)
    for mark in result.marks:
        print(mark.cell, mark.outcome, mark.says)

Each starts processes of its own and takes seconds to warm up; for many notebooks in a row, open a
:class:`~autograder.classes.workers.WorkerPool` once and pass it as ``pool``.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.authoring import proof
from autograder.authoring.proof import Row
from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded, Pool
from autograder.classes.self_check import Check, Line, UnknownTaskError
from autograder.classes.self_check import check as check_with
from autograder.classes.spawned_pool import open_pool
from autograder.classes.workers import WorkerPool
from autograder.intake.submission import SubmissionError, read
from autograder.isolation.tiers import NO_ISOLATION, choose
from autograder.judging.mark import Mark
from autograder.judging.options import Options
from autograder.judging.result import Result
from autograder.lessons.model import Lesson
from autograder.lessons.reading import load

__all__ = [
    "Check",
    "Lesson",
    "Line",
    "Mark",
    "PoolError",
    "Result",
    "Row",
    "SubmissionError",
    "UnknownTaskError",
    "check_notebook",
    "grade_notebook",
    "load_lesson",
    "prove_lesson",
    "read_marks",
]


def load_lesson(folder: Path) -> Lesson:
    """The lesson in a folder such as ``assignments/06_optimizers``.

    Raises:
        LessonError: there is none, or it cannot be used.
    """
    return load(folder)


def grade_notebook(
    path: Path,
    lesson: Lesson,
    *,
    hidden_seed: int = 0,
    sandbox: str = "auto",
    run_experiments: bool = False,
    pool: WorkerPool | None = None,
) -> Result:
    """Grade one notebook against a lesson. Nothing is written.

    Args:
        hidden_seed: the seed of the hidden tests' inputs.
        sandbox: the tier of isolation: "strong", "fallback", "none", or "auto" for the strongest.
        run_experiments: run the experiments too.
        pool: an open pool of processes, which then decides on the isolation.

    Raises:
        SubmissionError: the file cannot be read as a notebook.
        TierError: the submission cannot be isolated so here.
        PoolError: the grader itself failed.
    """
    options = Options(run_experiments)
    job = Job(path.name, lesson, read(lesson, path), "", hidden_seed, options)
    with _opened(pool, sandbox) as opened:
        ((_, result),) = opened.run([job])
    if isinstance(result, NotGraded):
        raise PoolError(f"{path} could not be graded: {result.reason}")
    return result


def check_notebook(
    path: Path,
    *,
    tasks: Iterable[str] = (),
    run_experiments: bool = False,
    pool: Pool | None = None,
) -> Check:
    """What the visible tests find in a student's own notebook: a line a test cell, remarks,
    written answers.

    It is judged as when it is graded, if the released lesson (``NAME.lesson.json``) lies beside
    it or in ``release/NAME/`` above it or above the current folder. The notebook runs with the
    rights of who calls this, unless ``pool`` isolates it.

    Args:
        tasks: judge these only; all if none is named.
        run_experiments: run the experiments too.
        pool: an open pool of processes.

    Raises:
        SubmissionError: the file is no notebook, or none of a course.
        UnknownTaskError: there is no such task.
        PoolError: the grader itself failed.
    """
    with open_pool() if pool is None else contextlib.nullcontext(pool) as opened:
        return check_with(path, opened, run_experiments, tasks)


def prove_lesson(
    lesson: Lesson,
    *,
    seeds: int = 20,
    variant_seeds: int = 2,
    sandbox: str = "auto",
    pool: WorkerPool | None = None,
) -> list[Row]:
    """Show that a lesson's tests accept what is right and catch what is wrong.

    Args:
        seeds: hidden seeds for the reference solutions.
        variant_seeds: hidden seeds for each misconception and alternative.

    Raises:
        LessonError: a misconception cannot be used.
        PoolError: the grader itself failed.
    """
    claims = proof.claims(lesson, seeds, variant_seeds)
    with _opened(pool, sandbox) as opened:
        return proof.prove(claims, opened, lambda done, total: None)


def read_marks(path: Path) -> list[Mark]:
    """The marks in an autograded notebook, in its order.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no notebook, or its marks are of another version.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    records = [cell["metadata"].get("autograder") for cell in notebook["cells"]]
    return [Mark.from_dict(record) for record in records if record is not None]


@contextlib.contextmanager
def _opened(pool: WorkerPool | None, sandbox: str) -> Iterator[WorkerPool]:
    if pool is not None:
        yield pool
        return
    isolation = NO_ISOLATION if sandbox == "none" else choose(sandbox)
    with WorkerPool(1, isolation) as made:
        yield made
