"""What a lesson imports and reads at first, so that a warm process can do it once."""

from __future__ import annotations

import ast

from autograder.lessons.model import Lesson
from autograder.lessons.python_source import dotted_name, import_aliases

#: Functions of this package read data sets; nothing that a submission does changes what they give.
_DATA_PACKAGE = "nnlab.data."


def preloads(lesson: Lesson) -> str:
    """The imports of a lesson, and its reading of data sets, a statement a line.

    A warm process runs them once, so that no submission has to. They come from what students are
    given; hidden tests have no part in them.
    """
    cells = [c for c in lesson.cells if c.kind in ("shared", "sandboxed", "experiment", "tests")]
    aliases = import_aliases(cell.source for cell in cells)
    statements: dict[str, None] = {}
    for cell in cells:
        for node in ast.walk(ast.parse(cell.source)):
            if getattr(node, "lineno", 0) in cell.hidden_lines:
                continue
            if isinstance(node, (ast.Import, ast.ImportFrom)) or _reads_data(node, aliases):
                statements.setdefault(ast.unparse(node))
    return "\n".join(statements)


def _reads_data(node: ast.AST, aliases: dict[str, str]) -> bool:
    """Whether this is ``data.digits(images=True)`` or the like: a data set, and constants."""
    return (
        isinstance(node, ast.Call)
        and dotted_name(node.func, aliases).startswith(_DATA_PACKAGE)
        and all(isinstance(value, ast.Constant) for value in node.args)
        and all(isinstance(keyword.value, ast.Constant) for keyword in node.keywords)
    )
