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
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Build, prove and grade the notebooks of a course.",
)
out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Assignments, by name or its beginning (01); all if none."),
]
Course = Annotated[
    Path | None,
    typer.Option(help="The course's root; otherwise the nearest folder with nbgrader_config.py."),
]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the results to this file.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes side by side.")]
Isolated = Annotated[
    str,
    typer.Option(
        "--sandbox",
        metavar="TIER",
        help="How to isolate submissions: strong, fallback, none; auto is the strongest there is.",
    ),
]
Gpu = Annotated[bool, typer.Option("--gpu", help="Let submissions use the NVIDIA devices.")]
Changed = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=VALUE",
        help="Another limit for every submission, as in memory_mb=2048; may be repeated.",
    ),
]


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


def _check_names(root: Path, names: Iterable[str] | None) -> None:
    """Fail at once on names of no assignment, before anything slow starts."""
    from autograder.lesson import LessonError, folders

    try:
        folders(root, names or ())
    except LessonError as error:
        _fail(error)


def _lessons(root: Path, names: Iterable[str] | None) -> list[Any]:
    from autograder.lesson import LessonError, find

    try:
        return find(root, names or ())
    except LessonError as error:
        _fail(error)


def _isolation(wanted: str, gpu: bool = False, warn: bool = True) -> Any:
    from autograder.sandbox.tiers import TIERS, TierError, choose

    if wanted not in ("auto", *TIERS):
        _fail(f"--sandbox {wanted} is unknown; choose from auto, {', '.join(TIERS)}")
    try:
        isolation = choose(wanted, gpu)
    except TierError as error:
        _fail(error)
    if isolation.tier == "none" and warn:
        err.print(
            "[yellow]Submissions run with your own rights (--sandbox none): they can read and "
            "change your files. Every mark will say so.[/yellow]",
            soft_wrap=True,
        )
    return isolation


def _with_limits(lessons: list[Any], changes: list[str] | None) -> list[Any]:
    """The lessons with the limits of ``--limit NAME=VALUE`` changed."""
    from dataclasses import replace

    from autograder.lesson import LimitError

    changed: dict[str, float] = {}
    for change in changes or ():
        name, _, value = change.partition("=")
        try:
            changed[name] = float(value)
        except ValueError:
            _fail(f"--limit {change}: write NAME=NUMBER, as in memory_mb=2048")
    try:
        return [replace(one, limits=one.limits.changed(changed)) for one in lessons]
    except LimitError as error:
        _fail(f"--limit: {error}")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def _advance(bar: Progress, task: Any) -> Any:
    return lambda done, total: bar.update(task, completed=done, total=total)


def _check_json(path: Path | None) -> None:
    """Fail before the work, not after it."""
    if path is not None and not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        _fail(f"{path} cannot be written: there is no such folder, or it is read-only")


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
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if anything is stale.")
    ] = False,
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
        _fail(
            "run 'autograder build' and commit what it writes"
            if check
            else "nothing is built from a lesson with problems",
            1,
        )


@app.command()
def prove(
    names: Names = None,
    seeds: Annotated[int, typer.Option(min=1, help="Hidden seeds for the reference.")] = 20,
    variant_seeds: Annotated[int, typer.Option(min=1, help="Hidden seeds for each variant.")] = 2,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Two seeds; for variants one, and their task's tests only."),
    ] = False,
    run_experiments: Annotated[
        bool, typer.Option("--run-experiments", help="Run experiments too.")
    ] = False,
    jobs: Jobs = _cores(),
    sandbox: Isolated = "auto",
    json_file: JsonFile = None,
    course: Course = None,
) -> None:
    """Show that the tests accept what is right and catch what is wrong."""
    from autograder.classroom import Classroom, NotGraded

    if quick:
        seeds, variant_seeds = 2, 1
    root = _root(course)
    _check_json(json_file)
    _check_names(root, names)
    with Classroom(jobs, _isolation(sandbox)) as classroom:
        from autograder import proof
        from autograder.lesson import LessonError

        try:
            claims = [
                claim
                for lesson in _lessons(root, names)
                for claim in proof.claims(
                    lesson, seeds, variant_seeds, run_experiments, everywhere=not quick
                )
            ]
        except LessonError as error:
            _fail(error)
        work = [job for claim in claims for job in claim.jobs]
        results: dict[int, Any] = {}
        with _progress() as bar:
            task = bar.add_task("Proving", total=len(work))
            for job, result in classroom.run(work):
                if isinstance(result, NotGraded):
                    _fail(f"{job.key}: {result.reason}", 1)
                results[id(job)] = result
                bar.advance(task)
    rows = [proof.judge(claim, [results[id(job)] for job in claim.jobs]) for claim in claims]
    _print_proof(rows)
    _write_json(json_file, {"schema": 1, "rows": [row.to_dict() for row in rows]})
    if not all(row.holds for row in rows):
        raise typer.Exit(1)


