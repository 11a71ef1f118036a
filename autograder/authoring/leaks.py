"""What a release holds that students must not see: the leak gate."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.lessons.model import (
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
from autograder.lessons.released import MARKERS
from autograder.lessons.variants import variants


def leaks(lesson: Lesson, release: list[dict[str, Any]]) -> list[str]:
    """What the cells of a release hold that students must not see.

    Code repeats itself: a line of a solution may stand in a cell that students are given, too. So
    in a code cell a line that the lesson shows openly is a leak only if the rest of the secret
    stands beside it. In text any telling line is.
    """
    found = []
    secrets = _secrets(lesson)
    shown = {_normal(line) for cell in lesson.cells if cell.is_code for line in open_lines(cell)}
    for cell in release:
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        if cell.get("outputs"):
            found.append(f"{cell['id']}: the release holds outputs")
        if cell.get("execution_count"):
            found.append(f"{cell['id']}: the release holds an execution count")
        for marker in MARKERS:
            if marker.lstrip("# ") in source:
                found.append(f"{cell['id']}: the release holds the marker {marker}")
        lines = {_normal(line) for line in source.splitlines()}
        for secret in secrets:
            held = secret.lines & lines
            whole = len(held) == len(secret.lines) >= secret.enough
            for line in sorted(held if whole or cell["cell_type"] != "code" else held - shown):
                whose = f"{secret.kind} of {secret.owner}"
                found.append(f"{cell['id']}: the release holds a line of the {whose}: {line[:60]}")
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
        hidden = hidden_lines_of(cell)
        # The same line above a solution's marker is no secret; above a hidden test's it gives
        # the test away.
        kept = [] if cell.kind == "tests" else open_lines(cell)
        for kind, lines in hidden.items():
            found.append(_Secret(kind, cell.name, _telling(lines) - _telling(kept)))
    # What a variant adds to its solution cell is as secret as the solution.
    with contextlib.suppress(LessonError):
        for variant in variants(lesson):
            kept = open_lines(lesson.task(variant.task).solution)
            added = _telling(variant.source.splitlines()) - _telling(kept)
            found.append(_Secret(variant.kind, variant.name, added, enough=2))
    return found


def open_lines(cell: Cell) -> list[str]:
    """The lines of a lesson's cell that students see."""
    return _parts(cell).get("", [])


def hidden_lines_of(cell: Cell) -> dict[str, list[str]]:
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


#: So many lines of a solution or a variant in one file are no coincidence.
_NO_COINCIDENCE = 3


def leaks_in_files(lessons: list[Lesson], files: Mapping[str, bytes]) -> list[str]:
    """What files beside the notebooks hold that students must not see.

    Programs share phrases: ``return digest.hexdigest()`` may stand in a solution and in the
    grader. So a solution is given away by all of its telling lines, or by three of them; a hidden
    test and a mark scheme by any line that no notebook shows.
    """
    shown = {
        _normal(line) for lesson in lessons for cell in lesson.cells for line in open_lines(cell)
    }
    secrets = [(lesson, secret) for lesson in lessons for secret in _secrets(lesson)]
    found = []
    for path, data in files.items():
        lines = {_normal(line) for line in _lines_of(path, data)}
        for lesson, secret in secrets:
            held = secret.lines & lines
            new = held - shown
            whole = bool(new) and len(held) == len(secret.lines) >= secret.enough
            any_line = secret.kind in ("hidden tests", "mark scheme")
            if whole or len(new) >= (1 if any_line else _NO_COINCIDENCE):
                whose = f"{secret.kind} of {secret.owner} ({lesson.name})"
                found.append(f"{path}: holds lines of the {whose}: {min(new)[:60]}")
    return found


def _lines_of(path: str, data: bytes) -> Iterator[str]:
    """The lines of a text file; of JSON, the lines of all its strings."""
    text = data.decode("utf-8", errors="replace")
    if not path.endswith((".json", ".ipynb")):
        yield from text.splitlines()
        return
    waiting = [json.loads(text)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield from value.splitlines()
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            # A notebook's cell may be a list of lines.
            waiting += value
