"""Tests as compiled scripts: what they take from the student, where hidden lines begin, probes."""

from __future__ import annotations

import ast

import pytest

from autograder.judging.scripts import ProbeStep, Script, file_of, prepare

CELLS = """\
# %% shared="imports"
import numpy as np
from nnlab.testing import check_close, probe

SCALE = 2.0

# %% solution="double"
### BEGIN SOLUTION
def double(x):
    return 2 * x
### END SOLUTION

# %% tests="double" points=2
"""


@pytest.fixture
def script(make_lesson):
    """The compiled test of a lesson whose test is this text."""

    def make(test: str) -> Script:
        lesson = make_lesson(CELLS + test)
        return prepare(lesson).scripts["test-double"]

    return make


def test_shared_cells_have_run_and_nothing_of_a_solution_has(make_lesson) -> None:
    prepared = prepare(make_lesson(CELLS + "check_close('double', double(1), 2)\n"))
    assert prepared.names["SCALE"] == 2.0
    assert "double" not in prepared.names
    assert set(prepared.scripts) == {"test-double"}


def test_what_the_test_takes_from_the_student_is_what_nothing_else_binds(script) -> None:
    made = script(
        "x = np.ones(2)\ny = double(x) + SCALE + helper\nlater = len(y)\n"
        "check_close('y', [later for later in y], other)\n"
    )
    assert made.wanted == ("double", "helper", "other")


def test_a_name_that_is_read_before_the_test_binds_it_is_the_students(script) -> None:
    assert script("y = double(x)\nx = 1\n").wanted == ("double", "x")


def test_hidden_steps_begin_with_the_first_hidden_line(script) -> None:
    made = script(
        "a = double(1)\n### BEGIN HIDDEN TESTS\nb = double(2)\n### END HIDDEN TESTS\n"
        "c = double(3)\n"
    )
    assert (len(made.steps), len(made.hidden_steps), made.hides) == (1, 2, True)
    open_test = script("a = double(1)\nb = 2\n")
    assert (len(open_test.steps), open_test.hidden_steps, open_test.hides) == (2, (), False)


def test_the_last_expression_is_the_value_hidden_or_not(script) -> None:
    assert eval(script("a = 1\n0.5 + 1\n").value) == 1.5
    assert script("a = double(1)\n").value is None
    hidden = script("a = 1\n### BEGIN HIDDEN TESTS\n2.0\n### END HIDDEN TESTS\n")
    assert (eval(hidden.value), hidden.hidden_steps, hidden.hides) == (2.0, (), True)


def test_a_probe_goes_to_the_students_side_as_source_without_its_decorator(script) -> None:
    made = script("@probe\ndef twice(x):\n    return double(double(x))\n\nassert twice(1) == 4\n")
    (twice, _) = made.steps
    assert isinstance(twice, ProbeStep)
    assert twice.name == "twice"
    (function,) = ast.parse(twice.source).body
    assert function.decorator_list == []
    # Its own name is no student's; what it reads is.
    assert made.wanted == ("double",)


def test_a_traceback_names_the_cell_and_its_line(script, make_lesson) -> None:
    lesson = make_lesson(CELLS + "a = 1\n\nassert a == 2\n")
    code = prepare(lesson).scripts["test-double"].steps[-1]
    assert code.co_filename == file_of(lesson.by_id["test-double"]) == "<test-double>"
    assert {line for *_, line in code.co_lines() if line} >= {3}
