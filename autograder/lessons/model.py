"""What an assignment is: a lesson of cells and tasks, and the limits of a submission to it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from autograder.lessons.python_source import top_level_names

Kind = Literal[
    "text", "hint", "install", "shared", "sandboxed", "solution", "tests", "experiment", "answer"
]

#: The kinds that a header names.
PURPOSE_KINDS: tuple[Kind, ...] = (
    "shared", "sandboxed", "solution", "tests", "experiment", "answer",
)  # fmt: skip
#: How the ids of cells begin, where that is not their kind. Ids are in the hands of students, in
#: notebooks that were released long ago, so they do not change with the words of an author.
ID_PREFIXES: dict[str, str] = {"tests": "test", "shared": "setup", "sandboxed": "given"}

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
BEGIN_RUBRIC, END_RUBRIC = "### BEGIN MARK SCHEME", "### END MARK SCHEME"


class LessonError(Exception):
    """A lesson that cannot be used. The message names the file, the cell and the way out."""

    def __init__(self, path: Path, where: str, problem: str) -> None:
        super().__init__(f"{path}: {where}: {problem}")


class LimitError(ValueError):
    """A limit that there isn't, or that cannot have such a value."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use; a lesson's front matter changes single values.

    ``memory_mb`` is for each process, and for all of its processes together on top of what the
    warm parent has imported; ``processes`` and ``disk_mb`` are for all together. ``answer_mb`` is
    the largest answer to a test.
    """

    cell_seconds: float = 60.0
    test_seconds: float = 20.0
    notebook_seconds: float = 300.0
    memory_mb: int = 3072
    file_mb: int = 64
    disk_mb: int = 256
    processes: int = 64
    output_kb: int = 1024
    answer_mb: int = 64

    def changed(self, changes: Mapping[str, object]) -> Limits:
        """These limits with some changed.

        Raises:
            LimitError: there is no such limit, or its value is no positive number.
        """
        checked: dict[str, float] = {}
        for name, value in changes.items():
            if name not in self.__dataclass_fields__:
                raise LimitError(f"{name!r} is no limit; there are {', '.join(asdict(self))}")
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise LimitError(f"{name} is {value!r}, no positive number")
            if not 0 < value < math.inf:
                raise LimitError(f"{name} is {value!r}, no positive number")
            checked[name] = value
        return replace(self, **checked)  # type: ignore[arg-type]  # a size may be a float


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson. ``name`` is the value in its header, ``source`` its text.

    ``binds`` are the names that a solution binds at the top level where its text, as it was
    released, does not tell them.
    """

    kind: Kind
    source: str
    number: int
    name: str = ""
    part: str = ""
    points: float = 0.0
    needs: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    shows_changes: bool = False
    title: str = ""
    binds: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The cell's id in every notebook: nbgrader's ``grade_id`` and nbformat's ``id``."""
        if self.kind in ("text", "hint"):
            return f"{self.kind}-{self.number}"
        prefix = ID_PREFIXES.get(self.kind, self.kind)
        return "-".join(filter(None, (prefix, self.name, self.part)))

    @property
    def is_code(self) -> bool:
        return self.kind not in ("text", "hint", "answer")

    @property
    def is_lessons_code(self) -> bool:
        """Whether this is code that students are given and do not write."""
        return self.kind in ("shared", "sandboxed")

    @property
    def is_graded(self) -> bool:
        return self.kind in ("tests", "answer")

    @property
    def is_students(self) -> bool:
        """Whether what a student wrote into this cell is kept when it is graded."""
        return self.kind in ("solution", "answer")

    @cached_property
    def hidden_lines(self) -> frozenset[int]:
        """The line numbers (from 1) that the release does not hold, markers included."""
        hidden, inside = set(), False
        for number, line in enumerate(self.source.splitlines(), start=1):
            inside = inside or BEGIN_HIDDEN in line
            if inside:
                hidden.add(number)
            inside = inside and END_HIDDEN not in line
        return frozenset(hidden)

    @property
    def rubric(self) -> str:
        """What an answer's mark scheme says; empty if it has none."""
        return _between(self.source, BEGIN_RUBRIC, END_RUBRIC)


