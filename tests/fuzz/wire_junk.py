"""Junk as it may come over the wire: nodes, messages and frames; and what they may cost."""

from __future__ import annotations

import contextlib
import socket
import struct
import tracemalloc
import typing
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import msgpack
from call_counts import counted_calls
from hypothesis import strategies as st

from autograder.protocol.channel import Channel
from autograder.protocol.messages import MESSAGES, Message

#: What an example may cost, in calls of functions and in bytes, beyond a multiple of what was
#: sent. msgpack itself makes 72 bytes of one: an empty list, and a place for it in another.
CALLS, CALLS_TIMES = 10_000, 30
BYTES, BYTES_TIMES = 4 << 20, 200


@contextlib.contextmanager
def bounds(sent: int) -> Iterator[None]:
    """Check the work and memory that it takes to deal with ``sent`` bytes."""
    tracemalloc.start()
    try:
        with counted_calls() as calls:
            yield
        assert calls.number < CALLS + CALLS_TIMES * sent
        assert tracemalloc.get_traced_memory()[1] < BYTES + BYTES_TIMES * sent
    finally:
        tracemalloc.stop()


def packed(node: Any) -> bytes:
    return bytes(msgpack.packb(node, unicode_errors="surrogatepass"))


def framed(message: Any) -> bytes:
    """The bytes of a frame, whatever is in it."""
    body = packed(message)
    return struct.pack(">I", len(body)) + body


def over_msgpack(node: Any) -> Any:
    """A node as it arrives at the other end."""
    return msgpack.unpackb(packed(node), unicode_errors="surrogatepass")


class Noting(Channel):
    """A channel that keeps what it sends."""

    def __init__(self, sock: socket.socket, max_frame: int = 0) -> None:
        super().__init__(sock, max_frame)
        self.sent: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        super().send(message, descriptors)
        self.sent.append(message)


@contextlib.contextmanager
def answered(raw: bytes) -> Iterator[Noting]:
    """A channel whose other end has sent ``raw`` and hung up, and reads what it is sent."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        theirs.setblocking(False)
        theirs.sendall(raw)
        theirs.shutdown(socket.SHUT_WR)
        yield Noting(ours, 1 << 20)


# -- nodes ----------------------------------------------------------------------------------------

#: Stands in texts that a submission makes up: what is said of a hidden line must not hold it.
FORGED = "Forged"
words = st.sampled_from(
    ["<f8", "|b1", "<U", "<U2", "|S0", "<M8[s]", ">i4", "O", "float64", "bfloat16", "ff", "int",
     "numpy.float64", "cpu", "cuda:0", "meta", FORGED, f"{FORGED} object", "ExceptionGroup",
     "UnicodeDecodeError", "SystemExit", "StopIteration", "NameError", "NotImplementedError",
     "AssertionError", "\0", "\ud800"]
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.integers(-2, 13)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.binary(max_size=24)
    | st.sampled_from([bytes(8), bytes(16), b"\x02", msgpack.ExtType(5, b"x")])
    | st.builds(msgpack.Timestamp, st.integers(0, 2**40))
    | words
)
_numbers = st.integers(0, 13)
#: What stands behind the tag of each kind of node. (A range is left out: nobody asks a stranger's
#: end to list its numbers, which may be many.)
NODES: dict[str, tuple[str, ...]] = {
    "r": ("number",),
    "l": ("number", "items"),
    "d": ("number", "pairs"),
    "s": ("number", "items"),
    "a": ("number", "dtype", "shape", "data", "flag"),
    "T": ("number", "dtype", "shape", "data", "flag"),
    "h": ("number", "name"),
    "y": ("number",),
    "t": ("items",),
    "z": ("items",),
    "n": ("dtype", "data"),
    "c": ("any", "any"),
    "i": ("digits",),
    "sl": ("any", "any", "any"),
    "el": (),
    "dt": ("name",),
    "ty": ("name",),
    "td": ("name",),
    "dv": ("name",),
}
_PARTS: dict[str, Callable[[st.SearchStrategy[Any]], st.SearchStrategy[Any]]] = {
    "number": lambda inner: _numbers,
    "items": lambda inner: st.lists(inner, max_size=3),
    "pairs": lambda inner: st.lists(st.lists(inner, min_size=2, max_size=2), max_size=2),
    "shape": lambda inner: st.lists(st.sampled_from([0, 1, 1, 2, 1 << 39]), max_size=3),
    "data": lambda inner: st.sampled_from([b"", b"\2", bytes(4), bytes(8), b"\xff" * 8, bytes(16)]),
    "digits": lambda inner: st.sampled_from(["ff", "-0x1" + "0" * 4000, "0x1" + "0" * 5000, "g"]),
    "flag": lambda inner: st.booleans(),
    "dtype": lambda inner: words,
    "name": lambda inner: words,
    "any": lambda inner: inner,
}


def tagged(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A node of any kind, whose parts are mostly of the kinds that belong there."""

    def node(tag: str) -> st.SearchStrategy[Any]:
        parts = [_PARTS[part](inner) for part in NODES[tag]]
        return st.tuples(st.just(tag), *(part | inner for part in parts)).map(list)

    return st.sampled_from(sorted(NODES)).flatmap(node)


