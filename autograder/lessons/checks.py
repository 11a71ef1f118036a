"""What must hold between the cells of a lesson, beside each cell's own header."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from autograder.lessons.model import (
    BEGIN_HIDDEN,
    BEGIN_RUBRIC,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_RUBRIC,
    END_SOLUTION,
    Cell,
    Lesson,
    LessonError,
)
from autograder.lessons.python_source import bound_by, probes_in, top_level_names

#: nbformat's limit on the length of a cell's id.
_LONGEST_ID = 64
_MARKERS = {
    "solution": (BEGIN_SOLUTION, END_SOLUTION),
    "hidden tests": (BEGIN_HIDDEN, END_HIDDEN),
    "mark scheme": (BEGIN_RUBRIC, END_RUBRIC),
}


def check(lesson: Lesson, files: Mapping[int, Path]) -> None:
    """Check what must hold between the cells of a lesson.

    Args:
        files: the file in which each cell stands, by the cell's number.

    Raises:
        LessonError: something does not.
    """
    seen: dict[str, Cell] = {}
    for cell in lesson.cells:
        path = files[cell.number]
        if cell.id in seen:
            raise LessonError(
                path,
                f"cell {cell.number}",
                f"is named {cell.id} like cell {seen[cell.id].number}; give one another name"
                + (' or part="…"' if cell.kind == "tests" else ""),
            )
        seen[cell.id] = cell
        if len(cell.id) > _LONGEST_ID:
            raise LessonError(
                path, cell.id, f"is longer than {_LONGEST_ID} characters; shorten the name"
            )
        for kind, (begin, end) in _MARKERS.items():
            if (begin in cell.source) != (end in cell.source):
                raise LessonError(path, cell.id, f"has one of the {kind} markers only")
        if BEGIN_RUBRIC in cell.source and cell.kind != "answer":
            raise LessonError(path, cell.id, "a mark scheme belongs in an answer cell")
    tasks = {task.name for task in lesson.tasks}
    for cell in lesson.cells:
        path = files[cell.number]
        if cell.kind in ("tests", "hint") and cell.name not in tasks:
            if cell.kind == "hint" and f"answer-{cell.name}" in seen:
                continue
            raise LessonError(path, cell.id, f"there is no solution={cell.name!r}")
        if set(cell.needs) - tasks:
            raise LessonError(path, cell.id, f"needs {cell.needs}, but tasks are {tasks}")
        if cell.is_students and BEGIN_SOLUTION not in cell.source:
            raise LessonError(path, cell.id, f"lacks {BEGIN_SOLUTION} … {END_SOLUTION}")
        if cell.kind == "tests":
            _check_tests(path, cell)


def _check_tests(path: Path, cell: Cell) -> None:
    """A test cell must be Python, and its probes must not reach for the test's own names."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise LessonError(
            path, cell.id, f"line {error.lineno} is not Python ({error.msg})"
        ) from error
    probes = probes_in(tree)
    others = set(top_level_names(cell.source)) - {name for name, _ in probes}
    for name, node in probes:
        stray = sorted((_read_in(node) - _own_names(node)) & others)
        if stray:
            raise LessonError(
                path,
                cell.id,
                f"the probe {name} uses {', '.join(stray)}, which lives in the test: "
                "pass it as an argument, or import it inside the probe",
            )


def _read_in(function: ast.FunctionDef) -> set[str]:
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}


def _own_names(function: ast.FunctionDef) -> set[str]:
    """The names that a function binds anywhere: its arguments, variables, functions, imports."""
    own: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            own.add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            own |= set(bound_by(node))
    return own
