"""What a lesson's experiments claim, tried on many seeds.

``claims.py`` beside a lesson holds functions of the lesson and a seed::

    @claim("With He's scale the signal keeps its size through 20 layers of ReLU")
    def he_keeps_the_scale(lesson, seed):
        stds = lesson.forward_stds("he", seed=seed)
        return 0.5 < stds[-1] / stds[0] < 2

``lesson`` holds the names of the reference notebook: its shared, sandboxed and solution cells have
run, its experiments have not.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from autograder.lessons.model import Lesson, LessonError
from autograder.lessons.reading import load

#: A function of the reference notebook's names and a seed that says whether something holds.
Claim: TypeAlias = Callable[[ModuleType, int], bool]

#: The share of seeds on which a claim has to hold: 19 of 20.
ENOUGH = 0.95


def claim(says: str) -> Callable[[Claim], Claim]:
    """Register a function ``(lesson, seed) -> bool`` as the proof of a claim.

    Args:
        says: the claim, in a sentence.
    """

    def register(function: Claim) -> Claim:
        function.says = says  # type: ignore[attr-defined]
        return function

    return register


@dataclass(frozen=True)
class TriedClaim:
    """A claim, and on which seeds it held. ``errors`` are the first lines of what it raised."""

    lesson: str
    name: str
    says: str
    held: tuple[int, ...]
    failed: tuple[int, ...]
    errors: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return len(self.held) >= ENOUGH * (len(self.held) + len(self.failed))

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


def read(folder: Path) -> dict[str, Claim]:
    """The claims of the lesson in ``folder``, by name, in order; none without a ``claims.py``.

    Raises:
        LessonError: the file cannot be run.
    """
    path = folder / "claims.py"
    if not path.exists():
        return {}
    try:
        names = runpy.run_path(str(path))
    except Exception as error:
        raise LessonError(path, "file", f"{type(error).__name__}: {error}") from error
    return {name: value for name, value in names.items() if hasattr(value, "says")}


def names_of(lesson: Lesson) -> ModuleType:
    """A module with the names of the reference notebook, but for those of its experiments."""
    module = ModuleType(lesson.name)
    for cell in lesson.cells:
        if cell.kind in ("shared", "sandboxed", "solution"):
            exec(compile(cell.source, f"<{cell.id}>", "exec"), module.__dict__)
    return module


def try_claims(
    lessons: list[Lesson],
    seeds: int,
    jobs: int,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[TriedClaim]:
    """Try every claim of ``lessons`` on seeds 0 to ``seeds - 1``, ``jobs`` at a time."""
    claims = [
        (lesson, name, str(getattr(function, "says", "")))
        for lesson in lessons
        for name, function in read(lesson.folder).items()
    ]
    work = [(lesson.folder, name, seed) for lesson, name, _ in claims for seed in range(seeds)]
    outcomes: dict[tuple[Path, str, int], tuple[bool, str]] = {}
    # Fresh processes: the forks of one that has run torch on several threads hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_quiet) as pool:
        futures = {pool.submit(_try, *one): one for one in work}
        on_progress(0, len(work))
        for done, future in enumerate(as_completed(futures), start=1):
            outcomes[futures[future]] = future.result()
            on_progress(done, len(work))
    return [
        _summary(lesson, name, says, [outcomes[lesson.folder, name, s] for s in range(seeds)])
        for lesson, name, says in claims
    ]


def _summary(lesson: Lesson, name: str, says: str, outcomes: list[tuple[bool, str]]) -> TriedClaim:
    held = tuple(seed for seed, (fine, _) in enumerate(outcomes) if fine)
    failed = tuple(seed for seed, (fine, _) in enumerate(outcomes) if not fine)
    errors = tuple(dict.fromkeys(error for _, error in outcomes if error))
    return TriedClaim(lesson.name, name, says, held, failed, errors)


def _quiet() -> None:
    """One thread for each process, no windows, no progress bars but the caller's."""
    os.environ.update(TQDM_DISABLE="1", MPLBACKEND="agg", OMP_NUM_THREADS="1")


@cache
def _loaded(folder: Path) -> tuple[ModuleType, dict[str, Claim]]:
    """The names of a lesson and its claims, once a process."""
    return names_of(load(folder)), read(folder)


def _try(folder: Path, name: str, seed: int) -> tuple[bool, str]:
    names, functions = _loaded(folder)
    try:
        return bool(functions[name](names, seed)), ""
    except Exception as error:  # noqa: BLE001  a claim that raises is one that doesn't hold
        return False, f"{type(error).__name__}: {error}".splitlines()[0]
