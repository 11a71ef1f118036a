"""What leaves for students, as files by path: notebooks, what they import, how to begin.

The public tree and a hand-out are made of the same files, and pass the same leak gate.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from autograder.authoring.leaks import leaks, leaks_in_files
from autograder.authoring.project_files import package_files, project_file
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import release_id, released_cells
from autograder.lessons.released import SUFFIX, released_lesson

Files = dict[str, bytes]

LICENCES = ("LICENSE", "LICENSE-PROSE.md", "NOTICE", "CITATION.cff")
#: The sections of pyproject.toml that an installation needs.
_INSTALLED_BY = ("build-system", "project", "tool.setuptools")


class PublicFilesError(Exception):
    """What cannot or must not be handed out. The message says which file and why."""


def notebooks(root: Path, lessons: list[Lesson]) -> Files:
    """The released notebooks of some lessons, and what lies beside each for ``check``.

    Raises:
        PublicFilesError: a release is missing, or is not what its lesson builds.
    """
    found: Files = {}
    problems = []
    for lesson in lessons:
        home = root / "release" / lesson.name
        notebook, facts = (home / f"{lesson.name}{suffix}" for suffix in (".ipynb", SUFFIX))
        for path, look in ((notebook, _problem_of_notebook), (facts, _problem_of_facts)):
            problem = look(lesson, path) if path.is_file() else "is missing"
            if problem:
                problems.append(f"{path}: {problem}; run 'autograder build {lesson.name}'")
            else:
                found[path.name] = path.read_bytes()
    if problems:
        raise PublicFilesError("\n".join(problems))
    return found


def _problem_of_notebook(lesson: Lesson, path: Path) -> str:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = {cell["id"]: _source(cell) for cell in notebook["cells"]}
        release = notebook["metadata"]["autograder"]["release"]
    except (ValueError, KeyError, TypeError):
        return "is no notebook of the course"
    expected = {name: cell.source for name, cell in released_cells(lesson).items()}
    return "" if cells == expected and release == release_id(lesson) else "is stale"


def _problem_of_facts(lesson: Lesson, path: Path) -> str:
    as_built = released_lesson(lesson).to_text().encode()
    return "" if path.read_bytes() == as_built else "is stale"


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def tools(readme: str) -> Files:
    """What pip needs to install ``nnlab`` and ``autograder``: sources, versions, licences.

    Args:
        readme: the file that the project's metadata calls its readme.
    """
    found = package_files()
    for name in ("constraints.txt", *LICENCES):
        found[name] = project_file(name)
    found["pyproject.toml"] = _pyproject(project_file("pyproject.toml").decode(), readme).encode()
    found["environment.yml"] = template("environment.yml").encode()
    return found


def _pyproject(text: str, readme: str) -> str:
    """The project's ``pyproject.toml`` without what only its developers need."""
    sections = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    kept = [one for one in sections if one.strip("[").startswith(_INSTALLED_BY)]
    made = "".join(kept).replace('readme = "README.md"', f'readme = "{readme}"')
    return re.sub(r"\n{3,}", "\n\n", made).rstrip() + "\n"


def template(name: str, **words: str) -> str:
    """A file of ``public/`` with its ``{words}`` filled in."""
    text = Path(__file__).with_name("public").joinpath(name).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace("{" + word + "}", value)
    return text


def check_for_leaks(lessons: list[Lesson], files: Files) -> None:
    """Hold everything that leaves against the secrets of all lessons of the course.

    Raises:
        PublicFilesError: something leaks.
    """
    problems = leaks_in_files(lessons, files)
    for lesson in lessons:
        for path, data in files.items():
            if Path(path).name == f"{lesson.name}.ipynb":
                found = leaks(lesson, json.loads(data)["cells"])
                problems += [f"{path}: {problem}" for problem in found]
    if problems:
        raise PublicFilesError("\n".join(problems))
