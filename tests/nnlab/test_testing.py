"""nnlab.testing: what the checks accept, and what their messages say."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from nnlab import testing
from nnlab.testing import (
    CheckFailed,
    check,
    check_close,
    check_equal,
    check_one_of,
    check_raises,
    check_shape,
    check_unchanged,
    hidden_rng,
    hidden_seed,
    probe,
)

NAN, INF = float("nan"), float("inf")


def message(function, *args, **kwargs) -> str:
    """What a failing check says."""
    with pytest.raises(CheckFailed) as caught:
        function(*args, **kwargs)
    return str(caught.value)


class Opaque:
    """A student's object that is no number."""

    def __repr__(self) -> str:
        return "an object of type closure"


class ListLike:
    """An object with a length and an index and nothing else, as a grader may pass for a list."""

    def __init__(self, *items):
        self._items = items

    def __len__(self):
        return len(self._items)

    def __getitem__(self, index):
        return self._items[index]


# -- the examples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in testing.__all__ if name.startswith("check")])
def test_the_example_of_a_check_shows_the_message_of_a_failed_check(name):
    (example,) = doctest.DocTestFinder(recurse=False).find(
        getattr(testing, name), name, globs=vars(testing)
    )
    (call,) = example.examples
    assert call.exc_msg is not None
    assert doctest.DocTestRunner().run(example) == doctest.TestResults(failed=0, attempted=1)


# -- check ----------------------------------------------------------------------------------------


def test_a_message_names_the_call_what_is_wrong_and_where_to_look():
    check("f(1)", True, "is never seen")
    said = message(check, "f(1)", False, "the argument came back", look="Return a copy.")
    assert said == "f(1): the argument came back. Return a copy."


def test_a_sentence_ends_with_one_full_stop():
    assert message(check, "f(1)", False, "is wrong.") == "f(1): is wrong."


def test_a_failed_check_is_an_assertion_error():
    assert issubclass(CheckFailed, AssertionError)


def test_a_notebook_shows_the_message_of_a_failed_check_without_a_traceback(tmp_path):
    code = "from nnlab.testing import check; check('double(3)', False, 'returned 5')"
    run = subprocess.run(
        [sys.executable, "-m", "IPython", "-c", code],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "PYTHONUTF8": "1"},
    )
    assert run.stdout.rstrip() == "\x1b[31m✗\x1b[0m double(3): returned 5."


# -- check_close ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 3.0),
        (np.float32(0.5), 0.5),
        ([[1, 2], [3, 4]], np.array([[1.0, 2.0], [3.0, 4.0]])),
        (torch.tensor([1.0, 2.0], requires_grad=True), [1.0, 2.0]),
        (torch.tensor([1.0, -2.5], dtype=torch.bfloat16), [1.0, -2.5]),
        ([NAN, INF, -INF], [NAN, INF, -INF]),
        (np.array([1 + 2j]), np.array([1 + 2j])),
        (np.array([True, False]), np.array([True, False])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (ListLike(1.0, 2.0), [1.0, 2.0]),
    ],
)
def test_check_close_accepts_equal_numbers_in_any_container(got, expected):
    check_close("f()", got, expected)


def test_check_close_names_call_answer_expectation_tolerance_and_where_to_look():
    said = message(check_close, "double(3)", 5.0, 6.0, look="Read the docstring.")
    assert said == "double(3) returned 5, expected 6 (tolerance 1e-07). Read the docstring."


def test_check_close_shows_the_worst_value_of_an_array_and_its_place():
    said = message(check_close, "f(x)", [[1.0, 2.1], [3.0, 9.0]], [[1.0, 2.0], [3.0, 4.0]])
    assert "2 of 4 values differ; at [1, 1] 9 instead of 4." in said


def test_check_close_treats_nan_as_the_worst_difference():
    assert "at [1] nan instead of 2" in message(check_close, "f(x)", [90.0, NAN], [1.0, 2.0])


def test_check_close_does_not_accept_a_number_where_nan_is_right():
    assert "returned 1, expected nan" in message(check_close, "f(x)", 1.0, NAN)


