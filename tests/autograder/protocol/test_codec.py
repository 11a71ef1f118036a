"""autograder.wire: values cross unchanged, shared objects stay shared, junk is a ProtocolError."""

from __future__ import annotations

import builtins
import collections
import contextlib
import math
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import psutil
import pytest
import torch

from autograder.protocol import codec
from autograder.protocol.channel import Channel, ChannelClosed, ChannelTimeout, ProtocolError
from autograder.protocol.codec import Codec
from autograder.protocol.errors import builtin_exception, exception_node
from autograder.protocol.plain_text import field

NAN = float("nan")


class Side:
    """One end of a conversation: a codec, a channel, and stand-ins that can be called.

    Both ends live in one thread: who calls sends a frame and lets the other end answer it.
    """

    other: Side

    def __init__(self, sock: socket.socket, side: int) -> None:
        self.channel = Channel(sock)
        self.codec = Codec(side, self._stand_in)
        self.depth = 0

    def _stand_in(self, number: int, kind: str, can_call: bool) -> Callable[..., Any]:
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


def same(one: Any, two: Any) -> bool:
    """Equal in type and value, down to the leaves; NaN equals NaN."""
    if type(one) is not type(two):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return same(list(one.items()), list(two.items()))
    if isinstance(one, (np.ndarray, np.generic)):
        return (one.dtype, one.shape) == (two.dtype, two.shape) and one.tobytes() == two.tobytes()
    if isinstance(one, torch.Tensor):
        facts = [(t.dtype, t.shape, t.requires_grad) for t in (one, two)]
        return facts[0] == facts[1] and torch.equal(one, two)
    if isinstance(one, (float, complex)):
        return np.array(one).tobytes() == np.array(two).tobytes()
    return bool(one == two)


PLAIN = [
    None, True, False, 0, -1, 2**63 - 1, -(2**63), 2**63, 2**64, -(2**200), 16**4000,
    0.1, -0.0, math.inf, NAN, 1 - 2j, complex(NAN, -0.0),
    "", "naïve 🙂", "\ud800 alone", "a\x00b", b"", b"\x00\xff",
    (), (1, (2.0, "x")), [], [1, [2, []]], set(), {1, "a", (2, 3)}, frozenset({1, 2}),
    {}, {"b": 1, "a": [2]}, {1: "int", (1, 2): "tuple", None: "none", b"k": "bytes", 2.5: "float"},
    slice(None), slice(1, None, -2), range(0), range(10, 0, -3), ...,
    int, float, complex, bool, str, list, dict, np.float32, np.int64, np.bool_,
    np.dtype("float16"), np.dtype(">i4"), np.dtype("datetime64[ns]"), np.dtype("U7"),
    torch.float32, torch.bfloat16, torch.bool, torch.device("cpu"), torch.device("cuda", 1),
]  # fmt: skip

NUMPY = [
    np.float64(0.1), np.float32(NAN), np.float16(2), np.int8(-3), np.uint64(2**64 - 1),
    np.bool_(True), np.complex64(1j), np.str_("é"), np.str_(""), np.bytes_(b"x"),
    np.datetime64("2026-01-31"), np.timedelta64(3, "s"), np.longdouble("0.1"),
    np.array(1.5), np.arange(6.0).reshape(2, 3), np.arange(6).reshape(2, 3).T,
    np.arange(10, dtype=np.uint8)[::-3], np.array([1.0, NAN], dtype=">f8"), np.zeros((0, 3)),
    np.array([True, False]), np.array([1 + 2j]), np.array(["a", "été"]), np.array([b"x", b""]),
    np.array(["2026-01-31", "NaT"], dtype="M8[D]"), np.float16([1, 2]), np.zeros((1,) * 20),
]  # fmt: skip

TENSORS = [
    *(torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in codec._TENSOR_DTYPES),
    torch.tensor(2.5), torch.tensor(2.5, dtype=torch.bfloat16), torch.zeros(0, 3),
    torch.zeros(2, requires_grad=True), torch.arange(6.0).reshape(2, 3).T,
    torch.tensor([1 + 2j]).conj(), torch.tensor([1 + 2j]).conj().imag, torch.arange(3).expand(2, 3),
]  # fmt: skip


