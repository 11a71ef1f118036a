"""The released lesson: all that students may see, none of what they may not, and back again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.lessons import reading
from autograder.lessons.model import BEGIN_HIDDEN, Lesson
from autograder.lessons.notebooks import release_id, released_cells
from autograder.lessons.released import (
    MARKERS,
    SCHEMA_VERSION,
    ReleasedLessonError,
    from_text,
    released_lesson,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def text(small: Lesson) -> str:
    return released_lesson(small).to_text()


@pytest.fixture(scope="module", params=["90_small", *(f.name for f in reading.folders(ROOT))])
def lesson(request, small: Lesson) -> Lesson:
    return small if request.param == small.name else reading.find(ROOT, [request.param])[0]


def test_a_lesson_made_of_it_says_the_same_as_the_lesson(lesson: Lesson) -> None:
    made = from_text(released_lesson(lesson).to_text()).lesson(Path())
    assert released_cells(made) == released_cells(lesson)
    assert release_id(made) == release_id(lesson)
    assert made.made_by == lesson.made_by
    assert (made.name, made.title, made.minutes, made.limits, made.points) == (
        lesson.name, lesson.title, lesson.minutes, lesson.limits, lesson.points,
    )  # fmt: skip
    kept = [
        (one.id, one.points, one.needs, one.forbids, one.shows_changes, one.title)
        for one in lesson.cells
    ]
    assert kept == [
        (one.id, one.points, one.needs, one.forbids, one.shows_changes, one.title)
        for one in made.cells
    ]


def test_it_holds_nothing_hidden(lesson: Lesson) -> None:
    shown = released_lesson(lesson)
    text = shown.to_text()
    assert not any(marker in text for marker in MARKERS)
    assert not any(cell.hidden_lines or cell.rubric for cell in shown.cells)
    assert "hidden_rng(" not in text


def test_a_name_that_only_a_solution_knows_is_not_told(make_lesson) -> None:
    made = make_lesson(
        '# %% solution="a" title="A"\n### BEGIN SOLUTION\nsecret = 1\na = secret\n'
        '### END SOLUTION\n\n# %% tests="a" points=1\nassert a\n'
    )
    assert made.task("a").defines == ("secret", "a")
    assert released_lesson(made).lesson(Path()).task("a").defines == ("a",)
    assert "secret" not in released_lesson(made).to_text()


@pytest.mark.parametrize("marker", MARKERS)
def test_it_cannot_be_made_with_a_marker_in_it(small: Lesson, marker: str) -> None:
    shown = released_lesson(small)
    cell = replace(shown.cells[0], source=f"x\n{marker}\ny")
    with pytest.raises(ReleasedLessonError, match="holds a marker of something hidden in text-1"):
        replace(shown, cells=(cell,))


def test_its_digest_changes_with_any_field(small: Lesson) -> None:
    shown = released_lesson(small)
    digests = {
        one.lesson(Path()).digest
        for one in (shown, replace(shown, title="Other"), replace(shown, cells=shown.cells[:-1]))
    }
    assert len(digests) == 3


def changed(text: str, change) -> str:
    record = json.loads(text)
    change(record)
    return json.dumps(record)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: r.update(schema=SCHEMA_VERSION + 1), "is no released lesson of version"),
        (lambda r: r.pop("title"), "lacks a field"),
        (lambda r: r.update(name=1), "lacks a field, or has one of another kind"),
        (lambda r: r.update(cells=5), "of another kind"),
        (lambda r: r["cells"][0].update(kind="song"), "'song'"),
        (lambda r: r["cells"][0].update(number="1"), "of another kind"),
        (lambda r: r["cells"][0].update(colour="red"), "'colour'"),
        (lambda r: r["limits"].update(cell_seconds="long"), "'long'"),
        (lambda r: r["cells"].pop(), "was changed since it was made"),
        (lambda r: r["cells"][0].update(source="# Other"), "was changed since it was made"),
        (lambda r: r["cells"].append(r["cells"][0]), "was changed since it was made"),
        (lambda r: r["cells"][0].update(source=BEGIN_HIDDEN), "holds a marker"),
    ],
)
def test_a_file_that_is_not_as_it_was_made_is_refused(text: str, change, says: str) -> None:
    with pytest.raises(ReleasedLessonError, match=says):
        from_text(changed(text, change))


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"schema": 1}', "[" * 100_000])
def test_what_is_no_released_lesson_is_refused(text: str) -> None:
    with pytest.raises(ReleasedLessonError):
        from_text(text)
