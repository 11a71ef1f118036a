"""What Python source says without being run: names bound, names read, probes, imports."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache

#: What parsing a student's cell raises if it is not Python, or nested for ever.
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


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
        for name in bound_by(statement):
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
        found |= {
            s.get_name()
            for s in scope.get_symbols()
            if s.is_referenced() and (top or s.is_global())
        }
    return frozenset(found)


def bound_by(statement: ast.stmt) -> Iterable[str]:
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
                yield from bound_by(child)
            elif not isinstance(child, (ast.Lambda, ast.comprehension)):
                pending.append(child)


def probes_in(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    """The functions at the top level of a test cell that are decorated with ``@probe``."""
    return [
        (node.name, node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Name) and d.id == "probe" for d in node.decorator_list)
    ]


#: A text longer than this is not parsed to learn whether it is Python.
_LONGEST_SCRIPT = 1_000_000


def parses(source: str) -> bool:
    """Whether ``source`` is Python, as far as its parser goes (IPython's magics are not)."""
    if len(source) > _LONGEST_SCRIPT:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # the last three: a NUL character, deep nesting
    return True


def walk(source: str) -> Iterator[ast.AST]:
    """The nodes of ``source``; none of what is no Python: the cell shows it when it runs."""
    try:
        yield from ast.walk(ast.parse(source))
    except NOT_PYTHON:
        return


def import_aliases(sources: Iterable[str]) -> dict[str, str]:
    """What the names mean that imports bind: ``{"F": "torch.nn.functional"}``."""
    found: dict[str, str] = {}
    for source in sources:
        found.update(_imported(source))
    return found


@lru_cache(maxsize=2048)
def _imported(source: str) -> tuple[tuple[str, str], ...]:
    """Each name that an import binds, and what it means, in the order of :func:`walk`."""
    found: list[tuple[str, str]] = []
    for node in walk(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                found.append((alias.asname or first, alias.name if alias.asname else first))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [
                (alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names
            ]
    return tuple(found)


def dotted_name(node: ast.AST, aliases: dict[str, str]) -> str:
    """The full name that ``node`` reads, ``torch.nn.functional.relu``; empty if it is no import's.

    Args:
        aliases: what :func:`import_aliases` found.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in aliases:
        return ""
    return ".".join([aliases[node.id], *reversed(parts)])
