"""autograder claims: on how many seeds the experiments of a lesson show what they are said to."""

from __future__ import annotations

import pytest

from autograder.authoring import claims
from autograder.lessons import python_source
from autograder.lessons.model import LessonError


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
