"""autograder grade: what was handed in, into the gradebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograder.commands.options import (
    ChangedLimits,
    CourseFolder,
    Gpu,
    Jobs,
    JsonFile,
    RunExperiments,
    Sandboxed,
    SomeNames,
    assignment_names,
    cores,
    course_root,
    find_lessons,
    isolation_for,
    needs_forks,
    with_limits,
)
from autograder.commands.output import check_json, fail, progress, write_json
from autograder.commands.tables import print_class

if TYPE_CHECKING:  # imported where they are used: they take long
    from autograder.course.folders import Course


def grade(
    names: SomeNames,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be repeated.")
    ] = None,
    jobs: Jobs = cores(),
    dask: Annotated[str, typer.Option(metavar="ADDRESS", help="Grade on this Dask cluster.")] = "",
    run_experiments: RunExperiments = False,
    force: Annotated[
        bool, typer.Option("--force", help="Grade again what has not changed.")
    ] = False,
    sandbox: Sandboxed = "auto",
    gpu: Gpu = False,
    limit: ChangedLimits = None,
    json_file: JsonFile = None,
    course: CourseFolder = None,
) -> None:
    """Grade submitted/*/NAME into gradebook.db and autograded/.

    Goes on where it was stopped, and grades again only what changed: the notebook, the lesson,
    the hidden seed, the grader's version or the options.
    """
    needs_forks("grade")
    from autograder.course.folders import Course, CourseError
    from autograder.course.lock import LockedError, locked
    from autograder.course.nbgrader import BuildError, OldGradebookError

    root = course_root(course)
    check_json(json_file)
    wanted = assignment_names(root, names)
    classes: list[Any] = []
    done = 0
    try:
        folder = Course(root)
        with locked(folder.root):
            _check(folder, wanted, student)
            # Started first: the warm parent imports in the background.
            with _pool(jobs, dask, sandbox, gpu) as pool:
                from autograder.classes.run import grade_class
                from autograder.judging.result import Options

                lessons = with_limits(find_lessons(root, wanted), limit)
                pool.preload(lessons)
                for lesson in lessons:
                    with progress(f"Grading {lesson.name}") as advance:

                        def counted(number: int, total: int, advance: Any = advance) -> None:
                            nonlocal done
                            done += number > 0
                            advance(number, total)

                        classes.append(
                            grade_class(
                                folder, lesson, pool, students=student, force=force,
                                options=Options(run_experiments), on_progress=counted,
                            )
                        )  # fmt: skip
    except (LockedError, OldGradebookError, CourseError, BuildError) as error:
        fail(error)
    except KeyboardInterrupt:
        fail(
            f"stopped. {done} submissions were graded and written, marks and notebooks; the same "
            "command goes on from there",
            130,
        )
    for one in classes:
        print_class(one)
    write_json(json_file, {"schema": 2, "assignments": [one.to_dict() for one in classes]})
    entries = [entry for one in classes for entry in one.entries]
    if any(entry.not_graded or (entry.result and entry.result.faults) for entry in entries):
        raise typer.Exit(1)


def _check(course: Course, assignments: list[str], students: list[str] | None) -> None:
    """Fail at once on what would fail later: an old gradebook, or nothing to grade."""
    from autograder.course.nbgrader import check_schema_version

    check_schema_version(course.db_url)
    empty = [name for name in assignments if not course.handed_in(name, students)]
    if empty:
        where = course.folder("submitted", "STUDENT", empty[0])
        fail(
            f"nothing was handed in for {', '.join(empty)}: notebooks are looked for in "
            f"{where}/. 'autograder collect {empty[0]} ARCHIVE.zip' puts them there"
        )


def _pool(jobs: int, dask: str, sandbox: str, gpu: bool) -> Any:
    isolation = isolation_for(sandbox, gpu)
    if dask:
        from autograder.classes.dask_pool import DaskPool

        return DaskPool(dask, isolation)
    from autograder.classes.workers import WorkerPool

    return WorkerPool(jobs, isolation)
