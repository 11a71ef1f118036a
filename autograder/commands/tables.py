"""The tables that commands print."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from rich.table import Table

from autograder.commands.output import err, escape, out

if TYPE_CHECKING:  # only for their types: importing them takes seconds
    from autograder.authoring.claims import TriedClaim
    from autograder.authoring.proof import Row
    from autograder.classes.run import Change, ClassRun, Entry
    from autograder.intake.collect import Report
    from autograder.judging.result import Result
    from autograder.lessons.model import Lesson, Task

#: So many of the tasks that fewest got right are named under a class.
_HARDEST = 3
#: A picture of a class with more tasks than this has no gaps between them.
_WITH_GAPS = 16


def print_class(run: ClassRun) -> None:
    """A class that was graded: a row a student, then what to look at, then a summary."""
    columns = ("student", "points", "of", "to mark by hand", "to look at", "remarks")
    table = Table(*columns, box=None, pad_edge=False)
    for entry in run.entries:
        if entry.result is None:
            continue
        by_hand = sum(mark.points is None for mark in entry.result.marks)
        table.add_row(
            escape(entry.student),
            f"{entry.result.points:g}",
            f"{run.lesson.points:g}",
            str(by_hand or ""),
            str(len(entry.result.flags) or ""),
            escape(" ".join(entry.result.remarks)),
        )
    if table.row_count:
        out.print(table)
    for entry in run.entries:
        _print_oddities(entry)
    print_summary(run)


def _print_oddities(entry: Entry) -> None:
    who = escape(entry.student)
    for flag in entry.result.flags if entry.result else ():
        what = f"{flag.cell}: {flag.what}" if flag.cell else flag.what
        out.print(f"look at {who}: {escape(what)}", soft_wrap=True)
    for mark in entry.result.faults if entry.result else ():
        err.print(f"[red]✗[/red] {who}: {escape(mark.detail)}", soft_wrap=True)
    if entry.not_graded:
        err.print(
            f"[red]✗[/red] {who} was not graded ({escape(entry.not_graded)});"
            " the same command tries again",
            soft_wrap=True,
        )


def print_changes(lesson: Lesson, changes: list[Change]) -> None:
    """Whose marks a regrade changes: a row a student, who lost most first."""
    if not changes:
        return
    by_student: dict[str, list[Change]] = {}
    for change in changes:
        by_student.setdefault(change.student, []).append(change)
    gains = {
        student: sum((one.after or 0) - (one.before or 0) for one in found)
        for student, found in by_student.items()
    }
    table = Table("student", "points", "marks that change", box=None, pad_edge=False)
    for student in sorted(gains, key=lambda student: (gains[student], student)):
        marks = ", ".join(
            f"{one.cell.partition('-')[2]} {_points(one.before)} → {_points(one.after)}"
            for one in by_student[student]
        )
        table.add_row(escape(student), f"{gains[student]:+g}", escape(marks))
    out.print(table)
    gained, lost = (sum(sign * gain > 0 for gain in gains.values()) for sign in (1, -1))
    out.print(
        f"{escape(lesson.name)}: of those graded before, {gained} gain points, {lost} lose points",
        soft_wrap=True,
    )


def _points(points: float | None) -> str:
    return "by hand" if points is None else f"{points:g}"


def print_summary(run: ClassRun) -> None:
    """Under a class: how many were graded, mean and median, the hardest tasks, who is missing."""
    results = [entry.result for entry in run.entries if entry.result is not None]
    unchanged = sum(entry.result is None and not entry.not_graded for entry in run.entries)
    each = f" ({run.seconds / len(results):.2f} s each)" if results else ""
    if run.dry_run:
        out.print("nothing was written (--dry-run)")
    out.print(
        f"{escape(run.lesson.name)}: {len(results)} graded in {run.seconds:.1f} s{each}, "
        f"{unchanged} unchanged since they were graded",
        soft_wrap=True,
    )
    if results:
        points = [result.points for result in results]
        out.print(
            f"mean {statistics.fmean(points):.1f}, median {statistics.median(points):.1f} "
            f"of {run.lesson.points:g} points"
        )
        shares = {task: _share_right(task, results) for task in run.lesson.tasks}
        hard = sorted((task for task in shares if shares[task] < 1), key=lambda task: shares[task])
        if hard:
            named = ", ".join(
                f"{task.title} ({shares[task]:.0%} right)" for task in hard[:_HARDEST]
            )
            out.print(f"hardest: {escape(named)}", soft_wrap=True)
    if run.missing:
        out.print(f"missing: {escape(', '.join(run.missing))}", soft_wrap=True)


def _share_right(task: Task, results: list[Result]) -> float:
    right = sum(all(result.mark(cell.id).is_full for cell in task.tests) for result in results)
    return right / len(results)


def class_picture(run: ClassRun) -> Table:
    """The class as a picture: a row a student, a coloured block a task, best first."""
    table = Table(box=None, pad_edge=False, show_header=False)
    gap = " " if len(run.lesson.tasks) <= _WITH_GAPS else ""
    results = [(entry.student, entry.result) for entry in run.entries if entry.result is not None]
    for student, result in sorted(results, key=lambda pair: -pair[1].points):
        blocks = []
        for task in run.lesson.tasks:
            share = sum(result.mark(cell.id).points or 0 for cell in task.tests) / task.points
            full, part, none = "[green]█[/green]", "[yellow]▆[/yellow]", "[red]▁[/red]"
            blocks.append(full if share == 1 else part if share else none)
        points = f"{result.points:g} of {run.lesson.points:g}"
        table.add_row(escape(student), gap.join(blocks), points)
    return table


def print_proof(rows: list[Row]) -> None:
    """The proof of a lesson's tests: a row a claim."""
    table = Table("lesson", "kind", "task", "name", "runs", "earned", "", box=None, pad_edge=False)
    for row in rows:
        sign = "[green]✓[/green]" if row.holds else f"[red]✗ {escape(row.problem)}[/red]"
        earned = f"{row.earned:g} of {row.of:g}"
        table.add_row(row.lesson, row.kind, row.task, row.name, str(row.runs), earned, sign)
    out.print(table)
    kinds = {
        kind: sum(row.kind == kind for row in rows) for kind in ("misconception", "alternative")
    }
    out.print(
        f"{len(rows)} rows: {kinds['misconception']} misconceptions, "
        f"{kinds['alternative']} alternatives; {_verdict(sum(not row.holds for row in rows))}"
    )


