"""The words of a cell's header as data: the reader follows it, and the docs hold its tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.lessons.headers import (
    OPTIONS,
    OPTIONS_BY_WORD,
    PURPOSE_WORDS,
    PURPOSES,
    Option,
    Purpose,
    tables,
)
from autograder.lessons.model import PURPOSE_KINDS, Cell, Lesson, LessonError

ROOT = Path(__file__).parents[3]
SOLUTION = "### BEGIN SOLUTION\none = 1\n### END SOLUTION"

#: What a cell of each purpose must hold beside its header.
SOURCES = {"solution": SOLUTION, "tests": "assert one", "answer": SOLUTION, "hint": "Try it."}


def test_every_purpose_is_the_kind_of_a_cell():
    assert {word for word in PURPOSE_WORDS if word != "hint"} == set(PURPOSE_KINDS)
    for purpose in PURPOSES:
        assert Cell(purpose.word, "", 1, "a").is_code is purpose.is_code


def test_an_option_goes_with_purposes_that_there_are():
    for option in OPTIONS:
        assert option.purposes
        assert set(option.purposes) <= set(PURPOSE_WORDS)
        assert option.example.startswith(f"{option.word}=")


def test_no_word_is_a_purpose_and_an_option():
    words = [*PURPOSE_WORDS, *OPTIONS_BY_WORD]
    assert len(set(words)) == len(words)


def written(purpose: Purpose, option: Option | None = None) -> str:
    """A lesson with a cell of a purpose, with the option's example in its header."""
    words = "" if purpose.is_code else "[markdown] "
    header = f'{words}{purpose.word}="one"'
    if option is not None:
        header += f" {option.example}"
    if purpose.word in OPTIONS_BY_WORD["points"].purposes and "points=" not in header:
        header += " points=1"
    source = SOURCES.get(purpose.word, "one = 1")
    if not purpose.is_code:
        source = "\n".join(f"# {line}" for line in source.splitlines())
    others = ["one"] if purpose.word in ("tests", "hint") else []
    if option is not None and option.word == "needs":
        others = option.example.removeprefix('needs="').removesuffix('"').split()
    around = "".join(f'# %% solution="{name}"\n{SOLUTION}\n\n' for name in others)
    return f"{around}# %% {header}\n{source}\n"


@pytest.mark.parametrize("purpose", PURPOSES, ids=PURPOSE_WORDS)
def test_the_reader_takes_every_purpose(make_lesson, purpose):
    read: Lesson = make_lesson(written(purpose))
    assert (read.cells[-1].kind, read.cells[-1].name) == (purpose.word, "one")


@pytest.mark.parametrize("option", OPTIONS, ids=OPTIONS_BY_WORD)
@pytest.mark.parametrize("purpose", PURPOSES, ids=PURPOSE_WORDS)
def test_the_reader_takes_the_example_of_an_option_where_it_belongs(make_lesson, purpose, option):
    cells = written(purpose, option)
    if purpose.word in option.purposes:
        assert make_lesson(cells).cells[-1] != make_lesson(written(purpose)).cells[-1]
    else:
        says = f"{option.word} goes with {', '.join(option.purposes)}, not with {purpose.word}"
        with pytest.raises(LessonError, match=says):
            make_lesson(cells)


@pytest.mark.parametrize("purpose", PURPOSES, ids=PURPOSE_WORDS)
def test_the_reader_wants_the_purpose_on_a_cell_of_its_type(make_lesson, purpose):
    header = f'{purpose.word}="one"'
    with pytest.raises(LessonError, match=f"{purpose.word} cells want "):
        make_lesson(f"# %% {'[markdown] ' * purpose.is_code}{header}\n# one = 1\n")


def test_the_tables_have_a_row_for_each_purpose_and_each_option():
    rows = tables().splitlines()
    for purpose in PURPOSES:
        header = (
            f'{purpose.word}="name"' if purpose.is_code else f'[markdown] {purpose.word}="name"'
        )
        (row,) = [row for row in rows if row.startswith(f"| `{header}` |")]
        assert row == f"| `{header}` | {purpose.cell} | {purpose.released} | {purpose.graded} |"
    for option in OPTIONS:
        (row,) = [row for row in rows if row.startswith(f"| `{option.example}` |")]
        assert row.endswith(f"| {option.meaning} |")
        assert all(f"`{word}`" in row for word in option.purposes)


def test_docs_hold_the_tables():
    page = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
    _, begin, rest = page.partition("<!-- made by autograder.lessons.headers.tables -->\n")
    inside, end, _ = rest.partition("<!-- end of tables -->")
    assert begin and end, "docs/authoring.md lacks the lines between which the tables stand"
    assert inside.strip() == tables(), "put what tables() returns between the two lines"
