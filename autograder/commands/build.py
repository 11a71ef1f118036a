"""autograder build: the notebooks of a course, from its lessons."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.commands.options import CourseFolder, Names, course_root, find_lessons
from autograder.commands.output import escape, fail, out, problem


def build(
    names: Names = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if anything is stale.")
    ] = False,
    course: CourseFolder = None,
) -> None:
    """Make source/ and release/ from assignments/NAME/lesson/."""
    from autograder.authoring import build as building
    from autograder.course.nbgrader import BuildError

    root = course_root(course)
    problems = 0
    for lesson in find_lessons(root, names):
        try:
            built = building.build(lesson)
        except BuildError as error:
            problem(error)
            problems += 1
            continue
        if check:
            found = building.stale(built, root)
            for line in found:
                problem(line)
            problems += len(found)
            if not found:
                out.print(f"[green]✓[/green] {lesson.name} is up to date")
        else:
            changed = building.write(built, root)
            what = ", ".join(str(path.relative_to(root)) for path in changed) or "nothing to change"
            out.print(f"[green]✓[/green] {lesson.name}: {escape(what)}", soft_wrap=True)
    if problems:
        fail(
            "run 'autograder build' and commit what it writes"
            if check
            else "nothing is built from a lesson with problems",
            1,
        )
