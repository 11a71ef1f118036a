"""Lesson to notebooks: ``source/`` for instructors, ``release/`` for students; the leak gate."""

from __future__ import annotations

import ast
import contextlib
import difflib
import json
import logging
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
import sqlalchemy
from alembic.script import ScriptDirectory
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearSolutions, ComputeChecksums, LockCells
from traitlets.config import Config

from autograder.lesson import (
    BEGIN_HIDDEN,
    BEGIN_RUBRIC,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_RUBRIC,
    END_SOLUTION,
    Cell,
    Lesson,
    LessonError,
)
from autograder.misconceptions import variants

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class BuildError(Exception):
    """Notebooks that cannot or must not be built. The message says which cell and why."""


@dataclass(frozen=True)
class Built:
    """The two notebooks of a lesson, as the text of their files."""

    lesson: Lesson
    source: str
    release: str

    def files(self, root: Path) -> dict[Path, str]:
        """Where the notebooks belong under the course's root, and what they should hold."""
        name = self.lesson.name
        return {
            root / "source" / name / f"{name}.ipynb": self.source,
            root / "release" / name / f"{name}.ipynb": self.release,
        }


def build(lesson: Lesson) -> Built:
    """Make both notebooks, and hold the release against the leak gate.

    Raises:
        BuildError: nbgrader cannot make the release, or the release would leak something.
    """
    problems = lint(lesson)
    source = to_text(source_notebook(lesson))
    release = _generate(lesson, source)
    released = nbformat.reads(release, as_version=4)
    problems += _unreadable_code(released) + leaks(lesson, released)
    if problems:
        raise BuildError(f"{lesson.path}:\n" + "\n".join(f"  {problem}" for problem in problems))
    return Built(lesson, source, release)


def write(built: Built, root: Path) -> list[Path]:
    """Write what differs from the files there are, and remove strangers from the two folders."""
    changed = []
    for path, wanted in built.files(root).items():
        for stranger in path.parent.glob("*"):
            if stranger != path:
                shutil.rmtree(stranger) if stranger.is_dir() else stranger.unlink()
                changed.append(stranger)
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, encoding="utf-8")
            changed.append(path)
    return changed


def stale(built: Built, root: Path) -> list[str]:
    """What ``write`` would change: a line for each file, with the first lines that differ."""
    found = []
    for path, wanted in built.files(root).items():
        if not path.exists():
            found.append(f"{path}: is missing")
            continue
        there = path.read_text(encoding="utf-8")
        if there != wanted:
            lines = difflib.unified_diff(there.splitlines(), wanted.splitlines(), n=0, lineterm="")
            changes = [
                line.strip()
                for line in lines
                if line[:1] in "+-" and line[:3] not in ("+++", "---")
            ]
            found.append(f"{path}: is stale, for instance " + " / ".join(changes[:2])[:200])
        for stranger in path.parent.glob("*"):
            if stranger != path:
                found.append(f"{stranger}: belongs to no lesson")
    return found


def source_notebook(lesson: Lesson) -> NotebookNode:
    """The instructor's notebook: solutions, hidden tests, nbgrader's metadata (schema 3)."""
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": dict(KERNEL)})
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py"}
    hints: list[Cell] = []
    for cell in lesson.cells:
        if cell.kind == "hint":
            hints.append(cell)
            continue
        if hints:
            notebook.cells.append(_ladder(hints))
            hints = []
        notebook.cells.append(_notebook_cell(cell))
    if hints:
        notebook.cells.append(_ladder(hints))
    return notebook


def master_notebook(lesson: Lesson) -> dict[str, Any]:
    """The notebook that nbgrader's gradebook holds: blank solutions, hidden tests, checksums.

    A student's notebook is graded by filling its sources into this one. It is plain data, which
    the grader's workers can take without importing nbformat.
    """
    notebook = source_notebook(lesson)
    for step in (LockCells(), ClearSolutions(), ComputeChecksums()):
        notebook, _ = step.preprocess(notebook, {})
    return json.loads(json.dumps(notebook))


def to_text(notebook: NotebookNode) -> str:
    """A notebook as the text of its file."""
    return nbformat.writes(notebook, version=4) + "\n"


def _notebook_cell(cell: Cell) -> NotebookNode:
    new = nbformat.v4.new_code_cell if cell.is_code else nbformat.v4.new_markdown_cell
    source = _rubric_within_solution(cell) if cell.rubric else cell.source
    made = new(source=source, id=cell.id)
    if cell.kind == "text":
        return made
    made.metadata["nbgrader"] = {
        "grade": cell.is_graded,
        "grade_id": cell.id,
        "locked": not cell.is_students,
        "schema_version": 3,
        "solution": cell.is_students,
        "task": False,
    }
    if cell.is_graded:
        points = cell.points
        made.metadata["nbgrader"]["points"] = int(points) if points == int(points) else points
    if cell.kind == "experiment":
        made.metadata["tags"] = ["experiment"]
    return made