@dataclass(frozen=True)
class Task:
    """A solution cell with the tests that judge it and the hints that help."""

    name: str
    solution: Cell
    tests: tuple[Cell, ...]
    hints: tuple[Cell, ...]

    @property
    def title(self) -> str:
        """What people call the task; its name if the lesson gives no title."""
        return self.solution.title or self.name

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.tests)

    @property
    def defines(self) -> tuple[str, ...]:
        """The names that the reference solution binds at the top level, in order."""
        return self.solution.binds or top_level_names(self.solution.source)


@dataclass(frozen=True)
class Lesson:
    """An assignment: its cells in order, and what they say together.

    ``folder`` is where its files are, ``minutes`` how long a student needs, ``digest`` changes
    with any letter of it. ``install_from`` is the address from which its notebook installs what
    it imports on Colab and Kaggle; it is the course's, and may be empty.

    A lesson can also be made of a student's own notebook. Then ``worked_on`` has the ids of the
    student's cells that are not as they were handed out, of which the released text is unknown;
    it is None for an author's lesson.
    """

    name: str
    folder: Path
    title: str
    minutes: int
    cells: tuple[Cell, ...]
    limits: Limits = field(default_factory=Limits)
    digest: str = ""
    worked_on: frozenset[str] | None = None
    install_from: str = ""

    def __hash__(self) -> int:
        # Equal lessons have equal digests; a hash of every cell would take longer than what asks.
        return hash((self.name, self.digest))

    @property
    def number(self) -> str:
        """The digits that its name begins with, "06"; else its whole name."""
        digits = re.match(r"\d+", self.name)
        return digits[0] if digits else self.name

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        tests: dict[str, list[Cell]] = {}
        hints: dict[str, list[Cell]] = {}
        for cell in self.cells:
            if cell.kind == "tests":
                tests.setdefault(cell.name, []).append(cell)
            elif cell.kind == "hint":
                hints.setdefault(cell.name, []).append(cell)
        return tuple(
            Task(cell.name, cell, tuple(tests.get(cell.name, ())), tuple(hints.get(cell.name, ())))
            for cell in self.cells
            if cell.kind == "solution"
        )

    @cached_property
    def graded(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.is_graded)

    @cached_property
    def by_id(self) -> dict[str, Cell]:
        return {cell.id: cell for cell in self.cells}

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.graded)

    def task(self, name: str) -> Task:
        """The task ``name``; KeyError with the names there are."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(f"{self.folder} has no task {name!r}; it has {[t.name for t in self.tasks]}")

    @cached_property
    def made_by(self) -> dict[str, str]:
        """The task that makes each name which a reference solution binds at its top level."""
        return {name: task.name for task in self.tasks for name in task.defines}

    def needed_by(self, name: str) -> frozenset[str]:
        """The tasks that the solution of the task ``name`` needs, directly or through others."""
        return self._needed_by[name]

    @cached_property
    def _needed_by(self) -> dict[str, frozenset[str]]:
        dependents = {task.name: self.dependents(task.name) for task in self.tasks}
        return {
            task.name: frozenset(one for one in dependents if task.name in dependents[one])
            for task in self.tasks
        }

    def dependents(self, name: str) -> frozenset[str]:
        """The tasks whose solutions need the task ``name``, directly or through others."""
        found: set[str] = set()
        frontier = {name}
        while frontier:
            frontier = {
                task.name
                for task in self.tasks
                if frontier & set(task.solution.needs) and task.name not in found
            }
            found |= frontier
        return frozenset(found)

    def with_dependents(self, name: str) -> tuple[str, ...]:
        """The task ``name`` and those whose solutions need it."""
        return (name, *sorted(self.dependents(name)))


def without_markers(source: str) -> str:
    """``source`` without the lines that mark where a solution begins and ends."""
    lines = source.splitlines()
    markers = (BEGIN_SOLUTION, END_SOLUTION)
    return "\n".join(line for line in lines if line.strip() not in markers)


def _between(source: str, begin: str, end: str) -> str:
    """The lines between the lines that hold two markers."""
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        if begin in line:
            inside = True
        elif end in line:
            inside = False
        elif inside:
            kept.append(line)
    return "\n".join(kept).strip()
