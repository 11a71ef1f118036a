"""What a mark owes to the machine that judged it: the grader's code, versions, tier, device."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import platform
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path

from autograder.lessons.model import Lesson
from autograder.lessons.python_source import import_aliases

_PACKAGE = Path(__file__).parents[1]
#: The folders whose code a mark may depend on; the others only carry it about.
_JUDGING = ("intake", "isolation", "judging", "lessons", "protocol", "sandbox")
#: Distributions that take part whatever a lesson imports.
_ALWAYS = ("ipython", "msgpack", "numpy", "torch")


@dataclass(frozen=True)
class Environment:
    """What judges.

    ``code`` is a digest of the grader's source and of ``nnlab``; ``versions`` are those of Python
    and of the distributions that take part, by name; ``tier`` is that of the isolation, ``device``
    what submissions compute on.
    """

    code: str
    versions: tuple[tuple[str, str], ...]
    tier: str
    device: str

    @property
    def digest(self) -> str:
        """One word for all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def environment_of(lesson: Lesson, tier: str, device: str) -> Environment:
    """What this process would judge a lesson's submissions with."""
    sources = tuple(cell.source for cell in lesson.cells if cell.is_code)
    return Environment(_code_digest(), _versions(_roots(sources)), tier, device)


@lru_cache(maxsize=64)  # asked for every submission
def _roots(sources: tuple[str, ...]) -> frozenset[str]:
    """The top-level modules that a lesson's code imports."""
    return frozenset(full.split(".")[0] for full in import_aliases(sources).values())


@cache
def _code_digest() -> str:
    digest = hashlib.sha256()
    nnlab = importlib.util.find_spec("nnlab")
    assert nnlab is not None and nnlab.origin is not None
    folders = [Path(nnlab.origin).parent, *(_PACKAGE / name for name in _JUDGING)]
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{folder.name}/{path.relative_to(folder).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _versions(roots: frozenset[str]) -> tuple[tuple[str, str], ...]:
    by_module = importlib.metadata.packages_distributions()
    names = {*_ALWAYS, *(name for root in roots for name in by_module.get(root, ()))}
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name.lower()] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name.lower()] = "none"
    return tuple(sorted(found.items()))