def _rubric_within_solution(cell: Cell) -> str:
    """An answer cell with its mark scheme inside the solution, which nbgrader blanks.

    nbgrader knows mark schemes in task cells only; in an answer cell one would change the
    checksum by which an untouched answer is known.
    """
    outside: list[str] = []
    inside = False
    for line in cell.source.splitlines():
        inside = inside or BEGIN_RUBRIC in line
        if not inside:
            outside.append(line)
        inside = inside and END_RUBRIC not in line
    end = next(number for number, line in enumerate(outside) if END_SOLUTION in line)
    rubric = ["", "**Marks:**", "", *cell.rubric.splitlines()]
    return "\n".join([*outside[:end], *rubric, *outside[end:]])


def _ladder(hints: list[Cell]) -> NotebookNode:
    """Consecutive hints as one markdown cell of collapsed rungs."""
    rungs = []
    for number, hint in enumerate(hints, start=1):
        title = f"Hint {number} of {len(hints)}" if len(hints) > 1 else "Hint"
        rungs.append(f"<details><summary>{title}</summary>\n\n{hint.source.strip()}\n\n</details>")
    return nbformat.v4.new_markdown_cell("\n".join(rungs), id=hints[0].id)


def _generate(lesson: Lesson, source: str) -> str:
    """The release of a source notebook, made by nbgrader's own converter in a throwaway course."""
    with tempfile.TemporaryDirectory(prefix="autograder-build-") as folder:
        course = Path(folder)
        path = course / "source" / lesson.name / f"{lesson.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(source, encoding="utf-8")
        generate_assignment(course, lesson, f"sqlite:///{course / 'gradebook.db'}")
        released = course / "release" / lesson.name / path.name
        text = released.read_text(encoding="utf-8")
    return text if text.endswith("\n") else text + "\n"


def generate_assignment(course: Path, lesson: Lesson, db_url: str) -> None:
    """Run ``nbgrader generate_assignment`` in ``course``, which holds ``source/``.

    Raises:
        BuildError: with nbgrader's reason.
    """
    note_schema_version(db_url)
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.assignment_id = lesson.name
    config.CourseDirectory.db_url = db_url
    converter = GenerateAssignment(
        coursedir=CourseDirectory(config=config), config=config, force=True
    )
    log = _Collected()
    converter.log = logging.Logger("nbgrader")
    converter.log.addHandler(log)
    try:
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
            converter.start()
    except (NbGraderException, SystemExit, RuntimeError) as error:
        reasons = log.errors or [str(error)]
        raise BuildError(f"{lesson.path}: nbgrader says: " + " ".join(reasons)) from error


def note_schema_version(db_url: str) -> None:
    """Note the version of nbgrader's tables in an empty database.

    nbgrader would start a process to find it, by a name that it finds only in an active
    environment, and that takes seconds.
    """
    engine = sqlalchemy.create_engine(db_url)
    try:
        if sqlalchemy.inspect(engine).get_table_names():
            return
        migrations = Path(nbgrader.__file__).parent / "alembic"
        head = ScriptDirectory(migrations).get_current_head()
        with engine.begin() as connection:
            connection.execute(
                sqlalchemy.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            )
            connection.execute(
                sqlalchemy.text("INSERT INTO alembic_version VALUES (:head)"), {"head": head}
            )
    finally:
        engine.dispose()


