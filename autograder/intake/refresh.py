"""Moves a student's answers into a newer edition of the notebook, and loses nothing.

What the student wrote is told from what was handed out by nbgrader's checksums, and by the older
edition's released lesson where it is at hand. Where it belongs in the newer notebook, the grader's
own recognition says.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.intake.alterations import fits_own_checksum
from autograder.intake.find_lesson import find_lesson
from autograder.intake.own_lesson import read_own
from autograder.intake.recognition import bare, grade_id
from autograder.intake.repair import Recovered, clean_cells
from autograder.intake.submission import Extra, Submission, fit, recover
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import Released, released_cells

#: The ids of a lesson's prose, which carries no metadata of nbgrader's.
_PROSE = re.compile(r"(text|hint)-\d+\Z")
_HEADING = (
    "## From the older notebook\n\nThese cells of yours found no place in this edition of the "
    "notebook. Move what you need, and delete the rest."
)


class RefreshError(ValueError):
    """Answers that cannot be moved from one notebook to the other. The message says why."""


@dataclass(frozen=True)
class Refreshed:
    """A newer notebook with a student's answers in it.

    Attributes:
        notebook: the notebook, as nbformat 4 has it.
        moved: the cells whose answers were moved.
        new: the cells to be filled in that the older notebook does not have.
        kept: how many cells that the student added stand at their place.
        no_place: what the cells at the end were in the older notebook.
        remarks: sentences about what was odd in the older notebook.
    """

    notebook: dict[str, Any]
    moved: tuple[str, ...]
    new: tuple[str, ...]
    kept: int
    no_place: tuple[str, ...]
    remarks: tuple[str, ...]


def refresh(older: Path, newer: Path, here: Path) -> Refreshed:
    """Move the answers of the notebook ``older`` into the notebook ``newer``; nothing is written.

    Args:
        here: another folder to look for released lessons in, and above.

    Raises:
        SubmissionError: one of them cannot be read.
        RefreshError: they are not of the same lesson, or the newer one is damaged.
    """
    notebook = _whole_notebook(newer)
    lesson = _lesson_of(newer, recover(newer), here)
    file = recover(older)
    handed_out = _older_edition(older, file, here)
    # Told here, it is the only thing that is lost: of prose nobody else knows who wrote it.
    remarks = list(file.remarks)
    cells = _as_handed_out_now(lesson, list(file.cells), handed_out)
    fitted = fit(lesson, cells)
    students = [cell.id for cell in lesson.cells if cell.is_students]
    if students and not any(name in fitted.sources for name in students):
        raise RefreshError(
            f"no answer for {newer.name} is in {older.name}; they are not of the same lesson"
        )
    if handed_out is None and _prose_differs(file, notebook):
        remarks.append(
            f"The newer notebook has its own text; a note that you wrote into a text of the lesson "
            f"stays in {older.name} only."
        )
    filling = _Filling(lesson, fitted, cells, _attachments(older))
    notebook["cells"] = filling.cells(notebook["cells"])
    return Refreshed(
        notebook,
        tuple(filling.moved),
        tuple(name for name in students if name not in fitted.sources),
        filling.kept,
        tuple(filling.no_place),
        tuple(remarks),
    )


def _whole_notebook(path: Path) -> dict[str, Any]:
    recover(path)  # says what is wrong with a file that is no notebook
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RefreshError(f"{path.name} is damaged; take the newer notebook again") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise RefreshError(f"{path.name} is of an older format; save it in JupyterLab first")
    return notebook


def _lesson_of(path: Path, file: Recovered, here: Path) -> Lesson:
    """The lesson of the newer notebook; made of it, if its released lesson is not at hand."""
    found, _ = find_lesson(path, file, here)
    if found is not None and not found.is_other_edition:
        return found.lesson
    return read_own(path, file).lesson


def _older_edition(path: Path, file: Recovered, here: Path) -> dict[str, Released] | None:
    """The cells of the older notebook as they were handed out, if that edition is at hand."""
    found, _ = find_lesson(path, file, here)
    if found is None or found.is_other_edition or not file.release:
        return None
    return released_cells(found.lesson)


def _as_handed_out_now(
    lesson: Lesson, cells: list[dict[str, Any]], handed_out: dict[str, Released] | None
) -> list[dict[str, Any]]:
    """The older notebook's cells, those that nobody touched as the newer edition has them.

    What it does not have any more is left out, unless the student touched it.
    """
    now = released_cells(lesson)
    kept = []
    for cell in cells:
        name = grade_id(cell) or cell["id"]
        is_prose = not grade_id(cell) and bool(_PROSE.match(cell["id"]))
        then = handed_out.get(name) if handed_out is not None else None
        touched = bare(cell["source"]) != bare(then.source) if then else not fits_own_checksum(cell)
        if is_prose and (not touched or then is None):
            continue  # the newer notebook has its own
        if is_prose:
            kept.append({**cell, "id": ""})
        elif touched:
            kept.append(cell)
        elif name in now:
            kept.append({**cell, "source": now[name].source})
    return kept


def _prose_differs(file: Recovered, notebook: dict[str, Any]) -> bool:
    there = {bare(cell["source"]) for cell in clean_cells(notebook["cells"])}
    return any(
        _PROSE.match(cell["id"]) and not grade_id(cell) and bare(cell["source"]) not in there
        for cell in file.cells
    )


def _attachments(path: Path) -> dict[str, Any]:
    """Pictures that were pasted into cells, by the text of the cell."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return {
            clean_cells([cell])[0]["source"]: cell["attachments"]
            for cell in listed
            if isinstance(cell, dict) and cell.get("attachments")
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}  # a damaged file; its cells were recovered without them


