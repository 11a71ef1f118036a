"""What the tests of commands share: the command, a course without haste, a student's notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "classes"))

from small_class import NAME, notebook_of, without_haste

from autograder.lessons.model import Lesson

Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def autograder(tmp_path: Path) -> Callable[..., Ended]:
    """Run the command in a folder; further words are environment variables."""

    def run(*arguments: str, folder: Path = tmp_path, **environment: str) -> Ended:
        return subprocess.run(
            [sys.executable, "-m", "autograder.commands.cli", *arguments],
            cwd=folder, capture_output=True, text=True, env={**os.environ, **environment},
            encoding=environment.get("PYTHONIOENCODING", "utf-8"),
        )  # fmt: skip

    return run


@pytest.fixture
def small_course(small_course: Path) -> Path:
    """As in the tests of the whole, with limits on time that no busy machine comes to."""
    without_haste(small_course)
    return small_course


@pytest.fixture
def notebook(tmp_path: Path, small: Lesson) -> Path:
    """A student's notebook in a folder of its own: one task wrong, one open, two right."""
    stub = "def update(state, function):\n    raise NotImplementedError()"
    made = notebook_of(small, double="def double(x):\n    return x**2", update=stub)
    path = tmp_path / "elsewhere" / "my notebook.ipynb"
    path.parent.mkdir()
    nbformat.write(made, path)
    return path


@pytest.fixture
def handed_in(small_course: Path, notebook: Path) -> Path:
    """The small course, where ada has handed in this notebook."""
    folder = small_course / "submitted" / "ada" / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_bytes(notebook.read_bytes())
    return small_course
