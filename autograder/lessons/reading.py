"""Reads an assignment's folder into cells and tasks.

A lesson is a jupytext percent script, in one file (``lesson.py``) or in sections
(``lesson/00_start.py``, ``lesson/01_momentum.py``, …, read in the order of their names). The
header of a cell says what the cell is for::

    # %% [markdown]                              prose
    # %% shared="imports"                        code that both sides run; tests use their own copy
    # %% sandboxed="spiral"                      given code, beside the student's only
    # %% solution="adam" title="Adam"            the student's work on the task ``adam``;
                                                 needs="rmsprop", forbid="torch.optim.Adam"
    # %% [markdown] hint="adam"                  a hint, shown collapsed; several make a ladder
    # %% tests="adam" points=3 part="long_run"   visible and hidden tests of the task
    # %% experiment="race"                       run by students, skipped when grading
    # %% [markdown] answer="why" title="Why" points=2     free text, marked by hand

:mod:`autograder.lessons.headers` has all of it as data.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from autograder.lessons.checks import check
from autograder.lessons.headers import OPTIONS, OPTIONS_BY_WORD, PURPOSE_WORDS, PURPOSES
from autograder.lessons.install_cell import with_install_cell
from autograder.lessons.model import Cell, Kind, Lesson, LessonError, LimitError, Limits

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_PART = re.compile(r"[A-Za-z0-9_]+\Z")
#: Beside the assignments: what holds for all of them.
COURSE_FILE = "course.yml"


def load(folder: Path) -> Lesson:
    """Read the lesson in ``folder``.

    Raises:
        LessonError: there is none, or a cell cannot be what its header says.
    """
    import jupytext  # takes a second, which a command that only names a lesson need not spend

    folder = Path(folder)
    digest = hashlib.sha256()
    cells: list[Cell] = []
    front: dict[str, Any] = {}
    paths = _files(folder)
    files: dict[int, Path] = {}
    for path in paths:
        text = _read(path)
        digest.update(f"{path.name}\n{text}\n".encode())
        raw = list(jupytext.reads(text, fmt="py:percent").cells)
        if not front:
            front = _front_matter(path, raw)
        found = [_cell(path, number, one) for number, one in enumerate(raw, len(cells) + 1)]
        files.update((cell.number, path) for cell in found)
        cells += found
    lesson = Lesson(
        name=folder.name,
        folder=folder,
        title=str(front["title"]),
        minutes=front["minutes"],
        cells=tuple(cells),
        limits=_limits(paths[0], front.get("limits") or {}),
        digest=digest.hexdigest(),
    )
    check(lesson, files)
    return with_install_cell(lesson, _install_from(folder.parent / COURSE_FILE))


def find(root: Path, names: Iterable[str] = ()) -> list[Lesson]:
    """The lessons under ``root/assignments``: all, or those that ``names`` name.

    Raises:
        LessonError: a name is that of no lesson, or of more than one; or a lesson cannot be used.
    """
    return [load(folder) for folder in folders(root, names)]


def folders(root: Path, names: Iterable[str] = ()) -> list[Path]:
    """The folders of the lessons that :func:`find` would load.

    A lesson is named by its name, its beginning, or its number: "06_optimizers", "06", "6".
    """
    home = root / "assignments"
    there = sorted(path for path in home.glob("*") if _has_lesson(path)) if home.is_dir() else []
    names = list(names)
    if not names:
        if not there:
            raise LessonError(home, "folder", "holds no NAME/lesson.py and no NAME/lesson/")
        return there
    chosen = []
    for name in names:
        matching = _named(there, name)
        if len(matching) != 1:
            choices = ", ".join(folder.name for folder in (matching or there)) or "none"
            problem = "is more than one assignment" if matching else "is no assignment"
            raise LessonError(home, repr(name), f"{problem}; choose from {choices}")
        chosen.append(matching[0])
    return list(dict.fromkeys(chosen))


def _named(there: list[Path], name: str) -> list[Path]:
    exact = [folder for folder in there if folder.name == name]
    if not exact and name.isdecimal():
        exact = [folder for folder in there if _number(folder) == int(name)]
    return exact or [folder for folder in there if name and folder.name.startswith(name)]


def _number(folder: Path) -> int | None:
    digits = re.match(r"\d+", folder.name)
    return int(digits[0]) if digits else None


def _has_lesson(folder: Path) -> bool:
    return (folder / "lesson.py").is_file() or (folder / "lesson").is_dir()


def _files(folder: Path) -> list[Path]:
    """The files of a lesson, in order."""
    sections = sorted((folder / "lesson").glob("*.py"))
    single = folder / "lesson.py"
    if sections and single.exists():
        raise LessonError(folder, "folder", "has lesson.py and lesson/*.py; keep one of the two")
    return sections or [single]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise LessonError(path, "file", f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise LessonError(path, "file", f"is not UTF-8 ({error})") from error


def _front_matter(path: Path, cells: list[Any]) -> dict[str, Any]:
    """Take the YAML header (a raw first cell between ``---`` lines) off ``cells``."""
    if not cells or cells[0].cell_type != "raw":
        raise LessonError(path, "first lines", "want a header: '# ---', title, minutes, '# ---'")
    try:
        front = yaml.safe_load(cells.pop(0).source.strip().strip("-"))
    except yaml.YAMLError as error:
        raise LessonError(path, "header", f"is not YAML ({error})") from error
    for key in ("title", "minutes"):
        if not isinstance(front, dict) or key not in front:
            raise LessonError(path, "header", f"lacks {key!r}")
    unknown = set(front) - {"title", "minutes", "limits"}
    if unknown:
        raise LessonError(path, "header", f"knows no {', '.join(sorted(unknown))}")
    if type(front["minutes"]) is not int:
        raise LessonError(path, "header", f"minutes is {front['minutes']!r}, not a whole number")
    return dict(front)


def _install_from(path: Path) -> str:
    """Whence Colab and Kaggle install what notebooks import, if the course says so."""
    if not path.exists():
        return ""
    try:
        settings = yaml.safe_load(_read(path)) or {}
    except yaml.YAMLError as error:
        raise LessonError(path, "file", f"is not YAML ({error})") from error
    if not isinstance(settings, dict) or set(settings) - {"install_from"}:
        raise LessonError(path, "file", "may say install_from: ADDRESS, and nothing else")
    url = str(settings.get("install_from") or "")
    if url and not re.fullmatch(r"(https?|file)://[^\s\"'\\{}]+", url):
        raise LessonError(path, "install_from", f"{url!r} is no address that pip can install from")
    return url


def _limits(path: Path, changed: Any) -> Limits:
    if not isinstance(changed, dict):
        known = ", ".join(asdict(Limits()))
        raise LessonError(path, "header, limits", f"is {changed!r}, no map; there are {known}")
    try:
        return Limits().changed(changed)
    except LimitError as error:
        raise LessonError(path, "header, limits", str(error)) from error


def _cell(path: Path, number: int, raw: Any) -> Cell:
    """A cell as jupytext has it, as what its header says."""
    metadata = {k: v for k, v in raw.metadata.items() if k != "lines_to_next_cell"}
    first_line = raw.source.strip().split("\n")[0][:50]
    where = f"cell {number} ({first_line or 'empty'})"
    if raw.cell_type == "raw":
        problem = "a header ('# ---') belongs to the first lines of the first file, and only there"
    else:
        problem = _problem(metadata, raw.cell_type == "code")
    if problem:
        raise LessonError(path, where, problem)
    purpose = next((word for word in PURPOSE_WORDS if word in metadata), None)
    if purpose is None:
        return Cell("text", raw.source, number)
    kind: Kind = purpose  # type: ignore[assignment]  # every purpose is a kind
    return Cell(
        kind=kind,
        source=raw.source,
        number=number,
        name=str(metadata[purpose]),
        part=str(metadata.get("part", "")),
        points=float(metadata.get("points", 0)),
        needs=_words(metadata.get("needs", ())),
        forbids=_words(metadata.get("forbid", ())),
        shows_changes=metadata.get("changes") == "shown",
        title=str(metadata.get("title", "")),
    )


def _problem(metadata: dict[str, Any], is_code: bool) -> str:
    """What is wrong with a header; empty if nothing is."""
    purposes = [word for word in PURPOSE_WORDS if word in metadata]
    unknown = set(metadata) - set(PURPOSE_WORDS) - set(OPTIONS_BY_WORD)
    if unknown or len(purposes) > 1:
        strange = ", ".join(sorted(unknown)) or " and ".join(purposes)
        known = ", ".join((*PURPOSE_WORDS, *OPTIONS_BY_WORD))
        return f"the header says {strange}; it may hold one purpose and its options, of {known}"
    if not purposes and is_code:
        return f"a code cell needs a purpose and a name, one of {', '.join(PURPOSE_WORDS)}"
    if not purposes:
        return f"{sorted(metadata)} without a purpose" if metadata else ""
    (purpose,) = (one for one in PURPOSES if one.word == purposes[0])
    if not _NAME.match(str(metadata[purpose.word])):
        return f"{purpose.word}={metadata[purpose.word]!r} is not a name"
    if is_code != purpose.is_code:
        wants = "[markdown]" if is_code else "no [markdown]"
        return f"{purpose.word} cells want {wants} in the header"
    for option in OPTIONS:
        if option.word in metadata and purpose.word not in option.purposes:
            fitting = ", ".join(option.purposes)
            return f"{option.word} goes with {fitting}, not with {purpose.word}"
    return _problem_of_options(purpose.word, metadata)


def _problem_of_options(purpose: str, metadata: dict[str, Any]) -> str:
    points = metadata.get("points", 0)
    wants_points = purpose in OPTIONS_BY_WORD["points"].purposes
    if wants_points and not (isinstance(points, (int, float)) and points > 0):
        return "points must be a positive number"
    for word in _words(metadata.get("forbid", ())):
        if not all(part.isidentifier() for part in word.split(".")) or "." not in word:
            return f"forbid={word!r} is no dotted name, as in torch.optim"
    part = str(metadata.get("part", ""))
    if part and not _PART.match(part):
        return f"part={part!r} is not a word of letters, digits and _"
    changes = metadata.get("changes", "undone")
    if changes not in ("undone", "shown"):
        return f'changes={changes!r} is neither "undone" nor "shown"'
    return ""


def _words(value: Any) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else tuple(value)