@pytest.mark.parametrize("direction", [0, 1], ids=["out", "back"])
@pytest.mark.parametrize("value", [*PLAIN, *NUMPY, *TENSORS], ids=lambda v: type(v).__name__)
def test_a_plain_value_arrives_as_it_was(sides, direction, value):
    assert same(sides[direction].carry(value), value)


def test_a_tensor_of_the_graph_arrives_with_its_values_only(sides):
    weight = torch.ones(2, requires_grad=True)
    arrived = sides[1].carry(weight * 3)
    assert arrived.tolist() == [3.0, 3.0]
    assert arrived.is_leaf
    assert arrived.requires_grad


Pair = collections.namedtuple("Pair", "left right")


class Whole(int):
    def __int__(self):
        return 99


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Pair(1, 2), (1, 2)),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
        (Whole(3), 3),
        (np.str_("x").__class__("y"), np.str_("y")),
        (bytearray(b"ab"), b"ab"),
        (np.ma.array([1, 2], mask=[0, 1]), np.array([1, 2])),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2, requires_grad=True)),
        (torch.Size([2, 3]), (2, 3)),
    ],
    ids=lambda v: type(v).__name__,
)
def test_a_subclass_arrives_as_the_plain_kind(sides, value, plain):
    assert same(sides[1].carry(value), plain)


def test_a_sent_array_is_a_copy_that_can_be_written(sides):
    x = np.zeros(3)
    arrived = sides[0].carry(x)
    arrived[0] = 1
    assert x[0] == 0


def test_a_read_only_array_arrives_read_only(sides):
    x = np.broadcast_to(np.arange(3.0), (2, 3))
    assert not sides[0].carry(x).flags.writeable


