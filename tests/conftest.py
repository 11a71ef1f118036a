"""What the tests share: a small course, and one warm sandbox for the whole run."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

# Before anything imports torch: one thread, as in the grader. A process that has run torch on
# several threads hangs its forks, and the tests fork.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

# Stock nbgrader, which some tests run, calls alembic by its name.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

import pytest

from autograder.authoring import proof
from autograder.intake.submission import Extra, Submission
from autograder.isolation import tiers
from autograder.judging import scripts
from autograder.judging.grade import grade as grade_submission
from autograder.judging.options import Options
from autograder.judging.result import Result
from autograder.judging.sandbox_client import Sandbox
from autograder.judging.scripts import Prepared
from autograder.lessons import reading
from autograder.lessons.model import Lesson

# A shell that starts this in the background has it ignore Ctrl-C, and what tests start with it.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]
SMALL_COURSE = Path(__file__).parent / "course"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-variants",
        action="store_true",
        help="hold all variants of all lessons against check, grade and a kernel, not some a run",
    )


@pytest.fixture(scope="session")
def small() -> Lesson:
    """A lesson with one cell of each kind (tests/course)."""
    return reading.load(SMALL_COURSE / "assignments" / "90_small")


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
    prepared: dict[str, Prepared] = {}

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
            prepared[lesson.digest] = scripts.prepare(lesson)
        if submission is None:
            base = proof.blank(lesson) if blank else proof.reference(lesson)
            sources = {**base.sources, **{f"solution-{task}": s for task, s in changed.items()}}
            submission = Submission(sources, extras, ())
        options = Options(run_experiments)
        return grade_submission(lesson, submission, sandbox, prepared[lesson.digest], options)

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
        return reading.load(folder)

    return make


@pytest.fixture
def small_course(tmp_path: Path) -> Path:
    """A copy of the small course's folder that a test may change."""
    target = tmp_path / "course"
    shutil.copytree(SMALL_COURSE, target)
    return target
