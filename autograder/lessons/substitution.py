"""Another answer in the place of a reference solution: an edit of it, a definition or some lines.

Each function takes the source of a solution cell, with its markers, and returns the cell as a
student would have handed it in, without them.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TypeAlias

from autograder.lessons.model import BEGIN_SOLUTION, END_SOLUTION, without_markers
from autograder.lessons.python_source import NOT_PYTHON

Definition: TypeAlias = ast.FunctionDef | ast.ClassDef
#: Pairs of the text to replace and the text in its place.
Edits: TypeAlias = tuple[tuple[str, str], ...]


class SubstitutionError(ValueError):
    """An answer that does not fit into the cell. The message says why, and the way out."""


def with_lines(cell: str, lines: str) -> str:
    """The cell with ``lines`` between what students keep of it."""
    old = cell.splitlines()
    begin = next(n for n, line in enumerate(old) if BEGIN_SOLUTION in line)
    end = max(n for n, line in enumerate(old) if END_SOLUTION in line)
    return "\n".join([*old[:begin], lines, *old[end + 1 :]])


def definitions(cell: str) -> dict[str, Definition]:
    """The functions and classes that the cell defines at its top level, by name."""
    return {
        node.name: node
        for node in ast.parse(cell).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }


def with_definition(cell: str, name: str, text: str, definition: Definition) -> str:
    """The cell with another definition, which is a part of ``text``, in the place of ``name``."""
    old = definitions(cell)[name]
    first = min([old.lineno, *(decorator.lineno for decorator in old.decorator_list)])
    lines = cell.splitlines()
    new = _renamed(text, definition, name)
    return without_markers("\n".join([*lines[: first - 1], new, *lines[old.end_lineno :]]))


def _renamed(text: str, definition: Definition, name: str) -> str:
    """The source of ``definition`` without its decorators, under another name.

    Only the name in the ``def`` or ``class`` line and whole-word uses inside the body (recursion,
    ``super(Name, self)``) change.
    """
    lines = text.splitlines()
    body = lines[definition.lineno - 1 : definition.end_lineno]
    places = [
        (node.lineno, len(lines[node.lineno - 1].encode()[: node.col_offset].decode()))
        for node in ast.walk(definition)
        if isinstance(node, ast.Name) and node.id == definition.name
    ]
    keyword = "class" if isinstance(definition, ast.ClassDef) else "def"
    column = body[0].index(definition.name, body[0].index(keyword) + len(keyword))
    for line, start in sorted([*places, (definition.lineno, column)], reverse=True):
        at = line - definition.lineno
        body[at] = body[at][:start] + name + body[at][start + len(definition.name) :]
    return "\n".join(body)


def with_edits(cell: str, edits: Edits) -> str:
    """The cell with every edit made.

    A text to replace must occur exactly once between the markers of the solution, or, if it does
    not occur there, exactly once in the whole cell. Of a text of several lines, those after the
    first are indented like the line on which it begins. Whole lines in whose place nothing is to
    stand go away.

    Raises:
        SubstitutionError: a text that does not occur, or more than once; edits that overlap or
            change nothing; a cell that is no Python after them.
    """
    if not edits:
        raise SubstitutionError("there is no edit to make; give replace= and by=")
    changes = sorted(((*_place(cell, replace), by) for replace, by in edits), reverse=True)
    for (later, _, _), (_, end, _) in pairwise(changes):
        if later < end:
            raise SubstitutionError("two of its edits overlap; make them one")
    source = cell
    for start, end, by in changes:
        line = cell.rfind("\n", 0, start) + 1
        if not by and not cell[line:start].strip() and cell[end : end + 1] in ("\n", ""):
            start, end = line, end + 1
        source = source[:start] + _indented(by, _indentation(cell, start)) + source[end:]
    try:
        same = ast.dump(ast.parse(source)) == ast.dump(ast.parse(cell))
    except NOT_PYTHON as error:
        raise SubstitutionError(f"the edited solution is no Python ({error})") from error
    if same:
        raise SubstitutionError("the edit changes nothing of what the solution does")
    return without_markers(source)


def _place(cell: str, text: str) -> tuple[int, int]:
    """Where the text to be replaced begins and ends in ``cell``."""
    if not text.strip():
        raise SubstitutionError("replace= is empty; give it a text of the solution")
    found = _occurrences(cell, text)
    inside = [place for place in found if _is_solution(cell, place[0])]
    places, where = (inside, "solution") if inside else (found, "cell")
    if not places:
        raise SubstitutionError(f"the solution holds no {text!r}; write it as it stands there")
    if len(places) > 1:
        times = f"{text!r} occurs {len(places)} times in the {where}"
        raise SubstitutionError(f"{times}; give it more of the text around")
    return places[0]


def _occurrences(cell: str, text: str) -> list[tuple[int, int]]:
    """The places where ``text`` begins and ends, indented like the line that it begins on."""
    first = text.split("\n")[0]
    found = []
    start = cell.find(first)
    while start >= 0:
        whole = _indented(text, _indentation(cell, start))
        if cell.startswith(whole, start):
            found.append((start, start + len(whole)))
        start = cell.find(first, start + 1)
    return found


def _is_solution(cell: str, at: int) -> bool:
    """Whether the place ``at`` lies between the markers of a solution."""
    return cell.rfind(BEGIN_SOLUTION, 0, at) > cell.rfind(END_SOLUTION, 0, at)


def _indentation(cell: str, at: int) -> str:
    """The spaces at the beginning of the line in which the place ``at`` lies."""
    line = cell[cell.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" "))]


def _indented(text: str, indentation: str) -> str:
    """``text`` with every line after the first indented, blank ones excepted."""
    return re.sub(r"\n(?=[^\n])", "\n" + indentation, text)
