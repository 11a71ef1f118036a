"""A student's own check of all notebooks in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from autograder.classes.jobs import Job, NotGraded, Pool
from autograder.classes.remembered import RememberedChecks
from autograder.classes.self_check import Check, OwnWork, read_work
from autograder.intake.submission import NotOfCourseError, SubmissionError

#: The folders that JupyterLab and others keep copies and packages in.
_SKIPPED = ("node_modules", "site-packages", "__pycache__")


@dataclass(frozen=True)
class FolderEntry:
    """A notebook in a folder, with what its check found, or the reason why there is none.

    ``remembered`` tells that nothing had changed since the last time, so that nothing was run.
    """

    path: Path
    check: Check | None
    problem: str = ""
    remembered: bool = False


@dataclass(frozen=True)
class FolderCheck:
    """What the check of a folder found. ``others`` counts notebooks that are none of the course."""

    entries: tuple[FolderEntry, ...]
    others: int = 0

    @property
    def is_good(self) -> bool:
        """Whether every notebook was checked, and every visible test passes."""
        return all(entry.check is not None and entry.check.is_good for entry in self.entries)


def notebooks_in(folder: Path) -> list[Path]:
    """The notebooks in a folder and in those below it, in order; hidden folders are left out."""
    found = []
    for home, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED]
        found += [Path(home, name) for name in files if name.endswith(".ipynb")]
    return sorted(path for path in found if not path.name.startswith("."))


def check_folder(
    folder: Path,
    open_pool: Callable[[], AbstractContextManager[Pool]],
    remembered: RememberedChecks,
    run_experiments: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> FolderCheck:
    """Check every notebook of the course in a folder, those only that have changed.

    Args:
        open_pool: makes the processes; not called where nothing has changed.

    Raises:
        PoolError: the processes do not start.
    """
    entries: dict[Path, FolderEntry] = {}
    todo: dict[str, tuple[OwnWork, Job]] = {}
    others = 0
    for path in notebooks_in(folder):
        try:
            work = read_work(path, folder)
        except NotOfCourseError:
            others += 1
            continue
        except SubmissionError as error:
            entries[path] = FolderEntry(path, None, str(error))
            continue
        job = work.job(run_experiments=run_experiments)
        known = remembered.get(work, job)
        if known is not None:
            entries[path] = FolderEntry(path, known, remembered=True)
        else:
            todo[job.key] = (work, job)
    if todo:
        for entry in _run(todo, open_pool, remembered, on_progress):
            entries[entry.path] = entry
    return FolderCheck(tuple(entries[path] for path in sorted(entries)), others)


def _run(
    todo: dict[str, tuple[OwnWork, Job]],
    open_pool: Callable[[], AbstractContextManager[Pool]],
    remembered: RememberedChecks,
    on_progress: Callable[[int, int], None],
) -> Iterable[FolderEntry]:
    on_progress(0, len(todo))
    with open_pool() as pool:
        pool.preload(work.lesson for work, _ in todo.values())
        done = pool.run(job for _, job in todo.values())
        for number, (job, result) in enumerate(done, start=1):
            work, _ = todo[job.key]
            if isinstance(result, NotGraded):
                yield FolderEntry(work.path, None, f"could not be run: {result.reason}")
            else:
                check = work.report(result)
                if all(line.outcome != "not_run" for line in check.lines):
                    remembered.put(work, job, check)  # else the machine may be to blame
                yield FolderEntry(work.path, check)
            on_progress(number, len(todo))
