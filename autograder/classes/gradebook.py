"""The only writer of marks: nbgrader's gradebook and the autograded notebooks."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc

from autograder.classes.provenance import Provenance
from autograder.course.atomic import ASIDE, replace
from autograder.course.folders import Course, HandedIn
from autograder.course.nbgrader import note_schema_version, register
from autograder.judging.earlier import Earlier
from autograder.judging.mark import Mark
from autograder.judging.result import Result
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import KERNEL, master_cells


@dataclass(frozen=True)
class Staged:
    """A result that is ready to be written: its marks, and the folder of its notebook."""

    one: HandedIn
    lesson: Lesson
    marks: tuple[Mark, ...]
    folder: Path

    def discard(self) -> None:
        """Leave no trace of it."""
        shutil.rmtree(self.folder, ignore_errors=True)


class GradebookWriter:
    """The gradebook of a course, open for writing. Use it as a context manager."""

    def __init__(self, course: Course) -> None:
        self.course = course
        note_schema_version(course.db_url)
        self._book = Gradebook(course.db_url, course.course_id)
        self._directory = CourseDirectory(config=course.config)
        self._penalties = AssignLatePenalties(config=course.config)
        self._penalties.init_plugin()

    def __enter__(self) -> GradebookWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._book.close()

    def register(self, lesson: Lesson) -> None:
        """Bring the gradebook's record of an assignment up to date with the lesson.

        Raises:
            BuildError: nbgrader refuses: cells came or went after students had been graded.
        """
        if not self._is_registered(lesson):
            register(lesson, self.course.db_url)
            self._book.db.expire_all()

    def students(self) -> set[str]:
        """All students that the gradebook knows."""
        return {student.id for student in self._book.students}

    def graded_students(self, lesson: Lesson) -> set[str]:
        """The students whose submission of an assignment is in the gradebook."""
        return {
            submission.student_id for submission in self._book.assignment_submissions(lesson.name)
        }

    def made_from(self, one: HandedIn, lesson: Lesson) -> Provenance | None:
        """What an autograded notebook was made from; None if there is none, or it is of another
        version."""
        try:
            record = self._autograded(one, lesson)["metadata"]["autograder"]
            return Provenance.from_dict(record["made_from"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def earlier(self, one: HandedIn, lesson: Lesson, made_from: Provenance) -> Earlier | None:
        """What the last grading found that still holds where marks are made from this; None if it
        graded another submission, or was of another version."""
        try:
            notebook = self._autograded(one, lesson)
            record = notebook["metadata"]["autograder"]
            before = Provenance.from_dict(record["made_from"])
            if record["earlier"] is None or not before.is_of_same_submission(made_from):
                return None
            earlier = Earlier.from_notebook(
                record["earlier"], before.keys, notebook["cells"], lesson
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return earlier.only(made_from.keys)

    def _autograded(self, one: HandedIn, lesson: Lesson) -> Any:
        path = self.course.folder("autograded", one.student, lesson.name) / f"{lesson.name}.ipynb"
        return json.loads(path.read_text(encoding="utf-8"))

    def points(self, one: HandedIn, lesson: Lesson) -> dict[str, float | None]:
        """The points that a student's cells earned the last time, by the cell's id."""
        # nbgrader's own objects would ask the database for the name of each cell.
        found = (
            self._book.db.query(BaseCell.name, Grade.auto_score)
            .join(Grade, Grade.cell_id == BaseCell.id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == lesson.name, SubmittedAssignment.student_id == one.student)
        )
        return {name: points for name, points in found}

    def record(self, one: HandedIn, lesson: Lesson, result: Result, made_from: Provenance) -> None:
        """Write a result: the marks in one transaction, then the autograded notebook.

        The notebook comes last, complete or not at all, and says what the marks were made from.
        So whatever is interrupted between the two is simply graded again. Marks and comments
        given by hand stay as they are.
        """
        self.commit(self.stage(one, lesson, result, made_from))

    def stage(self, one: HandedIn, lesson: Lesson, result: Result, made_from: Provenance) -> Staged:
        """All of a result that :meth:`commit` needs; the notebook lies ready on the disk."""
        folder = self._stage(one, lesson, result, made_from)
        return Staged(one, lesson, result.marks, folder)

    def commit(self, staged: Staged) -> None:
        """Write what :meth:`stage` has made ready."""
        one, lesson = staged.one, staged.lesson
        try:
            with _Transaction(self._book):
                self._write_marks(one, lesson, staged.marks)
            replace(staged.folder, self.course.folder("autograded", one.student, lesson.name))
        except BaseException:
            staged.discard()
            raise

    # -- the database ------------------------------------------------------------------------

    def _is_registered(self, lesson: Lesson) -> bool:
        try:
            notebook = self._book.find_notebook(lesson.name, lesson.name)
        except MissingEntry:
            return False
        there = {cell.name: cell.checksum for cell in notebook.source_cells}
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        wanted = {
            cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["checksum"]
            for cell in master_cells(lesson)
            if "nbgrader" in cell["metadata"]
        }
        return there == wanted and points == {cell.id: cell.points for cell in lesson.graded}

    def _write_marks(self, one: HandedIn, lesson: Lesson, given: tuple[Mark, ...]) -> None:
        db = self._book.db
        student = db.get(Student, one.student)
        if student is None:
            student = Student(id=one.student)
            db.add(student)
        assignment = db.query(Assignment).filter_by(name=lesson.name).one()
        submission = (
            db.query(SubmittedAssignment)
            .filter_by(assignment_id=assignment.id, student_id=one.student)
            .one_or_none()
        )
        if submission is None:
            with db.no_autoflush:
                submission = _new_submission(assignment, student)
                db.add(submission)
        stamp = one.folder / "timestamp.txt"
        known = stamp.is_file() and not stamp.is_symlink()  # a pipe would never end
        timestamp = known and self._directory.get_existing_timestamp(str(one.folder))
        if timestamp:
            submission.timestamp = parse_utc(timestamp)
        db.flush()
        notebook = (
            db.query(SubmittedNotebook)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .filter(SubmittedNotebook.assignment_id == submission.id, Notebook.name == lesson.name)
            .one()
        )
        marks = {mark.cell: mark for mark in given}
        says = _comments(lesson, marks)
        # Asking each grade for the name of its cell would be a query each.
        names = dict(
            db.query(BaseCell.id, BaseCell.name).filter_by(notebook_id=notebook.notebook_id).all()
        )
        for grade in db.query(Grade).filter_by(notebook_id=notebook.id):
            mark = marks[names[grade.cell_id]]
            grade.auto_score = mark.points
            # As nbgrader does: a mark given by hand is looked at again after a regrade.
            grade.needs_manual_grade = grade.manual_score is not None or mark.points is None
        for comment in db.query(Comment).filter_by(notebook_id=notebook.id):
            comment.auto_comment = says.get(names[comment.cell_id])
        db.flush()
        notebook.late_submission_penalty = self._late_penalty(one, submission, notebook)

    def _late_penalty(
        self, one: HandedIn, submission: SubmittedAssignment, notebook: SubmittedNotebook
    ) -> float | None:
        late = submission.total_seconds_late
        if late <= 0:
            return None
        self._book.db.refresh(notebook)
        plugin = self._penalties.plugin_inst
        penalty = plugin.late_submission_penalty(one.student, notebook.score, late)
        return None if penalty is None else min(max(penalty, 0.0), notebook.score)

    # -- the files ---------------------------------------------------------------------------

    def _stage(self, one: HandedIn, lesson: Lesson, result: Result, made_from: Provenance) -> Path:
        """The autograded folder, complete, under a name that nbgrader does not look at."""
        target = self.course.folder("autograded", one.student, lesson.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        for pattern in (f".{lesson.name}-*", f"{ASIDE}{lesson.name}-*"):
            for stale in target.parent.glob(pattern):
                shutil.rmtree(stale)  # of a run that was killed
        staged = Path(tempfile.mkdtemp(prefix=f".{lesson.name}-", dir=target.parent))
        staged.chmod(0o755)
        for path in one.folder.rglob("*"):
            name = path.relative_to(one.folder)
            taken = name.parts[0] == f"{lesson.name}.ipynb"  # a folder with the notebook's name
            if path.is_file() and not path.is_symlink() and path.suffix != ".ipynb" and not taken:
                copy = staged / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        metadata = {
            "kernelspec": KERNEL,
            "autograder": {
                "made_from": made_from.to_dict(),
                "earlier": result.earlier.to_dict() if result.earlier is not None else None,
                "version": result.version,
                "lesson": result.lesson_digest,
                "tier": result.tier,
                "seconds": round(result.seconds, 3),
                "remarks": list(result.remarks),
            },
        }
        path = staged / f"{lesson.name}.ipynb"
        # A lone surrogate in what a student displayed must not stop the class.
        with path.open("w", encoding="utf-8", errors="replace") as file:
            file.write(_notebook_text(metadata, result.cells))
            file.flush()
            os.fsync(file.fileno())
        path.chmod(0o444)
        return staged


class _Transaction:
    """Commits at the end, or takes everything back."""

    def __init__(self, book: Gradebook) -> None:
        self._db = book.db

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._db.commit()
        else:
            self._db.rollback()


def _new_submission(assignment: Assignment, student: Student) -> SubmittedAssignment:
    """A submission with an empty grade and comment for every cell that can have one."""
    submission = SubmittedAssignment(assignment=assignment, student=student)
    for notebook in assignment.notebooks:
        handed_in = SubmittedNotebook(notebook=notebook, assignment=submission)
        for cell in [*notebook.grade_cells, *notebook.task_cells]:
            Grade(cell_id=cell.id, notebook=handed_in)
        for cell in [*notebook.solution_cells, *notebook.task_cells]:
            Comment(cell_id=cell.id, notebook=handed_in)
    return submission


def _notebook_text(metadata: dict[str, Any], cells: Iterable[Any]) -> str:
    """A notebook as JSON, a line for each cell.

    nbformat's writer would validate what was just built, and indent: each takes ten times as long.
    """
    lines = [_json(cell) for cell in cells]
    notebook = {"metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return '{"cells": [\n' + ",\n".join(lines) + "\n],\n" + _json(notebook)[1:] + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _comments(lesson: Lesson, marks: dict[str, Mark]) -> dict[str, str]:
    """What formgrader shows beside a student's cell: the sentences of its tests."""
    comments = {}
    for task in lesson.tasks:
        says = [marks[cell.id].says for cell in task.tests if marks[cell.id].says]
        if says:
            comments[task.solution.id] = "\n".join(dict.fromkeys(says))
    for cell in lesson.graded:
        if cell.kind == "answer" and marks[cell.id].says:
            comments[cell.id] = "No response."
    return comments
