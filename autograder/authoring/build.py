"""Lesson to notebooks: source/ for instructors, release/ for students."""

from __future__ import annotations

import difflib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.leaks import leaks
from autograder.authoring.lint import lint, unreadable_code
from autograder.course.nbgrader import BuildError, released_by_nbgrader
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import released_cells, source_notebook, to_text


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
    release = released_by_nbgrader(lesson)
    cells = json.loads(release)["cells"]
    problems += unreadable_code(cells) + leaks(lesson, cells) + _differences(lesson, cells)
    if problems:
        raise BuildError(f"{lesson.folder}:\n" + "\n".join(f"  {problem}" for problem in problems))
    return Built(lesson, source, release)


def _differences(lesson: Lesson, cells: list[dict[str, Any]]) -> list[str]:
    """Where nbgrader's release is not what a submission would be held against."""
    expected = released_cells(lesson)
    found = {cell["id"]: _source_of(cell) for cell in cells}
    return [
        f"{name}: nbgrader releases another text of this cell than the grader expects"
        for name in [*expected, *(set(found) - set(expected))]
        if name not in expected or found.get(name) != expected[name].source
    ]


def _source_of(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


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
