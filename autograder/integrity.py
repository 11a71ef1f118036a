"""What a task forbids, because it asks to write it, and where a submission uses it all the same.

Found in the source, and at run time by the sandbox. It is reported to the instructor; the marks
stay what the tests gave.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from autograder.lesson import NOT_PYTHON, Lesson
from autograder.submission import Flag, Submission


def forbidden(lesson: Lesson) -> list[tuple[str, str]]:
    """Tasks, and the dotted names that each forbids, one pair a name."""
    return [(task.name, name) for task in lesson.tasks for name in task.solution.forbids]


def uses_in_source(lesson: Lesson, submission: Submission) -> list[tuple[str, str, str]]:
    """Where a submission's source names what it must not: task, name, and the line."""
    if not forbidden(lesson):
        return []
    given = [cell.source for cell in lesson.cells if cell.kind in ("setup", "given")]
    added = [extra.source for extra in submission.extras if extra.cell_type == "code"]
    aliases = _aliases([*given, *added, *submission.sources.values()])
    found = []
    for task in lesson.tasks:
        if not task.solution.forbids:
            continue
        for source in (submission.sources.get(task.solution.id, ""), *added):
            for name, line in _dotted_names(source, aliases):
                for banned in task.solution.forbids:
                    if name == banned or name.startswith(f"{banned}."):
                        found.append((task.name, banned, line))
    return list(dict.fromkeys(found))


def flags(in_source: Iterable[tuple[str, str, str]], called: set[tuple[str, str]]) -> list[Flag]:
    """What the instructor is told; a use that was found in both ways once."""
    made = []
    told = set()
    for task, name, line in in_source:
        told.add((task, name))
        how = " and calls" if (task, name) in called else ""
        what = f"The answer names{how} {name}, which the task asks to write; marks are unchanged."
        made.append(Flag(f"solution-{task}", what, line))
    for task, name in sorted(called - told):
        what = f"The answer calls {name}, which the task asks to write; marks are unchanged."
        made.append(Flag(f"solution-{task}", what, "Seen while it ran; not in the source."))
    return made


def _aliases(sources: Iterable[str]) -> dict[str, str]:
    """What the names mean that imports bind: ``{"F": "torch.nn.functional"}``."""
    found: dict[str, str] = {}
    for source in sources:
        for node in _walk(source):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.split(".")[0]
                    found[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _dotted_names(source: str, aliases: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The names that a cell reads, in full, each with its line."""
    lines = source.splitlines()
    for node in _walk(source):
        if not isinstance(node, (ast.Attribute, ast.Name, ast.ImportFrom)):
            continue
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            parts: list[str] = []
            inner: ast.AST = node
            while isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            if not isinstance(inner, ast.Name) or inner.id not in aliases:
                continue
            names = [".".join([aliases[inner.id], *reversed(parts)])]
        for name in names:
            yield name, lines[node.lineno - 1].strip()[:200]


def _walk(source: str) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(source))
    except NOT_PYTHON:  # magics, or a mistake: the cell shows it when it runs
        return
