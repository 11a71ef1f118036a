"""Arguments and options that several commands have, and what they mean."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.output import err, fail

if TYPE_CHECKING:  # imported where they are used: they take long
    from autograder.classes.cache import ResultCache
    from autograder.course.folders import Course
    from autograder.isolation.tiers import Isolation
    from autograder.lessons.model import Lesson

_CONFIG = "nbgrader_config.py"


def _complete_assignment(beginning: str) -> list[str]:
    """Names of assignments for a shell's completion."""
    root = _find_root()
    there = (root / "assignments").glob("*") if root is not None else ()
    names = (folder.name for folder in there if (folder / "lesson").is_dir()
             or (folder / "lesson.py").is_file())  # fmt: skip
    return sorted(name for name in names if name.startswith(beginning))


_NAME_HELP = "by name, its beginning or its number (06_optimizers, 06, 6)"
Names = Annotated[
    list[str] | None,
    typer.Argument(
        help=f"Assignments, {_NAME_HELP}; all if none.", autocompletion=_complete_assignment
    ),
]
SomeNames = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME...", help=f"Assignments, {_NAME_HELP}.", autocompletion=_complete_assignment
    ),
]
OneName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help=f"The assignment, {_NAME_HELP}.", autocompletion=_complete_assignment
    ),
]
CourseFolder = Annotated[
    Path | None,
    typer.Option(
        "--course", help="The course's root; otherwise the nearest folder with nbgrader_config.py."
    ),
]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the results to this file.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes side by side.")]
Sandboxed = Annotated[
    str,
    typer.Option(
        "--sandbox",
        metavar="TIER",
        help="How to isolate submissions: strong, fallback, none; auto is the strongest there is.",
    ),
]
RunExperiments = Annotated[bool, typer.Option("--run-experiments", help="Run experiments too.")]
Gpu = Annotated[
    bool,
    typer.Option("--gpu", help="Let notebooks use the GPU, which is hidden from them otherwise."),
]
ChangedLimits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=VALUE",
        help="Another limit for every submission, as in memory_mb=2048; may be repeated.",
    ),
]
CacheFolder = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        envvar="AUTOGRADER_CACHE",
        help="A folder of results that need not be made again; machines may share it.",
    ),
]


def needs_forks(command: str) -> None:
    """Fail at once where no process can be forked: on Windows."""
    if not hasattr(os, "fork"):
        from autograder.isolation.machine import NEEDS_FORKS

        fail(f"autograder {command} {NEEDS_FORKS}")


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def course_root(course: Path | None) -> Path:
    """The folder that ``--course`` names, or the nearest one with a configuration."""
    if course is not None:
        if not (course / "assignments").is_dir() and not (course / _CONFIG).exists():
            fail(f"{course} is no course: it has no {_CONFIG} and no assignments/")
        return course.resolve()
    root = _find_root()
    if root is None:
        fail(f"no {_CONFIG} here or above; go to the course's folder or give --course")
    return root


def _find_root() -> Path | None:
    here = Path.cwd()
    return next((f for f in (here, *here.parents) if (f / _CONFIG).exists()), None)


def course_name(root: Path) -> str:
    """What nbgrader's configuration calls the course, fit for a file's name; else its folder."""
    from autograder.course.folders import Course, CourseError

    try:
        name = Course(root).course_id or root.name
    except CourseError as error:
        fail(error)
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "course"


def assignment_names(root: Path, names: Iterable[str] | None) -> list[str]:
    """The whole names of the assignments; fails at once on names of none."""
    from autograder.lessons.model import LessonError
    from autograder.lessons.reading import folders

    try:
        return [folder.name for folder in folders(root, names or ())]
    except LessonError as error:
        fail(error)


def find_lessons(root: Path, names: Iterable[str] | None) -> list[Lesson]:
    """The lessons of the assignments."""
    from autograder.lessons.model import LessonError
    from autograder.lessons.reading import find

    try:
        return find(root, names or ())
    except LessonError as error:
        fail(error)


def isolation_for(wanted: str, gpu: bool = False, warn: bool = True) -> Isolation:
    """The isolation that ``--sandbox`` names; says so where there is none."""
    from autograder.isolation.tiers import TIERS, TierError, choose

    if wanted not in ("auto", *TIERS):
        fail(f"--sandbox {wanted} is unknown; choose from auto, {', '.join(TIERS)}")
    try:
        isolation = choose(wanted, gpu)
    except TierError as error:
        fail(error)
    if isolation.tier == "none" and warn:
        err.print(
            "[yellow]Submissions run with your own rights (--sandbox none): they can read and "
            "change your files. Every mark will say so.[/yellow]",
            soft_wrap=True,
        )
    return isolation


def open_cache(folder: Path | None, course: Course) -> ResultCache | None:
    """The cache that ``--cache`` names, if any; its entries are signed with the hidden seed."""
    from autograder.classes.cache import ResultCache

    if folder is None:
        return None
    try:
        return ResultCache(folder, str(course.hidden_seed))
    except OSError as error:
        fail(f"--cache {folder}: no such folder can be made ({error.strerror})")


def with_limits(lessons: list[Lesson], changes: list[str] | None) -> list[Lesson]:
    """The lessons with the limits of ``--limit NAME=VALUE`` changed."""
    from autograder.lessons.model import LimitError

    changed: dict[str, float] = {}
    for change in changes or ():
        name, _, value = change.partition("=")
        try:
            changed[name] = float(value)
        except ValueError:
            fail(f"--limit {change}: write NAME=NUMBER, as in memory_mb=2048")
    try:
        return [replace(one, limits=one.limits.changed(changed)) for one in lessons]
    except LimitError as error:
        fail(f"--limit: {error}")
