"""autograder handout: one zip file for students."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import (
    CourseFolder,
    SomeNames,
    course_name,
    course_root,
    find_lessons,
)
from autograder.commands.output import escape, fail, out


def handout(
    names: SomeNames,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The zip file; NAME.zip or COURSE.zip if not given."),
    ] = None,
    course: CourseFolder = None,
) -> None:
    """Make one zip file for students: notebooks, what they import, how to begin.

    pip can install it as it is. It holds no solution and no hidden test.
    """
    from autograder.authoring.handout import handout as make
    from autograder.authoring.handout import write_handout
    from autograder.authoring.project_files import ProjectFileError
    from autograder.authoring.public_files import PublicFilesError

    root = course_root(course)
    lessons = find_lessons(root, names)
    name = lessons[0].name if len(lessons) == 1 else course_name(root)
    path = output or Path(f"{name}.zip")
    if not path.parent.is_dir():
        fail(f"{path} cannot be written: there is no folder {path.parent}")
    try:
        made = make(root, lessons, find_lessons(root, None), name)
    except PublicFilesError as error:
        fail(error, 1)
    except ProjectFileError as error:
        fail(error)
    try:
        write_handout(made, path)
    except (PublicFilesError, OSError) as error:
        fail(error)
    notebooks = ", ".join(f"{one.name}.ipynb" for one in lessons)
    out.print(
        f"[green]✓[/green] {escape(str(path))} ({len(made) / 1e6:.1f} MB): {escape(notebooks)}, "
        "START_HERE.md and what the notebooks import",
        soft_wrap=True,
    )
