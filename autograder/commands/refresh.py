"""autograder refresh: a student's answers, into a newer edition of the notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.output import escape, fail, out


def refresh(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, with your answers.")],
    newer: Annotated[Path, typer.Argument(help="The newer notebook, as it was handed out.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write this file; otherwise NAME.refreshed.ipynb beside yours."
        ),
    ] = None,
) -> None:
    """Move your answers into a newer edition of the notebook.

    Writes a new file, and changes neither of the two. What finds no place in the newer notebook
    stands at its end.
    """
    from autograder.intake.refresh import RefreshError
    from autograder.intake.refresh import refresh as refreshed
    from autograder.intake.submission import SubmissionError

    target = output or notebook.with_name(f"{notebook.stem}.refreshed.ipynb")
    if target.exists():
        fail(f"{target} is there already; name another file with -o")
    try:
        made = refreshed(notebook, newer, Path.cwd())
    except (SubmissionError, RefreshError) as error:
        fail(error)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(json.dumps(made.notebook, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        fail(f"{target} cannot be written ({error.strerror})")
    for remark in made.remarks:
        out.print(f"! {escape(remark)}", soft_wrap=True)
    for name in made.no_place:
        out.print(f"! no place was found for {escape(name)}: see the end", soft_wrap=True)
    if made.new:
        out.print(f"new in this edition: {escape(', '.join(made.new))}", soft_wrap=True)
    out.print(
        f"[green]✓[/green] {escape(str(target))}: {len(made.moved)} answers moved, "
        f"{made.kept} cells of your own kept in place, {len(made.no_place)} at the end",
        soft_wrap=True,
    )
