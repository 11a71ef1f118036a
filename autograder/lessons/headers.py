"""What the header of a lesson's cell may say: purposes and options, as data with descriptions.

docs/authoring.md has both as tables, which :func:`tables` makes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Purpose:
    """A word that says what a cell is for; its value is the cell's name.

    ``is_code`` tells a code cell from a Markdown cell. ``cell``, ``released`` and ``graded`` say
    what the cell is, how students get it, and what becomes of it when a submission is graded.
    """

    word: str
    is_code: bool
    cell: str
    released: str
    graded: str


@dataclass(frozen=True)
class Option:
    """A further word in a header, for cells with one of ``purposes``."""

    word: str
    purposes: tuple[str, ...]
    example: str
    meaning: str


PURPOSES = (
    Purpose(
        "shared",
        True,
        "imports, constants, pure helpers: code that both sides run",
        "read-only",
        "runs beside the student's code *and* with the tests, which have a copy of its names",
    ),
    Purpose(
        "sandboxed",
        True,
        "code that students are given, and that no test may trust",
        "read-only",
        "runs beside the student's code only; a test reaches its names as it reaches the student's",
    ),
    Purpose(
        "solution",
        True,
        "the student's work on a task",
        "the lines between the markers become `raise NotImplementedError()`",
        "the student's source",
    ),
    Purpose(
        "tests",
        True,
        "visible and hidden tests of a task",
        "read-only, hidden part removed",
        "judged outside the student's process",
    ),
    Purpose(
        "experiment",
        True,
        "a training run, a sweep, a picture",
        "read-only (students copy it to play)",
        "skipped, unless something the student wrote reads a name it binds, or "
        "`--run-experiments` is given",
    ),
    Purpose(
        "answer",
        False,
        "free text, marked by hand",
        "the model answer is blanked, the mark scheme removed",
        "kept for formgrader",
    ),
    Purpose("hint", False, "a hint; consecutive ones form a ladder", "collapsed", "–"),
)

OPTIONS = (
    Option(
        "title",
        ("solution", "answer"),
        'title="Momentum"',
        "what pages and reports call the task",
    ),
    Option("points", ("tests", "answer"), "points=3", "what the cell is worth"),
    Option(
        "part",
        ("tests",),
        'part="long_run"',
        "tells several test cells of one task apart",
    ),
    Option(
        "changes",
        ("tests",),
        'changes="shown"',
        "the test sees what a function does in place to its arguments",
    ),
    Option(
        "needs",
        ("solution",),
        'needs="sgd momentum"',
        "tasks whose solutions (the student's own) this solution calls",
    ),
    Option(
        "forbid",
        ("solution",),
        'forbid="torch.optim.Adam"',
        "dotted names of what the task asks to write",
    ),
)

#: The words that name a cell's purpose, and those that may stand beside one.
PURPOSE_WORDS = tuple(purpose.word for purpose in PURPOSES)
OPTIONS_BY_WORD = {option.word: option for option in OPTIONS}


def tables() -> str:
    """Purposes and options as two tables in Markdown, for docs/authoring.md."""
    rows = [
        "| header | the cell is | in the student's notebook | when graded |",
        "| --- | --- | --- | --- |",
        "| `[markdown]` | prose | as it is | as it is |",
    ]
    for one in PURPOSES:
        header = f'{one.word}="name"' if one.is_code else f'[markdown] {one.word}="name"'
        rows.append(f"| `{header}` | {one.cell} | {one.released} | {one.graded} |")
    rows += ["", "| option | goes with | meaning |", "| --- | --- | --- |"]
    for option in OPTIONS:
        purposes = ", ".join(f"`{word}`" for word in option.purposes)
        rows.append(f"| `{option.example}` | {purposes} | {option.meaning} |")
    return "\n".join(rows)
