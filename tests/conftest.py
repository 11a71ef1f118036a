"""What the tests share: a small course, and one warm sandbox for the whole run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Before anything imports torch: one thread, as in the grader. A process that has run torch on
# several threads hangs its forks, and the tests fork.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

# Stock nbgrader, which some tests run, calls alembic by its name.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

import pytest

from autograder import build, examiner, grading, lesson, proof
from autograder.grading import Options, Result
from autograder.lesson import Lesson
from autograder.sandbox import tiers
from autograder.sandbox.client import Sandbox
from autograder.submission import Extra, Submission

ROOT = Path(__file__).parents[1]
SMALL_COURSE = Path(__file__).parent / "course"


@pytest.fixture(scope="session")
def small() -> Lesson:
    """A lesson with one cell of each kind (tests/course)."""
    return lesson.load(SMALL_COURSE / "assignments" / "90_small")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A warm sandbox with the strongest isolation of this machine; starting one takes seconds."""
    with Sandbox(tiers.choose()) as warm:
        warm.wait_until_warm()
        yield warm


@pytest.fixture(scope="session")
def grade(sandbox: Sandbox, small: Lesson) -> Callable[..., Result]:
    """Grade the small lesson's reference with some solutions changed, by task.

    ``grade(double="def double(x): return x")``; ``extras`` are cells added after a lesson's cell;
    ``blank=True`` starts from the release; ``lesson`` is another lesson than the small one.
    """
    prepared: dict[str, tuple[Any, Any]] = {}

    def run(
        *,
        lesson: Lesson = small,
        extras: tuple[Extra, ...] = (),
        blank: bool = False,
        submission: Submission | None = None,
        run_experiments: bool = False,
        **changed: str,
    ) -> Result:
        if lesson.digest not in prepared:
            prepared[lesson.digest] = build.master_notebook(lesson), examiner.prepare(lesson)
        master, tests = prepared[lesson.digest]
        if submission is None:
            base = proof.blank(master, lesson) if blank else proof.reference(lesson)
            sources = {**base.sources, **{f"solution-{task}": s for task, s in changed.items()}}
            submission = Submission(sources, extras, ())
        options = Options(run_experiments)
        return grading.grade(lesson, master, submission, sandbox, tests, options)

    return run


@pytest.fixture
def make_lesson(tmp_path: Path) -> Callable[[str], Lesson]:
    """Load a lesson from the text of its cells; the header is added."""

    def make(cells: str, misconceptions: str = "", header: str = "title: T\nminutes: 1") -> Lesson:
        folder = tmp_path / "assignments" / "91_made"
        folder.mkdir(parents=True, exist_ok=True)
        front = "\n".join(f"# {line}" for line in ["---", *header.splitlines(), "---"])
        (folder / "lesson.py").write_text(f"{front}\n\n{cells}", encoding="utf-8")
        if misconceptions:
            (folder / "misconceptions.py").write_text(misconceptions, encoding="utf-8")
        return lesson.load(folder)

    return make


@pytest.fixture
def small_course(tmp_path: Path) -> Path:
    """A copy of the small course's folder that a test may change."""
    target = tmp_path / "course"
    shutil.copytree(SMALL_COURSE, target)
    return target
