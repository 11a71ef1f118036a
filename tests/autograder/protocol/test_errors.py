"""autograder.protocol.errors: an exception crosses as names and a message."""

from __future__ import annotations

import builtins

import pytest

from autograder.protocol.errors import builtin_exception, exception_node
from autograder.protocol.plain_text import MAX_TEXT


class Own(KeyError):
    def __str__(self):
        raise RuntimeError("no message")


def test_an_exception_travels_as_names_and_a_message():
    assert exception_node(ZeroDivisionError("by \ud800")) == {
        "type": "ZeroDivisionError",
        "builtin": "ZeroDivisionError",
        "message": "by ?",
    }
    assert exception_node(Own()) == {
        "type": "Own",
        "builtin": "KeyError",
        "message": "(its message cannot be shown)",
    }


def test_only_builtin_exceptions_are_made_of_names():
    assert builtin_exception("KeyError") is KeyError
    for name in ("SystemExit", "KeyboardInterrupt", "eval", "Nothing", "__class__", None, [], 5):
        assert builtin_exception(name) is Exception
    assert issubclass(builtins.SystemExit, BaseException)


class Deep(Own, ValueError):
    """Two builtin exceptions are among its bases."""


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (ValueError("x"), "ValueError"),
        (type("Mine", (ZeroDivisionError,), {})("x"), "ZeroDivisionError"),
        (Deep("x"), "KeyError"),
        (type("Mine", (BaseException,), {})("x"), "BaseException"),
        (SystemExit(3), "SystemExit"),
    ],
)
def test_an_exception_of_a_students_is_known_by_the_builtin_one_that_it_is_made_of(error, builtin):
    node = exception_node(error)
    assert (node["type"], node["builtin"]) == (type(error).__name__, builtin)


def test_the_words_of_an_exception_have_a_limit():
    node = exception_node(type("N" * 5000, (ValueError,), {})("x" * 10 * MAX_TEXT))
    assert len(node["type"]) == 100
    assert MAX_TEXT <= len(node["message"]) <= MAX_TEXT + 2


@pytest.mark.parametrize(
    "name", ["ValueError", "StopIteration", "RecursionError", "ExceptionGroup"]
)
def test_an_exception_that_a_name_makes_is_one_that_can_be_caught(name):
    assert issubclass(builtin_exception(name), Exception)
