"""autograder.protocol.codec: values cross unchanged, what is shared stays so, junk is an error."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np
import pytest
import torch

from autograder.protocol.channel import ProtocolError
from autograder.protocol.codec import MAX_DEPTH, Codec
from autograder.protocol.leaves import TENSOR_DTYPES

NAN = float("nan")


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
    *(torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in TENSOR_DTYPES),
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
    assert node == ["h", 0, type(thing).__name__]
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
    assert same(sides[0].carry(nested(MAX_DEPTH - 1, wrap)), nested(MAX_DEPTH - 1, wrap))
    with pytest.raises(ProtocolError, match="nested more than 64 deep"):
        sides[1].codec.encode(nested(MAX_DEPTH + 1, wrap))


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


# -- junk -----------------------------------------------------------------------------------------


def codec() -> Codec:
    """The examiner's codec in the middle of a call, with two shared objects and a handle."""
    made = Codec(0, lambda number, kind: object())
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
    ["h", -1, "x"], ["h", "0", "x"], ["h", 0, 5], ["h", 0, "x" * 200],
    ["h", 0], ["h", 0, "x", True], ["h", True, "x"],
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
def test_a_malformed_node_is_an_error(node):
    with pytest.raises(ProtocolError):
        codec().decode(node)


@pytest.mark.parametrize(
    "changes",
    [
        None, {}, "x", [1], [[0]], [[0, 1, 2]], [["0", 1]], [[99, ["l", 99, []]]], [[None, None]],
        [[0, 5]], [[0, "x"]], [[0, ["t", []]]], [[0, ["d", 0, []]]], [[0, ["l", 2, []]]],
        [[0, ["h", 0, "x"]]], [[4, ["l", 4, []]]],
        [[4, ["a", 4, "<f8", [3], bytes(24), True]]], [[4, ["a", 4, "<i8", [2], bytes(16), True]]],
        [[4, ["T", 4, "float64", [2], bytes(16), False]]],
        [[4, ["r", 0]]],
    ],
    ids=lambda changes: repr(changes)[:40],
)  # fmt: skip
def test_a_malformed_change_is_an_error(changes):
    with pytest.raises(ProtocolError):
        codec().apply(changes)
