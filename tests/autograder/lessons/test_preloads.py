"""What a warm process imports and reads before any submission comes."""

from __future__ import annotations

import pytest

from autograder.lessons.preloads import preloads


def test_preloads_are_the_imports_and_data_that_students_are_given(make_lesson) -> None:
    made = make_lesson(
        '# %% shared="imports"\nimport numpy as np\nfrom nnlab import data\n\n'
        '# %% experiment="look"\nX, y = data.digits(images=True)\nZ = data.digits(images=some)\n\n'
        '# %% solution="task"\n### BEGIN SOLUTION\nimport secret\ntask = 1\n### END SOLUTION\n\n'
        '# %% tests="task" points=1\nimport math\n'
        "### BEGIN HIDDEN TESTS\nimport hidden\ndata.mnist_1d(100, seed=7)\n### END HIDDEN TESTS\n"
    )
    assert preloads(made).splitlines() == [
        "import numpy as np",
        "from nnlab import data",
        "data.digits(images=True)",
        "import math",
    ]


@pytest.mark.parametrize(
    ("statement", "call"),
    [
        ("from nnlab import data", "data.digits(images=True)"),
        ("from nnlab import data as d", "d.digits(images=True)"),
        ("import nnlab.data", "nnlab.data.digits(images=True)"),
        ("import nnlab.data as sets", "sets.digits(images=True)"),
        ("from nnlab.data import digits", "digits(images=True)"),
        ("from nnlab.data import digits as ten", "ten(images=True)"),
    ],
)
def test_a_data_set_is_known_by_whatever_name_it_was_imported(make_lesson, statement, call) -> None:
    # Imported in one cell, read in another.
    made = make_lesson(
        f'# %% shared="imports"\n{statement}\n\n# %% experiment="look"\nX, y = {call}\n'
    )
    assert preloads(made).splitlines() == [statement, call]


@pytest.mark.parametrize(
    "cells",
    [
        # Of the same name, and another's.
        '# %% shared="imports"\nfrom mylab import data\n\n# %% experiment="e"\ndata.digits()\n',
        '# %% shared="imports"\ndata = 3\n\n# %% experiment="e"\ndata.digits()\n',
        # What a submission might change.
        '# %% shared="i"\nfrom nnlab import data\nk = 3\n\n# %% experiment="e"\ndata.digits(k)\n',
        '# %% shared="i"\nfrom nnlab import data\n\n# %% experiment="e"\ndata.digits(**more)\n',
        '# %% shared="i"\nfrom nnlab import data\n\n# %% experiment="e"\ndata.digits(*more)\n',
    ],
)
def test_nothing_else_is_taken_for_the_reading_of_a_data_set(make_lesson, cells) -> None:
    assert "digits" not in preloads(make_lesson(cells))


def test_a_statement_that_stands_twice_is_run_once(make_lesson) -> None:
    made = make_lesson(
        '# %% shared="a"\nimport math\n\n# %% sandboxed="b"\ndef f():\n    import math\n'
    )
    assert preloads(made) == "import math"
