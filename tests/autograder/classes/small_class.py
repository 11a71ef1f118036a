"""A class for the small lesson: what students hand in, and the gradebook that it comes to."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.proof import answers
from autograder.classes.jobs import Pool
from autograder.classes.run import ClassRun, grade_class
from autograder.course.folders import Course
from autograder.lessons import reading
from autograder.lessons.model import Lesson

NAME = "90_small"


def without_haste(course: Path) -> None:
    """Give the cells and tests of the small lesson time that no busy machine takes."""
    path = course / "assignments" / NAME / "lesson.py"
    text = path.read_text()
    hasty = "#   cell_seconds: 5\n#   test_seconds: 3\n"
    assert hasty in text
    ages = "".join(f"#   {what}_seconds: 3600\n" for what in ("cell", "test", "notebook"))
    path.write_text(text.replace(hasty, ages))


def lesson_of(course: Path) -> Lesson:
    """The small lesson as the course has it now."""
    return reading.load(course / "assignments" / NAME)


def notebook_of(lesson: Lesson, **changed: str) -> nbformat.NotebookNode:
    """The reference as a notebook, with some solutions changed, by task."""
    notebook = nbformat.reads(build(lesson).release, as_version=4)
    sources = answers(lesson) | {f"solution-{task}": text for task, text in changed.items()}
    for cell in notebook.cells:
        cell.source = sources.get(cell.id, cell.source)
        if cell.id == "answer-why":
            cell.source = "Because the largest number has the largest square."
    return notebook


def hand_in(course: Path, student: str, name: str = f"{NAME}.ipynb", **changed: str) -> Path:
    """Hand in the reference with some solutions changed, by task."""
    path = course / "submitted" / student / NAME / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook_of(lesson_of(course), **changed), path)
    return path


def grade(course: Path, pool: Pool, **options: object) -> ClassRun:
    """Grade what was handed in."""
    return grade_class(Course(course), lesson_of(course), pool, **options)


def book(course: Path) -> Gradebook:
    """The course's gradebook."""
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}", "")


def graded(run: ClassRun) -> set[str]:
    """Who was graded in a run."""
    return {entry.student for entry in run.entries if entry.result is not None}
