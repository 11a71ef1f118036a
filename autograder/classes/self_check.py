"""A student's own check: the judge of ``autograder grade``, with the tests that students have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded, Pool
from autograder.course.folders import files_beside
from autograder.intake.find_lesson import find_lesson
from autograder.intake.own_lesson import read_own
from autograder.intake.submission import NotOfCourseError, Submission, fit_file, recover
from autograder.judging.mark import Mark, Outcome
from autograder.judging.options import Options
from autograder.judging.result import Result
from autograder.lessons.model import Lesson
from autograder.lessons.released import SUFFIX

Answered = Literal["answered", "blank", "missing"]

_NOT_FOUND = (
    f"What was handed out was not found (NAME{SUFFIX}, which comes with the notebook), so the "
    "notebook was checked by itself: a task or a test that is missing may go unnoticed."
)
_OTHER_EDITION = (
    "The notebook was made from another edition of {name} than the one that was found; "
    "'autograder refresh' moves your answers into a newer notebook."
)


class UnknownTaskError(ValueError):
    """A task was asked for that the lesson does not have."""


@dataclass(frozen=True)
class Line:
    """What is said about one test cell.

    ``points`` are those of its visible tests, ``max_points`` what it is worth in all. ``changed``
    tells that the test in the notebook is not as it was handed out.
    """

    cell: str
    task: str
    part: str
    title: str
    outcome: Outcome
    says: str
    points: float
    max_points: float
    changed: bool = False

    @property
    def name(self) -> str:
        """The task, and the part of it if there are several."""
        return self.task + (f" ({self.part})" if self.part else "")


@dataclass(frozen=True)
class WrittenAnswer:
    """A cell of free text, which a person marks."""

    cell: str
    title: str
    state: Answered


@dataclass(frozen=True)
class Check:
    """What a student's own check found.

    ``found`` tells whether the released lesson was; without it ``lesson`` and ``title`` are the
    notebook's own. ``remarks`` say what was odd in the notebook and what was done about it;
    ``notes`` are about the check itself. ``missing`` are cells for students that are not in the
    notebook; ``altered`` are read-only cells that are not as they were handed out.
    """

    lesson: str
    title: str
    found: bool
    lines: tuple[Line, ...]
    answers: tuple[WrittenAnswer, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """The points of the visible tests so far."""
        return sum(line.points for line in self.lines)

    @property
    def max_points(self) -> float:
        """What the tests are worth in all."""
        return sum(line.max_points for line in self.lines)

    @property
    def passed(self) -> int:
        """How many test cells pass."""
        return sum(line.outcome == "passed" for line in self.lines)

    @property
    def is_good(self) -> bool:
        """Whether every visible test passes, as far as visible tests give points."""
        return all(line.outcome in ("passed", "partial") for line in self.lines)

    @property
    def next(self) -> Line | None:
        """The first test cell that does not pass."""
        return next((one for one in self.lines if one.outcome not in ("passed", "partial")), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, described in docs/how-grading-works.md."""
        return {**asdict(self), "points": self.points, "max_points": self.max_points}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Check:
        """The check of a record.

        Raises:
            KeyError, TypeError: a field is missing, or unknown.
        """
        fields = {k: v for k, v in record.items() if k not in ("points", "max_points")}
        for name in ("remarks", "notes", "missing", "altered"):
            fields[name] = tuple(fields[name])
        fields["lines"] = tuple(Line(**one) for one in fields["lines"])
        fields["answers"] = tuple(WrittenAnswer(**one) for one in fields["answers"])
        return cls(**fields)


