"""The error that ends a run. Apart from the rest, so that the command can catch it cheaply."""

from __future__ import annotations


class PoolError(Exception):
    """The grader itself cannot go on. ``code`` is the exit code: 1 it broke, 2 wrong use."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
