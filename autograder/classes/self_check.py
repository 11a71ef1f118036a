"""A student's own check: the visible tests of a notebook, in a clean process, with no lesson."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded, Pool
from autograder.intake.own_lesson import read_own
from autograder.judging.mark import Mark, Outcome
from autograder.judging.result import Options


@dataclass(frozen=True)
class Line:
    """What ``autograder check`` says about one test cell.

    ``changed`` tells that the test in the notebook is not the one that was handed out.
    """

    task: str
    outcome: Outcome
    says: str
    points: float
    changed: bool = False


def check(path: Path, pool: Pool, run_experiments: bool = False) -> list[Line]:
    """Run a notebook from the top and judge its visible tests.

    Raises:
        SubmissionError: the file is no notebook, or no notebook of the course.
    """
    own = read_own(path)
    job = Job(path.name, own.lesson, own.submission, options=Options(run_experiments))
    ((_, result),) = pool.run([job])
    if isinstance(result, NotGraded):
        raise PoolError(f"{path.name} could not be run: {result.reason}")
    lines = []
    for cell in own.lesson.cells:
        if cell.kind == "tests":
            mark = result.mark(cell.id)
            name = cell.name + (f" ({cell.part})" if cell.part else "")
            lines.append(Line(name, mark.outcome, _says(mark), cell.points, cell.id in own.altered))
    return lines


def _says(mark: Mark) -> str:
    if mark.outcome == "passed":
        return "passes its visible tests"
    if mark.outcome == "partial":
        # The rest of the points may be given by hidden tests, which are not here.
        return f"its visible tests give {mark.points:g} of {mark.max_points:g} points"
    return mark.says
