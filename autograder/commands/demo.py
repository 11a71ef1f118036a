"""autograder demo: a class whose right marks are known, graded and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import (
    CourseFolder,
    Jobs,
    JsonFile,
    Sandboxed,
    assignment_names,
    cores,
    course_root,
    find_lessons,
    isolation_for,
    needs_forks,
)
from autograder.commands.output import check_json, escape, fail, out, problem, progress, write_json
from autograder.commands.tables import class_picture, print_summary


def demo(
    target: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to make it.")] = Path(
        "demo"
    ),
    students: Annotated[int, typer.Option(min=1, help="How many students.")] = 30,
    assignment: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another class.")] = 0,
    jobs: Jobs = cores(),
    sandbox: Sandboxed = "auto",
    json_file: JsonFile = None,
    course: CourseFolder = None,
) -> None:
    """Make a class whose right marks are known, grade it, and compare.

    DIR becomes an ordinary course, with its lessons: run autograder, nbgrader or formgrader there.
    """
    needs_forks("demo")
    from autograder.classes.workers import WorkerPool

    root = course_root(course)
    check_json(json_file)
    assignment_names(root, assignment)
    wrong: list[str] = []
    runs, total = [], 0
    with WorkerPool(jobs, isolation_for(sandbox)) as pool:
        from autograder.authoring import demo_class
        from autograder.classes.run import grade_class
        from autograder.course.folders import Course, CourseError
        from autograder.pages.class_page import write_class_page

        try:
            demo_class.prepare_folder(root, target)
            folder = Course(target)
        except CourseError as error:
            fail(error)
        for lesson in find_lessons(root, assignment):
            known = demo_class.make_class(target, lesson, students, seed)
            with progress(f"Grading {lesson.name}") as advance:
                run = grade_class(folder, lesson, pool, on_progress=advance)
            runs.append(run)
            out.print(f"\n[bold]{escape(lesson.title)}[/bold]")
            out.print(class_picture(run))
            print_summary(run)
            wrong += demo_class.differences(known, run)
            total += len(known) * len(lesson.tasks)
            page = write_class_page(run, target / "report")
            out.print(f"Page: {escape(str(page))}", soft_wrap=True)
    write_json(json_file, {"schema": 2, "assignments": [one.to_dict() for one in runs]})
    for line in wrong:
        problem(line)
    right = total - len(wrong)
    out.print(
        f"\nMarks against the known ones: {right} of {total} tasks agree "
        f"({right / max(total, 1):.1%})"
    )
    out.print(
        f"The class is a course: cd {escape(str(target))} and run autograder, nbgrader or "
        "jupyter lab there.",
        soft_wrap=True,
    )
    if wrong:
        raise typer.Exit(1)
