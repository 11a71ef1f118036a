"""autograder check: a student's own notebook, against its visible tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import Gpu, RunExperiments, Sandboxed, isolation_for
from autograder.commands.output import escape, fail, out, status

_SIGNS = {
    "passed": "[green]✓[/green]",
    "partial": "[yellow]~[/yellow]",
    "not_written": "[dim]·[/dim]",
    "blocked": "[yellow]↑[/yellow]",
}
_WRONG = "[red]✗[/red]"


def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, in any folder.")],
    run_experiments: RunExperiments = False,
    sandbox: Sandboxed = "none",
    gpu: Gpu = False,
) -> None:
    """Run your notebook from the top in a clean process, and say what its visible tests find."""
    from autograder.classes.spawned_pool import open_pool

    if not notebook.is_file():
        fail(f"{notebook} cannot be read (No such file or directory).")
    with (
        status(f"Running {notebook.name} …"),
        open_pool(1, isolation_for(sandbox, gpu, warn=False)) as pool,
    ):
        from autograder.classes import self_check
        from autograder.intake.submission import SubmissionError

        try:
            lines = self_check.check(notebook, pool, run_experiments)
        except SubmissionError as error:
            fail(error)
    for line in lines:
        sign = _SIGNS.get(line.outcome, _WRONG)
        note = " (the test in your notebook is not the one handed out)" if line.changed else ""
        says = f"[bold]{escape(line.task)}[/bold]: {escape(line.says)}{note}"
        out.print(f"{sign} {says}", soft_wrap=True)
    outcomes = [line.outcome for line in lines]
    parts = [f"{outcomes.count('passed')} of {len(lines)} pass"]
    for outcome, words in (
        ("partial", "in part"), ("not_written", "not written yet"), ("blocked", "wait for another"),
    ):  # fmt: skip
        if outcome in outcomes:
            parts.append(f"{outcomes.count(outcome)} {words}")
    out.print(f"{', '.join(parts)}. Your instructor's tests try further cases.", soft_wrap=True)
    if not all(outcome in ("passed", "partial") for outcome in outcomes):
        raise typer.Exit(1)