@app.command()
def claims(
    names: Names = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds to try each claim on.")] = 20,
    jobs: Jobs = _cores(),
    json_file: JsonFile = None,
    course: Course = None,
) -> None:
    """Show on how many seeds the claims of the experiments hold (19 of 20 are enough)."""
    from autograder.claims import try_claims
    from autograder.lesson import LessonError

    root = _root(course)
    _check_json(json_file)
    _check_names(root, names)
    try:
        with _progress() as bar:
            task = bar.add_task("Trying", total=None)
            tried = try_claims(_lessons(root, names), seeds, jobs, _advance(bar, task))
    except LessonError as error:
        _fail(error)
    table = Table("lesson", "claim", "held", "", box=None, pad_edge=False)
    for one in tried:
        problem = "; ".join(one.errors) or f"not on seed {', '.join(map(str, one.failed))}"
        sign = "[green]✓[/green]" if one.holds else f"[red]✗ {escape(problem)}[/red]"
        table.add_row(one.lesson, escape(one.says), f"{len(one.held)} of {seeds}", sign)
    out.print(table)
    bad = sum(not one.holds for one in tried)
    verdict = "[green]all hold[/green]" if not bad else f"[red]{bad} do not hold[/red]"
    out.print(f"{len(tried)} claims, {seeds} seeds; {verdict}")
    _write_json(json_file, {"schema": 1, "claims": [one.to_dict() for one in tried]})
    if bad:
        raise typer.Exit(1)


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, in any folder.")],
    run_experiments: Annotated[
        bool, typer.Option("--run-experiments", help="Run experiments too.")
    ] = False,
    sandbox: Isolated = "none",
) -> None:
    """Run your notebook from the top in a clean process, and say what its visible tests find."""
    from autograder.classroom import Classroom

    if not notebook.is_file():
        _fail(f"{notebook} cannot be read (No such file or directory).")
    with (
        err.status(f"Running {escape(notebook.name)} …"),
        Classroom(1, _isolation(sandbox, warn=False)) as classroom,
    ):
        from autograder import selfcheck
        from autograder.submission import SubmissionError

        try:
            lines = selfcheck.check(notebook, classroom, run_experiments)
        except SubmissionError as error:
            _fail(error)
    signs = {
        "passed": "[green]✓[/green]",
        "partial": "[yellow]~[/yellow]",
        "not written": "[dim]·[/dim]",
    }
    for line in lines:
        sign = signs.get(line.status, "[red]✗[/red]")
        note = " (the test in your notebook is not the one handed out)" if line.changed else ""
        out.print(
            f"{sign} [bold]{escape(line.task)}[/bold]: {escape(line.says)}{note}", soft_wrap=True
        )
    passed = sum(line.status == "passed" for line in lines)
    partly = sum(line.status == "partial" for line in lines)
    also = f", {partly} in part" if partly else ""
    out.print(f"{passed} of {len(lines)} pass{also}. Your instructor's tests try further cases.")
    if passed + partly < len(lines):
        raise typer.Exit(1)


