"""Results that are kept in a folder: what is taken from it, and what is not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from autograder.classes.cache import ResultCache
from autograder.classes.provenance import Provenance
from autograder.judging.result import Result
from autograder.lessons.model import Lesson

MADE_FROM = Provenance("inputs", "submission", "environment", {"test-double": "key"})


@pytest.fixture(scope="module")
def result(grade) -> Result:
    """What the reference comes to."""
    return grade(double="def double(x):\n    return 7")


@pytest.fixture
def cache(tmp_path: Path) -> ResultCache:
    return ResultCache(tmp_path / "cache", "secret")


def only_entry(cache: ResultCache) -> Path:
    (path,) = (path for path in cache.folder.rglob("*") if path.is_file())
    return path


def test_a_result_comes_back_as_it_was(cache, result: Result, small: Lesson) -> None:
    assert cache.get(MADE_FROM, small) is None
    cache.put(MADE_FROM, result)
    found = cache.get(MADE_FROM, small)
    assert found.marks == result.marks
    assert json.dumps(found.cells, sort_keys=True) == json.dumps(result.cells, sort_keys=True)
    for name in ("remarks", "flags", "seconds", "tier", "version", "environment"):
        assert getattr(found, name) == getattr(result, name)
    assert found.earlier.to_dict() == result.earlier.to_dict()


@pytest.mark.parametrize(
    "other",
    [
        {"submission": "another"},
        {"environment": "another"},
        {"keys": {"test-double": "another"}},
    ],
    ids=str,
)
def test_what_was_made_from_something_else_is_not_taken(cache, result, small, other) -> None:
    cache.put(MADE_FROM, result)
    assert cache.get(dataclasses.replace(MADE_FROM, **other), small) is None


def test_files_that_lie_elsewhere_are_the_same_submission(cache, result, small) -> None:
    cache.put(MADE_FROM, result)
    assert cache.get(dataclasses.replace(MADE_FROM, inputs="elsewhere"), small) is not None


def test_an_entry_that_was_cut_off_or_changed_is_none(cache, result, small) -> None:
    cache.put(MADE_FROM, result)
    path = only_entry(cache)
    whole = path.read_text()
    for broken in ("", whole[: len(whole) // 2], "[]", "{}", "\0", whole.replace("0.0", "2.0", 1)):
        path.write_text(broken)
        assert cache.get(MADE_FROM, small) is None
    path.write_bytes(b"\xff\xfe")
    assert cache.get(MADE_FROM, small) is None
    path.write_text(whole)
    assert cache.get(MADE_FROM, small) is not None


def test_an_entry_by_who_does_not_know_the_secret_is_none(cache, result, small) -> None:
    ResultCache(cache.folder, "guess").put(MADE_FROM, result)
    assert cache.get(MADE_FROM, small) is None


def test_an_entry_under_the_name_of_another_is_none(cache, result, small) -> None:
    cache.put(MADE_FROM, result)
    path = only_entry(cache)
    other = dataclasses.replace(MADE_FROM, submission="another")
    cache.put(other, result)
    (second,) = (one for one in cache.folder.rglob("*.json") if one != path)
    second.write_text(path.read_text())
    assert cache.get(other, small) is None


def test_an_entry_of_another_lesson_is_none(cache, result, make_lesson) -> None:
    cache.put(MADE_FROM, result)
    cells = '# %% solution="a"\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\n'
    other = make_lesson(f'{cells}\n# %% tests="a" points=1\na\n')
    assert cache.get(MADE_FROM, other) is None


def test_what_the_machine_or_the_test_may_be_to_blame_for_is_not_kept(cache, result) -> None:
    for outcome in ("not_run", "fault"):
        first, *rest = result.marks
        marks = (dataclasses.replace(first, outcome=outcome), *rest)
        cache.put(MADE_FROM, dataclasses.replace(result, marks=marks))
    cache.put(Provenance("of what could not be read"), result)
    assert cache.size().entries == 0


def test_a_folder_that_takes_nothing_stops_nobody(cache, result, small) -> None:
    (cache.folder / "in the way").touch()
    for name in (f"{number:02x}" for number in range(256)):
        (cache.folder / name).touch()  # a file where a folder has to be
    cache.put(MADE_FROM, result)
    assert cache.get(MADE_FROM, small) is None


def test_it_is_cleared_of_results_and_of_nothing_else(cache, result, small) -> None:
    cache.put(MADE_FROM, result)
    cache.put(dataclasses.replace(MADE_FROM, submission="another"), result)
    note = cache.folder / "note.txt"
    note.write_text("mine")
    size = cache.size()
    assert (size.entries, size.others) == (2, 1)
    assert size.bytes > 1000
    assert cache.clear() == 2
    assert note.read_text() == "mine"
    assert cache.size().entries == 0
