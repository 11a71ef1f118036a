"""autograder claims: on how many seeds the experiments show what the lesson says."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.commands.options import (
    CourseFolder,
    Jobs,
    JsonFile,
    Names,
    assignment_names,
    cores,
    course_root,
    find_lessons,
    needs_forks,
)
from autograder.commands.output import check_json, fail, progress, write_json
from autograder.commands.tables import print_claims


def claims(
    names: Names = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds to try each claim on.")] = 20,
    jobs: Jobs = cores(),
    json_file: JsonFile = None,
    course: CourseFolder = None,
) -> None:
    """Show on how many seeds the claims of the experiments hold (19 of 20 are enough)."""
    needs_forks("claims")
    from autograder.authoring.claims import try_claims
    from autograder.lessons.model import LessonError

    root = course_root(course)
    check_json(json_file)
    assignment_names(root, names)
    try:
        with progress("Trying") as advance:
            tried = try_claims(find_lessons(root, names), seeds, jobs, advance)
    except LessonError as error:
        fail(error)
    print_claims(tried, seeds)
    write_json(json_file, {"schema": 2, "claims": [one.to_dict() for one in tried]})
    if not all(one.holds for one in tried):
        raise typer.Exit(1)
