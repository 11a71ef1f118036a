"""Reads a student's notebook and fits it to the lesson; says what it repaired on the way."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.intake import alterations, repair
from autograder.intake.alterations import Flag
from autograder.intake.recognition import Match, bare, grade_id, names_bound, recognize
from autograder.lessons.model import Cell, Lesson
from autograder.lessons.notebooks import released_cells
from autograder.lessons.python_source import parses
from autograder.protocol.plain_text import listed, quoted

#: A notebook file larger than this is not read.
MAX_NOTEBOOK_MB = 64


class SubmissionError(Exception):
    """A notebook that cannot be read. The message is for the student as well."""


class NotOfCourseError(SubmissionError):
    """A notebook that is none of the course, as far as can be told."""


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

    ``remarks`` are sentences, for the student as well, about what was missing or odd and what was
    done about it. ``flags`` are for the instructor, and change no mark.
    """

    sources: dict[str, str]
    extras: tuple[Extra, ...]
    remarks: tuple[str, ...]
    flags: tuple[Flag, ...] = ()


def read(lesson: Lesson, path: Path) -> Submission:
    """Read the notebook file ``path``, handed in for ``lesson``.

    Raises:
        SubmissionError: it is missing, too large, or no cell can be found in it.
    """
    return fit_file(lesson, recover(path))


def fit_file(lesson: Lesson, recovered: repair.Recovered) -> Submission:
    """What :func:`fit` makes of a file's cells, with what was wrong with the file."""
    fitted = fit(lesson, list(recovered.cells))
    return replace(fitted, remarks=recovered.remarks + fitted.remarks)


def recover_cells(path: Path) -> list[dict[str, Any]]:
    """The clean cells of a notebook file of any version and health, without outputs.

    Raises:
        SubmissionError: it is missing, too large, or no cell can be found in it.
    """
    return list(recover(path).cells)


def recover(path: Path) -> repair.Recovered:
    """A notebook file of any version and health: its clean cells, and what was wrong with it.

    Raises:
        SubmissionError: it is missing, too large, or no cell can be found in it.
    """
    if path.exists() and not path.is_file():  # reading a pipe would never end
        raise SubmissionError(f"{path.name} cannot be read (it is no ordinary file).")
    try:
        with path.open("rb") as file:
            raw = file.read((MAX_NOTEBOOK_MB << 20) + 1)
    except OSError as error:
        raise SubmissionError(f"{path.name} cannot be read ({error.strerror}).") from error
    if len(raw) > MAX_NOTEBOOK_MB << 20:
        raise SubmissionError(
            f"{path.name} is larger than {MAX_NOTEBOOK_MB} MB; clear its outputs."
        )
    try:
        return repair.recover(raw)
    except repair.BrokenFileError as error:
        raise SubmissionError(f"{path.name} {error}") from error


def fit(lesson: Lesson, cells: list[dict[str, Any]]) -> Submission:
    """Match a notebook's cells to the lesson's, whatever happened to them.

    A cell is recognized by nbgrader's id; if that is gone, by its own id, its text, the names it
    binds, or its place, as long as only one cell can be meant. Of several copies those that the
    student worked on count, and of these the last, as in nbgrader. Whatever matches nothing is
    the student's extra cell at its place.
    """
    cells = repair.clean_cells(cells)
    found = recognize(lesson, cells)
    fitting = _Fitting(lesson, cells, found)
    fitting.settle_copies()
    fitting.join_split_cells()
    sources = {name: fitting.source(name) for name in fitting.chosen}
    remarks = [
        *_recognized(fitting),
        *fitting.remarks,
        *_retyped(fitting),
        *_settle_conflicts(fitting, sources),
        *_moved(fitting),
        *_missing(fitting),
    ]
    extras = tuple(fitting.extras())
    return Submission(sources, extras, tuple(remarks), tuple(_flags(fitting)))


