"""Finds which cell of the lesson each cell of a notebook is, also when its metadata is gone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import STUB_LINES, released_cells
from autograder.lessons.python_source import top_level_names

#: How a cell was recognized, the surest way first.
Way = Literal["grade_id", "id", "text", "names", "likeness", "place"]
#: A cell is like the lesson's if it holds at least this share of its lines.
_ALIKE = 0.5
#: Code longer than this, in one cell or in all together, is not parsed to learn what it binds.
_LONGEST_PARSED = 1_000_000
_BINDING = re.compile(
    r"^(?:(?:async[ \t]+)?(?:def|class)[ \t]+([^\W\d]\w*)|([^\W\d]\w*)[ \t]*=(?!=))", re.MULTILINE
)


@dataclass(frozen=True)
class Match:
    """The lesson's cell that a notebook's cell is, and how that is known."""

    cell: str
    way: Way


def recognize(lesson: Lesson, cells: list[dict[str, Any]]) -> dict[int, Match]:
    """The lesson's cells among a notebook's clean cells, by their position in the notebook.

    nbgrader's id and the cell's own id may name a lesson's cell several times; by anything else
    it is recognized once, and only if nothing else can be meant.
    """
    search = _Search(lesson, cells)
    search.by_grade_id()
    search.by_own_id()
    if search.unknown:
        search.by_text()
        search.by_names()
        search.by_likeness()
        search.by_place()
    return search.found


def bare(source: str) -> str:
    """``source`` without whitespace: what is left if somebody only formatted it."""
    return "".join(source.split())


def names_bound(source: str, parse: bool = True) -> frozenset[str]:
    """The names that a cell binds at its top level, as far as can be told if it is no Python."""
    names: Iterable[str] = ()
    if parse and len(source) <= _LONGEST_PARSED:
        try:
            names = top_level_names(source)
        except (ValueError, RecursionError, MemoryError):
            names = ()  # a NUL character, or nested too deeply for the parser
    return frozenset(names or (match[1] or match[2] for match in _BINDING.finditer(source)))


class _Search:
    """A search for the lesson's cells in a notebook, from the surest way to the least sure."""

    def __init__(self, lesson: Lesson, cells: list[dict[str, Any]]) -> None:
        self.found: dict[int, Match] = {}
        self._lesson = lesson
        self._cells = cells
        self._released = released_cells(lesson)
        self._order = {cell.id: number for number, cell in enumerate(lesson.cells)}

    @property
    def unknown(self) -> list[int]:
        """The positions of cells that were not recognized yet."""
        return [index for index in range(len(self._cells)) if index not in self.found]

    @property
    def open(self) -> list[str]:
        """The lesson's cells in the release that were not found yet, in order."""
        taken = {match.cell for match in self.found.values()}
        return [cell.id for cell in self._lesson.cells if self._is_open(cell.id, taken)]

    def _is_open(self, name: str, taken: set[str]) -> bool:
        return name not in taken and (
            name in self._released or self._lesson.by_id[name].is_students
        )

    def by_grade_id(self) -> None:
        for index, cell in enumerate(self._cells):
            name = grade_id(cell)
            if name in self._order:
                self.found[index] = Match(name, "grade_id")
        # A cell that has another one's grade_id, and whose own id nobody claims, was renamed.
        count = Counter(match.cell for match in self.found.values())
        for index, match in list(self.found.items()):
            own = self._cells[index]["id"]
            if (
                count[match.cell] > 1
                and own in self._order
                and not count[own]
                and self._names(own) & names_bound(self._cells[index]["source"])
            ):
                count[match.cell] -= 1
                self.found[index] = Match(own, "id")

    def by_own_id(self) -> None:
        taken = {match.cell for match in self.found.values()}
        for index in self.unknown:
            own = self._cells[index]["id"]
            if own in self._order and own not in taken:
                self.found[index] = Match(own, "id")

    def by_text(self) -> None:
        """Cells as they were handed out, but for whitespace."""
        texts = {index: bare(self._cells[index]["source"]) for index in self.unknown}
        wanted = {
            name: bare(self._released[name].source) for name in self.open if name in self._released
        }
        self._pair("text", [(i, n) for i in texts for n in wanted if texts[i] == wanted[n] != ""])

    def by_names(self) -> None:
        """Code that binds the names which the lesson's cell binds: ``def adam(…)``."""
        sources = {index: self._cells[index]["source"] for index in self.unknown}
        parse = sum(map(len, sources.values())) <= _LONGEST_PARSED
        bound = {index: names_bound(source, parse) for index, source in sources.items()}
        pairs = []
        for name in self.open:
            if self._lesson.by_id[name].kind in ("shared", "sandboxed", "solution"):
                names = self._names(name)
                pairs += [(index, name) for index in bound if names and names <= bound[index]]
        self._pair("names", pairs)

    def by_likeness(self) -> None:
        """Cells that still hold most lines of the one that was handed out in their place."""
        is_open = self.open
        lines = {
            name: _lines(self._released[name].source) - STUB_LINES
            for name in is_open
            if name in self._released and self._lesson.by_id[name].kind not in ("text", "hint")
        }
        pairs = []
        for index, between in self._between_neighbours(is_open):
            there = _lines(self._cells[index]["source"])
            pairs += [
                (index, name)
                for name in between
                if lines.get(name) and len(lines[name] & there) >= _ALIKE * len(lines[name])
            ]
        self._pair("likeness", pairs)

    def by_place(self) -> None:
        """In a notebook without any metadata: text where only an answer can stand."""
        if not self.found or any("nbgrader" in cell["metadata"] for cell in self._cells):
            return
        is_open = self.open
        pairs = [
            (index, name)
            for index, between in self._between_neighbours(is_open)
            if self._cells[index]["cell_type"] == "markdown"
            for name in between
            if self._lesson.by_id[name].kind == "answer"
        ]
        self._pair("place", pairs)

    def _pair(self, way: Way, pairs: list[tuple[int, str]]) -> None:
        """Take the pairs whose halves are in no other pair."""
        of_index = Counter(index for index, _ in pairs)
        of_name = Counter(name for _, name in pairs)
        for index, name in pairs:
            if of_index[index] == of_name[name] == 1:
                self.found[index] = Match(name, way)

    def _names(self, name: str) -> frozenset[str]:
        """The names by which a lesson's cell is known: its stub's, or else its solution's."""
        released = self._released.get(name)
        names = names_bound(released.source) if released else frozenset()
        cell = self._lesson.by_id[name]
        return names or frozenset(cell.binds) or names_bound(cell.source)

    def _between_neighbours(self, names: list[str]) -> Iterator[tuple[int, list[str]]]:
        """Each unknown cell's position, and those of the lesson's cells ``names`` that belong
        between the recognized cells around it."""
        low, unknown = -1, []
        for index in range(len(self._cells) + 1):
            if index < len(self._cells) and index not in self.found:
                unknown.append(index)
                continue
            match = self.found.get(index)
            high = self._order[match.cell] if match else len(self._order)
            between = [name for name in names if low < self._order[name] < high]
            yield from ((position, between) for position in unknown)
            low, unknown = high, []


def grade_id(cell: dict[str, Any]) -> str:
    """nbgrader's name for a clean cell; empty if there is none."""
    name = cell["metadata"].get("nbgrader", {}).get("grade_id")
    return name if isinstance(name, str) else ""


def _lines(source: str) -> set[str]:
    """The lines of a cell that hold more than a bracket, without what surrounds them."""
    return {line.strip() for line in source.splitlines() if len(line.strip()) > 1}
