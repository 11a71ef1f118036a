"""autograder grade: what was handed in, into the gradebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograder.commands.extras import require
from autograder.commands.options import (
    CacheFolder,
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
    open_cache,
    with_limits,
)
from autograder.commands.output import check_json, fail, progress, write_json
from autograder.commands.tables import print_changes, print_class

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
        bool, typer.Option("--force", help="Grade again what has not changed, all of it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Grade, say whose marks would change, write nothing.")
    ] = False,
    cache: CacheFolder = None,
    sandbox: Sandboxed = "auto",
    gpu: Gpu = False,
    limit: ChangedLimits = None,
    json_file: JsonFile = None,
    course: CourseFolder = None,
) -> None:
    """Grade submitted/*/NAME into gradebook.db and autograded/.

    Goes on where it was stopped, and grades again only what changed: after a change to one test,
    that test; after a change to prose, nothing. Whose marks change is said before they are written.
    """
    needs_forks("grade")
    from autograder.course.folders import Course, CourseError
    from autograder.course.lock import LockedError, locked
    from autograder.course.nbgrader import BuildError, OldGradebookError

    root = course_root(course)
    check_json(json_file)
    wanted = assignment_names(root, names)
    classes: list[Any] = []
    graded = written = 0
    try:
        folder = Course(root)
        with locked(folder.root):
            _check(folder, wanted, student)
            # Started first: the warm parent imports in the background.
            with _pool(jobs, dask, sandbox, gpu) as pool:
                from autograder.classes.run import grade_class
                from autograder.judging.options import Options

                store = open_cache(cache, folder)
                lessons = with_limits(find_lessons(root, wanted), limit)
                pool.preload(lessons)
                for lesson in lessons:
                    with progress(f"Grading {lesson.name}") as advance:

                        def counted(number: int, total: int, advance: Any = advance) -> None:
                            nonlocal graded
                            graded += number > 0
                            advance(number, total)

                        def counted_too() -> None:
                            nonlocal written
                            written += 1

                        def shown(changes: list[Any], lesson: Any = lesson) -> None:
                            print_changes(lesson, changes)

                        classes.append(
                            grade_class(
                                folder, lesson, pool, students=student, force=force,
                                dry_run=dry_run, options=Options(run_experiments, gpu=gpu),
                                cache=store, on_progress=counted, on_changes=shown,
                                on_written=counted_too,
                            )
                        )  # fmt: skip
    except (LockedError, OldGradebookError, CourseError, BuildError) as error:
        fail(error)
    except KeyboardInterrupt:
        fail(
            f"stopped. {written} submissions were graded and written, marks and notebooks; the "
            "same command goes on from there" + _of_regrade(graded - written),
            130,
        )
    for one in classes:
        print_class(one)
    write_json(json_file, {"schema": 2, "assignments": [one.to_dict() for one in classes]})
    entries = [entry for one in classes for entry in one.entries]
    if any(entry.not_graded or (entry.result and entry.result.faults) for entry in entries):
        raise typer.Exit(1)


def _of_regrade(number: int) -> str:
    """What an interruption says of results that were to be written together, at the end."""
    return f". Of {number} regraded ones the marks are as they were" if number else ""


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
        require("dask")
        from autograder.classes.dask_pool import DaskPool

        return DaskPool(dask, isolation)
    from autograder.classes.workers import WorkerPool

    return WorkerPool(jobs, isolation)
