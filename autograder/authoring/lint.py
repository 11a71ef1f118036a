"""What an author forgot: titles, tests, hidden tests, alt texts, code that is no Python."""

from __future__ import annotations

import ast
import re
from typing import Any

from autograder.lessons.model import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    END_HIDDEN,
    Lesson,
    LessonError,
)
from autograder.lessons.variants import variants


def lint(lesson: Lesson) -> list[str]:
    """What an author forgot: titles, tests, hidden tests, alt texts."""
    problems = []
    for cell in lesson.cells:
        if cell.is_students and not cell.title:
            problems.append(f'{cell.id}: lacks a title for pages and reports: title="…"')
    for task in lesson.tasks:
        if not task.tests:
            problems.append(
                f"{task.solution.id}: the task has no tests; add # %% tests={task.name!r}"
            )
        elif not any(cell.hidden_lines for cell in task.tests):
            problems.append(
                f"{task.solution.id}: the task has no hidden tests; "
                f"add {BEGIN_HIDDEN} … {END_HIDDEN}"
            )
    for cell in lesson.cells:
        if not cell.is_code:
            problems += [f"{cell.id}: {problem}" for problem in _without_alt(cell.source)]
        elif cell.kind not in ("tests",) and BEGIN_HIDDEN in cell.source:
            problems.append(f"{cell.id}: hidden tests belong in a tests cell")
        if not cell.is_students and BEGIN_SOLUTION in cell.source:
            problems.append(f"{cell.id}: a solution belongs in a solution or answer cell")
    try:
        variants(lesson)
    except LessonError as error:
        problems.append(str(error))
    return problems


def unreadable_code(cells: list[dict[str, Any]]) -> list[str]:
    """Cells that are no Python once the solutions are gone: a region inside brackets, say."""
    from IPython.core.inputtransformer2 import TransformerManager  # takes a second

    found = []
    for cell in cells:
        if cell["cell_type"] == "code":
            source = cell["source"]
            source = source if isinstance(source, str) else "".join(source)
            try:
                ast.parse(TransformerManager().transform_cell(source))
            except SyntaxError as error:
                found.append(
                    f"{cell['id']}: what students get is no Python (line {error.lineno}: "
                    f"{error.msg}); put the markers around whole statements"
                )
    return found


def _without_alt(markdown: str) -> list[str]:
    found = []
    for match in re.finditer(r"!\[(.*?)\]\((.*?)\)", markdown):
        if not match[1].strip():
            found.append(
                f"the image {match[2]} has no alt text: write ![what it shows]({match[2]})"
            )
    for match in re.finditer(r"<(?:img|svg)\b[^>]*>", markdown, re.IGNORECASE):
        words = re.search(r"(?:alt|aria-label)\s*=\s*([\"'])(.*?)\1", match[0])
        if not words or not words[2].strip():
            found.append(f"an image has no alt text: {match[0][:60]}")
    return found