class _Collected(logging.Handler):
    """Keeps the errors that nbgrader logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(record.getMessage().strip().splitlines()[-1])


def lint(lesson: Lesson) -> list[str]:
    """What an author forgot: tests, hidden tests, alt texts."""
    problems = []
    for task in lesson.tasks:
        if not task.tests:
            problems.append(
                f"{task.solution.id}: the task has no tests; add # %% tests={task.name!r}"
            )
        elif not any(cell.hidden_lines for cell in task.tests):
            problems.append(
                f"{task.solution.id}: the task has no hidden tests; "
                f"add {BEGIN_HIDDEN} … {END_HIDDEN}"
            )
    for cell in lesson.cells:
        if not cell.is_code:
            problems += [f"{cell.id}: {problem}" for problem in _without_alt(cell.source)]
        elif cell.kind not in ("tests",) and BEGIN_HIDDEN in cell.source:
            problems.append(f"{cell.id}: hidden tests belong in a tests cell")
        if not cell.is_students and BEGIN_SOLUTION in cell.source:
            problems.append(f"{cell.id}: a solution belongs in a solution or answer cell")
    try:
        variants(lesson)
    except LessonError as error:
        problems.append(str(error))
    return problems


def _unreadable_code(release: NotebookNode) -> list[str]:
    """Cells that are no Python once the solutions are gone: a region inside brackets, say."""
    found = []
    for cell in release.cells:
        if cell.cell_type == "code":
            try:
                ast.parse(TransformerManager().transform_cell(cell.source))
            except SyntaxError as error:
                found.append(
                    f"{cell.id}: what students get is no Python (line {error.lineno}: "
                    f"{error.msg}); put the markers around whole statements"
                )
    return found


def _without_alt(markdown: str) -> list[str]:
    found = []
    for match in re.finditer(r"!\[(.*?)\]\((.*?)\)", markdown):
        if not match[1].strip():
            found.append(
                f"the image {match[2]} has no alt text: write ![what it shows]({match[2]})"
            )
    for match in re.finditer(r"<(?:img|svg)\b[^>]*>", markdown, re.IGNORECASE):
        words = re.search(r"(?:alt|aria-label)\s*=\s*([\"'])(.*?)\1", match[0])
        if not words or not words[2].strip():
            found.append(f"an image has no alt text: {match[0][:60]}")
    return found


def leaks(lesson: Lesson, release: NotebookNode) -> list[str]:
    """What the release holds that students must not see.

    Code repeats itself: a line of a solution may stand in a cell that students are given, too. So
    in a code cell a line that the lesson shows openly is a leak only if the rest of the secret
    stands beside it. In text any telling line is.
    """
    found = []
    secrets = _secrets(lesson)
    shown = {_normal(line) for cell in lesson.cells if cell.is_code for line in _open_lines(cell)}
    for cell in release.cells:
        if cell.get("outputs"):
            found.append(f"{cell.id}: the release holds outputs")
        if cell.get("execution_count"):
            found.append(f"{cell.id}: the release holds an execution count")
        for marker in (
            BEGIN_SOLUTION,
            END_SOLUTION,
            BEGIN_HIDDEN,
            END_HIDDEN,
            BEGIN_RUBRIC,
            END_RUBRIC,
        ):
            if marker.lstrip("# ") in cell.source:
                found.append(f"{cell.id}: the release holds the marker {marker}")
        lines = {_normal(line) for line in cell.source.splitlines()}
        for secret in secrets:
            held = secret.lines & lines
            whole = len(held) == len(secret.lines) >= secret.enough
            for line in sorted(held if whole or cell.cell_type != "code" else held - shown):
                found.append(
                    f"{cell.id}: the release holds a line of the {secret.kind} of {secret.owner}: "
                    f"{line[:60]}"
                )
    return found


#: Lines shorter than this say nothing: ``return x``, ``else:``.
_TELLING = 24


@dataclass(frozen=True)
class _Secret:
    """The telling lines of a part of a lesson that students must not see.

    All of them in one cell are a leak, however common each is, if there are ``enough``.
    """

    kind: str
    owner: str
    lines: frozenset[str]
    enough: int = 1


def _secrets(lesson: Lesson) -> list[_Secret]:
    """The solutions, hidden tests, mark schemes and variants of a lesson."""
    found = []
    for cell in lesson.cells:
        hidden = _hidden_lines(cell)
        # The same line above a solution's marker is no secret; above a hidden test's it gives
        # the test away.
        kept = [] if cell.kind == "tests" else _open_lines(cell)
        for kind, lines in hidden.items():
            found.append(_Secret(kind, cell.name, _telling(lines) - _telling(kept)))
    # What a variant adds to its solution cell is as secret as the solution.
    with contextlib.suppress(LessonError):
        for variant in variants(lesson):
            kept = _open_lines(lesson.task(variant.task).solution)
            lines = _telling(variant.source.splitlines()) - _telling(kept)
            found.append(_Secret(variant.kind, variant.name, lines, enough=2))
    return found


def _open_lines(cell: Cell) -> list[str]:
    """The lines of a lesson's cell that students see."""
    return _parts(cell).get("", [])


def _hidden_lines(cell: Cell) -> dict[str, list[str]]:
    """The lines of a lesson's cell between markers, by what the markers say."""
    return {kind: lines for kind, lines in _parts(cell).items() if kind}


def _parts(cell: Cell) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    kinds = [""]
    for line in cell.source.splitlines():
        if BEGIN_SOLUTION in line:
            kinds.append("solution")
        elif BEGIN_HIDDEN in line:
            kinds.append("hidden tests")
        elif BEGIN_RUBRIC in line:
            kinds.append("mark scheme")
        elif any(marker in line for marker in (END_SOLUTION, END_HIDDEN, END_RUBRIC)):
            kinds = kinds[:-1] or [""]
        else:
            parts.setdefault(kinds[-1], []).append(line)
    return parts


def _telling(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(line for line in map(_normal, lines) if len(line) >= _TELLING)


def _normal(line: str) -> str:
    return " ".join(line.split())
