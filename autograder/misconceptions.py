"""Wrong answers that the tests must catch, and right ones that they must accept.

``misconceptions.py`` beside a lesson registers them::

    @misconception("adam", "The averages start at zero and were not corrected for it.",
                   hint="Divide m by 1 - beta1**t and v by 1 - beta2**t before the step.")
    def adam_without_bias_correction(w, dw, config): ...

    @alternative("adam")
    def adam_with_folded_step_size(w, dw, config): ...

The file is read, never imported: the function's source, renamed to what the task asks for, takes
its place in the reference solution, and goes the way of every student's code.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.lesson import (
    BEGIN_SOLUTION,
    END_SOLUTION,
    Lesson,
    LessonError,
    Task,
    without_markers,
)

_KEYWORDS = {
    "misconception": ("hint", "replaces", "earns", "source", "name"),
    "alternative": ("replaces", "source", "name"),
}


@dataclass(frozen=True)
class Variant:
    """Another answer to a task: a misconception (wrong) or an alternative (right).

    ``source`` is the whole solution cell with the variant in place. ``earns`` is the number of
    points that the tests of its task give it; for an alternative, all.
    """

    kind: Literal["misconception", "alternative"]
    task: str
    name: str
    source: str
    earns: float
    says: str = ""
    hint: str = ""


def misconception(
    task: str,
    says: str,
    *,
    hint: str = "",
    replaces: str = "",
    earns: float = 0.0,
    source: str = "",
    name: str = "",
) -> Callable[[Any], Any]:
    """Register a wrong answer to ``task``; decorates the function or class that is wrong.

    Args:
        says: what is wrong, a sentence to the student.
        hint: what to do about it.
        replaces: which definition of the solution cell it replaces, if there are several.
        earns: the points that it earns all the same, where tests give partial credit.
        source: for an answer that is no function: the lines in place of the solution
            (``misconception("best_h", "…", source="best_h = 1.0", name="far_too_large")``).
    """
    return lambda definition: definition


def alternative(
    task: str, *, replaces: str = "", source: str = "", name: str = ""
) -> Callable[[Any], Any]:
    """Register a right answer to ``task`` that is written in another way than the reference."""
    return lambda definition: definition


def variants(lesson: Lesson) -> list[Variant]:
    """The variants registered in ``misconceptions.py`` beside the lesson, in order.

    Raises:
        LessonError: a registration that names no task, or no definition of the solution.
    """
    path = lesson.path.with_name("misconceptions.py")
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise LessonError(path, f"line {error.lineno}", f"is not Python ({error.msg})") from error
    found: list[Variant] = []
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            for decorator in statement.decorator_list:
                if _registers(decorator):
                    found.append(_variant(lesson, path, text, decorator, statement))
        elif isinstance(statement, ast.Expr) and _registers(statement.value):
            found.append(_variant(lesson, path, text, statement.value, None))
    names = [(variant.task, variant.name) for variant in found]
    for task, name in names:
        if names.count((task, name)) > 1:
            raise LessonError(path, name, f"is registered twice for the task {task}")
    return found


def _registers(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("misconception", "alternative")
    )


def _variant(
    lesson: Lesson,
    path: Path,
    text: str,
    call: ast.Call,
    definition: ast.FunctionDef | ast.ClassDef | None,
) -> Variant:
    where = f"line {call.lineno}"
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args]
        keywords = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    except ValueError as error:
        raise LessonError(path, where, "wants literal arguments only") from error
    kind = call.func.id
    unknown = sorted(set(map(str, keywords)) - set(_KEYWORDS[kind]))
    if unknown:
        raise LessonError(path, where, f"{kind} knows no {', '.join(unknown)}")
    if len(arguments) != (2 if kind == "misconception" else 1):
        raise LessonError(
            path, where, f"{kind} wants a task" + (" and a sentence" * (kind[0] == "m"))
        )
    try:
        task = lesson.task(arguments[0])
    except KeyError as error:
        raise LessonError(path, where, str(error.args[0])) from error
    if definition is None:
        if not keywords.get("source") or not keywords.get("name"):
            raise LessonError(path, where, "without a function, give source= and name=")
        name, source = keywords["name"], _in_place_of_solution(task, keywords["source"])
    else:
        name = definition.name
        replaces = keywords.get("replaces") or _only_definition(path, where, task)
        source = _replaced(path, where, task, replaces, _source_as(text, definition, replaces))
    earns = keywords.get("earns", 0.0) if kind == "misconception" else task.points
    says = arguments[1] if kind == "misconception" else ""
    return Variant(kind, task.name, name, source, float(earns), says, keywords.get("hint", ""))


def _definitions(task: Task) -> dict[str, ast.stmt]:
    return {
        node.name: node
        for node in ast.parse(task.solution.source).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }


def _only_definition(path: Path, where: str, task: Task) -> str:
    names = list(_definitions(task))
    if len(names) == 1:
        return names[0]
    if task.name in names:
        return task.name
    raise LessonError(path, where, f"say replaces=, one of {names}")


def _source_as(text: str, definition: ast.FunctionDef | ast.ClassDef, name: str) -> str:
    """The source of ``definition`` without its decorators, under another name.

    Only the name in the ``def`` or ``class`` line and whole-word uses inside the body (recursion,
    ``super(Name, self)``) change.
    """
    lines = text.splitlines()
    own = [definition.lineno, definition.end_lineno]
    body = lines[own[0] - 1 : own[1]]
    edits: list[tuple[int, int]] = []
    for node in ast.walk(definition):
        if isinstance(node, ast.Name) and node.id == definition.name:
            edits.append(
                (node.lineno, len(lines[node.lineno - 1].encode()[: node.col_offset].decode()))
            )
    first = body[0]
    keyword = "class" if isinstance(definition, ast.ClassDef) else "def"
    column = first.index(definition.name, first.index(keyword) + len(keyword))
    edits.append((definition.lineno, column))
    for line, column in sorted(edits, reverse=True):
        at = line - own[0]
        body[at] = body[at][:column] + name + body[at][column + len(definition.name) :]
    return "\n".join(body)


def _in_place_of_solution(task: Task, source: str) -> str:
    """The solution cell with ``source`` between what students keep of it."""
    lines = task.solution.source.splitlines()
    begin = next(n for n, line in enumerate(lines) if BEGIN_SOLUTION in line)
    end = max(n for n, line in enumerate(lines) if END_SOLUTION in line)
    return "\n".join([*lines[:begin], source, *lines[end + 1 :]])


def _replaced(path: Path, where: str, task: Task, name: str, source: str) -> str:
    """The reference solution with its definition of ``name`` replaced by ``source``."""
    definitions = _definitions(task)
    if name not in definitions:
        raise LessonError(path, where, f"the solution of {task.name} defines {list(definitions)}")
    old = definitions[name]
    first = min([old.lineno, *(decorator.lineno for decorator in old.decorator_list)])
    lines = task.solution.source.splitlines()
    return without_markers("\n".join([*lines[: first - 1], source, *lines[old.end_lineno :]]))