# -- handles --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "thing",
    [
        lambda: 1,
        object(),
        math,
        ValueError,
        np.array([{}, []], dtype=object),
        np.zeros(2, dtype=[("a", "f8"), ("b", "i4")]),
        torch.ones(2).to_sparse(),
        iter([1]),
        np.random.default_rng(0),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_what_is_not_plain_data_stays_where_it_is(sides, thing):
    here, there = sides
    (node,) = [there.codec.encode(thing)]
    assert node == ["h", 0, type(thing).__name__, callable(thing)]
    stand_in = there.carry(thing)
    assert here.carry(stand_in) is thing


def test_an_object_has_one_stand_in(sides):
    thing = object()
    first, (second, third) = sides[1].carry(thing), sides[1].carry([thing, {}])
    assert first is second
    assert third == {}


def test_a_handle_inside_plain_data_comes_back_inside_it(sides):
    here, there = sides
    thing = object()
    assert here.carry({"cache": (1, [there.carry((0, thing))[1]])}) == {"cache": (1, [thing])}


def test_a_stand_in_stays_valid_when_the_call_is_over(call, sides):
    undo = call(lambda: lambda: "undone")
    assert undo() == "undone"


# -- call by copy-restore -------------------------------------------------------------------------


def put(container: Any, key: Any, value: Any) -> None:
    container[key] = value


def fill_(tensor: torch.Tensor) -> None:
    with torch.no_grad():
        tensor.fill_(7)


@pytest.mark.parametrize(
    ("argument", "change", "after"),
    [
        ([1, 2], lambda x: x.append(3), [1, 2, 3]),
        ([1, 2], lambda x: x.clear(), []),
        ({"a": 1}, lambda x: x.update(b=2), {"a": 1, "b": 2}),
        ({"a": 1}, lambda x: x.pop("a"), {}),
        ({"a": 1, "b": 2}, lambda x: x.update(a=x.pop("a")), {"b": 2, "a": 1}),
        ({1}, lambda x: x.add(2), {1, 2}),
        (np.zeros(2), lambda x: put(x, 0, 5), np.array([5.0, 0.0])),
        (np.array(1.0), lambda x: put(x, (), 5), np.array(5.0)),
        (np.zeros((4, 4))[::2, 1], lambda x: put(x, 1, 5), np.array([0.0, 5.0])),
        (torch.zeros(2), fill_, torch.full((2,), 7.0)),
        (torch.zeros(2, requires_grad=True), fill_, torch.full((2,), 7.0, requires_grad=True)),
        (torch.zeros(2, dtype=torch.bfloat16), fill_, torch.full((2,), 7.0, dtype=torch.bfloat16)),
        ([1], lambda x: put(x, 0, True), [True]),
        ([0.0], lambda x: put(x, 0, -0.0), [-0.0]),
        ([1j], lambda x: put(x, 0, 2j), [2j]),
        ([2**70], lambda x: put(x, 0, str(2**70)), [str(2**70)]),
        ([16**4000], lambda x: x.append(1), [16**4000, 1]),
        ([np.float64(1)], lambda x: put(x, 0, np.float64(2)), [np.float64(2)]),
        ([(1, [2])], lambda x: x[0][1].append(3), [(1, [2, 3])]),
        ({"a": [{"b": (np.zeros(1),)}]}, lambda x: put(x["a"][0]["b"][0], 0, 1),
         {"a": [{"b": (np.ones(1),)}]}),
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_what_a_function_changes_in_place_the_caller_sees(call, argument, change, after):
    identity = id(argument)
    call(lambda x: change(x) and None, argument)
    assert same(argument, after)
    assert id(argument) == identity


def test_a_change_through_a_view_reaches_the_array_behind_it(call):
    x = np.zeros((2, 3))
    call(lambda row: put(row, 0, 5), x[1])
    assert x.tolist() == [[0, 0, 0], [5, 0, 0]]


def test_what_is_returned_is_the_argument_or_the_part_of_it_that_it_is(call):
    state = {"x": np.zeros(2), "inner": [1]}
    whole, x, inner, fresh = call(lambda s: (s, s["x"], s["inner"], [1]), state)
    assert whole is state
    assert x is state["x"]
    assert inner is state["inner"]
    assert fresh is not inner


def test_aliases_stay_aliases(call):
    x = np.zeros(2)
    seen = call(lambda a, b, c: (a is b, a is c["x"], put(a, 0, 1)), x, x, {"x": x})
    assert seen[:2] == (True, True)
    assert x[0] == 1
    one, two = call(lambda: [np.ones(1)] * 2)
    assert one is two


def test_cycles_cross_in_both_directions(call):
    ring: list[Any] = [1]
    ring.append(ring)
    back = call(lambda r: (r[1] is r, r.append({"ring": r}), r)[::2], ring)
    assert back == (True, ring)
    assert back[1] is ring
    assert ring[2]["ring"] is ring


def test_a_container_that_a_function_puts_in_is_shared_from_then_on(call):
    state: dict[str, Any] = {}

    def callback(part):
        part.append("from here")
        assert state["new"] is part
        return part

    def function(state, callback):
        new = state["new"] = ["from there"]
        returned = callback(new)
        new.append(returned is new)

    call(function, state, callback)
    assert state == {"new": ["from there", "from here", True]}


def test_changes_are_seen_at_every_depth_of_callbacks(call):
    log = {"by": [], "x": np.zeros(1)}

    def here(log, depth, back):
        log["by"].append(f"here {depth}: {log['x'][0]:g}")
        log["x"] += 1
        if depth:
            back(log, depth - 1, here)

    def there(log, depth, back):
        log["by"].append(f"there {depth}: {log['x'][0]:g}")
        log["x"] += 10
        if depth:
            back(log, depth - 1, there)
        log["by"].append(f"there {depth} again: {log['x'][0]:g}")

    call(there, log, 4, here)
    assert log["by"] == [
        "there 4: 0",
        "here 3: 10",
        "there 2: 11",
        "here 1: 21",
        "there 0: 22",
        "there 0 again: 32",
        "there 2 again: 32",
        "there 4 again: 32",
    ]


def test_a_stranger_at_the_address_of_a_removed_object_is_a_change(sides):
    here, _ = sides
    holder = [frozenset([1])]
    here.codec.encode(holder)
    here.codec.settle()
    for number in range(2, 50):
        # Were the old object freed, the next one of its size would get its address.
        holder[0] = None
        holder[0] = frozenset([number])
        assert here.codec.changes() == [[0, ["l", 0, [["z", [number]]]]]]


def test_what_did_not_change_is_not_sent_again(sides):
    here, there = sides
    values = [np.zeros(3), {"a": [1, (2, 3)]}, {1, 2}, torch.ones(2), [2**80, 1j, lambda: 1]]
    here.carry(values)
    assert here.codec.changes() == there.codec.changes() == []


def test_sharing_ends_with_the_outermost_call(call, sides):
    x = [1]
    kept = []
    call(kept.append, x)
    kept[0].append(2)
    assert x == [1]
    call(lambda: None)
    assert x == [1]


def test_a_read_only_argument_cannot_be_changed_from_there(call):
    x = np.zeros(2)
    x.flags.writeable = False

    def by_force(x):
        x.flags.writeable = True
        x[0] = 1

    with pytest.raises(ProtocolError, match="read-only argument was changed"):
        call(by_force, x)


def test_a_read_only_argument_is_read_only_there(call):
    x = np.zeros(2)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        call(lambda x: put(x, 0, 1), x)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.resize((3, 2), refcheck=False),
        lambda x: setattr(x, "shape", (3, 2)),
        lambda x: setattr(x, "dtype", np.int64),
    ],
    ids=["resize", "shape", "dtype"],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_shape_or_dtype_that_was_changed_in_place_is_an_error(call, change):
    with pytest.raises(ProtocolError, match="shape or dtype of an argument was changed"):
        call(change, np.zeros((2, 3)))


def test_a_tensor_that_was_resized_in_place_is_an_error(call):
    with pytest.raises(ProtocolError, match="shape or dtype of an argument was changed"):
        call(lambda t: setattr(t, "data", torch.zeros(3)), torch.zeros(2))


# -- limits ---------------------------------------------------------------------------------------


def nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = wrap(value)
    return value


WRAPS = [lambda v: [v], lambda v: (v,), lambda v: {"k": v}, lambda v: frozenset([v])]


@pytest.mark.parametrize("wrap", WRAPS, ids=["list", "tuple", "dict", "frozenset"])
def test_a_value_may_be_nested_to_the_limit_and_no_deeper(sides, wrap):
    assert same(
        sides[0].carry(nested(codec.MAX_DEPTH - 1, wrap)), nested(codec.MAX_DEPTH - 1, wrap)
    )
    with pytest.raises(ProtocolError, match="nested more than 64 deep"):
        sides[1].codec.encode(nested(codec.MAX_DEPTH + 1, wrap))


@pytest.mark.parametrize("tag", ["t", "z", "l", "s"])
def test_a_node_that_is_nested_too_deeply_is_refused(tag):
    node: Any = 0
    for number in range(200):
        node = [tag, [node]] if tag in "tz" else [tag, 2 * number + 1, [node]]
    with pytest.raises(ProtocolError, match="nested more than 64 deep"):
        codec().decode(node)


def test_a_shared_list_that_became_too_deep_is_refused(call):
    with pytest.raises(ProtocolError, match="nested more than 64 deep"):
        call(lambda x: x.append(nested(5000, lambda v: (v,))), [])


def test_an_integer_may_be_large_but_not_endless(sides):
    with pytest.raises(ProtocolError, match="an integer that is too long"):
        sides[1].carry(16**4100)


def test_a_frame_over_the_limit_is_neither_sent_nor_read(channels, monkeypatch):
    ours, theirs = channels
    monkeypatch.setattr(wire, "MAX_FRAME", 3 << 20)
    with pytest.raises(ProtocolError, match="4 MiB is too large to send"):
        ours.send({"x": b"x" * (4 << 20)})
    ours.socket.sendall(struct.pack(">I", 4 << 20))
    with pytest.raises(ProtocolError, match="a frame of 4 MiB"):
        theirs.receive(1)


@pytest.mark.parametrize(
    "body",
    [{"x": object()}, {"x": 1 << 70}, {"x": nested(2000, lambda v: [v])}],
    ids=["object", "integer", "deep"],
)
def test_what_msgpack_cannot_carry_is_a_wire_error(channels, body):
    with pytest.raises(ProtocolError, match="cannot be sent"):
        channels[0].send(body)


# -- junk -----------------------------------------------------------------------------------------


def codec() -> Codec:
    """The examiner's codec in the middle of a call, with two shared objects and a handle."""
    made = Codec(0, lambda number, kind, call: object())
    made.encode([[1], np.zeros(2)])
    made.export(print)
    made.settle()
    return made


BYTES8 = bytes(8)

MALFORMED = [
    [], [[]], [1], [None, 1], ["unknown"], {}, {"l": 1}, msgpack.ExtType(5, b"x"),
    msgpack.Timestamp(1), ["l"], ["l", 1], ["l", 1, 2], ["l", 1, None], ["l", 1, [], 3],
    ["l", 0, []], ["l", 2, []], ["l", 8, []],
    ["l", "1", []], ["l", 1.0, []], ["l", True, []], ["l", None, []],
    ["l", 1, ["x", ["l", 1, []]]], ["l", 1, [[]]], ["d", 1, [1]], ["d", 1, [[1]]],
    ["d", 1, [[1, 2, 3]]], ["d", 1, [[["l", 3, []], 1]]], ["d", 1, {"a": 1}],
    ["s", 1, [["l", 3, []]]], ["z", [["d", 3, []]]], ["z", 1], ["t", 1], ["t", "ab"],
    ["r", 99], ["r", "0"], ["r", -1], ["r", []], ["y", 99], ["y", -1], ["y", "0"], ["y", True],
    ["h", -1, "x", True], ["h", "0", "x", True], ["h", 0, 5, True], ["h", 0, "x" * 200, True],
    ["n", "O", BYTES8], ["n", "<f8", b"123"], ["n", "<f8", None], ["n", "V8", BYTES8],
    ["n", None, BYTES8], ["n", "<f3", b"123"], ["n", "<U1", b"\xff" * 4],
    ["a", 1, ">U2", [1], b"\xff" * 8, True],
    ["a", 1, "O", [1], BYTES8, True], ["a", 1, "<f8", [2], BYTES8, True],
    ["a", 1, "<f8", [-1], BYTES8, True], ["a", 1, "<f8", ["1"], BYTES8, True],
    ["a", 1, "<f8", 1, BYTES8, True], ["a", 1, "<f8", [1], "x" * 8, True],
    ["a", 1, "<f8", [1] * 40, BYTES8, True], ["a", 1, "<f8", [True], BYTES8, True],
    ["a", 1, "<f8", [1 << 39, 1 << 39], b"", True],
    ["a", 1, "<f8", [0, 1 << 39, 1 << 39], b"", True],
    ["a", 1, "f8,f8", [1], bytes(16), True], ["a", 1, "f8,(2", [1], BYTES8, True],
    ["a", 1, "i4,O", [1], bytes(12), True], ["a", 1, "<M8[junk]", [1], BYTES8, True],
    ["a", 1, "<U", [1 << 35], b"", True], ["a", 1, "|S0", [1 << 35], b"", True],
    ["a", 0, "<f8", [1], BYTES8, True], ["T", 1, "float99", [1], BYTES8, False],
    ["T", 1, "Tensor", [1], BYTES8, False], ["T", 1, "float32", [1], BYTES8, False],
    ["T", 1, "float64", [[1]], BYTES8, False], ["T", 1, ["float64"], [1], BYTES8, False],
    ["i", 5], ["i", "xyz"], ["i", ""], ["i", "f" * 5000], ["c", "1j", 0], ["c", 1, None],
    ["sl", 1], ["sl", 1, 2, []], ["rg", 0, 1, 0], ["rg", 0.5, 1, 1], ["rg", "0", 1, 1], ["el", 1],
    ["dt", "O"], ["dt", "f8,f8"], ["dt", 5], ["dt", "f8,("], ["dt", "<f8" * 20],
    ["ty", "object"], ["ty", "os.system"], ["ty", []], ["td", "Tensor"], ["td", []],
    ["dv", "abacus"], ["dv", ""], ["dv", 5], ["dv", "cuda:x"],
]  # fmt: skip


@pytest.mark.parametrize("node", MALFORMED, ids=lambda node: repr(node)[:40])
def test_a_malformed_node_is_a_wire_error(node):
    with pytest.raises(ProtocolError):
        codec().decode(node)


@pytest.mark.parametrize(
    "changes",
    [
        None, {}, "x", [1], [[0]], [[0, 1, 2]], [["0", 1]], [[99, ["l", 99, []]]], [[None, None]],
        [[0, 5]], [[0, "x"]], [[0, ["t", []]]], [[0, ["d", 0, []]]], [[0, ["l", 2, []]]],
        [[0, ["h", 0, "x", True]]], [[4, ["l", 4, []]]],
        [[4, ["a", 4, "<f8", [3], bytes(24), True]]], [[4, ["a", 4, "<i8", [2], bytes(16), True]]],
        [[4, ["T", 4, "float64", [2], bytes(16), False]]],
        [[4, ["r", 0]]],
    ],
    ids=lambda changes: repr(changes)[:40],
)  # fmt: skip
def test_a_malformed_change_is_a_wire_error(changes):
    with pytest.raises(ProtocolError):
        codec().apply(changes)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xc1", b"\x81\xa1", b"\x80\x80", msgpack.packb([1]), msgpack.packb("x"),
     b"\x81\x01\x02", b"\xdf\xff\xff\xff\xff", b"\x91" * 5000, b"\x81\xa1k\xd7\xff" + b"\xff" * 8],
    ids=repr,
)  # fmt: skip
def test_a_malformed_frame_is_a_wire_error(channels, body):
    ours, theirs = channels
    ours.socket.sendall(struct.pack(">I", len(body)) + body)
    with pytest.raises(ProtocolError):
        theirs.receive(1)


