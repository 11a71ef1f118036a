"""The project's own files: in a checkout beside the packages, else where pip has put them."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import autograder
import nnlab

PROJECT = "training-neural-networks"
#: What is the authors' alone in the two packages: an example lesson, whose tests are no secret,
#: but would look like one beside a course that began with it.
_AUTHORS_ALONE = ("new-course",)
_KINDS = (".py", ".json", ".html", ".typed", ".md", ".yml", ".txt", "")


class ProjectFileError(Exception):
    """A file of the project that is not there. The message says what to do."""


def project_file(name: str) -> bytes:
    """A file of the project's root, such as ``constraints.txt`` or ``LICENSE``.

    Raises:
        ProjectFileError: this installation has no such file.
    """
    path = _root() / name
    if not path.is_file():
        raise ProjectFileError(
            f"this installation of {PROJECT} has no {name}; install it again with pip"
        )
    return path.read_bytes()


def package_files() -> dict[str, bytes]:
    """What there is of ``nnlab`` and ``autograder`` for students, by path in the project."""
    found = {}
    for package in (nnlab, autograder):
        home = Path(str(package.__file__)).parent
        for path in sorted(home.rglob("*")):
            name = path.relative_to(home.parent)
            strange = any(part.startswith((".", "__pycache__")) for part in name.parts)
            if strange or set(name.parts) & set(_AUTHORS_ALONE) or path.suffix not in _KINDS:
                continue
            if path.is_file():
                found[name.as_posix()] = path.read_bytes()
    return found


def _root() -> Path:
    """The folder with ``pyproject.toml``, ``constraints.txt`` and the licences."""
    checkout = Path(str(autograder.__file__)).parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / "nnlab").is_dir():
        return checkout
    try:
        files = importlib.metadata.files(PROJECT) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    shared = [one for one in files if one.parts[-2:] == (PROJECT, "pyproject.toml")]
    return Path(str(shared[0].locate())).parent if shared else checkout
