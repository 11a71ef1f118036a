"""Forbidden library calls: seen from a student's own code, and only from there."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator

import pytest

from autograder.sandbox.forbidden_calls import ForbiddenCalls


@pytest.fixture
def library() -> Iterator[types.ModuleType]:
    """A library with a function, a class, and a function that calls the first."""
    made = types.ModuleType("made_library")
    exec(
        "def norm(x):\n    '''The size.'''\n    return abs(x)\n"
        "def other(x):\n    return norm(x)\n"
        "class Adam:\n    def __init__(self, rate=1):\n        self.rate = rate\n",
        made.__dict__,
    )
    sys.modules["made_library"] = made
    yield made
    del sys.modules["made_library"]


def code(source: str, file: str) -> Callable[[], object]:
    """The function ``f`` of a source, as if it stood in a file."""
    names: dict[str, object] = {}
    exec(compile(source, file, "exec"), names)
    return names["f"]


CALL = "import made_library\ndef f():\n    return made_library.norm(-2)"


def test_a_call_from_the_tasks_own_cell_is_seen_and_does_what_it_did(library) -> None:
    calls = ForbiddenCalls([("size", "made_library.norm")])
    calls.watch("<cell>", "size")
    assert code(CALL, "<cell>")() == 2
    assert library.norm.__doc__ == "The size."
    assert calls.seen() == [["size", "made_library.norm"]]
    assert calls.seen() == []


def test_calls_from_elsewhere_are_no_matter(library) -> None:
    calls = ForbiddenCalls([("size", "made_library.norm")])
    calls.watch("<other>", "another task")
    code(CALL, "<unknown>")()
    code(CALL, "<other>")()
    # The library itself may call it.
    calls.watch("<cell>", "size")
    code("import made_library\ndef f():\n    return made_library.other(-2)", "<cell>")()
    assert calls.seen() == []


def test_an_added_cell_may_belong_to_any_task(library) -> None:
    calls = ForbiddenCalls([("one", "made_library.norm"), ("two", "made_library.norm")])
    calls.watch("<added>", "")
    code(CALL, "<added>")()
    assert calls.seen() == [["one", "made_library.norm"], ["two", "made_library.norm"]]


def test_making_an_object_of_a_class_is_a_call(library) -> None:
    calls = ForbiddenCalls([("adam", "made_library.Adam")])
    calls.watch("<cell>", "adam")
    f = code("import made_library\ndef f():\n    return made_library.Adam(rate=3)", "<cell>")
    assert f().rate == 3
    assert isinstance(f(), library.Adam)
    assert calls.seen() == [["adam", "made_library.Adam"]]


@pytest.mark.parametrize("name", ["no_such_library.norm", "made_library.nothing", "norm"])
def test_what_is_not_there_cannot_be_called(library, name) -> None:
    calls = ForbiddenCalls([("size", name)])
    calls.watch("<cell>", "size")
    code(CALL, "<cell>")()
    assert calls.seen() == []
