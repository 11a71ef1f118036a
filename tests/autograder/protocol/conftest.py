"""What the tests of the protocol share: both ends of a conversation, in one thread."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograder.protocol.channel import Channel
from autograder.protocol.codec import Codec


class Side:
    """One end of a conversation: a codec, a channel, and stand-ins that can be called.

    Both ends live in one thread: who calls sends a frame and lets the other end answer it.
    """

    other: Side

    def __init__(self, sock: socket.socket, side: int) -> None:
        self.channel = Channel(sock)
        self.codec = Codec(side, self._stand_in)
        self.depth = 0

    def _stand_in(self, number: int, kind: str) -> Callable[..., Any]:
        return lambda *args: self.call(number, *args)

    def call(self, number: int, *args: Any) -> Any:
        """Call what the other end exported under ``number``."""
        self.depth += 1
        self._send(*args)
        self.other.answer(number)
        value = self._receive()[0]
        self.depth -= 1
        if not self.depth and not self.other.depth:
            self.codec.forget()
            self.other.codec.forget()
        return value

    def answer(self, number: int) -> None:
        self.depth += 1
        args = self._receive()
        self._send(self.codec.exported(number)(*args))
        self.depth -= 1

    def carry(self, value: Any) -> Any:
        """``value`` as it arrives at the other end."""
        self._send(value)
        return self.other._receive()[0]

    def _send(self, *values: Any) -> None:
        changes = self.codec.changes()
        nodes = [self.codec.encode(value) for value in values]
        self.codec.settle()
        self.channel.send({"changes": changes, "values": nodes})

    def _receive(self) -> list[Any]:
        message = self.channel.receive(5)
        self.codec.apply(message["changes"])
        values = [self.codec.decode(node) for node in message["values"]]
        self.codec.settle()
        return values


@contextlib.contextmanager
def conversation() -> Iterator[tuple[Side, Side]]:
    socks = socket.socketpair()
    sides = Side(socks[0], 0), Side(socks[1], 1)
    sides[0].other, sides[1].other = sides[1], sides[0]
    yield sides
    for side in sides:
        side.channel.close()


@pytest.fixture
def sides() -> Iterator[tuple[Side, Side]]:
    with conversation() as both:
        yield both


@pytest.fixture
def channels() -> Iterator[tuple[Channel, Channel]]:
    ours, theirs = (Channel(sock) for sock in socket.socketpair())
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def call(sides: tuple[Side, Side]) -> Callable[..., Any]:
    """Call a function that lives on the other side with arguments of this one."""
    here, there = sides
    return lambda function, *args: here.call(there.codec.export(function), *args)
