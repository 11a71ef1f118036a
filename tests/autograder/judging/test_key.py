"""What a mark's key is made from, and what is no part of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from autograder.authoring.proof import reference
from autograder.intake.submission import Extra, Submission
from autograder.judging.environment import Environment, environment_of
from autograder.judging.key import graded_part, hidden_seed, mark_keys, submission_digest
from autograder.judging.options import Options
from autograder.lessons.model import Cell, Lesson

HERE = Environment("code", (("numpy", "2.0"), ("python", "3.11")), "strong", "cpu")


def keys(lesson: Lesson, submission: Submission | None = None, **given: Any) -> dict[str, str]:
    environment = given.pop("environment", HERE)
    return mark_keys(lesson, submission or reference(lesson), environment, **given)


def with_cell(lesson: Lesson, cell_id: str, **changed: Any) -> Lesson:
    cells = tuple(
        dataclasses.replace(cell, **changed) if cell.id == cell_id else cell
        for cell in lesson.cells
    )
    return dataclasses.replace(lesson, cells=cells)


def others_than(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_every_graded_cell_has_a_key_of_its_own_and_always_the_same(small: Lesson) -> None:
    found = keys(small)
    assert set(found) == {cell.id for cell in small.graded}
    assert len(set(found.values())) == len(found)
    assert keys(small) == found


@pytest.mark.parametrize(
    "given",
    [
        {"hidden_seed": 1},
        {"options": Options(run_experiments=True)},
        {"files": [("data.csv", b"1,2")]},
        {"environment": dataclasses.replace(HERE, code="other code")},
        {"environment": dataclasses.replace(HERE, versions=(("numpy", "2.1"),))},
        {"environment": dataclasses.replace(HERE, tier="none")},
        {"environment": dataclasses.replace(HERE, device="gpu")},
    ],
    ids=str,
)
def test_what_all_tests_depend_on_is_in_the_key_of_each(small: Lesson, given) -> None:
    changed = others_than(keys(small), keys(small, **given))
    assert changed == {cell.id for cell in small.graded if cell.kind == "tests"}


def test_the_content_and_the_name_of_a_file_beside_the_notebook_count(small: Lesson) -> None:
    found = {
        keys(small, files=files)["test-double"]
        for files in ([("a", b"1")], [("a", b"2")], [("b", b"1")], [("a", b"1"), ("b", b"")])
    }
    assert len(found) == 4


@pytest.mark.parametrize(
    "changed",
    [{"source": "check(1)"}, {"points": 3.0}, {"shows_changes": True}, {"part": "other"}],
    ids=str,
)
def test_a_changed_test_has_another_key_and_no_other_has(small: Lesson, changed) -> None:
    before = keys(small)
    after = keys(with_cell(small, "test-double", **changed))
    name = "test-double-other" if "part" in changed else "test-double"
    assert after[name] != before["test-double"]
    assert {n: k for n, k in after.items() if n != name} == {
        n: k for n, k in before.items() if n != "test-double"
    }


def test_a_limit_counts(small: Lesson) -> None:
    limits = small.limits.changed({"memory_mb": 17})
    changed = others_than(keys(small), keys(dataclasses.replace(small, limits=limits)))
    assert changed == {cell.id for cell in small.graded if cell.kind == "tests"}


def test_an_answer_counts_for_the_tests_that_need_it(small: Lesson) -> None:
    right = reference(small)
    sources = {**right.sources, "solution-double": "def double(x): return x"}
    changed = dataclasses.replace(right, sources=sources)
    assert others_than(keys(small), keys(small, changed)) == {"test-double"}


def test_an_added_cell_counts_where_it_is_needed_or_nothing_can_be_told(small: Lesson) -> None:
    right = reference(small)

    def with_extra(source: str) -> set[str]:
        extra = Extra("mine", "code", source, "setup-imports")
        return others_than(keys(small), keys(small, dataclasses.replace(right, extras=(extra,))))

    every_test = {cell.id for cell in small.graded if cell.kind == "tests"}
    assert with_extra("mine = 1") == set()
    assert with_extra("SCALE = 1.0") == {"test-double"}
    assert with_extra("np.random.seed(0)") == every_test


def test_given_code_counts_where_it_is_needed(small: Lesson) -> None:
    changed = with_cell(small, "given-square", source="def square(x): return 0")
    assert others_than(keys(small), keys(changed)) == set()
    cell = small.by_id["setup-imports"]
    changed = with_cell(small, cell.id, source=cell.source.replace("2.0", "3.0"))
    assert "test-double" in others_than(keys(small), keys(changed))


def test_a_free_text_answer_has_its_text_and_whether_it_is_as_it_was_handed_out(
    small: Lesson,
) -> None:
    right = reference(small)

    def key_of(text: str | None) -> str:
        sources = dict(right.sources)
        sources.pop("answer-why", None)
        if text is not None:
            sources["answer-why"] = text
        return keys(small, dataclasses.replace(right, sources=sources))["answer-why"]

    assert len({key_of(None), key_of("Because."), key_of("Because!")}) == 3
    more = with_cell(small, "answer-why", points=7.0)
    assert keys(more)["answer-why"] != keys(small)["answer-why"]


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("text", {"source": "Other prose."}),
        ("hint", {"source": "Another hint."}),
        ("solution", {"title": "Another title"}),
        ("answer", {"title": "Another title"}),
    ],
)
def test_prose_hints_and_titles_are_no_part_of_it(small: Lesson, kind, changed) -> None:
    cell: Cell = next(cell for cell in small.cells if cell.kind == kind)
    other = with_cell(small, cell.id, **changed)
    assert graded_part(other) == graded_part(small)
    assert keys(other, reference(small)) == keys(small)


def test_a_mark_scheme_the_title_and_the_minutes_are_no_part_of_it(small: Lesson) -> None:
    cell = small.by_id["answer-why"]
    other = with_cell(small, cell.id, source=cell.source.replace("2 points for", "1 point for"))
    other = dataclasses.replace(other, title="Another", minutes=99)
    assert other.by_id["answer-why"].source != cell.source
    assert graded_part(other) == graded_part(small)
    assert keys(other, reference(small)) == keys(small)


def test_the_part_that_is_graded_changes_with_code_points_and_limits(small: Lesson) -> None:
    cell = small.by_id["test-double"]
    others = [
        with_cell(small, "test-double", source=f"{cell.source}\n1.0"),
        with_cell(small, "test-double", points=3.0),
        with_cell(small, "answer-why", points=3.0),
        with_cell(small, "solution-update", needs=("double",)),
        with_cell(small, "given-square", source="def square(x): return x"),
        dataclasses.replace(small, limits=small.limits.changed({"file_mb": 1})),
    ]
    assert len({graded_part(one) for one in (small, *others)}) == len(others) + 1


def test_the_same_code_meets_the_same_inputs_and_other_code_others(small: Lesson) -> None:
    right = reference(small)
    seed = hidden_seed(0, right)
    prose = dataclasses.replace(
        right,
        sources={**right.sources, "answer-why": "Another answer."},
        extras=(Extra("note", "markdown", "A note.", ""),),
    )
    assert hidden_seed(0, prose) == seed
    code = dataclasses.replace(right, extras=(Extra("mine", "code", "x = 1", ""),))
    sources = {**right.sources, "solution-double": "double = 1"}
    answer = dataclasses.replace(right, sources=sources)
    assert len({seed, hidden_seed(1, right), hidden_seed(0, code), hidden_seed(0, answer)}) == 4
    assert 0 <= seed < 1 << 32


def test_a_submissions_digest_has_all_that_was_read(small: Lesson) -> None:
    right = reference(small)
    others = [
        dataclasses.replace(right, remarks=("Something was odd.",)),
        dataclasses.replace(right, extras=(Extra("mine", "markdown", "A note.", ""),)),
        dataclasses.replace(right, sources={**right.sources, "answer-why": "Other."}),
    ]
    assert len({submission_digest(one) for one in (right, *others)}) == len(others) + 1


def test_an_environment_names_the_versions_of_what_the_lesson_imports(
    small: Lesson, make_lesson: Callable[[str], Lesson]
) -> None:
    plain = environment_of(small, "strong", "cpu")
    names = dict(plain.versions)
    assert {"python", "numpy", "torch", "ipython", "matplotlib"} <= set(names)
    assert "scikit-learn" not in names
    other = make_lesson('# %% shared="imports"\nimport sklearn.datasets\n')
    assert "scikit-learn" in dict(environment_of(other, "strong", "cpu").versions)
    assert environment_of(small, "none", "cpu").digest != plain.digest
    assert environment_of(small, "strong", "gpu").digest != plain.digest
