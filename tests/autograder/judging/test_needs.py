"""What a test needs of its notebook."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.authoring.proof import reference
from autograder.intake.submission import Extra, Submission
from autograder.judging.needs import Needs
from autograder.judging.options import Options
from autograder.judging.plan import LessonStep, TestStep, plan
from autograder.lessons.model import Lesson

CELLS = """\
# %% shared="imports"
import numpy as np
import torch
from nnlab.testing import check_equal

# %% shared="scale"
SCALE = 2.0

# %% sandboxed="table"
table = {"a": 1.0}

# %% sandboxed="more"
table["b"] = SCALE

# %% sandboxed="noise"
noise = np.random.default_rng(0).normal(size=3)

# %% solution="double"
def double(x):
    ### BEGIN SOLUTION
    return SCALE * x
    ### END SOLUTION

# %% tests="double" points=1
check_equal("double(1)", double(1), 2.0)

# %% solution="twice"
def twice(x):
    ### BEGIN SOLUTION
    return double(double(x))
    ### END SOLUTION

# %% tests="twice" points=1
check_equal("twice(1)", twice(1), 4.0)

# %% solution="looked"
def looked(key):
    ### BEGIN SOLUTION
    return table[key]
    ### END SOLUTION

# %% tests="looked" points=1
check_equal("looked('b')", looked("b"), 2.0)

# %% solution="layer"
def layer():
    ### BEGIN SOLUTION
    return torch.nn.Linear(1, 1)
    ### END SOLUTION

# %% sandboxed="seeded"
torch.manual_seed(0)

# %% tests="layer" points=1
check_equal("layer", layer().in_features, 1)
"""


@pytest.fixture
def needed(make_lesson: Callable[[str], Lesson]):
    """The ids of the cells that a test needs; ``added`` stands behind a cell."""

    def needs_of(
        test: str, added: str = "", after: str = "setup-imports", files: tuple[str, ...] = (),
        cells: str = CELLS, **changed: str,
    ) -> list[str]:  # fmt: skip
        lesson = make_lesson(cells)
        sources = {**reference(lesson).sources}
        sources |= {f"solution-{name}": source for name, source in changed.items()}
        extras = (Extra("mine", "code", added, after),) if added else ()
        steps = plan(lesson, Submission(sources, extras, ()), Options())
        (step,) = [s for s in steps if isinstance(s, TestStep) and s.cell.id == f"test-{test}"]
        found = Needs(steps, files).of(step)
        return [one.cell.id if isinstance(one, LessonStep) else "mine" for one in found]

    return needs_of


def everything_before(test: str) -> list[str]:
    before = CELLS.split(f'# %% tests="{test}"')[0].split("# %% ")[1:]
    words = {"shared": "setup", "sandboxed": "given"}
    named = [cell.split('"')[0].rstrip("=") + "-" + cell.split('"')[1] for cell in before]
    kinds = [name.split("-", 1) for name in named]
    return [f"{words.get(kind, kind)}-{name}" for kind, name in kinds if kind != "tests"]


def test_a_test_needs_the_cells_that_bind_what_it_reads_and_what_these_read(needed) -> None:
    assert needed("double") == ["setup-imports", "setup-scale", "solution-double"]
    assert needed("twice") == [
        "setup-imports", "setup-scale", "solution-double", "solution-twice",
    ]  # fmt: skip


def test_given_code_that_changes_what_a_test_reads_is_needed(needed) -> None:
    assert needed("looked") == [
        "setup-imports", "setup-scale", "given-table", "given-more", "solution-looked",
    ]  # fmt: skip


def test_given_code_that_sets_a_random_state_is_needed_by_all_behind_it(needed) -> None:
    assert "given-seeded" in needed("layer")
    assert "given-noise" not in needed("layer")


def test_an_added_cell_that_only_binds_other_names_is_not_needed(needed) -> None:
    assert "mine" not in needed("double", added="rate = 0.1\ndef plot(): return double(3)")


@pytest.mark.parametrize(
    "added",
    [
        "SCALE = 3.0",
        "def double(x): return 0",
        "import numpy as SCALE",
        "def check_equal(*given): pass",
    ],
)
def test_an_added_cell_that_rebinds_what_a_test_reads_is_needed(needed, added) -> None:
    assert "mine" in needed("double", added=added, after="setup-scale")


@pytest.mark.parametrize(
    "added",
    [
        "double(3)",
        "table.clear()",
        "np.random.seed(1)",
        "torch.set_default_dtype(torch.float64)",
        "from math import *",
        "globals()['SCALE'] = 3",
        "%run mine",
        "import my_helpers",
        "for x in range(3): pass",
    ],
)
def test_behind_a_cell_of_which_nothing_can_be_told_everything_is_needed(needed, added) -> None:
    for test in ("double", "twice"):
        found = needed(test, added=added, after="setup-scale")
        assert [name for name in found if name != "mine"] == everything_before(test)
        assert "mine" in found


def test_what_stands_below_a_test_is_not_needed_by_it(needed) -> None:
    assert "mine" not in needed("double", added="SCALE = 3.0", after="test-double")
    assert needed("double", added="double(3)", after="test-twice") == needed("double")


def test_an_answer_that_does_more_than_bind_its_name_makes_everything_needed(needed) -> None:
    found = needed("twice", double="def double(x): return 2 * x\ntable.clear()")
    assert found == everything_before("twice")


def test_a_function_that_reaches_for_other_names_makes_everything_needed(needed) -> None:
    odd = "def double(x):\n    global SCALE\n    SCALE = 3.0\n    return 2 * x"
    assert needed("twice", double=odd) == everything_before("twice")


def test_given_code_that_calls_an_answer_is_needed_by_what_it_may_have_changed(needed) -> None:
    cells = CELLS.replace("torch.manual_seed(0)", "twice(1)")
    noted = "def double(x):\n    table['b'] = x\n    return 2 * x"
    cells = cells.replace(
        '# %% solution="looked"', '# %% sandboxed="call"\ntwice(1)\n\n# %% solution="looked"'
    )
    assert "given-call" in needed("looked", cells=cells, double=noted)


def test_a_builtin_with_another_meaning_is_not_trusted(needed) -> None:
    odd = "def float(x):\n    table.clear()"
    found = needed("twice", added=odd, after="setup-scale", double="double = float('2')")
    assert [name for name in found if name != "mine"] == everything_before("twice")


def test_modules_beside_the_notebook_may_hide_those_that_are_known(needed) -> None:
    assert needed("double", files=("copy.py",)) == everything_before("double")
    assert needed("double", files=("data.csv",)) == needed("double")