class _Filling:
    """Fills a newer notebook's cells with what a student wrote."""

    def __init__(
        self,
        lesson: Lesson,
        fitted: Submission,
        older: list[dict[str, Any]],
        attachments: dict[str, Any],
    ) -> None:
        self._lesson = lesson
        self._fitted = fitted
        self._released = released_cells(lesson)
        self._names = {(cell["id"], cell["source"]): grade_id(cell) for cell in older}
        self._attachments = attachments
        self._at_end: list[dict[str, Any]] = []
        self.moved: list[str] = []
        self.no_place: list[str] = []
        self.kept = 0

    def cells(self, newer: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The newer notebook's cells with the answers, and the student's own cells among them."""
        in_newer = {_name(cell) for cell in newer}
        pending: dict[str, list[dict[str, Any]]] = {}
        for extra in self._fitted.extras:
            name = self._names.get((extra.id, extra.source), "")
            if name or (extra.after and extra.after not in in_newer):
                self._put_at_end(name or "a cell that you added", extra.cell_type, extra.source)
            elif extra.source.strip():
                self.kept += 1
                pending.setdefault(extra.after, []).append(self._own(extra))
        made = [*pending.pop("", ())]
        for cell in newer:
            name = _name(cell)
            made.append(self._filled(name, cell))
            edited = self._edited(name)
            if edited is not None:
                self.kept += 1
                made.append(edited)
            made += pending.pop(name, ())
        if self._at_end:
            made += [_new_cell("markdown", _HEADING), *self._at_end]
        return made

    def _filled(self, name: str, cell: dict[str, Any]) -> dict[str, Any]:
        """A cell of the newer notebook, with the student's answer if it is for one."""
        known = self._lesson.by_id.get(name)
        source = self._fitted.sources.get(name)
        if known is None or source is None or not known.is_students:
            return cell
        released = self._released.get(name)
        if released is not None and bare(source) == bare(released.source):
            return cell
        self.moved.append(name)
        return {**copy.deepcopy(cell), "source": source, **self._pictures(source)}

    def _edited(self, name: str) -> dict[str, Any] | None:
        """What a student made of an experiment; of other read-only cells it goes to the end, where
        it rebinds nothing that answers use."""
        known, source = self._lesson.by_id.get(name), self._fitted.sources.get(name)
        released = self._released.get(name)
        if known is None or source is None or released is None or known.is_students:
            return None
        if bare(source) == bare(released.source):
            return None
        if known.kind == "experiment":
            return _new_cell("code", source)
        self._put_at_end(name, "code" if known.is_code else "markdown", source)
        return None

    def _put_at_end(self, what: str, cell_type: str, source: str) -> None:
        if source.strip():
            self.no_place.append(what)
            self._at_end.append({**_new_cell(cell_type, source), **self._pictures(source)})

    def _own(self, extra: Extra) -> dict[str, Any]:
        return {**_new_cell(extra.cell_type, extra.source), **self._pictures(extra.source)}

    def _pictures(self, source: str) -> dict[str, Any]:
        there = self._attachments.get(source)
        return {"attachments": there} if there else {}


def _name(cell: dict[str, Any]) -> str:
    """The lesson's name of a cell of the newer notebook."""
    (clean,) = clean_cells([cell])
    return grade_id(clean) or str(clean["id"])


def _new_cell(cell_type: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "id": uuid.uuid4().hex[:8],
        "cell_type": cell_type,
        "metadata": {},
        "source": source,
    }
    return cell | ({"outputs": [], "execution_count": None} if cell_type == "code" else {})
