"""Frames, nodes and messages: whatever comes over the wire is plain data or an error."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import string
import struct
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from mutations import changed, changes, edited, edits
from plain_data import is_plain, plain_data, same
from wire_junk import NODES, bounds, framed, messages, nodes, outputs, over_msgpack, packed, tagged

from autograder.judging.outputs import clean_outputs
from autograder.protocol.channel import Channel, ChannelTimeout, ProtocolError
from autograder.protocol.codec import Codec
from autograder.protocol.leaves import is_shareable
from autograder.protocol.messages import MESSAGES, called_names, from_frame

# -- round trips ----------------------------------------------------------------------------------


class End:
    """One end of a conversation that only passes values."""

    def __init__(self, sock: socket.socket, side: int) -> None:
        self.channel = Channel(sock)
        self.codec = Codec(side, lambda number, kind: pytest.fail(f"a handle for a {kind}"))

    def send(self, *values: Any) -> None:
        changed = self.codec.changes()
        nodes = [self.codec.encode(value) for value in values]
        self.codec.settle()
        self.channel.send({"changes": changed, "nodes": nodes})

    def receive(self) -> list[Any]:
        message = self.channel.receive(5)
        self.codec.apply(message["changes"])
        values = [self.codec.decode(node) for node in message["nodes"]]
        self.codec.settle()
        return values


@contextlib.contextmanager
def both_ends(first: int) -> Iterator[tuple[End, End]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        yield End(ours, first), End(theirs, 1 - first)


@given(plain_data(), st.integers(0, 1))
def test_plain_data_arrives_as_it_was_and_comes_back_as_itself(value, side) -> None:
    with both_ends(side) as (here, there):
        here.send(value)
        (arrived,) = there.receive()
        assert same(arrived, value)
        assert is_plain(arrived)
        assert here.codec.changes() == there.codec.changes() == []
        there.send(arrived, *arrived)
        back = here.receive()
        assert back[0] is value
        assert all(one is two for one, two in zip(back[1:], value) if is_shareable(two))


def _can_be_changed(value: Any) -> bool:
    """Whether what is done to a copy can be done to ``value``: its items have a place each."""
    if isinstance(value, np.ndarray):
        return bool(value.flags.writeable)
    return not (isinstance(value, torch.Tensor) and 0 in value.stride())


def _change(value: Any, new: Any) -> None:
    if isinstance(value, np.ndarray):
        value[...] = np.zeros(value.shape, value.dtype)
    elif isinstance(value, torch.Tensor):
        with torch.no_grad():
            value.zero_()
    elif isinstance(value, list):
        value.insert(0, new)
    elif isinstance(value, dict):
        value["new"] = new
    else:
        value.add("new")


@given(plain_data(), plain_data(), st.lists(st.integers(0, 9), min_size=1, max_size=3))
def test_what_is_changed_there_in_place_is_changed_here(value, new, places) -> None:
    with both_ends(0) as (here, there):
        here.send(value)
        (arrived,) = there.receive()
        done = 0
        for place in places:
            at = place % len(value)
            if is_shareable(value[at]) and _can_be_changed(value[at]):
                _change(arrived[at], new)
                done += 1
        assume(done)
        there.send()
        here.receive()
        assert same(arrived, value)
        assert here.codec.changes() == there.codec.changes() == []


# -- frames ---------------------------------------------------------------------------------------


#: The most bytes of a frame, its head included, when frames are received.
MOST = 150


@given(
    st.lists(st.dictionaries(st.text(max_size=3), nodes, max_size=3), max_size=3),
    st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda body: struct.pack(">I", len(body)) + body)
    | nodes.map(framed)
    | st.builds(
        lambda node, made: edited(framed({"value": node}), made),
        nodes,
        edits(st.integers(0, 99), st.sampled_from([b"\xc1", b"\xdf\xff\xff\xff\xff", b"\x91" * 9])),
    ),
    st.booleans(),
)
def test_frames_are_received_as_sent_up_to_the_first_that_is_none(good, bad, hangs) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        raw = b"".join(map(framed, good)) + bad
        theirs.sendall(raw)
        if not hangs:
            theirs.close()
        channel = Channel(ours, MOST - 4)
        with bounds(len(raw)):
            for message in good:
                if len(framed(message)) > MOST:
                    with pytest.raises(ProtocolError, match="a frame of 0 MiB"):
                        channel.receive(5)
                    return
                assert repr(channel.receive(5)) == repr(over_msgpack(message))
            while True:
                try:
                    received = channel.receive(0.01 if hangs else 5)
                except ChannelTimeout:
                    assert hangs
                    break
                except ProtocolError:
                    break
                assert type(received) is dict
                # Not in the fewest bytes, perhaps: msgpack has several ways to write a number.
                assert len(framed(received)) <= 2 * MOST


# -- nodes ----------------------------------------------------------------------------------------


def test_junk_is_made_of_every_kind_of_node_there_is() -> None:
    letters = string.ascii_letters
    known = set()
    for tag in [*letters, *map("".join, itertools.product(letters, repeat=2))]:
        with pytest.raises(ProtocolError) as refused:
            Codec(0, lambda number, kind: None).decode([tag, *range(9)])
        if "unknown tag" not in str(refused.value):
            known.add(tag)
    assert known == NODES.keys() | {"rg"}


class Opaque:
    """Stands for an object of the other side."""


def arguments() -> list[Any]:
    """What a test may pass, and where on the wire the objects have even numbers."""
    return [
        [1, (2, [3])],
        np.zeros(2),
        {"a": {1, "b"}},
        torch.zeros(2, requires_grad=True),
        torch.zeros(2).expand(3, 2),
        np.broadcast_to(np.zeros(2), (3, 2)),
        lambda *given: given,
    ]


def in_a_call() -> tuple[Codec, dict[int, Any]]:
    """The examiner's codec in the middle of a call with a handle; what is shared, by number."""
    codec = Codec(0, lambda number, kind: Opaque())
    for value in arguments():
        codec.encode(value)
    codec.export(print)
    codec.settle()
    shared = {}
    with contextlib.suppress(ProtocolError):  # the first number that nothing has
        for number in itertools.count(0, 2):
            shared[number] = codec.decode(["r", number])
    assert len(shared) == 8
    return codec, shared