@app.command()
def grade(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Assignments, by name or beginning (01).")
    ],
    student: Annotated[
        list[str] | None, typer.Option(help="Only this student; may be repeated.")
    ] = None,
    jobs: Jobs = _cores(),
    dask: Annotated[str, typer.Option(metavar="ADDRESS", help="Grade on this Dask cluster.")] = "",
    run_experiments: Annotated[
        bool, typer.Option("--run-experiments", help="Run experiments too.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Grade again what has not changed.")
    ] = False,
    sandbox: Isolated = "auto",
    gpu: Gpu = False,
    limit: Changed = None,
    json_file: JsonFile = None,
    course: Course = None,
) -> None:
    """Grade submitted/*/NAME into gradebook.db and autograded/.

    Goes on where it was stopped, and grades again only what changed: the notebook, the lesson,
    the hidden seed, the grader's version or the options.
    """
    from autograder.classroom import Classroom, DaskClassroom

    root = _root(course)
    _check_json(json_file)
    _check_names(root, names)
    classes: list[Any] = []
    done = 0
    try:
        isolation = _isolation(sandbox, gpu)
        with (
            # First of all: what comes next goes on beside its imports.
            DaskClassroom(dask, isolation) if dask else Classroom(jobs, isolation) as classroom,
            _progress() as bar,
        ):
            from autograder.build import BuildError
            from autograder.course import Course as CourseFolder
            from autograder.course import CourseError
            from autograder.grading import Options
            from autograder.marking import mark_class

            def advance(number: int, total: int) -> None:
                nonlocal done
                done += number > 0
                bar.update(task, completed=number, total=total)

            try:
                folder = CourseFolder(root)
                lessons = _with_limits(_lessons(root, names), limit)
                with folder.to_oneself():
                    classroom.preload(lessons)
                    for lesson in lessons:
                        task = bar.add_task(f"Grading {lesson.name}", total=None)
                        marked = mark_class(
                            folder, lesson, classroom, students=student, force=force,
                            options=Options(run_experiments), on_progress=advance,
                        )  # fmt: skip
                        classes.append(marked)
            except (CourseError, BuildError) as error:
                _fail(error)
    except KeyboardInterrupt:
        _fail(
            f"stopped. {done} submissions were graded and written, marks and notebooks; the same "
            "command goes on from there",
            130,
        )
    for marked in classes:
        _print_class(marked)
    _write_json(json_file, {"schema": 1, "assignments": [one.to_dict() for one in classes]})
    entries = [entry for one in classes for entry in one.entries]
    if any(entry.not_graded or (entry.result and entry.result.faults) for entry in entries):
        raise typer.Exit(1)


def _print_class(marked: Any) -> None:
    columns = ("student", "points", "of", "to mark by hand", "to look at", "remarks")
    table = Table(*columns, box=None, pad_edge=False)
    for entry in marked.entries:
        if entry.result is None:
            continue
        by_hand = sum(mark.points is None for mark in entry.result.marks)
        of = f"{marked.lesson.points:g}"
        remarks = escape(" ".join(entry.result.remarks))
        table.add_row(
            escape(entry.student),
            f"{entry.result.points:g}",
            of,
            str(by_hand or ""),
            str(len(entry.result.flags) or ""),
            remarks,
        )
    if table.row_count:
        out.print(table)
    for entry in marked.entries:
        for flag in entry.result.flags if entry.result else ():
            what = f"{flag.cell}: {flag.what}" if flag.cell else flag.what
            out.print(f"look at {escape(entry.student)}: {escape(what)}", soft_wrap=True)
        for mark in entry.result.faults if entry.result else ():
            err.print(
                f"[red]✗[/red] {escape(entry.student)}: {escape(mark.detail)}", soft_wrap=True
            )
        if entry.not_graded:
            err.print(
                f"[red]✗[/red] {escape(entry.student)} was not graded ({escape(entry.not_graded)});"
                " the same command tries again",
                soft_wrap=True,
            )
    graded = sum(entry.result is not None for entry in marked.entries)
    unchanged = len(marked.entries) - graded - sum(bool(e.not_graded) for e in marked.entries)
    out.print(
        f"{marked.lesson.name}: {graded} graded in {marked.seconds:.1f} s, {unchanged} unchanged "
        f"since they were graded"
    )


