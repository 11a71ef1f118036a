"""A class, from submitted/ to the gradebook: what is done already stays, the rest is graded."""

from __future__ import annotations

import contextlib
import pickle
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from autograder.classes.gradebook import GradebookWriter
from autograder.classes.jobs import Job, NotGraded, Pool, fingerprint, make_job
from autograder.course.folders import Course, CourseError
from autograder.course.nbgrader import BuildError
from autograder.judging.result import Options, Result
from autograder.lessons.model import Lesson
from autograder.protocol.plain_text import for_person


class Entry:
    """A student of the class.

    ``result`` is None if nothing had changed since the last time, or if the submission could not
    be graded this time, for the reason ``not_graded``. It has no cells: they are in the student's
    autograded notebook. The rest is kept packed, a tenth of its size, for classes are large.
    """

    __slots__ = ("_packed", "not_graded", "student")

    def __init__(self, student: str, result: Result | None, not_graded: str = "") -> None:
        self.student = student
        self.not_graded = not_graded
        self._packed: bytes | None = None
        if result is not None:
            self._packed = zlib.compress(pickle.dumps(replace(result, cells=[])))

    @property
    def result(self) -> Result | None:
        if self._packed is None:
            return None
        result: Result = pickle.loads(zlib.decompress(self._packed))
        return result


@dataclass(frozen=True)
class ClassRun:
    """What one run of ``autograder grade`` did.

    ``missing`` are the students in the gradebook who handed in nothing.
    """

    lesson: Lesson
    entries: tuple[Entry, ...]
    seconds: float
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form, described in docs/how-grading-works.md."""
        return {
            "assignment": self.lesson.name,
            "max_points": self.lesson.points,
            "seconds": round(self.seconds, 3),
            "missing": list(self.missing),
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
                    "marks": [mark.to_dict() for mark in entry.result.marks],
                }
                for entry in self.entries
            ],
        }


@contextlib.contextmanager
def _isolating_errors_of(student: str, not_graded: dict[str, str]) -> Iterator[None]:
    """Turn an error in one student's files into a not-graded entry; the next run retries it.

    Odd files can raise anything on the way; SystemExit is nbgrader's way to give up.
    """
    try:
        yield
    except (CourseError, BuildError):  # these are about all of them
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001
        not_graded[student] = f"{type(error).__name__}: {for_person(str(error), 300)}"


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


def grade_class(
    course: Course,
    lesson: Lesson,
    pool: Pool,
    *,
    students: list[str] | None = None,
    force: bool = False,
    options: Options = Options(),  # noqa: B008  frozen
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ClassRun:
    """Grade an assignment of a course and write the marks, one submission at a time.

    Raises:
        CourseError: no such student, or a configuration that cannot be loaded.
        BuildError: the gradebook cannot take the assignment as it is now.
    """
    started = time.perf_counter()
    handed_in = course.handed_in(lesson.name, students)
    done: dict[str, Entry] = {}
    not_graded: dict[str, str] = {}
    with GradebookWriter(course) as marks:
        marks.register(lesson)
        known = marks.graded_students(lesson)
        there = {one.student for one in handed_in}
        missing = () if students else tuple(sorted(marks.students() - there))
        todo = {}
        for one in handed_in:
            with _isolating_errors_of(one.student, not_graded):
                wanted = fingerprint(course, one, lesson, options)
                if force or one.student not in known or not marks.is_done(one, lesson, wanted):
                    todo[one.student] = (one, wanted)
        on_progress(0, len(todo))

        def jobs() -> Iterator[Job]:
            for one, _ in todo.values():
                with _isolating_errors_of(one.student, not_graded):
                    yield make_job(course, one, lesson, options)

        graded = pool.run(jobs()) if todo else ()
        for number, (job, result) in enumerate(graded, start=1):
            one, made_from = todo[job.key]
            with _uninterrupted():
                if isinstance(result, NotGraded):
                    not_graded[job.key] = result.reason
                else:
                    with _isolating_errors_of(job.key, not_graded):
                        marks.record(one, lesson, result, made_from)
                        done[job.key] = Entry(job.key, result)
                on_progress(number, len(todo))
    entries = tuple(
        done.get(one.student) or Entry(one.student, None, not_graded.get(one.student, ""))
        for one in handed_in
    )
    return ClassRun(lesson, entries, time.perf_counter() - started, missing)