def test_check_close_uses_both_tolerances_and_names_them():
    check_close("f()", 1.09, 1.0, rtol=0.1)
    check_close("f()", 0.09, 0.0, atol=0.1)
    assert "(tolerance 1e-01 + 1e-03)" in message(check_close, "f()", 2, 1, rtol=0.1, atol=1e-3)


def test_check_close_compares_shapes_before_values():
    said = message(check_close, "f(x)", np.ones((2, 1)), [1.0, 1.0])
    assert said == "f(x) returned shape (2, 1), expected shape (2,) like [1., 1.]."


def test_check_close_says_whether_a_number_or_an_array_came_back():
    assert "returned the number 2, expected shape (2,)" in message(check_close, "f", 2.0, [2, 2])
    assert "returned shape (2,), expected the number 2." in message(check_close, "f", [2, 2], 2)


def test_check_close_asks_whether_a_return_is_missing():
    said = message(check_close, "f(x)", None, [1.0], look="Look there.")
    assert "returned None (is a return missing?), expected an array of shape (1,)." in said
    assert said.endswith("Look there.")


@pytest.mark.parametrize(
    "got", ["0.5", Opaque(), {"x": 1}, [[1], [1, 2]], [None, 1.0], np.array(["a"]), probe]
)
def test_check_close_rejects_an_answer_that_is_no_number(got):
    said = message(check_close, "f(x)", got, 0.5)
    assert said.startswith("f(x) returned ")
    assert "expected a number" in said


def test_check_close_shows_an_opaque_object_by_its_repr():
    assert "returned an object of type closure, expected" in message(check_close, "f", Opaque(), 1)


def test_check_close_compares_booleans_and_unsigned_integers_like_numbers():
    said = message(check_close, "mask(x)", np.array([True, False]), np.array([True, True]))
    assert "1 of 2 values differ; at [1] False instead of True" in said
    small = np.array([0, 200], dtype=np.uint8)
    assert "at [1] 200 instead of 100" in message(
        check_close, "f", small, np.array([1, 100], dtype=np.uint8)
    )


def test_check_close_abbreviates_a_long_array():
    said = message(check_close, "f(x)", np.zeros(1000), np.ones(1000))
    assert "1000 of 1000 values differ" in said
    assert len(said) < 250


def test_check_close_shows_a_value_of_a_bfloat16_tensor():
    got = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
    assert "at [1] 2 instead of 3" in message(check_close, "f(x)", got, [1.0, 3.0])


# -- check_shape ----------------------------------------------------------------------------------


@pytest.mark.parametrize("got", [np.zeros((2, 3)), torch.zeros(2, 3), [[1, 2, 3]] * 2])
def test_check_shape_accepts_arrays_tensors_and_lists(got):
    check_shape("f(x)", got, (2, 3))
    said = message(check_shape, "f(x)", got, (3, 2), look="Transpose it.")
    assert said == "f(x) returned shape (2, 3), expected (3, 2). Transpose it."


def test_check_shape_asks_whether_a_return_is_missing():
    said = message(check_shape, "f(x)", None, (2,))
    assert "None (is a return missing?), expected an array of shape (2,)" in said


def test_check_shape_accepts_a_number_where_no_dimensions_are_asked_for():
    check_shape("loss(x)", torch.tensor(1.0), ())


# -- check_equal ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (3, 3),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (torch.tensor(3), 3),
        (np.array(True), True),
        (["a", 1], ["a", 1]),
        ("adam", "adam"),
        ((2, 3), (2, 3)),
        (torch.Size([2, 3]), (2, 3)),
    ],
)
def test_check_equal_accepts_equal_values(got, expected):
    check_equal("f()", got, expected)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (4, 3),
        (True, 1),
        (1, True),
        ("3", 3),
        (None, 0),
        (np.array([1, 2]), [1, 2]),
        (np.array([1, 2]), np.array([1, 2, 3])),
        (torch.tensor([1, 2]), 3),
        (torch.tensor([1, 2]), torch.tensor([1, 2, 3])),
        (NAN, NAN),
        (Opaque(), "closure"),
    ],
)
def test_check_equal_rejects_other_values_and_kinds(got, expected):
    said = message(check_equal, "f(2)", got, expected, look="Count again.")
    assert said.startswith("f(2) returned ")
    assert ", expected " in said
    assert said.endswith(". Count again.")


