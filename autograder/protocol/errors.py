"""Exceptions as plain data: by the names of their classes, and a message."""

from __future__ import annotations

import builtins

from autograder.protocol.plain_text import field


def exception_node(error: BaseException) -> dict[str, str]:
    """An exception as plain data: the names of its classes and its message."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  a student's __str__ may raise anything
        message = "(its message cannot be shown)"
    return {"type": type(error).__name__[:100], "builtin": kinds[0], "message": field(message)}


def builtin_exception(name: object) -> type[Exception]:
    """The builtin exception class of that name; Exception for what is none, or would end us."""
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    if isinstance(kind, type) and issubclass(kind, Exception):
        return kind
    return Exception
