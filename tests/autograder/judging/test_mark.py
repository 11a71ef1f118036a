"""The record of a mark: what it holds, its JSON, and its schema."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from autograder.judging.mark import OUTCOMES, SCHEMA_VERSION, Mark, schema

MARK = Mark("test-double", "double", 2.0, 2.0, "passed")
#: A mark of each outcome.
MARKS = [
    MARK,
    Mark("test-Line", "Line", 3.0, 4.0, "partial", "Partly right: 3 of 4 points.", hidden=True),
    Mark("test-update", "update", 0.0, 3.0, "failed", "It returned 3.", "line 2", seconds=0.25),
    Mark("test-update", "update", 0.0, 3.0, "not_written", "update is not written yet."),
    Mark(
        "test-update", "update", 0.0, 3.0, "blocked", "First write double.",
        blocked_by=("double", "Line"), tier="strong",
    ),
    Mark("test-double", "double", 0.0, 2.0, "not_run", "The test could not be run."),
    Mark("test-double", "double", 0.0, 2.0, "fault", "This test has a fault.", tier="fallback"),
    Mark("answer-why", "why", None, 2.0, "to_be_marked", tier="none"),
    Mark("answer-why", "why", 0.0, 2.0, "not_answered", "No answer was given."),
]  # fmt: skip


def test_there_is_an_example_of_every_outcome() -> None:
    assert {mark.outcome for mark in MARKS} == set(OUTCOMES)


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.outcome)
def test_a_mark_survives_its_record(mark: Mark) -> None:
    assert Mark.from_dict(json.loads(json.dumps(mark.to_dict()))) == mark


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.outcome)
def test_a_record_is_as_the_schema_says(mark: Mark) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(json.dumps(mark.to_dict())))


def test_the_schema_is_one_and_knows_every_outcome_and_the_version() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    properties = schema()["properties"]
    assert set(properties["outcome"]["enum"]) == set(OUTCOMES)
    assert properties["schema"] == {**properties["schema"], "const": SCHEMA_VERSION}
    assert set(schema()["required"]) == set(properties) == set(MARK.to_dict())


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "not run"},
        {"points": -1.0},
        {"points": "2"},
        {"max_points": 0},
        {"schema": 1},
        {"blocked_by": "double"},
        {"tier": "steel"},
        {"unheard_of": 1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_is_no_record_does_not_fit_the_schema(wrong) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**MARK.to_dict(), **wrong}, schema())


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION + 1, None])
def test_a_record_of_another_version_is_refused(version) -> None:
    with pytest.raises(ValueError, match=f"version {version}; this grader reads {SCHEMA_VERSION}"):
        Mark.from_dict({**MARK.to_dict(), "schema": version})


@pytest.mark.parametrize("change", ["unheard_of", "cell"])
def test_a_record_with_an_unknown_field_or_without_a_known_one_is_refused(change) -> None:
    record = MARK.to_dict()
    if record.pop(change, None) is None:
        record[change] = 1
    with pytest.raises(TypeError, match=change):
        Mark.from_dict(record)


def test_full_is_all_points_and_no_points_yet_are_not() -> None:
    assert MARK.is_full
    assert not replace(MARK, points=1.5).is_full
    assert not replace(MARK, points=None).is_full
