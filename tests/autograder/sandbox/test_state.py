"""What a test's calls change is noticed, or put back."""

from __future__ import annotations

import os
import random
import sys
import threading
import types
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch

from autograder.sandbox import state
from autograder.sandbox.state import Contents, Settings

_NOTEBOOK = """
import collections, functools, itertools, random
import numpy as np
import torch

number, words, table = 1, ["a"], {"a": [1.0]}
kinds = {1, 2}
array = np.zeros((3, 2))
view = array.T
objects = np.array([[], {}], dtype=object)
tensor = torch.zeros(3)
weight = torch.zeros(2, requires_grad=True)
layer = torch.nn.BatchNorm1d(2)
generator = np.random.default_rng(0)
old_generator = np.random.RandomState(0)
torch_generator = torch.Generator().manual_seed(0)
own_random = random.Random(0)
items = iter([1, 2, 3])
count = itertools.count()
queue = collections.deque([1])
nan = float("nan")

def count_calls():
    count_calls.calls = getattr(count_calls, "calls", 0) + 1

def counter():
    seen = 0
    def more():
        nonlocal seen
        seen += 1
    return more

more = counter()

def numbers():
    yield 1
    yield 2

running = numbers()

@functools.lru_cache
def cached(x):
    return x

def default(x, seen=[]):
    seen.append(x)

class Line:
    made = 0
    def __init__(self):
        self.a = {"b": [1]}

class Slots:
    __slots__ = ("x",)

line, slots = Line(), Slots()
slots.x = 1
itself = [1]
itself.append(itself)
part = functools.partial(default, 1)
method = line.__init__
"""


@pytest.fixture
def names() -> dict[str, Any]:
    """The names of a notebook with one of everything."""
    made: dict[str, Any] = {"__name__": "__main__"}
    exec(_NOTEBOOK, made)
    return made


@pytest.mark.parametrize(
    "call",
    [
        "globals().update(number=2)",
        "globals().update(new=1)",
        "globals().pop('number')",
        "words.append('b')",
        "table['a'][0] = 2.0",
        "kinds.add(3)",
        "array[0, 0] = 1",
        "view[0, 0] = np.nan",
        "objects[0].append(1)",
        "array.resize((2, 3), refcheck=False)",
        "tensor.add_(1)",
        "tensor.data[0] = 5",
        "tensor.numpy()[1] = 5",
        "weight.sum().backward()",
        "weight.requires_grad_(False)",
        "layer(torch.ones(3, 2))",
        "layer.eval()",
        "generator.normal()",
        "old_generator.normal()",
        "torch.rand(1, generator=torch_generator)",
        "own_random.random()",
        "next(items)",
        "next(count)",
        "queue.append(2)",
        "count_calls()",
        "more()",
        "next(running)",
        "cached(1)",
        "default(1)",
        "part()",
        "setattr(Line, 'made', 1)",
        "setattr(Line, 'new', 1)",
        "line.a['b'].append(2)",
        "setattr(line, 'c', 1)",
        "setattr(slots, 'x', 2)",
        "itself.append(1)",
        "setattr(count_calls, '__code__', default.__code__)",
    ],
)
def test_a_change_is_noticed(names, tmp_path: Path, call: str) -> None:
    before = Contents(names, tmp_path)
    assert before.changed() == ""
    exec(call, names)
    assert before.changed()


@pytest.mark.parametrize(
    "call",
    [
        "sum(table['a']), len(words), array.sum(), view * 2, tensor + 1",
        "Line().a['b'].append(3)",
        "layer.eval if False else layer.weight.detach() + 1",
        "counter()()",
        "list(numbers())",
        "words + ['c']",
        "np.log(np.zeros(1))",
    ],
)
def test_what_only_looks_or_makes_something_new_is_no_change(names, tmp_path, call: str) -> None:
    before = Contents(names, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        exec(call, names)
    assert before.changed() == ""


def test_a_librarys_function_in_whose_place_another_was_put_is_noticed(names, tmp_path) -> None:
    before = Contents(names, tmp_path)
    original = np.mean
    try:
        np.mean = np.sum
        assert before.changed() == "a name of numpy"
    finally:
        np.mean = original
    assert before.changed() == ""


def test_a_module_of_the_students_is_looked_into(names, tmp_path, monkeypatch) -> None:
    module = types.ModuleType("own_helpers")
    module.__file__ = str(tmp_path / "own_helpers.py")
    exec("seen = []\ndef note(x):\n    seen.append(x)", vars(module))
    monkeypatch.setitem(sys.modules, "own_helpers", module)
    before = Contents(names, tmp_path)
    module.note(1)
    assert before.changed()


def test_a_thread_that_goes_on_is_noticed(names, tmp_path) -> None:
    before = Contents(names, tmp_path)
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    assert before.changed() == "a thread goes on"
    over.set()
    thread.join()
    assert before.changed() == ""


def test_what_is_too_much_to_be_compared_counts_as_changed(names, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(state, "_MOST_OBJECTS", 5)
    assert Contents(names, tmp_path).changed() == "there is too much to be compared"


def test_an_object_that_cannot_be_looked_into_counts_as_changed(tmp_path) -> None:
    class Odd(list):
        def __iter__(self):
            raise ValueError

    assert Contents({"odd": Odd([1])}, tmp_path).changed()


def test_settings_are_put_back(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    settings = Settings(names)
    style, filters = mpl.rcParams["lines.linewidth"], list(warnings.filters)
    expected = random.random(), np.random.random(), float(torch.rand(1))
    settings.restore()

    os.environ["ADDED"] = "1"
    os.chdir("/")
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    mpl.rcParams["lines.linewidth"] = 17
    warnings.simplefilter("error")
    sys.path.append("nowhere")
    names["__warningregistry__"] = {"seen": True}
    settings.restore()

    assert "ADDED" not in os.environ
    assert Path.cwd() == tmp_path
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert np.geterr()["divide"] == "warn"
    assert np.get_printoptions()["precision"] == 8
    assert mpl.rcParams["lines.linewidth"] == style
    assert list(warnings.filters) == filters
    assert "nowhere" not in sys.path
    assert names["__warningregistry__"] == {}
    assert (random.random(), np.random.random(), float(torch.rand(1))) == expected
