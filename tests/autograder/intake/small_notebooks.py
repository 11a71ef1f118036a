"""Notebooks of the small lesson: those in tests/submissions, and their cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.intake.submission import Submission
from autograder.lessons.model import Lesson

CASES = Path(__file__).parents[2] / "submissions"


def case(name: str) -> Path:
    """The notebook file that is broken in the way ``name``."""
    return CASES / name / "90_small.ipynb"


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell of a notebook with the id ``name``."""
    return next(one for one in notebook.cells if one.id == name)


def position(notebook: NotebookNode, name: str) -> int:
    """Where that cell stands."""
    return list(notebook.cells).index(cell(notebook, name))


def code(source: str, **more: Any) -> NotebookNode:
    """A code cell that a student added."""
    return nbformat.v4.new_code_cell(source, **more)


def stripped(notebook: NotebookNode) -> list[dict[str, Any]]:
    """The notebook's cells without metadata and with new ids."""
    return [{**one, "metadata": {}, "id": f"n{n}"} for n, one in enumerate(notebook.cells)]


def students(lesson: Lesson, found: Submission) -> dict[str, str]:
    """What the student wrote, of all the cells that were found."""
    return {name: text for name, text in found.sources.items() if lesson.by_id[name].is_students}
