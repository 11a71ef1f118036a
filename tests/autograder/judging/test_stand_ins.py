"""A stand-in: what a test may do with an object of the student's side, and what it may not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.judging.stand_ins import StandIn, kind_of, labelled
from autograder.protocol.channel import ProtocolError


class Side:
    """The student's side, with one answer to everything; keeps what it was asked."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.asked: list[tuple[Any, ...]] = []

    def call(self, number: int, label: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.asked.append((number, label, args, kwargs))
        return self.answer

    def operate(self, operation: str, *args: Any) -> Any:
        self.asked.append((operation, *args[1:]))
        return self.answer


def test_a_call_goes_to_the_other_side_under_its_label() -> None:
    side = Side(7)
    double = labelled(StandIn(side, 3, "function"), "double")
    assert double(1, size=2) == 7
    assert side.asked == [(3, "double", (1,), {"size": 2})]
    assert repr(double) == "an object of type function"
    assert kind_of(double) == "function"
    assert kind_of(2.0) == "float"


def test_what_has_no_label_is_called_by_its_type() -> None:
    side = Side()
    StandIn(side, 0, "Line")()
    assert side.asked == [(0, "the Line", (), {})]


def test_attributes_items_and_lengths_are_asked_for() -> None:
    side = Side(3)
    box = StandIn(side, 0, "Box")
    assert (box.size, box[2], len(box)) == (3, 3, 3)
    assert side.asked == [("getattr", "size"), ("getitem", 2), ("len",)]
    assert [*iter(StandIn(Side([1, 2]), 0, "Box"))] == [1, 2]


def test_an_attribute_has_a_label_of_its_own() -> None:
    side = Side()
    line = labelled(StandIn(Side(StandIn(side, 1, "method")), 0, "Line"), "line")
    line.forward(1)
    assert side.asked == [(1, "line.forward", (1,), {})]


@pytest.mark.parametrize("name", ["_hidden", "__array__", "detach", "cpu", "numpy", "dtype"])
def test_private_attributes_and_those_of_arrays_are_not_there(name) -> None:
    side = Side()
    with pytest.raises(AttributeError, match="has no attribute"):
        getattr(StandIn(side, 0, "Yes"), name)
    assert side.asked == []


def test_it_takes_part_in_no_comparison_and_no_arithmetic() -> None:
    side = Side(True)
    thing = StandIn(side, 0, "Yes")
    assert thing != 3
    assert not (thing == np.float64(3))  # noqa: SIM201  this operator, not its opposite
    assert thing not in [1, 2]
    assert bool(thing)
    for act in (
        lambda: thing + 1,
        lambda: np.ones(2) - thing,
        lambda: thing < 1,
        lambda: abs(thing),
        lambda: float(thing),
    ):
        with pytest.raises(TypeError):
            act()
    assert side.asked == []


@pytest.mark.parametrize("answer", [-1, 2.0, True, "3", None])
def test_a_length_that_is_none_is_no_answer(answer) -> None:
    with pytest.raises(ProtocolError, match="length"):
        len(StandIn(Side(answer), 0, "Box"))


@pytest.mark.parametrize("answer", [(1, 2), "12", None, {1: 2}])
def test_items_that_are_no_list_are_no_answer(answer) -> None:
    with pytest.raises(ProtocolError, match="items that are no list"):
        iter(StandIn(Side(answer), 0, "Box"))
