"""A class, from submitted/ to the gradebook: what is done already stays, the rest is graded."""

from __future__ import annotations

import contextlib
import dataclasses
import pickle
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from autograder.classes.cache import ResultCache
from autograder.classes.gradebook import GradebookWriter, Staged
from autograder.classes.jobs import Job, NotGraded, Pool, inputs_digest, make_job
from autograder.classes.provenance import Provenance
from autograder.course.folders import Course, CourseError, HandedIn
from autograder.course.nbgrader import BuildError
from autograder.judging.environment import environment_of
from autograder.judging.key import mark_keys, submission_digest
from autograder.judging.options import Options
from autograder.judging.result import Result
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
            self._packed = zlib.compress(
                pickle.dumps(dataclasses.replace(result, cells=[], earlier=None))
            )

    @property
    def result(self) -> Result | None:
        if self._packed is None:
            return None
        result: Result = pickle.loads(zlib.decompress(self._packed))
        return result


@dataclass(frozen=True)
class Change:
    """A mark that is another one after a regrade; None: a person has to give it."""

    student: str
    cell: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class ClassRun:
    """What one run of ``autograder grade`` did.

    ``missing`` are the students in the gradebook who handed in nothing; ``changes`` the marks of
    those who had been graded before and have others now. ``dry_run``: nothing was written.
    """

    lesson: Lesson
    entries: tuple[Entry, ...]
    seconds: float
    missing: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    dry_run: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON form, described in docs/how-grading-works.md."""
        return {
            "assignment": self.lesson.name,
            "max_points": self.lesson.points,
            "seconds": round(self.seconds, 3),
            "dry_run": self.dry_run,
            "missing": list(self.missing),
            "changes": [asdict(change) for change in self.changes],
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
    dry_run: bool = False,
    options: Options = Options(),  # noqa: B008  frozen
    cache: ResultCache | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_changes: Callable[[list[Change]], None] = lambda changes: None,
    on_written: Callable[[], None] = lambda: None,
) -> ClassRun:
    """Grade an assignment of a course and write the marks, one submission at a time.

    Who was graded before is written last, all together, after ``on_changes`` was told what
    changes.

    Args:
        force: grade what has not changed, too, and all of it.
        dry_run: write nothing.
        cache: results that need not be made again.

    Raises:
        CourseError: no such student, or a configuration that cannot be loaded.
        BuildError: the gradebook cannot take the assignment as it is now.
    """
    started = time.perf_counter()
    with GradebookWriter(course) as marks:
        if not dry_run:
            marks.register(lesson)
        run = _Run(course, lesson, pool, marks, options, cache, force, on_written, not dry_run)
        todo = run.find(students)
        there = {one.student for one in run.handed_in}
        missing = () if students else tuple(sorted(marks.students() - there))
        on_progress(0, len(todo))
        try:
            run.grade(lambda done: on_progress(done, len(todo)))
            changes = run.changes()
            on_changes(changes)
            if not dry_run:
                with _uninterrupted():
                    run.write_kept()
        finally:
            run.discard()
    return ClassRun(
        lesson, run.entries(), time.perf_counter() - started, missing, tuple(changes), dry_run
    )


class _Run:
    """One run over a class: what is to do, what came of it, and what is not written yet."""

    def __init__(
        self,
        course: Course,
        lesson: Lesson,
        pool: Pool,
        marks: GradebookWriter,
        options: Options,
        cache: ResultCache | None,
        force: bool,
        on_written: Callable[[], None],
        writes: bool,
    ) -> None:
        self._course, self._lesson, self._pool = course, lesson, pool
        self._marks, self._options, self._cache = marks, options, cache
        self._force, self._writes, self._on_written = force, writes, on_written
        device = "gpu" if options.gpu else "cpu"
        self._environment = environment_of(lesson, pool.tier, device)
        self.handed_in: list[HandedIn] = []
        self._todo: dict[str, tuple[HandedIn, str]] = {}
        self._made_from: dict[str, Provenance] = {}
        self._graded: dict[str, Entry] = {}
        self._done = 0
        self._not_graded: dict[str, str] = {}
        self._changes: list[Change] = []
        self._staged: list[Staged] = []

    def find(self, students: list[str] | None) -> list[str]:
        """Who is to be graded."""
        self.handed_in = self._course.handed_in(self._lesson.name, students)
        known = self._marks.graded_students(self._lesson)
        for one in self.handed_in:
            with _isolating_errors_of(one.student, self._not_graded):
                inputs = inputs_digest(
                    self._course, one, self._lesson, self._options, self._environment
                )
                before = self._marks.made_from(one, self._lesson) if one.student in known else None
                if self._force or before is None or before.inputs != inputs:
                    self._todo[one.student] = (one, inputs)
        return list(self._todo)

    def grade(self, advance: Callable[[int], None]) -> None:
        """Grade them; ``advance`` is told how many are done."""
        if not self._todo:
            return
        for job, result in self._pool.run(self._jobs(advance)):
            self._take(job.key, result, advance)

    def _jobs(self, advance: Callable[[int], None]) -> Iterator[Job]:
        """What has to be run; what a cache knows is taken from there on the way."""
        for one, inputs in self._todo.values():
            with _isolating_errors_of(one.student, self._not_graded):
                job = make_job(self._course, one, self._lesson, self._options)
                made_from = self._made_from[job.key] = self._provenance(job, inputs)
                found = None
                if self._cache is not None and not self._force:
                    found = self._cache.get(made_from, self._lesson)
                if found is not None:
                    self._take(job.key, found, advance)
                else:
                    earlier = None
                    if not self._force:
                        earlier = self._marks.earlier(one, self._lesson, made_from)
                    yield dataclasses.replace(job, earlier=earlier)

    def _provenance(self, job: Job, inputs: str) -> Provenance:
        """What the marks of a job will be made from."""
        if job.submission is None:
            return Provenance(inputs)
        keys = mark_keys(
            job.lesson,
            job.submission,
            self._environment,
            hidden_seed=job.hidden_seed,
            options=job.options,
            files=job.files,
        )
        return Provenance(inputs, submission_digest(job.submission), self._environment.digest, keys)

    def _take(
        self, student: str, result: Result | NotGraded, advance: Callable[[int], None]
    ) -> None:
        with _uninterrupted():
            if isinstance(result, NotGraded):
                self._not_graded[student] = result.reason
            else:
                with _isolating_errors_of(student, self._not_graded):
                    self._record(student, result)
            self._done += 1
            advance(self._done)

    def _record(self, student: str, result: Result) -> None:
        """Write a result, or keep it for the end if the student has marks already."""
        one, _ = self._todo[student]
        made_from = self._made_from.pop(student)
        is_from_elsewhere = result.environment not in ("", self._environment.digest)
        if is_from_elsewhere:
            # A worker with other versions: nothing here tells when these change.
            made_from = Provenance("", made_from.submission, result.environment)
        elif self._cache is not None:
            self._cache.put(made_from, result)
        result = result.with_keys(made_from.keys)
        before = self._marks.points(one, self._lesson)
        self._changes += [
            Change(student, mark.cell, before[mark.cell], mark.points)
            for mark in result.marks
            if mark.cell in before and before[mark.cell] != mark.points
        ]
        if self._writes:
            staged = self._marks.stage(one, self._lesson, result, made_from)
            if before:
                self._staged.append(staged)
            else:
                self._marks.commit(staged)
                self._on_written()
        self._graded[student] = Entry(student, result)

    def changes(self) -> list[Change]:
        """The marks of students who had marks before, as far as they are others now."""
        return sorted(self._changes, key=lambda change: change.student)

    def write_kept(self) -> None:
        """Write what was kept for the end."""
        while self._staged:
            staged = self._staged.pop(0)
            student = staged.one.student
            with _isolating_errors_of(student, self._not_graded):
                self._marks.commit(staged)
                self._on_written()
            if student in self._not_graded:
                del self._graded[student]

    def discard(self) -> None:
        """Leave no trace of what was not written."""
        while self._staged:
            self._staged.pop().discard()

    def entries(self) -> tuple[Entry, ...]:
        """Everybody who has handed in, in order."""
        return tuple(
            self._graded.get(one.student)
            or Entry(one.student, None, self._not_graded.get(one.student, ""))
            for one in self.handed_in
        )
