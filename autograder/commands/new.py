"""autograder new: a small course of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.output import escape, fail, out


def new(target: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make it.")]) -> None:
    """Make a small course to begin with: one assignment, its wrong answers, a README.

    DIR must be new or empty.
    """
    from autograder.authoring.new_course import make_course
    from autograder.course.folders import CourseError

    try:
        made = make_course(target)
    except CourseError as error:
        fail(error)
    where = escape(str(target))
    out.print(f"[green]✓[/green] {where}: {len(made)} files", soft_wrap=True)
    out.print(
        f"Next: cd {where}; autograder build; autograder prove. README.md has the rest.",
        soft_wrap=True,
    )
