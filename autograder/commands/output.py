"""Printing: consoles, errors, progress, JSON files; also without UTF-8 or a terminal."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

#: What to print for a sign that the terminal's encoding does not have.
_PLAIN_SIGNS = {
    "✓": "ok", "✗": "x", "·": ".", "…": "...", "–": "-", "—": "-", "×": "x", "→": "->", "↑": "^",
    "−": "-", "█": "#", "▆": "+", "▁": "_", "ö": "oe", "ä": "ae", "ü": "ue", "“": '"', "”": '"',
    "’": "'",
}  # fmt: skip
#: Where stderr is no terminal, progress is told in so many lines.
_PROGRESS_LINES = 10

#: A table that goes into a file or a pipe may be wider than a terminal.
_PIPE_WIDTH = 160

out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
err = Console(stderr=True, highlight=False, emoji=False)

__all__ = [
    "Advance",
    "check_json",
    "err",
    "escape",
    "fail",
    "out",
    "prepare_streams",
    "problem",
    "progress",
    "status",
    "write_json",
]

#: Takes what is done and of how many.
Advance = Callable[[int, int], None]


def prepare_streams() -> None:
    """Let stdout and stderr print what their encoding does not have in plainer signs."""
    codecs.register_error("plain_signs", _in_plain_signs)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a captured stream need not have it
            reconfigure(errors="plain_signs")


def _in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN_SIGNS.get(sign, "?") for sign in missing), error.end


def fail(problem: object, code: int = 2) -> NoReturn:
    """Say what is wrong and the way out, and end: 1 something fell short, 2 wrong use."""
    err.print(f"[red]autograder:[/red] {escape(str(problem))}", soft_wrap=True)
    raise typer.Exit(code)


def problem(words: object) -> None:
    """A line about something that fell short; the command goes on."""
    err.print(f"[red]✗[/red] {escape(str(words))}", soft_wrap=True)


@contextlib.contextmanager
def progress(label: str) -> Iterator[Advance]:
    """A bar that vanishes at the end; where stderr is no terminal, a few plain lines."""
    if not err.is_terminal:
        yield _in_lines(label)
        return
    # Importing rich's progress bars takes a tenth of a second.
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _in_lines(label: str) -> Advance:
    told = 0

    def advance(done: int, total: int) -> None:
        nonlocal told
        share = _PROGRESS_LINES * done // total if total else 0
        if share > told:
            told = share
            err.print(f"{escape(label)}: {done} of {total}", soft_wrap=True)

    return advance


@contextlib.contextmanager
def status(words: str) -> Iterator[None]:
    """Something that takes a moment, told while it lasts; only on a terminal."""
    if err.is_terminal:
        with err.status(escape(words)):
            yield
    else:
        yield


def check_json(path: Path | None) -> None:
    """Fail before the work, not after it, if ``--json`` names a file that cannot be written."""
    if path is None:
        return
    if path.is_dir():
        fail(f"{path} is a folder; name a file in it")
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        fail(f"{path} cannot be written: there is no such folder, or it is read-only")


def write_json(path: Path | None, data: dict[str, Any]) -> None:
    """Write the results of a command, if ``--json`` names a file."""
    if path is None:
        return
    try:
        path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        fail(f"{path} cannot be written ({error.strerror})")
