"""Claims: on how many seeds the experiments of a lesson show what they are said to."""

from __future__ import annotations

import pytest

from autograder.authoring import claims
from autograder.lessons import python_source, reading
from autograder.lessons.model import Lesson, LessonError


@pytest.mark.parametrize(("failures", "holds"), [(1, True), (2, False)])
def test_nineteen_of_twenty_seeds_are_enough(failures: int, holds: bool) -> None:
    held = tuple(range(20 - failures))
    failed = tuple(range(20 - failures, 20))
    assert claims.TriedClaim("lesson", "name", "says", held, failed).holds is holds


def test_a_file_of_claims_that_cannot_be_run_is_named(small_course) -> None:
    path = small_course / "assignments" / "90_small" / "claims.py"
    path.write_text("import no_such_module")
    with pytest.raises(LessonError, match=r"claims\.py: file: ModuleNotFoundError"):
        claims.read(path.parent)


def test_the_reference_has_solutions_and_no_experiments(small) -> None:
    names = claims.names_of(small)
    assert names.double(4) == 8
    bound = {
        name
        for cell in small.cells
        if cell.kind == "experiment"
        for name in python_source.top_level_names(cell.source)
    }
    assert bound
    assert not bound & set(vars(names))


CLAIMS = """\
import numpy as np
from autograder.authoring.claims import claim


def helper(x):
    return x


@claim("Twice a number is even")
def twice_is_even(lesson, seed):
    assert not hasattr(lesson, "squares"), "an experiment has run"
    return lesson.double(seed) % 2 == 0


@claim("A seed is even")
def seeds_are_even(lesson, seed):
    return np.bool_(helper(seed) % 2 == 0)


@claim("A seed is not negative")
def raises(lesson, seed):
    return lesson.double(-seed - 1)
"""


@pytest.fixture
def claiming(small_course) -> Lesson:
    """The small lesson with a file of claims."""
    folder = small_course / "assignments" / "90_small"
    (folder / "claims.py").write_text(CLAIMS)
    return reading.load(folder)


def test_claims_are_what_is_decorated_in_order(claiming, small) -> None:
    assert list(claims.read(claiming.folder)) == ["twice_is_even", "seeds_are_even", "raises"]
    assert claims.read(small.folder) == {}


def test_each_claim_is_tried_on_each_seed_in_processes_of_its_own(claiming) -> None:
    told: list[tuple[int, int]] = []
    even, seeds, raises = claims.try_claims(
        [claiming], seeds=3, jobs=1, on_progress=lambda done, total: told.append((done, total))
    )
    assert (even.lesson, even.name, even.says) == (
        "90_small",
        "twice_is_even",
        "Twice a number is even",
    )
    assert (even.held, even.failed, even.errors) == ((0, 1, 2), (), ())
    assert (seeds.held, seeds.failed) == ((0, 2), (1,))
    assert (raises.failed, raises.errors) == ((0, 1, 2), ("ValueError: x is negative",))
    assert [one.to_dict()["holds"] for one in (even, seeds, raises)] == [True, False, False]
    assert told == [(done, 9) for done in range(10)]


def test_without_claims_nothing_is_started(small) -> None:
    assert claims.try_claims([small], seeds=20, jobs=1) == []
