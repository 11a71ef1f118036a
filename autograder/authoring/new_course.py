"""A small course to begin with: one assignment that builds, proves, grades and hands out."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from autograder.course.folders import CONFIG_FILE, CourseError

#: Files that would be in the way under their own name in a package.
_RENAMED = {"gitignore": ".gitignore"}
_HIDDEN_SEEDS = 1_000_000


def make_course(target: Path) -> list[Path]:
    """Make a course in ``target``, with a hidden seed of its own; returns its files.

    Raises:
        CourseError: the folder is not empty.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CourseError(f"{target} is not empty; name another folder")
    home = Path(__file__).with_name("new-course")
    if not (home / CONFIG_FILE).is_file():
        raise CourseError(
            "this installation is a hand-out for students, which has no course to begin with; "
            "install the project itself"
        )
    course_id = re.sub(r"[^A-Za-z0-9_-]+", "-", target.resolve().name).strip("-") or "course"
    words = {"{course_id}": course_id, "{seed}": str(secrets.randbelow(_HIDDEN_SEEDS))}
    made: list[Path] = []
    _copy(home, target, words, made)
    return made


def _copy(home: Path, target: Path, words: dict[str, str], made: list[Path]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for one in sorted(home.iterdir()):
        if one.name.startswith((".", "__pycache__")):
            continue
        if one.is_dir():
            _copy(one, target / one.name, words, made)
            continue
        text = one.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        path = target / _RENAMED.get(one.name, one.name)
        path.write_text(text, encoding="utf-8")
        made.append(path)