class _Fitting:
    """Which cell of a notebook counts as which of the lesson's, and which are no cells of their
    own: copies that say nothing new, and second halves."""

    def __init__(
        self, lesson: Lesson, cells: list[dict[str, Any]], found: dict[int, Match]
    ) -> None:
        self.lesson = lesson
        self.cells = cells
        self.found = found
        self.released = released_cells(lesson)
        self.order = {cell.id: number for number, cell in enumerate(lesson.cells)}
        #: The position of the cell that counts, by the lesson's id; and what stands behind it.
        self.chosen: dict[str, int] = {match.cell: index for index, match in found.items()}
        self.halves: dict[str, list[int]] = {}
        self.dropped: set[int] = set()
        self.copied: set[str] = set()
        self.remarks: list[str] = []

    def source(self, name: str) -> str:
        """The text of a lesson's cell in the notebook, its halves put together."""
        parts = [*self.halves.get(name, ()), self.chosen[name]]
        text = str(self.cells[parts[0]]["source"])
        if len(parts) > 1:
            text = "\n".join(self.cells[index]["source"].strip("\n") for index in sorted(parts))
        # A marker need not read an answer in which only whitespace was touched.
        released = self.released.get(name)
        if self.lesson.by_id[name].kind == "answer" and released:
            return released.source if bare(text) == bare(released.source) else text
        return text

    def settle_copies(self) -> None:
        """Choose among cells that are the same cell of the lesson."""
        copies: dict[str, list[int]] = {}
        for index, match in self.found.items():
            copies.setdefault(match.cell, []).append(index)
        for name, indices in copies.items():
            if len(indices) > 1:
                self.copied.add(name)
                self._choose(self.lesson.by_id[name], sorted(indices))

    def _choose(self, cell: Cell, indices: list[int]) -> None:
        untouched = [index for index in indices if self._is_untouched(cell.id, index)]
        edited = [index for index in indices if index not in untouched]
        if not cell.is_students or not edited:
            # The lesson's own is used in any case: a copy of it adds nothing.
            self.chosen[cell.id] = (untouched or edited)[0]
            self.dropped |= set(untouched) - {self.chosen[cell.id]}
            return
        self.dropped |= set(untouched)
        self.chosen[cell.id] = edited[-1]
        says = f"The cell {cell.id} is there {_times(len(indices))}"
        if untouched:
            says += f", {_times(len(untouched))} as it was handed out"
        distinct = {bare(self.cells[index]["source"]) for index in edited}
        if len(distinct) == 1:
            self.dropped |= set(edited[:-1])
            self.remarks.append(f"{says}; the one with work in it was taken.")
        elif self._is_split(cell, edited):
            self.halves[cell.id] = edited[:-1]
            self.dropped |= set(edited[:-1])
            self.remarks.append(
                f"The cell {cell.id} was split into {len(edited)}; they were put together again."
            )
        else:
            self.remarks.append(f"{says}, with different work in it; the last one was taken.")

    def _is_untouched(self, name: str, index: int) -> bool:
        cell, released = self.cells[index], self.released.get(name)
        if released:
            return bare(cell["source"]) == bare(released.source)
        # A student's own check knows what was handed out by nbgrader's checksum only.
        return alterations.fits_own_checksum(cell)

    def _is_split(self, cell: Cell, indices: list[int]) -> bool:
        """Whether copies that stand in a row are the parts of one cell: JupyterLab gives all of
        them its metadata. Copies repeat each other; parts don't."""
        if indices[-1] - indices[0] != len(indices) - 1:
            return False
        sources = [self.cells[index]["source"] for index in indices]
        seen: set[str] = set()
        released = self.released.get(cell.id)
        given = {line.strip() for line in released.source.splitlines()} if released else set()
        for source in sources:
            lines = {line.strip() for line in source.splitlines()} & given - {""}
            telling = lines | (names_bound(source) if cell.is_code else set())
            if seen & telling or (not seen and not telling):
                return False
            seen |= telling
        return not cell.is_code or parses("\n".join(sources))

    def join_split_cells(self) -> None:
        """Put the second half of a function, which is an added cell now, back behind the first.

        Halves that are whole statements need no repair: they run one after the other.
        """
        for name, index in list(self.chosen.items()):
            if self.lesson.by_id[name].kind != "solution" or name in self.halves:
                continue
            first, following = self.cells[index], index + 1
            if following >= len(self.cells) or following in self.found:
                continue
            second = self.cells[following]
            if second["cell_type"] == "code" and _is_second_half(first, second):
                self.halves[name] = [following]
                self.dropped.add(following)
                self.remarks.append(
                    f"The cell {name} was split within a statement; "
                    "it and the cell behind it were put together again."
                )

    def extras(self) -> Iterator[Extra]:
        """The student's own cells, in order."""
        counting = {index: name for name, index in self.chosen.items()}
        ids = [cell.id for cell in self.lesson.cells]
        after = ""
        for index, cell in enumerate(self.cells):
            if index in counting:
                after = counting[index]
            elif index not in self.dropped:
                place = after
                name = self.found[index].cell if index in self.found else ""
                if name and self.lesson.by_id[name].is_students:
                    # An earlier try must not run after the one that counts.
                    rank = self.order[name]
                    if place and self.order[place] >= rank:
                        place = ids[rank - 1] if rank else ""
                yield Extra(cell["id"], cell["cell_type"], cell["source"], place)