@app.command()
def collect(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The assignment, by name or its beginning (01).")
    ],
    archives: Annotated[
        list[Path],
        typer.Argument(metavar="ARCHIVE...", help="Zip archives, as downloaded from the LMS."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check everything; write nothing.")
    ] = False,
    json_file: JsonFile = None,
    course: Course = None,
) -> None:
    """File what students handed in, from the LMS's zip archives, into submitted/.

    An archive holds a folder a student (STUDENT/…/NAME.ipynb, with extra files), or flat files
    (STUDENT_NAME.ipynb), or a zip a student. What cannot be taken is refused with the reason,
    and everything else is filed. Several archives are taken in the order given, the later over
    the earlier; a submission that is replaced stays beside the new one under a dot-name.
    """
    from autograder.archives import ArchiveError, shown
    from autograder.collecting import collect as collect_archive
    from autograder.course import Course as CourseFolder
    from autograder.course import CourseError
    from autograder.lesson import LessonError, folders

    root = _root(course)
    _check_json(json_file)
    for archive in archives:
        if not archive.is_file():
            _fail(f"{archive} is no file; give the zip archive that the LMS made")
    try:
        assignment = folders(root, [name])[0].name
        folder = CourseFolder(root)
    except (LessonError, CourseError) as error:
        _fail(error)
    entries: list[dict[str, Any]] = []
    table = Table("student", "files", "bytes", "handed in (UTC)", "", box=None, pad_edge=False)
    for archive in archives:
        try:
            with err.status(f"Reading {escape(shown(archive.name))} …"):
                report = collect_archive(folder, assignment, archive, dry_run=dry_run)
        except ArchiveError as error:
            err.print(f"[red]✗[/red] {escape(str(error))}", soft_wrap=True)
            entries.append(
                {
                    "archive": shown(archive.name),
                    "error": str(error),
                    "collected": [],
                    "refused": [],
                }
            )
            continue
        entries.append(report.to_dict())
        for one in report.collected:
            when = "unknown" if one.submitted is None else f"{one.submitted:%Y-%m-%d %H:%M:%S}"
            who = one.student if one.student == one.name else f"{one.student} ({one.name})"
            table.add_row(escape(who), str(len(one.files)), str(one.size), when, one.action)
        for refused in report.refused:
            err.print(
                f"[red]✗[/red] {escape(report.archive)}: {escape(refused.member)}: "
                f"{escape(refused.reason)}",
                soft_wrap=True,
            )
    if table.row_count:
        out.print(table)
    actions = [one["action"] for entry in entries for one in entry["collected"]]
    refusals = sum(len(entry["refused"]) for entry in entries)
    out.print(
        f"{assignment}: {actions.count('new')} new, {actions.count('replaced')} replaced, "
        f"{actions.count('unchanged')} unchanged; {refusals} refused"
        + (" (dry run: nothing was written)" if dry_run else ""),
        soft_wrap=True,
    )
    _write_json(
        json_file,
        {"schema": 1, "assignment": assignment, "dry_run": dry_run, "archives": entries},
    )
    if refusals or any(entry["error"] for entry in entries):
        raise typer.Exit(1)


