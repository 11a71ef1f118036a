"""The notebook to be: the lesson's cells in order, with the student's sources and extra cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograder.intake.submission import Extra, Submission
from autograder.judging.options import Options
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Cell, Lesson
from autograder.lessons.python_source import free_names, top_level_names


@dataclass
class Step:
    """A cell of the notebook to be, and what came of it.

    ``runs`` tells whether the sandbox runs it; ``kept`` that it need not this time, because what it
    showed is known. ``fatal`` says how it ended the process, if it did; ``done`` that it has run,
    and ``outputs`` what it showed.
    """

    source: str
    runs: bool
    outputs: list[dict[str, Any]] = field(default_factory=list)
    fatal: str = ""
    done: bool = False
    tried_again: bool = False
    kept: bool = False

    @property
    def name(self) -> str:
        """What remarks call the cell."""
        return "a cell that was added"

    @property
    def is_given(self) -> bool:
        """Whether it is code that students are given."""
        return False

    @property
    def task(self) -> str | None:
        """The task that it answers; empty if it may belong to any, None if it is the lesson's."""
        return ""


@dataclass
class ExtraStep(Step):
    """A cell that the student added."""

    extra: Extra = field(kw_only=True)


@dataclass
class LessonStep(Step):
    """A cell of the lesson. ``missing``: it is the student's, and not in the submission."""

    cell: Cell = field(kw_only=True)
    missing: bool = False

    @property
    def name(self) -> str:
        """What remarks call the cell."""
        return self.cell.id

    @property
    def is_given(self) -> bool:
        """Whether it is code that students are given."""
        return self.cell.is_lessons_code

    @property
    def task(self) -> str | None:
        """The task that it answers; None if it is the lesson's own."""
        return self.cell.name if self.cell.kind == "solution" else None


@dataclass
class TestStep(LessonStep):
    """A test cell, and its verdict once there is one."""

    __test__ = False  # pytest takes it for a class of tests

    verdict: Verdict | None = None


def plan(lesson: Lesson, submission: Submission, options: Options) -> list[Step]:
    """The steps of a submission, in order."""
    steps: list[Step] = [*_extras(submission, "")]
    for cell in lesson.cells:
        if cell.kind == "tests":
            if not options.tasks or cell.name in options.tasks:
                steps.append(TestStep(cell.source, False, cell=cell))
        else:
            steps.append(_lesson_step(cell, submission))
        steps += _extras(submission, cell.id)
    if not options.run_experiments:
        _skip_experiments(steps)
    return steps


def _extras(submission: Submission, after: str) -> Iterable[ExtraStep]:
    for extra in submission.extras:
        if extra.after == after:
            yield ExtraStep(extra.source, extra.cell_type == "code", extra=extra)


def _lesson_step(cell: Cell, submission: Submission) -> LessonStep:
    if not cell.is_students:
        # What installs on Colab and Kaggle is nothing to grade.
        return LessonStep(cell.source, cell.is_code and cell.kind != "install", cell=cell)
    missing = cell.id not in submission.sources
    source = submission.sources.get(cell.id, "")
    return LessonStep(source, cell.is_code and not missing, cell=cell, missing=missing)


def _skip_experiments(steps: list[Step]) -> None:
    """Skip experiments, but for those that bind a name which something the student wrote reads."""
    experiments = [step for step in steps if _is_experiment(step)]
    others = [step for step in steps if step.runs and not _is_experiment(step)]
    read: set[str] = set()
    bound: set[str] = set()
    for step in others:
        if step.task is not None:
            read |= free_names(step.source)
        bound |= set(top_level_names(step.source))
    for step in experiments:
        step.runs = bool((set(top_level_names(step.source)) & read) - bound)


def _is_experiment(step: Step) -> bool:
    return isinstance(step, LessonStep) and step.cell.kind == "experiment"