# -- channels -------------------------------------------------------------------------------------


def test_frames_arrive_in_order_with_any_text(channels):
    ours, theirs = channels
    ours.send({"n": 1, "field": "\ud800 é"})
    ours.send({"n": 2})
    assert theirs.receive(1) == {"n": 1, "field": "\ud800 é"}
    assert theirs.receive() == {"n": 2}


def test_open_files_come_with_their_frame(channels):
    ours, theirs = channels
    read, write = os.pipe()
    ours.send({"take": "this"}, (write,))
    os.close(write)
    message, (arrived,) = theirs.receive_with_files(1)
    os.write(arrived, b"hello")
    os.close(arrived)
    assert message == {"take": "this"}
    assert os.read(read, 10) == b"hello"
    os.close(read)


def test_files_that_nobody_asked_for_are_not_taken(channels):
    ours, theirs = channels
    before = psutil.Process().num_fds()
    with Path(os.devnull).open() as null:
        ours.send({"take": "this"}, (null.fileno(),))
    assert theirs.receive(1) == {"take": "this"}
    assert psutil.Process().num_fds() == before


@pytest.mark.parametrize("begun", [b"", b"\0\0", struct.pack(">I", 9) + b"half"])
def test_a_frame_that_is_not_complete_in_time_is_a_timeout(channels, begun):
    ours, theirs = channels
    ours.socket.sendall(begun)
    started = time.monotonic()
    with pytest.raises(ChannelTimeout):
        theirs.receive(0.05)
    assert 0.04 < time.monotonic() - started < 1


