"""autograder prove: the tests accept what is right and catch what is wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.commands.options import (
    CourseFolder,
    Jobs,
    JsonFile,
    Names,
    RunExperiments,
    Sandboxed,
    assignment_names,
    cores,
    course_root,
    find_lessons,
    isolation_for,
    needs_forks,
)
from autograder.commands.output import check_json, fail, progress, write_json
from autograder.commands.tables import print_proof


def prove(
    names: Names = None,
    seeds: Annotated[int, typer.Option(min=1, help="Hidden seeds for the reference.")] = 20,
    variant_seeds: Annotated[int, typer.Option(min=1, help="Hidden seeds for each variant.")] = 2,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Two seeds; for variants one, and their task's tests only."),
    ] = False,
    run_experiments: RunExperiments = False,
    jobs: Jobs = cores(),
    sandbox: Sandboxed = "auto",
    json_file: JsonFile = None,
    course: CourseFolder = None,
) -> None:
    """Show that the tests accept what is right and catch what is wrong."""
    needs_forks("prove")
    from autograder.classes.workers import WorkerPool

    if quick:
        seeds, variant_seeds = 2, 1
    root = course_root(course)
    check_json(json_file)
    assignment_names(root, names)
    with WorkerPool(jobs, isolation_for(sandbox)) as pool:
        from autograder.authoring import proof
        from autograder.lessons.model import LessonError

        try:
            claims = [
                claim
                for lesson in find_lessons(root, names)
                for claim in proof.claims(
                    lesson, seeds, variant_seeds, run_experiments, everywhere=not quick
                )
            ]
        except LessonError as error:
            fail(error)
        with progress("Proving") as advance:
            rows = proof.prove(claims, pool, advance)
    print_proof(rows)
    write_json(json_file, {"schema": 2, "rows": [row.to_dict() for row in rows]})
    if not all(row.holds for row in rows):
        raise typer.Exit(1)
