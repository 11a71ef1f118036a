"""Stands, in a test, for an object that stays in the student's process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from autograder.protocol.channel import ProtocolError

V = TypeVar("V")

#: Attributes by which a check tells an array or a tensor from other objects; a stand-in is neither.
_OF_ARRAYS = ("detach", "cpu", "numpy", "dtype")


class Caller(Protocol):
    """What carries the calls of a stand-in to the student's side."""

    def call(self, number: int, label: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the object with that number."""

    def operate(self, operation: str, *args: Any) -> Any:
        """Apply an operation to objects of the student's side."""


class StandIn:
    """Stands for an object that stays in the student's process.

    It can be called, passed back, indexed, counted, iterated over and asked for public
    attributes. It takes part in no comparison or arithmetic, so that an object with an
    ``__eq__`` that always agrees agrees with nothing here.
    """

    __array_ufunc__ = None

    def __init__(self, conversation: Caller, number: int, kind: str) -> None:
        self._conversation = conversation
        self._number = number
        self._kind = kind
        self._label = f"the {kind}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._conversation.call(self._number, self._label, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in _OF_ARRAYS:
            raise AttributeError(f"{self._label} has no attribute {name!r} here")
        value = self._conversation.operate("getattr", self, name)
        return labelled(value, f"{self._label}.{name}")

    def __getitem__(self, key: Any) -> Any:
        return self._conversation.operate("getitem", self, key)

    def __len__(self) -> int:
        length = self._conversation.operate("len", self)
        if type(length) is not int or length < 0:
            raise ProtocolError("a length that is no number")
        return length

    def __iter__(self) -> Iterator[Any]:
        items = self._conversation.operate("list", self)
        if not isinstance(items, list):
            raise ProtocolError("items that are no list")
        return iter(items)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"an object of type {self._kind}"


def labelled(value: V, label: str) -> V:
    """``value``; if it is a stand-in, sentences call it ``label`` from now on."""
    if isinstance(value, StandIn):
        value._label = label
    return value


def kind_of(value: object) -> str:
    """The name of the type of a value of the student's side."""
    return value._kind if isinstance(value, StandIn) else type(value).__name__