@pytest.mark.parametrize("begun", [b"", b"\0\0", struct.pack(">I", 9) + b"half"])
def test_a_frame_that_is_cut_off_says_that_the_other_side_is_gone(channels, begun):
    ours, theirs = channels
    ours.socket.sendall(begun)
    ours.close()
    with pytest.raises(ChannelClosed):
        theirs.receive(1)
    with pytest.raises(ChannelClosed):
        theirs.send({})


@pytest.mark.parametrize("seconds", [None, 1])
def test_a_channel_that_was_closed_here_says_so(channels, seconds):
    ours, _ = channels
    ours.close()
    for use in (lambda: ours.receive(seconds), lambda: ours.receive_with_files(seconds)):
        with pytest.raises(ChannelClosed):
            use()
    with pytest.raises(ChannelClosed):
        ours.send({})


def test_a_reset_connection_is_closed_for_files_too():
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()  # with a reset
    with pytest.raises(ChannelClosed):
        Channel(ours).receive_with_files(1)
    ours.close()
    listener.close()


def test_a_send_to_somebody_who_never_reads_ends(monkeypatch):
    monkeypatch.setattr(wire, "_SEND_SECONDS", 1)
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(ChannelClosed):
        Channel(ours).send({"x": bytes(8 << 20)})


# -- messages and exceptions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "clean"),
    [("ok", "ok"), (None, ""), (5, ""), (["x"], ""), ("\ud800", "?"), ("x" * 11, "x" * 10 + " …")],
)
def test_text_is_text_of_bounded_length_whatever_came(value, clean):
    assert field(value, 10) == clean


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


def test_who_reads_a_byte_now_and_then_is_not_waited_for(channels, monkeypatch) -> None:
    ours, theirs = channels
    monkeypatch.setattr(wire, "_SEND_SECONDS", 0.5)
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.05):
            theirs.socket.recv(100)

    reader = threading.Thread(target=drip)
    reader.start()
    try:
        with pytest.raises(ChannelClosed, match="does not read"):
            ours.send({"x": b"x" * (8 << 20)})
    finally:
        over.set()
        reader.join()