@dataclass(frozen=True)
class OwnWork:
    """A student's notebook, read for a check; what lies beside it goes with it."""

    path: Path
    lesson: Lesson
    submission: Submission
    found: bool
    notes: tuple[str, ...] = ()
    altered: frozenset[str] = frozenset()
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)

    def job(self, tasks: Iterable[str] = (), run_experiments: bool = False) -> Job:
        """The job that checks it.

        Args:
            tasks: judge these only, and what they need; all if none is named.

        Raises:
            UnknownTaskError: there is no such task.
        """
        names = [task.name for task in self.lesson.tasks]
        asked = tuple(tasks)
        for name in asked:
            if name not in names:
                raise UnknownTaskError(
                    f"{self.lesson.name} has no task {name!r}; choose from {', '.join(names)}"
                )
        # An answer that calls a wrong one waits for it, and is told so.
        needed = set(asked).union(*(self.lesson.needed_by(name) for name in asked))
        judged = tuple(name for name in names if name in needed)
        options = Options(run_experiments, judged)
        key = str(self.path)
        return Job(key, self.lesson, self.submission, options=options, files=self.files)

    def report(self, result: Result, tasks: Iterable[str] = ()) -> Check:
        """What a result says to the student, about all tasks or those that were asked for."""
        asked = set(tasks)
        marks = {mark.cell: mark for mark in result.marks}
        students = {cell.id for cell in self.lesson.cells if cell.is_students}
        altered = self.altered | {flag.cell for flag in self.submission.flags} - students
        lines = tuple(
            _line(self.lesson, marks[cell.id], cell.part, cell.id in altered)
            for cell in self.lesson.cells
            if cell.kind == "tests" and cell.id in marks and (not asked or cell.name in asked)
        )
        answers = tuple(
            WrittenAnswer(cell.id, cell.title or cell.name, self._state(marks[cell.id]))
            for cell in self.lesson.graded
            if cell.kind == "answer" and not asked
        )
        return Check(
            lesson=self.lesson.name,
            title=self.lesson.title,
            found=self.found,
            lines=lines,
            answers=answers,
            remarks=result.remarks,
            notes=self.notes,
            missing=tuple(
                cell.id
                for cell in self.lesson.cells
                if cell.is_students and cell.id not in self.submission.sources
            ),
            altered=tuple(cell.id for cell in self.lesson.cells if cell.id in altered),
        )

    def _state(self, mark: Mark) -> Answered:
        if mark.cell not in self.submission.sources:
            return "missing"
        return "blank" if mark.outcome == "not_answered" else "answered"


def read_work(path: Path, here: Path | None = None) -> OwnWork:
    """Read a student's notebook, against the released lesson if it can be found.

    Args:
        here: another folder to look for the released lesson in; the current one otherwise.

    Raises:
        SubmissionError: the file is no notebook.
        NotOfCourseError: it is no notebook of the course, as far as can be told.
    """
    file = recover(path)
    files = tuple(_contents(path.parent))
    found, problem = find_lesson(path, file, here or Path.cwd())
    notes = [problem] if problem else []
    if found is not None:
        if found.is_other_edition:
            notes.append(_OTHER_EDITION.format(name=found.lesson.name))
        submission = fit_file(found.lesson, file)
        return OwnWork(path, found.lesson, submission, True, tuple(notes), files=files)
    try:
        own = read_own(path, file)
    except NotOfCourseError as error:
        raise NotOfCourseError(
            f"{error} (If it is one, put the file NAME{SUFFIX} of the hand-out beside it.)"
        ) from error
    notes.append(_NOT_FOUND)
    return OwnWork(path, own.lesson, own.submission, False, tuple(notes), own.altered, files)


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files beside a notebook, as far as they can be read: it may lie in any folder."""
    for name in files_beside(folder):
        with contextlib.suppress(OSError):
            yield name, (folder / name).read_bytes()


def check(
    path: Path,
    pool: Pool,
    run_experiments: bool = False,
    tasks: Iterable[str] = (),
    here: Path | None = None,
) -> Check:
    """Run a notebook from the top and judge its visible tests.

    Raises:
        SubmissionError: the file is no notebook, or no notebook of the course.
        UnknownTaskError: one of ``tasks`` is none of the lesson.
        PoolError: the grader itself failed.
    """
    work = read_work(path, here)
    tasks = tuple(tasks)
    ((_, result),) = pool.run([work.job(tasks, run_experiments)])
    if isinstance(result, NotGraded):
        raise PoolError(f"{path.name} could not be run: {result.reason}")
    return work.report(result, tasks)


def _line(lesson: Lesson, mark: Mark, part: str, changed: bool) -> Line:
    title = lesson.task(mark.task).title
    points = mark.points or 0.0
    return Line(
        mark.cell, mark.task, part, title, mark.outcome, _says(mark), points, mark.max_points,
        changed,
    )  # fmt: skip


def _says(mark: Mark) -> str:
    if mark.outcome == "passed":
        return "passes its visible tests"
    if mark.outcome == "partial":
        # The rest of the points may be given by hidden tests, which are not here.
        return f"its visible tests give {mark.points:g} of {mark.max_points:g} points"
    return mark.says
