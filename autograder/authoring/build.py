"""Lesson to notebooks: source/ for instructors, release/ for students; and the released lesson."""

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
from autograder.lessons import released
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import released_cells, source_notebook, to_text
from autograder.lessons.released import ReleasedLesson, released_lesson


@dataclass(frozen=True)
class Built:
    """The two notebooks of a lesson and its released form, as the text of their files."""

    lesson: Lesson
    source: str
    release: str
    released_lesson: str

    def files(self, root: Path) -> dict[Path, str]:
        """Where the files belong under the course's root, and what they should hold.

        The released lesson lies beside both notebooks: nbgrader's own ``generate_assignment``
        empties the folder in release/, and fills it from the one in source/.
        """
        name = self.lesson.name
        return {
            folder / name / f"{name}{suffix}": text
            for folder, notebook in (
                (root / "source", self.source),
                (root / "release", self.release),
            )
            for suffix, text in ((".ipynb", notebook), (released.SUFFIX, self.released_lesson))
        }


def build(lesson: Lesson) -> Built:
    """Make both notebooks and the released lesson, and hold them against the leak gate.

    Raises:
        BuildError: nbgrader cannot make the release, or the release would leak something.
    """
    problems = lint(lesson)
    source = to_text(source_notebook(lesson))
    release = released_by_nbgrader(lesson)
    cells = json.loads(release)["cells"]
    found = leaks(lesson, cells)
    problems += unreadable_code(cells) + found + _differences(lesson, cells)
    shown = released_lesson(lesson)
    others = [leak for leak in leaks(lesson, _as_cells(shown)) if leak not in found]
    problems += [f"the released lesson, {leak}" for leak in others]
    if problems:
        raise BuildError(f"{lesson.folder}:\n" + "\n".join(f"  {problem}" for problem in problems))
    return Built(lesson, source, release, shown.to_text())


def _as_cells(shown: ReleasedLesson) -> list[dict[str, Any]]:
    """All texts of a released lesson, for the leak gate: a cell each, and one for the rest."""
    cells: list[dict[str, Any]] = [
        {"id": cell.id, "cell_type": "code" if cell.is_code else "markdown", "source": cell.source}
        for cell in shown.cells
    ]
    record = json.loads(shown.to_text())
    words = [
        str(value) for cell in record["cells"] for key, value in cell.items() if key != "source"
    ]
    rest = "\n".join([record["title"], *words])
    return [*cells, {"id": "its fields", "cell_type": "markdown", "source": rest}]


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
    files = built.files(root)
    for path, wanted in files.items():
        for stranger in _strangers(path.parent, files):
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
    files = built.files(root)
    for folder in dict.fromkeys(path.parent for path in files):
        found += [f"{stranger}: belongs to no lesson" for stranger in _strangers(folder, files)]
    for path, wanted in files.items():
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
    return found


def _strangers(folder: Path, files: dict[Path, str]) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path not in files]
