"""Compiles the tests of a lesson, once for all submissions."""

from __future__ import annotations

import ast
import builtins
import copy
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeAlias

from autograder.lessons.model import Cell, Lesson
from autograder.lessons.python_source import free_names, probes_in, top_level_names


@dataclass(frozen=True)
class Prepared:
    """What the tests of a lesson have in common, whoever is examined.

    ``names`` are those that the shared cells bind; ``scripts`` are the compiled tests, by cell.
    """

    names: dict[str, Any]
    scripts: dict[str, Script]


@dataclass(frozen=True)
class ProbeStep:
    """A probe in a test: its name and its source, which runs on the student's side."""

    name: str
    source: str


#: A statement of a test: code to run, or a probe to define.
Step: TypeAlias = CodeType | ProbeStep


@dataclass(frozen=True)
class Script:
    """A compiled test.

    ``wanted`` are the names that it takes from the student. ``steps`` are its statements: code to
    run, or a probe to define. ``hidden_steps`` begin with the first hidden one.
    ``value`` is the expression on its last line, if any. ``hides`` tells whether any is hidden.
    """

    wanted: tuple[str, ...]
    steps: tuple[Step, ...]
    hidden_steps: tuple[Step, ...]
    value: CodeType | None
    hides: bool


def prepare(lesson: Lesson) -> Prepared:
    """Run a lesson's shared cells and compile its tests, once for all submissions."""
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    for cell in lesson.cells:
        if cell.kind == "shared":
            exec(compile(cell.source, f"<{cell.id}>", "exec"), names)
    scripts = {
        cell.id: _compiled(cell, set(names)) for cell in lesson.cells if cell.kind == "tests"
    }
    return Prepared(names, scripts)


def _compiled(cell: Cell, known: set[str]) -> Script:
    tree = ast.parse(cell.source)
    file = file_of(cell)
    probes = dict(probes_in(tree))
    wanted = _read_before_bound(tree) - known - set(dir(builtins)) - set(probes)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    steps: list[Step] = []
    hidden = len(tree.body)
    for statement in tree.body:
        if statement is last:
            break
        step: Step
        if isinstance(statement, ast.FunctionDef) and statement.name in probes:
            step = ProbeStep(statement.name, ast.unparse(_undecorated(statement)))
        else:
            step = compile(ast.Module([statement], type_ignores=[]), file, "exec")
        if statement.lineno in cell.hidden_lines:
            hidden = min(hidden, len(steps))
        steps.append(step)
    value = compile(ast.Expression(last.value), file, "eval") if last else None
    return Script(
        tuple(sorted(wanted)),
        tuple(steps[:hidden]),
        tuple(steps[hidden:]),
        value,
        any(statement.lineno in cell.hidden_lines for statement in tree.body),
    )


def file_of(cell: Cell) -> str:
    """The file name that a test's tracebacks show."""
    return f"<{cell.id}>"


def _read_before_bound(tree: ast.Module) -> set[str]:
    """The names that a test reads and has not bound itself in a line above."""
    wanted: set[str] = set()
    bound: set[str] = set()
    for statement in tree.body:
        source = ast.unparse(statement)
        wanted |= free_names(source) - bound
        bound |= set(top_level_names(source))
    return wanted


def _undecorated(function: ast.FunctionDef) -> ast.FunctionDef:
    """A probe as it is sent to the student's side: without the decorator that makes it one."""
    bare = copy.copy(function)
    bare.decorator_list = [
        d for d in function.decorator_list if not (isinstance(d, ast.Name) and d.id == "probe")
    ]
    return bare
