"""Library calls that a task forbids, and where a submission uses them.

Found in the source, and at run time by the sandbox. It is reported to the instructor; the marks
stay what the tests gave.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from autograder.intake.alterations import Flag
from autograder.intake.submission import Submission
from autograder.lessons.model import Lesson
from autograder.lessons.python_source import dotted_name, import_aliases, walk


def forbidden(lesson: Lesson) -> list[tuple[str, str]]:
    """Tasks, and the dotted names that each forbids, one pair a name."""
    return [(task.name, name) for task in lesson.tasks for name in task.solution.forbids]


def uses_in_source(lesson: Lesson, submission: Submission) -> list[tuple[str, str, str]]:
    """Where a submission's source names what it must not: task, name, and the line."""
    if not forbidden(lesson):
        return []
    given = [cell.source for cell in lesson.cells if cell.is_lessons_code]
    added = [extra.source for extra in submission.extras if extra.cell_type == "code"]
    aliases = import_aliases([*given, *added, *submission.sources.values()])
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


def _dotted_names(source: str, aliases: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The names of libraries that a cell reads, in full, each with its line."""
    lines = source.splitlines()
    for node in walk(source):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, (ast.Attribute, ast.Name)):
            names = [dotted_name(node, aliases)]
        for name in filter(None, names):
            yield name, lines[node.lineno - 1].strip()[:200]  # type: ignore[attr-defined]