def test_check_equal_shortens_a_long_answer():
    said = message(check_equal, "f()", "x" * 5000, "y")
    assert "…, expected 'y'" in said
    assert len(said) < 200


# -- check_one_of ---------------------------------------------------------------------------------


@pytest.mark.parametrize("got", ["adam", np.str_("adam"), 3, np.int64(3), torch.tensor(3)])
def test_check_one_of_accepts_a_choice(got):
    check_one_of("prediction", got, ["adam", "sgd", 3])


@pytest.mark.parametrize("got", [None, "Adam", 3.0, True, 1, Opaque(), np.array([3, 3])])
def test_check_one_of_rejects_any_other_answer_and_lists_the_choices(got):
    said = message(check_one_of, "prediction", got, ["adam", 3], look="Decide.")
    assert said.startswith("prediction is ")
    assert said.endswith("; choose one of 'adam', 3. Decide.")


# -- check_unchanged ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [np.array([1.0, NAN]), [1, 2], torch.zeros(2), ["a", "b"], np.array([True])]
)
def test_check_unchanged_accepts_equal_values(value):
    check_unchanged("f(x)", "x", value, value)


@pytest.mark.parametrize(
    ("before", "after"),
    [([1.0, 2.0], [1.0, 3.0]), (np.zeros(2), np.zeros(3)), (["a"], ["b"]), ([1.0], [NAN])],
)
def test_check_unchanged_names_the_call_and_the_argument(before, after):
    said = message(check_unchanged, "f(x)", "x", before, after, look="See step 2.")
    assert said == "f(x) changed its argument x in place; work on a copy. See step 2."


# -- check_raises ---------------------------------------------------------------------------------


def test_check_raises_accepts_the_error_a_subclass_and_one_of_several():
    check_raises("f()", ValueError, int, "x")
    check_raises("f()", LookupError, {}.__getitem__, "x")
    check_raises("f()", (TypeError, ValueError), int, "x", base=10)


def test_check_raises_says_what_the_function_returned_instead():
    said = message(check_raises, "f(-1)", (ValueError, TypeError), lambda: 7, look="See Raises.")
    assert said == "f(-1) returned 7, expected it to raise ValueError or TypeError. See Raises."


def test_check_raises_names_the_error_that_was_raised_instead():
    said = message(check_raises, "f(-1)", TypeError, int, "x")
    assert said.startswith("f(-1) raised ValueError (invalid literal for int()")
    assert said.endswith(", expected TypeError.")


# -- hidden inputs and probes ---------------------------------------------------------------------


def test_hidden_seeds_differ_by_task_and_by_the_instructors_seed(monkeypatch):
    monkeypatch.setenv(testing.SEED_VARIABLE, "1")
    first = {name: hidden_seed(name) for name in ("adam", "sgd")}
    monkeypatch.setenv(testing.SEED_VARIABLE, "2")
    second = {name: hidden_seed(name) for name in ("adam", "sgd")}
    assert len({*first.values(), *second.values()}) == 4


def test_hidden_inputs_are_the_same_each_time(monkeypatch):
    monkeypatch.setenv(testing.SEED_VARIABLE, "2026")
    first, second = (hidden_rng("adam").normal(size=5) for _ in range(2))
    assert (first == second).all()


def test_an_unset_seed_counts_as_zero(monkeypatch):
    monkeypatch.delenv(testing.SEED_VARIABLE, raising=False)
    unset = hidden_seed("adam")
    monkeypatch.setenv(testing.SEED_VARIABLE, "0")
    assert hidden_seed("adam") == unset


def test_a_probe_is_the_function_itself_in_a_notebook():
    def function():
        return 1

    assert probe(function) is function
