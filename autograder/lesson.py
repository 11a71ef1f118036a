"""The trusted side of an assignment: ``lesson.py`` read into cells and tasks.

A lesson is a jupytext percent script. The header of a cell says what the cell is for::

    # %% [markdown]                              prose
    # %% setup="imports"                         trusted code that tests may use as well
    # %% given="spiral"                          code that students are given
    # %% solution="adam" needs="rmsprop"         the student's work on the task ``adam``;
                                                 forbid="torch.optim.Adam": what it must not use
    # %% [markdown] hint="adam"                  a hint, shown collapsed; several make a ladder
    # %% tests="adam" points=3 part="long_run"   visible and hidden tests of the task;
                                                 changes="shown": it sees what a function
                                                 does in place to its arguments
    # %% experiment="race"                       run by students, skipped when grading
    # %% [markdown] answer="why" points=2        free text, marked by hand
"""

from __future__ import annotations

import ast
import hashlib
import math
import re
import symtable
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

Kind = Literal["text", "hint", "setup", "given", "solution", "tests", "experiment", "answer"]

#: Cell headers that name the cell's purpose; their value is the cell's name.
PURPOSES = ("setup", "given", "solution", "tests", "experiment", "answer", "hint")
#: Further words that a header may hold, and the purposes they go with.
OPTIONS = {
    "points": ("tests", "answer"),
    "part": ("tests",),
    "changes": ("tests",),
    "needs": ("solution",),
    "forbid": ("solution",),
}

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
BEGIN_RUBRIC, END_RUBRIC = "### BEGIN MARK SCHEME", "### END MARK SCHEME"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_PART = re.compile(r"[A-Za-z0-9_]+\Z")
#: What parsing a student's cell raises if it is not Python, or nested for ever.
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
#: nbformat's limit on the length of a cell's id.
_LONGEST_ID = 64
_MARKERS = {
    "solution": (BEGIN_SOLUTION, END_SOLUTION),
    "hidden tests": (BEGIN_HIDDEN, END_HIDDEN),
    "mark scheme": (BEGIN_RUBRIC, END_RUBRIC),
}


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

    def changed(self, changes: Mapping[str, Any]) -> Limits:
        """These limits with some changed.

        Raises:
            LimitError: there is no such limit, or its value is no positive number.
        """
        for name, value in changes.items():
            if name not in self.__dataclass_fields__:
                raise LimitError(f"{name!r} is no limit; there are {', '.join(asdict(self))}")
            if type(value) not in (int, float) or not 0 < value < math.inf:
                raise LimitError(f"{name} is {value!r}, no positive number")
        return replace(self, **changes)


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson. ``name`` is the value in its header, ``source`` its text."""

    kind: Kind
    source: str
    number: int
    name: str = ""
    part: str = ""
    points: float = 0.0
    needs: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    shows_changes: bool = False

    @property
    def id(self) -> str:
        """The cell's id in every notebook: nbgrader's ``grade_id`` and nbformat's ``id``."""
        if self.kind in ("text", "hint"):
            return f"{self.kind}-{self.number}"
        prefix = "test" if self.kind == "tests" else self.kind
        return "-".join(filter(None, (prefix, self.name, self.part)))

    @property
    def is_code(self) -> bool:
        return self.kind in ("setup", "given", "solution", "tests", "experiment")

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
    def points(self) -> float:
        return sum(cell.points for cell in self.tests)

    @property
    def defines(self) -> tuple[str, ...]:
        """The names that the reference solution binds at the top level, in order."""
        return top_level_names(self.solution.source)


@dataclass(frozen=True)
class Lesson:
    """An assignment: its cells in order, and what they say together."""

    name: str
    path: Path
    title: str
    minutes: int
    cells: tuple[Cell, ...]
    limits: Limits = field(default_factory=Limits)
    digest: str = ""

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
        raise KeyError(f"{self.path} has no task {name!r}; it has {[t.name for t in self.tasks]}")

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


