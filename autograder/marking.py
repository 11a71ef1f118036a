"""A class, from submitted/ to the gradebook: what is done already stays, the rest is graded."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from autograder.build import master_notebook
from autograder.classroom import Classroom, DaskClassroom, Job, NotGraded
from autograder.course import Course
from autograder.gradebook import Marks
from autograder.grading import Options, Result
from autograder.lesson import Lesson
from autograder.wire import plain


@dataclass(frozen=True)
class Entry:
    """A student of the class.

    ``result`` is None if nothing had changed since the last time, or if the submission could not
    be graded this time, for the reason ``not_graded``.
    """

    student: str
    result: Result | None
    not_graded: str = ""


@dataclass(frozen=True)
class MarkedClass:
    """What one run of ``autograder grade`` did."""

    lesson: Lesson
    entries: tuple[Entry, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form (schema 1), described in docs/how-grading-works.md."""
        return {
            "assignment": self.lesson.name,
            "max_points": self.lesson.points,
            "seconds": round(self.seconds, 3),
            "students": [
                {"student": entry.student, "unchanged": False, "not_graded": entry.not_graded}
                if entry.not_graded
                else {"student": entry.student, "unchanged": True}
                if entry.result is None
                else {
                    "student": entry.student,
                    "unchanged": False,
                    "points": entry.result.points,
                    "seconds": round(entry.result.seconds, 3),
                    "tier": entry.result.tier,
                    "version": entry.result.version,
                    "remarks": list(entry.result.remarks),
                    "flags": [asdict(flag) for flag in entry.result.flags],
                    "marks": [asdict(mark) for mark in entry.result.marks],
                }
                for entry in self.entries
            ],
        }


#: What odd files can raise on the way; SystemExit is nbgrader's way to give up.
_OF_ONE_STUDENT = (
    OSError, ValueError, ArithmeticError, LookupError, TypeError, MemoryError, RecursionError,
    SQLAlchemyError, SystemExit,
)  # fmt: skip


@contextlib.contextmanager
def _costs_only(student: str, not_graded: dict[str, str]) -> Iterator[None]:
    """What goes wrong with one student's files stops nobody else; it is told, and tried again."""
    try:
        yield
    except _OF_ONE_STUDENT as error:
        not_graded[student] = f"{type(error).__name__}: {plain(str(error), 300)}"


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits, so that marks and files agree when it comes.

    Blocking the signal would not do: another thread, such as a progress bar's, would take it.
    """
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def mark_class(
    course: Course,
    lesson: Lesson,
    classroom: Classroom | DaskClassroom,
    *,
    students: list[str] | None = None,
    force: bool = False,
    options: Options = Options(),  # noqa: B008  frozen
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> MarkedClass:
    """Grade an assignment of a course and write the marks, one submission at a time.

    Raises:
        CourseError: no such student, or a configuration that cannot be loaded.
        BuildError: the gradebook cannot take the assignment as it is now.
    """
    started = time.perf_counter()
    master = master_notebook(lesson)
    handed_in = course.handed_in(lesson, students)
    results: dict[str, Result] = {}
    not_graded: dict[str, str] = {}
    with Marks(course) as marks:
        marks.register(lesson, master)
        known = marks.graded_students(lesson)
        todo = {}
        for one in handed_in:
            with _costs_only(one.student, not_graded):
                fingerprint = course.fingerprint(one, lesson, options)
                if force or one.student not in known or not marks.is_done(one, lesson, fingerprint):
                    todo[one.student] = (one, fingerprint)
        on_progress(0, len(todo))

        def jobs() -> Iterator[Job]:
            for one, _ in todo.values():
                with _costs_only(one.student, not_graded):
                    yield course.job(one, lesson, master, options)

        done = classroom.run(jobs()) if todo else ()
        for number, (job, result) in enumerate(done, start=1):
            one, fingerprint = todo[job.key]
            with _uninterrupted():
                if isinstance(result, NotGraded):
                    not_graded[job.key] = result.reason
                else:
                    with _costs_only(job.key, not_graded):
                        marks.record(one, lesson, result, fingerprint)
                        results[job.key] = result
                on_progress(number, len(todo))
    entries = tuple(
        Entry(one.student, results.get(one.student), not_graded.get(one.student, ""))
        for one in handed_in
    )
    return MarkedClass(lesson, entries, time.perf_counter() - started)
