"""The command ``autograder``: arguments and printing, no logic.

Modules that take long to import are imported in the command that needs them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Build, prove and grade the notebooks of a course.",
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Names = Annotated[
    list[str] | None, typer.Argument(help="Assignments, by name or its beginning (01); all if none.")
]
Course = Annotated[
    Path | None,
    typer.Option(help="The course's root; otherwise the nearest folder with nbgrader_config.py."),
]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the results to this file.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes side by side.")]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _fail(problem: object, code: int = 2) -> NoReturn:
    err.print(f"[red]autograder:[/red] {problem}", soft_wrap=True)
    raise typer.Exit(code)


def _root(course: Path | None) -> Path:
    if course is not None:
        if not (course / "assignments").is_dir() and not (course / "nbgrader_config.py").exists():
            _fail(f"{course} is no course: it has no nbgrader_config.py and no assignments/")
        return course.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").exists():
            return folder
    _fail("no nbgrader_config.py here or above; go to the course's folder or give --course")


def _lessons(root: Path, names: Iterable[str] | None) -> list[Any]:
    from autograder.lesson import LessonError, find

    try:
        return find(root, names or ())
    except LessonError as error:
        _fail(error)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def _write_json(path: Path | None, data: Any) -> None:
    if path is None:
        return
    try:
        path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        _fail(f"{path} cannot be written ({error.strerror})")


@app.command()
def build(
    names: Names = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if anything is stale.")] = False,
    course: Course = None,
) -> None:
    """Make source/ and release/ from assignments/NAME/lesson.py."""
    from autograder import build as building

    root = _root(course)
    problems = 0
    for lesson in _lessons(root, names):
        try:
            built = building.build(lesson)
        except building.BuildError as error:
            err.print(f"[red]✗[/red] {error}", soft_wrap=True)
            problems += 1
            continue
        if check:
            found = building.stale(built, root)
            for line in found:
                err.print(f"[red]✗[/red] {line}", soft_wrap=True)
            problems += len(found)
            if not found:
                out.print(f"[green]✓[/green] {lesson.name} is up to date")
        else:
            changed = building.write(built, root)
            what = ", ".join(str(path.relative_to(root)) for path in changed) or "nothing to change"
            out.print(f"[green]✓[/green] {lesson.name}: {what}", soft_wrap=True)
    if problems:
        _fail("run 'autograder build' and commit what it writes" if check else "nothing is built "
              "from a lesson with problems", 1)


@app.command()
def prove(
    names: Names = None,
    seeds: Annotated[int, typer.Option(min=1, help="Hidden seeds for the reference.")] = 20,
    variant_seeds: Annotated[int, typer.Option(min=1, help="Hidden seeds for each variant.")] = 2,
    quick: Annotated[bool, typer.Option("--quick", help="Two seeds, and one for each variant.")] = False,
    run_experiments: Annotated[bool, typer.Option("--run-experiments", help="Run experiments too.")] = False,
    jobs: Jobs = 0 or _cores(),
    json_file: JsonFile = None,
    course: Course = None,
) -> None:
    """Show that the tests accept what is right and catch what is wrong."""
    from autograder import classroom, proof
    from autograder.grading import Options
    from autograder.lesson import LessonError

    if quick:
        seeds, variant_seeds = 2, 1
    root = _root(course)
    try:
        claims = [
            claim
            for lesson in _lessons(root, names)
            for claim in proof.claims(lesson, seeds, variant_seeds, Options(run_experiments))
        ]
    except LessonError as error:
        _fail(error)
    work = [job for claim in claims for job in claim.jobs]
    results: dict[int, Any] = {}
    with _progress() as bar:
        task = bar.add_task("Proving", total=len(work))
        for job, result in classroom.run(work, jobs):
            results[id(job)] = result
            bar.advance(task)
    # A job keeps its identity only within this process: workers return it by position.
    rows = [proof.judge(claim, [results[id(job)] for job in claim.jobs]) for claim in claims]
    _print_proof(rows)
    _write_json(json_file, {"schema": 1, "rows": [row.to_dict() for row in rows]})
    if not all(row.holds for row in rows):
        raise typer.Exit(1)


def _print_proof(rows: list[Any]) -> None:
    table = Table("lesson", "kind", "task", "name", "runs", "earned", "", box=None, pad_edge=False)
    for row in rows:
        sign = "[green]✓[/green]" if row.holds else f"[red]✗ {row.problem}[/red]"
        earned = f"{row.earned:g} of {row.of:g}"
        table.add_row(row.lesson, row.kind, row.task, row.name, str(row.runs), earned, sign)
    out.print(table)
    kinds = {kind: sum(row.kind == kind for row in rows) for kind in ("misconception", "alternative")}
    bad = sum(not row.holds for row in rows)
    verdict = "[green]all hold[/green]" if not bad else f"[red]{bad} do not hold[/red]"
    out.print(
        f"{len(rows)} rows: {kinds['misconception']} misconceptions, "
        f"{kinds['alternative']} alternatives; {verdict}"
    )


def main() -> None:
    """Entry point of the command."""
    from autograder.sandbox.client import SandboxError

    try:
        app()
    except SandboxError as error:
        _fail(error, 1)


if __name__ == "__main__":
    main()