def preloads(lesson: Lesson) -> str:
    """The imports of a lesson, and its reading of data sets, a statement a line.

    A warm process runs them once, so that no submission has to. They come from what students are
    given; hidden tests have no part in them.
    """
    statements: dict[str, None] = {}
    for cell in lesson.cells:
        if cell.kind not in ("setup", "given", "experiment", "tests"):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if getattr(node, "lineno", 0) in cell.hidden_lines:
                continue
            if isinstance(node, (ast.Import, ast.ImportFrom)) or _reads_data(node):
                statements.setdefault(ast.unparse(node))
    return "\n".join(statements)


def _reads_data(node: ast.AST) -> bool:
    """Whether this is ``data.digits(images=True)`` or the like: a data set, and constants."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "data"
        and all(isinstance(value, ast.Constant) for value in node.args)
        and all(isinstance(keyword.value, ast.Constant) for keyword in node.keywords)
    )


def load(folder: Path) -> Lesson:
    """Read ``folder/lesson.py``.

    Raises:
        LessonError: the file is missing, or a cell cannot be what its header says.
    """
    path = Path(folder) / "lesson.py"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LessonError(path, "file", f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise LessonError(path, "file", f"is not UTF-8 ({error})") from error
    import jupytext  # takes a second, which the grader's workers need not spend

    notebook = jupytext.reads(text, fmt="py:percent")
    cells = list(notebook.cells)
    front = _front_matter(path, cells)
    lesson = Lesson(
        name=path.parent.name,
        path=path,
        title=str(front["title"]),
        minutes=front["minutes"],
        cells=tuple(_cell(path, number, cell) for number, cell in enumerate(cells, start=1)),
        limits=_limits(path, front.get("limits") or {}),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    _check(lesson)
    return lesson


def find(root: Path, names: Iterable[str] = ()) -> list[Lesson]:
    """The lessons under ``root/assignments``: all, or those whose names begin as given.

    Raises:
        LessonError: no lesson, or more than one, begins with a given name; or one cannot be used.
    """
    return [load(folder) for folder in folders(root, names)]


def folders(root: Path, names: Iterable[str] = ()) -> list[Path]:
    """The folders of the lessons that :func:`find` would load."""
    there = sorted(path.parent for path in (root / "assignments").glob("*/lesson.py"))
    names = list(names)
    if not names:
        if not there:
            raise LessonError(root / "assignments", "folder", "holds no NAME/lesson.py")
        return there
    chosen = []
    for name in names:
        exact = [folder for folder in there if folder.name == name]
        matching = exact or [folder for folder in there if folder.name.startswith(name)]
        if len(matching) != 1:
            choices = ", ".join(folder.name for folder in (matching or there)) or "none"
            problem = "is more than one assignment" if matching else "is no assignment"
            raise LessonError(root / "assignments", repr(name), f"{problem}; choose from {choices}")
        chosen.append(matching[0])
    return chosen


@lru_cache(maxsize=2048)  # the cells of a lesson are asked about for every submission
def top_level_names(source: str) -> tuple[str, ...]:
    """The names that ``source`` binds at its top level, in order of first binding.

    Source that is not Python (IPython magics, a syntax error) binds nothing that is known here.
    """
    try:
        body = ast.parse(source).body
    except NOT_PYTHON:
        return ()
    names: dict[str, None] = {}
    for statement in body:
        for name in _bound_by(statement):
            names[name] = None
    return tuple(names)


@lru_cache(maxsize=2048)
def free_names(source: str) -> frozenset[str]:
    """The names that ``source`` reads from the notebook, whether or not it binds them too.

    Parameters and local variables of its functions are not among them. Of source that is not
    Python (IPython magics, a syntax error) every word is.
    """
    try:
        pending = [symtable.symtable(source, "<cell>", "exec")]
    except NOT_PYTHON:
        return frozenset(re.findall(r"[A-Za-z_]\w*", source))
    found: set[str] = set()
    while pending:
        scope = pending.pop()
        pending += scope.get_children()
        top = scope.get_type() == "module"
        found |= {s.get_name() for s in scope.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return frozenset(found)


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


def without_markers(source: str) -> str:
    """``source`` without the lines that mark where a solution begins and ends."""
    lines = source.splitlines()
    markers = (BEGIN_SOLUTION, END_SOLUTION)
    return "\n".join(line for line in lines if line.strip() not in markers)


def _bound_by(statement: ast.stmt) -> Iterable[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
        return
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield (alias.asname or alias.name).split(".")[0]
        return
    # Walk the statement, but not into functions and classes, whose names are their own.
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield child.name
            elif isinstance(child, (ast.Import, ast.ImportFrom)):
                yield from _bound_by(child)
            elif not isinstance(child, (ast.Lambda, ast.comprehension)):
                pending.append(child)


def _front_matter(path: Path, cells: list) -> dict:
    """Take the YAML header (a raw first cell between ``---`` lines) off ``cells``."""
    if not cells or cells[0].cell_type != "raw":
        raise LessonError(path, "first lines", "want a header: '# ---', title, minutes, '# ---'")
    try:
        front = yaml.safe_load(cells.pop(0).source.strip().strip("-"))
    except yaml.YAMLError as error:
        raise LessonError(path, "header", f"is not YAML ({error})") from error
    for key in ("title", "minutes"):
        if not isinstance(front, dict) or key not in front:
            raise LessonError(path, "header", f"lacks {key!r}")
    unknown = set(front) - {"title", "minutes", "limits"}
    if unknown:
        raise LessonError(path, "header", f"knows no {', '.join(sorted(unknown))}")
    if type(front["minutes"]) is not int:
        raise LessonError(path, "header", f"minutes is {front['minutes']!r}, not a whole number")
    return front


def _limits(path: Path, changed: Any) -> Limits:
    if not isinstance(changed, dict):
        known = ", ".join(asdict(Limits()))
        raise LessonError(path, "header, limits", f"is {changed!r}, no map; there are {known}")
    try:
        return Limits().changed(changed)
    except LimitError as error:
        raise LessonError(path, "header, limits", str(error)) from error


def _cell(path: Path, number: int, raw: object) -> Cell:
    metadata = {k: v for k, v in raw.metadata.items() if k != "lines_to_next_cell"}
    where = f"cell {number} ({raw.source.strip().splitlines()[0][:50] if raw.source.strip() else 'empty'})"
    purposes = [key for key in PURPOSES if key in metadata]
    unknown = set(metadata) - set(PURPOSES) - set(OPTIONS)
    if unknown or len(purposes) > 1:
        strange = ", ".join(sorted(unknown)) or " and ".join(purposes)
        raise LessonError(path, where, f"the header says {strange}; one purpose of {PURPOSES}")
    is_code = raw.cell_type == "code"
    if not purposes:
        if is_code:
            raise LessonError(
                path, where, f"a code cell needs a purpose and a name, one of {PURPOSES}"
            )
        if metadata:
            raise LessonError(path, where, f"{sorted(metadata)} without a purpose")
        return Cell("text", raw.source, number)
    purpose = purposes[0]
    name = str(metadata[purpose])
    if not _NAME.match(name):
        raise LessonError(path, where, f"{purpose}={name!r} is not a name")
    if is_code == (purpose in ("hint", "answer")):
        wants = "[markdown]" if is_code else "no [markdown]"
        raise LessonError(path, where, f"{purpose} cells want {wants} in the header")
    for option, allowed in OPTIONS.items():
        if option in metadata and purpose not in allowed:
            raise LessonError(path, where, f"{option} goes with {allowed}, not with {purpose}")
    points = metadata.get("points", 0)
    if purpose in OPTIONS["points"] and not (isinstance(points, (int, float)) and points > 0):
        raise LessonError(path, where, "points must be a positive number")
    needs, forbids = (_words(metadata.get(option, ())) for option in ("needs", "forbid"))
    for word in forbids:
        if not all(part.isidentifier() for part in word.split(".")) or "." not in word:
            raise LessonError(path, where, f"forbid={word!r} is no dotted name, as in torch.optim")
    part = str(metadata.get("part", ""))
    if part and not _PART.match(part):
        raise LessonError(path, where, f"part={part!r} is not a word of letters, digits and _")
    changes = str(metadata.get("changes", "undone"))
    if changes not in ("undone", "shown"):
        raise LessonError(path, where, f'changes={changes!r} is neither "undone" nor "shown"')
    return Cell(
        purpose, raw.source, number, name, part, float(points), needs, forbids, changes == "shown"
    )


def _words(value: Any) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else tuple(value)


def _check(lesson: Lesson) -> None:
    """What must hold between the cells of a lesson."""
    seen: dict[str, Cell] = {}
    for cell in lesson.cells:
        if cell.id in seen:
            raise LessonError(
                lesson.path,
                f"cell {cell.number}",
                f"is named {cell.id} like cell {seen[cell.id].number}; give one another name"
                + (' or part="…"' if cell.kind == "tests" else ""),
            )
        seen[cell.id] = cell
        if len(cell.id) > _LONGEST_ID:
            raise LessonError(
                lesson.path, cell.id, f"is longer than {_LONGEST_ID} characters; shorten the name"
            )
        for kind, (begin, end) in _MARKERS.items():
            if (begin in cell.source) != (end in cell.source):
                raise LessonError(lesson.path, cell.id, f"has one of the {kind} markers only")
        if BEGIN_RUBRIC in cell.source and cell.kind != "answer":
            raise LessonError(lesson.path, cell.id, "a mark scheme belongs in an answer cell")
    tasks = {task.name for task in lesson.tasks}
    for cell in lesson.cells:
        if cell.kind in ("tests", "hint") and cell.name not in tasks:
            if cell.kind == "hint" and f"answer-{cell.name}" in seen:
                continue
            raise LessonError(lesson.path, cell.id, f"there is no solution={cell.name!r}")
        if set(cell.needs) - tasks:
            raise LessonError(lesson.path, cell.id, f"needs {cell.needs}, but tasks are {tasks}")
        if cell.is_students and BEGIN_SOLUTION not in cell.source:
            raise LessonError(lesson.path, cell.id, f"lacks {BEGIN_SOLUTION} … {END_SOLUTION}")
        if cell.kind == "tests":
            _check_tests(lesson, cell)


def _check_tests(lesson: Lesson, cell: Cell) -> None:
    """A test cell must be Python, and its probes must not reach for the test's own names."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise LessonError(
            lesson.path, cell.id, f"line {error.lineno} is not Python ({error.msg})"
        ) from error
    probes = {name for name, _ in probes_in(tree)}
    others = set(top_level_names(cell.source)) - probes
    imported = {
        name
        for statement in tree.body
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        for name in _bound_by(statement)
    }
    for name, node in probes_in(tree):
        own = {
            n.id
            for n in ast.walk(node)
            if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
        }
        own |= {a.arg for a in ast.walk(node) if isinstance(a, ast.arg)}
        own |= {n.name for n in ast.walk(node) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        own |= {
            x
            for n in ast.walk(node)
            if isinstance(n, (ast.Import, ast.ImportFrom))
            for x in _bound_by(n)
        }
        read = {
            n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        }
        stray = sorted((read - own) & (others | imported))
        if stray:
            raise LessonError(
                lesson.path,
                cell.id,
                f"the probe {name} uses {', '.join(stray)}, which lives in the test: "
                "pass it as an argument, or import it inside the probe",
            )


def probes_in(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    """The functions at the top level of a test cell that are decorated with ``@probe``."""
    return [
        (node.name, node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Name) and d.id == "probe" for d in node.decorator_list)
    ]
