"""What ``autograder check`` prints about a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from autograder.commands.output import escape, out

if TYPE_CHECKING:  # only for their types: importing them takes long
    from autograder.classes.folder_check import FolderCheck
    from autograder.classes.self_check import Check

_SIGNS = {
    "passed": "[green]✓[/green]",
    "partial": "[yellow]~[/yellow]",
    "not_written": "[dim]·[/dim]",
    "blocked": "[yellow]↑[/yellow]",
}
_WRONG = "[red]✗[/red]"
_ANSWERS = {
    "answered": ("[green]✓[/green]", "answered; a person marks it"),
    "blank": ("[dim]·[/dim]", "not answered yet"),
    "missing": (_WRONG, "its cell is missing from the notebook"),
}
_BAR_WIDTH = 20


def print_check(check: Check) -> None:
    """A line a test, the written answers, what was odd, and a summary."""
    for line in check.lines:
        sign = _SIGNS.get(line.outcome, _WRONG)
        note = ""
        if line.changed:
            used = "the one handed out was used" if check.found else "it is not the one handed out"
            note = f" (the test in your notebook was changed; {used})"
        says = f"[bold]{escape(line.name)}[/bold]: {escape(line.says)}{note}"
        out.print(f"{sign} {says}", soft_wrap=True)
    for answer in check.answers:
        sign, words = _ANSWERS[answer.state]
        out.print(f"{sign} [bold]{escape(answer.title)}[/bold]: {words}", soft_wrap=True)
    tests = {line.cell for line in check.lines}
    given = [name for name in check.altered if name not in tests]
    if given:
        used = "the lesson's own was used" if check.found else "as they were handed out"
        out.print(
            f"! Changed in your notebook: {escape(', '.join(given))}; {used}.", soft_wrap=True
        )
    for remark in (*check.remarks, *check.notes):
        out.print(f"! {escape(remark)}", soft_wrap=True)
    out.print(_summary(check), soft_wrap=True)


def _summary(check: Check) -> str:
    outcomes = [line.outcome for line in check.lines]
    parts = [f"{outcomes.count('passed')} of {len(outcomes)} pass"]
    for outcome, words in (
        ("partial", "in part"), ("not_written", "not written yet"), ("blocked", "wait for another"),
    ):  # fmt: skip
        if outcome in outcomes:
            parts.append(f"{outcomes.count(outcome)} {words}")
    points = f"{check.points:g} of {check.max_points:g} points so far"
    return f"{', '.join(parts)}; {points}. Your instructor's tests try further cases."


def print_folder(found: FolderCheck, folder: Path) -> None:
    """A row a notebook: a bar, the tests that pass, the points so far, and what comes next."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for entry in found.entries:
        check = entry.check
        if check is None:
            continue
        table.add_row(
            escape(str(entry.path.relative_to(folder))),
            _bar(check),
            f"{check.passed} of {len(check.lines)} pass",
            f"{check.points:g} of {check.max_points:g} points",
            _next(check),
        )
    if table.row_count:
        out.print(table)
    checks = [entry.check for entry in found.entries if entry.check is not None]
    points, most = sum(one.points for one in checks), sum(one.max_points for one in checks)
    unchanged = sum(entry.remembered for entry in found.entries)
    said = f"{points:g} of {most:g} points so far; {unchanged} of {len(found.entries)} unchanged"
    if found.others:
        said += f"; left out, because they are of no course: {found.others}"
    out.print(f"{said}. 'autograder check NOTEBOOK' says a line a task.", soft_wrap=True)


def _bar(check: Check) -> str:
    """A block a test, or fewer: green for those that pass."""
    width = min(_BAR_WIDTH, len(check.lines))
    full = width * check.passed // len(check.lines) if check.lines else 0
    return f"[green]{'█' * full}[/green][dim]{'▁' * (width - full)}[/dim]"


def _next(check: Check) -> str:
    """What comes next: the first test that does not pass, else an answer to write."""
    line = check.next
    if line is not None:
        named = "" if line.title == line.name else f" ({line.name})"
        return f"next: {escape(line.title + named)}"
    blank = [answer.title for answer in check.answers if answer.state != "answered"]
    return f"next: {escape(blank[0])} (in your own words)" if blank else "[green]done[/green]"
