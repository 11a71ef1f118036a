"""autograder check: a student's own notebook, against its visible tests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograder.commands.check_report import print_check, print_folder
from autograder.commands.options import (
    Gpu,
    JsonFile,
    RunExperiments,
    Sandboxed,
    cores,
    isolation_for,
)
from autograder.commands.output import (
    check_json,
    escape,
    fail,
    out,
    problem,
    progress,
    status,
    write_json,
)

if TYPE_CHECKING:  # imported where they are used: they take long
    from autograder.classes.jobs import Pool
    from autograder.classes.self_check import Check
    from autograder.classes.spawned_pool import SpawnedPool
    from autograder.classes.workers import WorkerPool


def check(
    notebook: Annotated[
        Path, typer.Argument(help="Your notebook, or a folder with notebooks, anywhere.")
    ],
    task: Annotated[
        list[str] | None, typer.Option(help="Only this task, as in adam; may be repeated.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again whenever the notebook is saved.")
    ] = False,
    run_experiments: RunExperiments = False,
    sandbox: Sandboxed = "none",
    gpu: Gpu = False,
    json_file: JsonFile = None,
) -> None:
    """Run your notebook from the top in a clean process, and say what its visible tests find.

    It is judged as when it is graded, by the file NAME.lesson.json that comes with the notebook.
    Of a folder every notebook of the course is checked, unless nothing has changed in it.
    """
    check_json(json_file)
    tasks = tuple(task or ())
    if notebook.is_dir():
        if tasks or watch or gpu:
            fail("--task, --watch and --gpu want one notebook, not a folder")
        _check_folder(notebook, run_experiments, sandbox, json_file)
        return
    if not notebook.is_file():
        fail(f"{notebook} cannot be read (No such file or directory).")
    if watch:
        _watch(notebook, tasks, run_experiments, json_file, lambda: _pool(1, sandbox, gpu))
        return
    with status(f"Running {notebook.name} …"), _pool(1, sandbox, gpu) as pool:
        from autograder.intake.submission import SubmissionError

        try:
            found = _checked(notebook, pool, tasks, run_experiments)
        except SubmissionError as error:
            fail(error)
    print_check(found)
    _write(json_file, [(notebook, found)])
    if not found.is_good:
        raise typer.Exit(1)


def _pool(workers: int, sandbox: str, gpu: bool = False) -> WorkerPool | SpawnedPool:
    from autograder.classes.spawned_pool import open_pool

    return open_pool(workers, isolation_for(sandbox, gpu, warn=False))


def _checked(notebook: Path, pool: Pool, tasks: tuple[str, ...], run_experiments: bool) -> Check:
    """What a check finds; ends the command where there is no such task.

    Raises:
        SubmissionError: the notebook cannot be read.
    """
    from autograder.classes import self_check

    try:
        return self_check.check(notebook, pool, run_experiments, tasks)
    except self_check.UnknownTaskError as error:
        fail(error)


def _watch(
    notebook: Path,
    tasks: tuple[str, ...],
    run_experiments: bool,
    json_file: Path | None,
    opened: Callable[[], WorkerPool | SpawnedPool],
) -> None:
    """Check a notebook each time it is saved, until Ctrl-C."""
    from autograder.classes.watching import saves
    from autograder.intake.submission import SubmissionError

    # Ctrl-C is the way out, and no error.
    with contextlib.suppress(KeyboardInterrupt), opened() as pool:
        for _ in saves(notebook):
            began = time.perf_counter()
            try:
                found = _checked(notebook, pool, tasks, run_experiments)
            except SubmissionError as error:  # it may be saved again in a moment
                problem(error)
            else:
                print_check(found)
                _write(json_file, [(notebook, found)])
            took = time.perf_counter() - began
            out.print(
                f"[dim]{time.strftime('%H:%M:%S')}, after {took:.1f} s. Waiting for "
                f"{escape(notebook.name)} to be saved; Ctrl-C ends this.[/dim]\n",
                soft_wrap=True,
            )


def _check_folder(
    folder: Path, run_experiments: bool, sandbox: str, json_file: Path | None
) -> None:
    from autograder.classes.folder_check import check_folder
    from autograder.classes.remembered import RememberedChecks

    with progress("Checking") as advance:
        found = check_folder(
            folder,
            lambda: _pool(cores(), sandbox),
            RememberedChecks(),
            run_experiments,
            advance,
        )
    if not found.entries:
        fail(f"{folder} holds no notebook of the course")
    print_folder(found, folder)
    for entry in found.entries:
        if entry.check is None:
            problem(f"{entry.path.relative_to(folder)}: {entry.problem}")
    _write(json_file, [(one.path, one.check) for one in found.entries if one.check is not None])
    if not found.is_good:
        raise typer.Exit(1)


def _write(json_file: Path | None, checks: list[tuple[Path, Check]]) -> None:
    notebooks: list[dict[str, Any]] = [
        {"path": str(path), **check.to_dict()} for path, check in checks
    ]
    write_json(json_file, {"schema": 2, "notebooks": notebooks})
