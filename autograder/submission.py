"""Reads a student's notebook and fits it to the lesson."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

from autograder.lesson import Lesson

#: A notebook file larger than this is not read.
MAX_NOTEBOOK_MB = 64


class SubmissionError(Exception):
    """A notebook that cannot be read. The message is for the student as well."""


@dataclass(frozen=True)
class Extra:
    """A cell that the student added: its id, type and source, and the lesson's cell before it."""

    id: str
    cell_type: str
    source: str
    after: str


@dataclass(frozen=True)
class Submission:
    """What a student wrote, by the ids of the lesson's cells; outputs, tags and metadata dropped.

    ``remarks`` are sentences about what was missing or odd and what was done about it.
    """

    sources: dict[str, str]
    extras: tuple[Extra, ...]
    remarks: tuple[str, ...]


def read(lesson: Lesson, path: Path) -> Submission:
    """Read the notebook file ``path``, handed in for ``lesson``.

    Raises:
        SubmissionError: it is missing, too large, or no notebook.
    """
    return fit(lesson, list(read_notebook(path).cells))


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook file of any version as nbformat 4.

    Raises:
        SubmissionError: it is missing, too large, or no notebook.
    """
    import nbformat  # takes a second, which the workers need not spend

    try:
        if path.stat().st_size > MAX_NOTEBOOK_MB << 20:
            raise SubmissionError(
                f"{path.name} is larger than {MAX_NOTEBOOK_MB} MB; clear its outputs."
            )
        notebook = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
        for cell in notebook.cells:
            if not isinstance(cell.source, str) or not isinstance(cell.metadata, dict):
                raise ValueError("a cell without source or metadata")
            # JSON can name half a character, which no file can hold when the cell is written.
            cell.source = cell.source.encode("utf-8", "replace").decode()
    except OSError as error:
        raise SubmissionError(f"{path.name} cannot be read ({error.strerror}).") from error
    except SubmissionError:
        raise
    except Exception as error:
        # nbformat raises whatever its parts raise: JSON errors, KeyErrors, its own.
        raise SubmissionError(
            f"{path.name} is not a Jupyter notebook ({type(error).__name__}: {str(error)[:200]})."
        ) from error
    return notebook


def fit(lesson: Lesson, cells: list) -> Submission:
    """Match a notebook's cells to the lesson's: by nbgrader's id; prose also by the cell's own id.

    Of cells with the same id the last one counts, as in nbgrader; the others, and whatever
    matches nothing, are the student's extra cells at their place.
    """
    matched: dict[int, str] = {}
    holder: dict[str, int] = {}
    for index, cell in enumerate(cells):
        name = _lesson_id(lesson, cell)
        if name is not None:
            matched[index] = name
            if name in holder:
                del matched[holder[name]]
            holder[name] = index
    sources: dict[str, str] = {}
    extras: list[Extra] = []
    after = ""
    for index, cell in enumerate(cells):
        source = cell["source"]
        if index in matched:
            after = matched[index]
            sources[after] = source
        elif cell.get("cell_type") in ("code", "markdown", "raw"):
            extras.append(Extra(str(cell.get("id", "")), cell["cell_type"], source, after))
    missing = [cell.id for cell in lesson.cells if cell.is_students and cell.id not in sources]
    remarks = tuple(f"The cell {name} is missing from the notebook." for name in missing)
    return Submission(sources, tuple(extras), remarks)


def _lesson_id(lesson: Lesson, cell: dict) -> str | None:
    """The id of the lesson's cell that a notebook's cell is, if any."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    if isinstance(name, str) and name in lesson.by_id:
        return name
    own = cell.get("id")
    if isinstance(own, str) and own in lesson.by_id and not lesson.by_id[own].is_code:
        return own
    return None
