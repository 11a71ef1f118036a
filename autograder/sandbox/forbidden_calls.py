"""Wraps forbidden library functions and records calls made from a student's cells.

This happens in the student's own process, so whoever means to can switch it off; what the source
shows (:mod:`autograder.judging.forbidden_names`) does not depend on it.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any


class ForbiddenCalls:
    """Wraps what tasks forbid, and notes who calls it.

    Args:
        forbidden: dotted names of functions and classes, and the task that forbids each.
    """

    def __init__(self, forbidden: list[tuple[str, str]]) -> None:
        self._tasks: dict[str, str] = {}
        self._seen: set[tuple[str, str]] = set()
        by_name: dict[str, set[str]] = {}
        for task, name in forbidden:
            by_name.setdefault(name, set()).add(task)
        for name, tasks in by_name.items():
            self._wrap(name, tasks)

    def watch(self, file: str, task: str) -> None:
        """The code in ``file`` belongs to a task's cell; to an added cell if ``task`` is empty."""
        self._tasks[file] = task

    def seen(self) -> list[list[str]]:
        """The calls since the last time it was asked: task and name."""
        found, self._seen = sorted(self._seen), set()
        return [list(pair) for pair in found]

    def _wrap(self, name: str, tasks: set[str]) -> None:
        parts = name.split(".")
        for length in range(len(parts) - 1, 0, -1):
            try:
                holder: Any = importlib.import_module(".".join(parts[:length]))
                for part in parts[length:-1]:
                    holder = getattr(holder, part)
                original = getattr(holder, parts[-1])
            except (ImportError, AttributeError):
                continue
            if isinstance(original, type):
                original.__init__ = self._noting(original.__init__, name, tasks)  # type: ignore[misc]
            else:
                setattr(holder, parts[-1], self._noting(original, name, tasks))
            return

    def _noting(
        self, original: Callable[..., Any], name: str, tasks: set[str]
    ) -> Callable[..., Any]:
        @functools.wraps(original)
        def noting(*args: Any, **kwargs: Any) -> Any:
            task = self._tasks.get(sys._getframe(1).f_code.co_filename)
            if task is not None:
                for forbidding in tasks if task == "" else tasks & {task}:
                    self._seen.add((forbidding, name))
            return original(*args, **kwargs)

        return noting