def _is_second_half(first: dict[str, Any], second: dict[str, Any]) -> bool:
    whole = first["source"] + "\n" + second["source"]
    separately = parses(first["source"]) and parses(second["source"])
    return not separately and parses(whole)


def _recognized(fitting: _Fitting) -> Iterator[str]:
    """A sentence about each way in which the student's cells were recognized without nbgrader's
    id, and about each that was renamed."""
    by = {
        "id": "its own id",
        "text": "its text",
        "names": "the names it defines",
        "likeness": "its text and place",
        "place": "its place",
    }
    unnamed: dict[str, list[str]] = {}
    for name, index in fitting.chosen.items():
        way = fitting.found[index].way
        if way == "grade_id" or not fitting.lesson.by_id[name].is_students:
            continue
        called = grade_id(fitting.cells[index])
        if called:
            yield (
                f"The cell {name} is called {quoted(called)} in the notebook; "
                f"it was recognized by {by[way]}."
            )
        else:
            unnamed.setdefault(way, []).append(name)
    for recognized, names in unnamed.items():
        what = "it" if len(names) == 1 else "each"
        yield (
            f"nbgrader's metadata is missing from {listed(names)}; "
            f"{what} was recognized by {by[recognized]}."
        )


def _retyped(fitting: _Fitting) -> Iterator[str]:
    for name, index in fitting.chosen.items():
        cell, kind = fitting.lesson.by_id[name], fitting.cells[index]["cell_type"]
        if cell.is_students and (kind == "code") != cell.is_code:
            wanted = "code" if cell.is_code else "an answer"
            yield f"The cell {name} had become a {kind} cell; its text was taken as {wanted}."


def _settle_conflicts(fitting: _Fitting, sources: dict[str, str]) -> Iterator[str]:
    """Resolve Git's conflicts within solutions; an answer with both sides is for its marker."""
    for name, source in sources.items():
        cell = fitting.lesson.by_id[name]
        found = [repair.one_side(source, side) for side in (0, 1)]
        sides = [side for side in found if side is not None]
        if not cell.is_students or len(sides) < 2:
            continue
        released = fitting.released.get(name)
        handed_out = bare(released.source) if released else None
        untouched = [bare(side) == handed_out for side in sides]
        broken = [cell.is_code and not parses(side) for side in sides]
        if cell.is_code or any(untouched):
            chosen = min((0, 1), key=lambda side: (untouched[side], broken[side]))
            sources[name] = sides[chosen]
            which = f"its {('first', 'second')[chosen]} side was taken"
        else:
            which = "both sides were kept"
        yield f"The cell {name} holds a merge conflict of Git (<<<<<<<); {which}."


def _moved(fitting: _Fitting) -> Iterator[str]:
    """A sentence about code that stands in another order than in the lesson."""
    placed = sorted(
        (index, fitting.order[name])
        for name, index in fitting.chosen.items()
        if fitting.lesson.by_id[name].is_code and name not in fitting.copied
    )
    in_place = _longest_increasing([rank for _, rank in placed])
    moved = sorted(rank for _, rank in placed if rank not in in_place)
    if moved:
        names = [fitting.lesson.cells[rank].id for rank in moved]
        yield f"Cells were moved ({listed(names)}); everything was run in the lesson's order."


def _longest_increasing(ranks: list[int]) -> set[int]:
    """A longest increasing subsequence of distinct numbers, by patience sorting."""
    tops: list[int] = []
    before: dict[int, int | None] = {}
    for rank in ranks:
        pile = bisect_left(tops, rank)
        before[rank] = tops[pile - 1] if pile else None
        tops[pile : pile + 1] = [rank]
    kept: set[int] = set()
    last = tops[-1] if tops else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept


def _missing(fitting: _Fitting) -> Iterator[str]:
    lesson = fitting.lesson
    students = [cell.id for cell in lesson.cells if cell.is_students]
    missing = [name for name in students if name not in fitting.chosen]
    if students and missing == students:
        yield (
            f"None of the cells to be filled in for {lesson.name} is in this notebook; "
            "it may be another assignment's."
        )
        return
    yield from (f"The cell {name} is missing from the notebook." for name in missing)
    own = [
        cell.id
        for cell in lesson.cells
        if cell.kind in ("shared", "sandboxed", "tests") and cell.id not in fitting.chosen
    ]
    if own:
        yield f"Put back, because missing from the notebook: {listed(own)}."


def _flags(fitting: _Fitting) -> Iterable[Flag]:
    for cell in fitting.lesson.cells:
        released, index = fitting.released.get(cell.id), fitting.chosen.get(cell.id)
        if released and index is not None:
            yield from alterations.flags(cell, released, fitting.cells[index])


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