@app.command()
def demo(
    target: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to make it.")] = Path(
        "demo"
    ),
    students: Annotated[int, typer.Option(min=1, help="How many students.")] = 30,
    assignment: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another class.")] = 0,
    jobs: Jobs = _cores(),
    sandbox: Isolated = "auto",
    json_file: JsonFile = None,
    course: Course = None,
) -> None:
    """Make a class whose right marks are known, grade it, and compare.

    DIR becomes an ordinary nbgrader course: run nbgrader or formgrader there.
    """
    from autograder.classroom import Classroom

    root = _root(course)
    _check_json(json_file)
    _check_names(root, assignment)
    with Classroom(jobs, _isolation(sandbox)) as classroom:
        from autograder import demo as making
        from autograder.course import Course as CourseFolder
        from autograder.course import CourseError
        from autograder.marking import mark_class
        from autograder.report import write_class_page

        try:
            making.prepare_folder(root, target)
            folder = CourseFolder(target)
        except CourseError as error:
            _fail(error)
        wrong: list[str] = []
        classes, total = [], 0
        for lesson in _lessons(root, assignment):
            known = making.make_class(target, lesson, students, seed)
            with _progress() as bar:
                task = bar.add_task(f"Grading {lesson.name}", total=None)
                marked = mark_class(
                    folder, lesson, classroom,
                    on_progress=_advance(bar, task),
                )  # fmt: skip
            classes.append(marked)
            out.print(f"\n[bold]{lesson.title}[/bold]")
            out.print(_picture(marked))
            pace = marked.seconds / max(len(marked.entries), 1)
            out.print(
                f"{len(marked.entries)} submissions in {marked.seconds:.1f} s, {pace:.2f} s each"
            )
            wrong += making.differences(known, marked)
            total += len(known) * len(lesson.tasks)
            page = write_class_page(marked, target / "report")
            out.print(f"Page: {page}")
    _write_json(json_file, {"schema": 1, "assignments": [one.to_dict() for one in classes]})
    for line in wrong:
        err.print(f"[red]✗[/red] {escape(line)}", soft_wrap=True)
    right = total - len(wrong)
    out.print(
        f"\nMarks against the known ones: {right} of {total} tasks agree "
        f"({right / max(total, 1):.1%})"
    )
    out.print(
        f"The class is an nbgrader course: cd {target} and run nbgrader or jupyter lab there."
    )
    if wrong:
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Say what this machine can do: versions, isolation of submissions, GPU."""
    from autograder.doctor import examine

    with err.status("Looking …"):
        findings = examine()
    for one in findings:
        sign = "[green][OK][/green]  " if one.fine else "[red][FAIL][/red]"
        # Rich takes square brackets for markup; these are text.
        sign = sign.replace("[OK]", escape("[OK]")).replace("[FAIL]", escape("[FAIL]"))
        out.print(f"{sign} {escape(one.what)}: {escape(one.says)}", soft_wrap=True)
    if any(one.needed and not one.fine for one in findings):
        raise typer.Exit(1)


def _picture(marked: Any) -> Table:
    """The class as a picture: a row a student, a coloured block a task, best first."""
    table = Table(box=None, pad_edge=False, show_header=False)
    gap = " " if len(marked.lesson.tasks) <= 16 else ""
    entries = [entry for entry in marked.entries if entry.result is not None]
    for entry in sorted(entries, key=lambda entry: -entry.result.points):
        blocks = []
        for task in marked.lesson.tasks:
            got = sum(entry.result.mark(cell.id).points or 0 for cell in task.tests)
            share = got / task.points
            full, part, none = "[green]█[/green]", "[yellow]▆[/yellow]", "[red]▁[/red]"
            blocks.append(full if share == 1 else part if share else none)
        table.add_row(
            escape(entry.student),
            gap.join(blocks),
            f"{entry.result.points:g} of {marked.lesson.points:g}",
        )
    return table


def _print_proof(rows: list[Any]) -> None:
    table = Table("lesson", "kind", "task", "name", "runs", "earned", "", box=None, pad_edge=False)
    for row in rows:
        sign = "[green]✓[/green]" if row.holds else f"[red]✗ {escape(row.problem)}[/red]"
        earned = f"{row.earned:g} of {row.of:g}"
        table.add_row(row.lesson, row.kind, row.task, row.name, str(row.runs), earned, sign)
    out.print(table)
    kinds = {
        kind: sum(row.kind == kind for row in rows) for kind in ("misconception", "alternative")
    }
    bad = sum(not row.holds for row in rows)
    verdict = "[green]all hold[/green]" if not bad else f"[red]{bad} do not hold[/red]"
    out.print(
        f"{len(rows)} rows: {kinds['misconception']} misconceptions, "
        f"{kinds['alternative']} alternatives; {verdict}"
    )


def main() -> None:
    """Entry point of the command."""
    from autograder.classroom import ClassroomError

    try:
        app()
    except ClassroomError as error:
        err.print(f"[red]autograder:[/red] {error}", soft_wrap=True)
        raise SystemExit(error.code) from error
    except KeyboardInterrupt as error:  # a second one, while the first is being obeyed
        raise SystemExit(130) from error


if __name__ == "__main__":
    main()
