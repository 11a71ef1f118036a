"""What only some commands need: packages that students do not install."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

from autograder.commands.output import fail

#: A module or two of each extra of pyproject.toml that tell whether it is installed.
_TELLING = {
    "class": ("nbgrader", "sqlalchemy", "alembic", "jupytext", "filelock", "yaml", "jinja2"),
    "dask": ("dask", "distributed"),
}
_FOR = {"class": "Writing assignments and grading a class", "dask": "Grading on a cluster"}


def require(extra: str) -> None:
    """End with the way out if the packages of an extra are not installed."""
    missing = [name for name in _TELLING[extra] if not _is_there(name)]
    if missing:
        fail(
            f"{_FOR[extra]} needs packages that are not installed here ({', '.join(missing)}). "
            "In the project's folder, the one with pyproject.toml: "
            f'python -m pip install --constraint constraints.txt ".[{extra}]"'
        )


def needs_class(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that ends so if what grading a class takes is not installed."""

    @functools.wraps(command)
    def with_class(*arguments: Any, **options: Any) -> Any:
        require("class")
        return command(*arguments, **options)

    return with_class


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