def print_claims(tried: list[TriedClaim], seeds: int) -> None:
    """The claims of experiments, and on how many seeds each held."""
    table = Table("lesson", "claim", "held", "", box=None, pad_edge=False)
    for one in tried:
        problem = "; ".join(one.errors) or f"not on seed {', '.join(map(str, one.failed))}"
        sign = "[green]✓[/green]" if one.holds else f"[red]✗ {escape(problem)}[/red]"
        table.add_row(one.lesson, escape(one.says), f"{len(one.held)} of {seeds}", sign)
    out.print(table)
    verdict = _verdict(sum(not one.holds for one in tried))
    out.print(f"{len(tried)} claims, {seeds} seeds; {verdict}")


def _verdict(bad: int) -> str:
    return "[green]all hold[/green]" if not bad else f"[red]{bad} do not hold[/red]"


def print_collected(assignment: str, reports: list[Report], dry_run: bool) -> None:
    """What came of archives: a row a student, then the counts."""
    table = Table("student", "files", "bytes", "handed in (UTC)", "", box=None, pad_edge=False)
    collected = [one for report in reports for one in report.collected]
    for one in collected:
        when = "unknown" if one.submitted is None else f"{one.submitted:%Y-%m-%d %H:%M:%S}"
        who = one.student if one.student == one.name else f"{one.student} ({one.name})"
        table.add_row(escape(who), str(len(one.files)), str(one.size), when, one.action)
    if table.row_count:
        out.print(table)
    actions = [one.action for one in collected]
    refusals = sum(len(report.refused) for report in reports)
    out.print(
        f"{escape(assignment)}: {actions.count('new')} new, {actions.count('replaced')} replaced, "
        f"{actions.count('unchanged')} unchanged; {refusals} refused"
        + (" (dry run: nothing was written)" if dry_run else ""),
        soft_wrap=True,
    )