def _valid_changes() -> list[Any]:
    """Changes to all that is shared, as a submission sends them that does what it likes."""
    here, there = (Codec(side, lambda number, kind: Opaque()) for side in (0, 1))
    arrived = [there.decode(here.encode(value)) for value in arguments()]
    there.settle()
    for value in [arrived[0][1][1], arrived[2]["a"], *arrived]:
        if isinstance(value, np.ndarray):
            value.flags.writeable = True
            value[...] = 5
        elif isinstance(value, torch.Tensor):
            value.detach().fill_(5)
        elif is_shareable(value):
            _change(value, 5)
    return there.changes()


VALID_CHANGES = _valid_changes()
assert len(VALID_CHANGES) == 8


@st.composite
def sent_nodes(draw: st.DrawFn) -> Any:
    """A node: of plain data as a submission encodes them, or junk; altered in up to four places."""
    if draw(st.booleans()):
        node = Codec(1, lambda number, kind: None).encode(draw(plain_data()))
    else:
        node = draw(tagged(nodes))
    return over_msgpack(changed(node, draw(changes(nodes))))


@given(sent_nodes(), st.sampled_from(VALID_CHANGES), changes(nodes), st.booleans())
def test_a_node_is_plain_data_or_an_error(node, change, made, as_change) -> None:
    change = over_msgpack(changed(change, made))
    if as_change and type(change) is list and change:
        change[-1] = node
    own = (Opaque, FunctionType, type(print))
    for take in (
        lambda codec: codec.decode(node),
        lambda codec: codec.apply([change]),
    ):
        codec, shared = in_a_call()
        with bounds(len(packed([node, change]))), contextlib.suppress(ProtocolError):
            built = take(codec)
            assert is_plain(built, own)
            assert all(codec.decode(["r", number]) is one for number, one in shared.items())
            codec.settle()
            assert codec.changes() == []
            # What was built can go back.
            assert Codec(0, lambda *_: None).encode(built) is not NotImplemented
            assert all(is_plain(one, own) for one in shared.values())


# -- messages -------------------------------------------------------------------------------------


@given(
    st.sampled_from(list(MESSAGES.values())).flatmap(
        lambda kind: st.tuples(st.just(kind), messages(kind) | messages())
    ),
    st.sets(st.sampled_from(list(MESSAGES.values())), max_size=3),
    changes(nodes, most=1),
)
def test_a_frame_is_the_message_that_it_names_or_an_error(sent, others, made) -> None:
    kind, frame = sent
    frame = over_msgpack(changed(frame, made))
    assume(isinstance(frame, dict))
    kinds = [kind, *sorted(others, key=lambda one: one.__name__)]
    with bounds(len(packed(frame))):
        try:
            read = from_frame(frame, *kinds)
        except ProtocolError as error:
            assert str(error).isprintable() and len(str(error)) < 200
            return
    assert type(read) in kinds
    assert type(read).__name__ == frame["message"]
    # What was read is of its kind throughout, so that it can be sent and read again.
    again = from_frame(over_msgpack(read.to_frame()), type(read))
    assert repr(again) == repr(read)


@given(st.lists(st.lists(nodes, min_size=2, max_size=2) | nodes, max_size=5), st.integers(1, 60))
def test_what_a_submission_says_that_it_called_is_names(pairs, times) -> None:
    found = called_names(over_msgpack(pairs * times))
    assert len(found) <= 5
    for task, name in found:
        assert len(task) <= 102 and len(name) <= 202
        assert (task + name).encode() is not None  # no half characters


_kinds = st.sampled_from(["stream", "error", "display_data", "execute_result"])
_mime = st.sampled_from(["text/plain", "image/png", "application/json", "text/html", "x+json"])


@given(
    outputs
    | st.lists(
        st.fixed_dictionaries(
            {"output_type": _kinds},
            optional={
                "name": nodes,
                "text": nodes,
                "ename": nodes,
                "evalue": nodes,
                "traceback": nodes | st.lists(nodes, max_size=3),
                "data": st.dictionaries(_mime, nodes, max_size=3) | nodes,
                "execution_count": nodes,
                "metadata": nodes,
            },
        ),
        max_size=4,
    )
)
def test_outputs_of_a_submission_are_of_nbformats_kinds_and_can_be_written(sent) -> None:
    sent = over_msgpack(sent)
    with bounds(len(packed(sent))):
        clean = clean_outputs(sent, 1 << 16)
    assert len(clean) <= len(sent)
    json.dumps(clean, allow_nan=False).encode()
    for output in clean:
        keys = {
            "stream": {"name", "text"},
            "error": {"ename", "evalue", "traceback"},
            "display_data": {"data", "metadata"},
            "execute_result": {"data", "metadata", "execution_count"},
        }[output["output_type"]]
        assert output.keys() == {"output_type", *keys}