nodes = st.recursive(
    scalars,
    lambda inner: (
        tagged(inner)
        | st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=12,
)


# -- messages -------------------------------------------------------------------------------------

outputs = st.lists(
    st.fixed_dictionaries(
        {"output_type": st.sampled_from(["stream", "x"]), "name": words, "text": words}
    )
    | nodes,
    max_size=3,
).flatmap(lambda some: st.sampled_from([some, some, some * 60]))
errors = st.fixed_dictionaries({"type": words, "builtin": words, "message": words | scalars})
#: What the fields of messages hold, by their name, or else by their type.
_BY_NAME = {
    "args": st.lists(nodes, max_size=3),
    "called": st.lists(st.lists(words, min_size=2, max_size=2) | nodes, max_size=3),
    "changes": st.lists(st.tuples(_numbers, nodes).map(list), max_size=2),
    "error": errors,
    "kwargs": st.dictionaries(st.sampled_from(["key", "x"]), nodes, max_size=2),
    "names": st.dictionaries(st.sampled_from(["f", "x"]), nodes, max_size=2),
    "operation": st.sampled_from(["getattr", "getitem", "len", "list", "repr", "float", "exec"]),
    "outputs": outputs,
    "source": st.sampled_from(["def p():\n    return 1", "p = print", "1 +", "raise SystemExit"]),
    "target": st.integers(0, 3),
}
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    dict: st.dictionaries(words, nodes, max_size=2),
    int: st.integers(-2, 1 << 20),
    list: st.lists(nodes, max_size=3),
    str: words,
}


def _field(kind: type[Message], name: str) -> st.SearchStrategy[Any]:
    hint = typing.get_type_hints(kind)[name]
    of_type = _BY_TYPE.get(typing.get_origin(hint) or hint, nodes)
    if name == "names" and typing.get_origin(hint) is list:
        return st.lists(st.sampled_from(["f", "x", "largest"]) | nodes, max_size=3)
    return _BY_NAME.get(name, of_type)


@st.composite
def messages(draw: st.DrawFn, *kinds: type[Message]) -> dict[str, Any]:
    """The frame of a message of one of these kinds, or of any: most fields as they should be."""
    kind = draw(st.sampled_from(kinds or tuple(MESSAGES.values())))
    frame: dict[str, Any] = {"message": kind.__name__}
    for one in fields(kind):
        usual = draw(st.integers(0, 11))
        if usual:  # now and then one is missing
            frame[one.name] = draw(nodes if usual == 1 else _field(kind, one.name))
    if not draw(st.integers(0, 11)):
        frame[draw(st.sampled_from(["more", "descriptors", "message", "conversation"]))] = draw(
            nodes
        )
    return frame
