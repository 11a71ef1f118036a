"""autograder publish: the public tree of a course."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import CourseFolder, course_name, course_root, find_lessons
from autograder.commands.output import escape, fail, out


def publish(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make it.")],
    course: CourseFolder = None,
) -> None:
    """Make the public tree: everything that students may see of the course, and nothing else.

    DIR is new, empty, or made by this command before; then it is brought up to date, and what
    else is there (.git) stays.
    """
    from autograder.authoring import publish as publishing
    from autograder.authoring.project_files import ProjectFileError
    from autograder.authoring.public_files import PublicFilesError

    root = course_root(course)
    if target.resolve() == root:
        fail(f"{target} is the course itself, which holds solutions; name another folder")
    try:
        files = publishing.public_tree(root, find_lessons(root, None), course_name(root))
    except PublicFilesError as error:
        fail(error, 1)
    except ProjectFileError as error:
        fail(error)
    try:
        changed = publishing.publish(files, target)
    except (PublicFilesError, OSError) as error:
        fail(error)
    out.print(
        f"[green]✓[/green] {escape(str(target))}: {len(files)} files, {len(changed)} changed. "
        "No hidden line of any lesson is in them.",
        soft_wrap=True,
    )
