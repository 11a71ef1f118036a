"""The wire, from both ends: whatever comes over it, neither end is led astray by it."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict
from types import FunctionType, SimpleNamespace
from typing import Any, get_args

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import assume, given, target
from hypothesis import strategies as st
from mutations import Change, changed, changes, edited, edits
from plain_data import is_plain, plain_data, same

from autograder.authoring import proof
from autograder.judging import examiner, scripts
from autograder.judging.conversation import Conversation, FromStudent, NoAnswer
from autograder.judging.examination import Examination
from autograder.judging.mark import Outcome
from autograder.judging.outputs import Outputs
from autograder.judging.scripts import Prepared
from autograder.judging.stand_ins import StandIn
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Cell, Lesson
from autograder.protocol import codec
from autograder.protocol.channel import Channel, ChannelTimeout, ProtocolError
from autograder.protocol.codec import Codec
from autograder.sandbox.answers import Answers
from autograder.sandbox.forbidden_calls import ForbiddenCalls
from autograder.sandbox.recorder import Recorder

#: What an example may take, in seconds of the processor and in bytes beyond a multiple of what
#: was sent. msgpack itself makes 72 bytes of one: an empty list, and a place for it in another.
SECONDS = 2.0
BYTES, TIMES = 4 << 20, 200


@contextlib.contextmanager
def bounds(sent: int) -> Iterator[None]:
    """Check the time and memory that it takes to deal with ``sent`` bytes."""
    tracemalloc.start()
    started = time.thread_time()
    try:
        yield
        assert time.thread_time() - started < SECONDS
        assert tracemalloc.get_traced_memory()[1] < BYTES + TIMES * sent
    finally:
        tracemalloc.stop()


def framed(message: Any) -> bytes:
    body = msgpack.packb(message, unicode_errors="surrogatepass")
    return struct.pack(">I", len(body)) + body


@contextlib.contextmanager
def answered(raw: bytes) -> Iterator[Channel]:
    """A channel whose other end has sent ``raw`` and hung up, and reads what it is sent."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        theirs.setblocking(False)
        theirs.sendall(raw)
        theirs.shutdown(socket.SHUT_WR)
        yield Channel(ours, 1 << 20)


# -- junk -----------------------------------------------------------------------------------------

#: Stands in texts that a submission makes up: what is said of a hidden line must not hold it.
FORGED = "Forged"
_words = st.sampled_from(
    ["<f8", "|b1", "<U", "<U2", "|S0", "<M8[s]", ">i4", "O", "float64", "bfloat16", "ff", "int",
     "numpy.float64", "cpu", "cuda:0", "meta", FORGED, f"{FORGED} object", "ExceptionGroup",
     "UnicodeDecodeError", "SystemExit", "StopIteration", "NameError", "NotImplementedError",
     "AssertionError", "\0", "\ud800"]
)  # fmt: skip
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.integers(-2, 13)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.binary(max_size=24)
    | st.sampled_from([bytes(8), bytes(16), b"\x02", msgpack.ExtType(5, b"x")])
    | st.builds(msgpack.Timestamp, st.integers(0, 2**40))
    | _words
)
_numbers = st.integers(0, 13)
#: What the fields of a node hold, by the names of its builder's parameters.
_FIELDS: dict[str, Callable[[st.SearchStrategy[Any]], st.SearchStrategy[Any]]] = {
    "number": lambda inner: _numbers,
    "items": lambda inner: st.lists(inner, max_size=3),
    "pairs": lambda inner: st.lists(st.lists(inner, min_size=2, max_size=2), max_size=2),
    "shape": lambda inner: st.lists(st.sampled_from([0, 1, 1, 2, 1 << 39]), max_size=3),
    "data": lambda inner: st.sampled_from([b"", b"\2", bytes(4), bytes(8), b"\xff" * 8, bytes(16)]),
    "digits": lambda inner: st.sampled_from(["ff", "-0x1" + "0" * 4000, "0x1" + "0" * 5000, "g"]),
    "writeable": lambda inner: st.booleans(),
    "grad": lambda inner: st.booleans(),
    "call": lambda inner: st.booleans(),
    "dtype": lambda inner: _words,
    "name": lambda inner: _words,
    "kind": lambda inner: _words,
}
#: Nobody asks a stranger's end to list a range of numbers, which may be long.
_TAGS = [tag for tag in codec._BUILDERS if tag != "rg"]


def _tagged(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A node of any kind, whose fields are mostly of the kinds that belong there."""

    def node(tag: str) -> st.SearchStrategy[Any]:
        code = codec._BUILDERS[tag].__code__
        fields = [
            _FIELDS.get(name, lambda inner: inner)(inner)
            for name in code.co_varnames[3 : code.co_argcount]
        ]
        return st.tuples(st.just(tag), *(field | inner for field in fields)).map(list)

    return st.sampled_from(_TAGS).flatmap(node)


nodes = st.recursive(
    _scalars,
    lambda inner: (
        _tagged(inner)
        | st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=12,
)


def over_msgpack(node: Any) -> Any:
    return msgpack.unpackb(
        msgpack.packb(node, unicode_errors="surrogatepass"), unicode_errors="surrogatepass"
    )


# -- round trips ----------------------------------------------------------------------------------


class End:
    """One end of a conversation that only passes values."""

    def __init__(self, sock: socket.socket, side: int) -> None:
        self.channel = Channel(sock)
        self.codec = Codec(side, lambda number, kind, call: pytest.fail(f"a handle for a {kind}"))

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
        assert all(one is two for one, two in zip(back[1:], value) if codec._is_shareable(two))


def _can_be_changed(value: Any) -> bool:
    """Whether what is done to a copy can be done to ``value``: its items have a place each."""
    if isinstance(value, np.ndarray):
        return value.flags.writeable
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
            if codec._is_shareable(value[at]) and _can_be_changed(value[at]):
                _change(arrived[at], new)
                done += 1
        assume(done)
        there.send()
        here.receive()
        assert same(arrived, value)
        assert here.codec.changes() == there.codec.changes() == []


# -- the examiner's end ---------------------------------------------------------------------------


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


def in_a_call() -> Codec:
    """The examiner's codec in the middle of a call, with shared objects and a handle."""
    codec = Codec(0, lambda number, kind, call: Opaque())
    for value in ARGUMENTS():
        codec.encode(value)
    codec.export(print)
    codec.settle()
    return codec


class Opaque:
    """Stands for an object of the other side."""


def ARGUMENTS() -> list[Any]:
    """What a test may pass: numbers 0, 2, … on the wire, and a function."""
    return [
        [1, (2, [3])],
        np.zeros(2),
        {"a": {1, "b"}},
        torch.zeros(2, requires_grad=True),
        torch.zeros(2).expand(3, 2),
        np.broadcast_to(np.zeros(2), (3, 2)),
        lambda *given: given,
    ]


def _valid_changes() -> list[Any]:
    """Changes to all arguments, as an honest submission sends them."""
    there = Codec(1, lambda number, kind, call: Opaque())
    here = Codec(0, lambda number, kind, call: Opaque())
    for value in ARGUMENTS():
        _walk_and_change(there.decode(here.encode(value)))
    there.settle()
    here.settle()
    return [
        [number, there._expand(value, number, 0)] for number, value in list(there._shared.items())
    ]


def _walk_and_change(value: Any) -> None:
    if codec._is_shareable(value) and not (isinstance(value, np.ndarray) and value.ndim == 2):
        _change(value, 5)


VALID_CHANGES = _valid_changes()
_mostly_none = st.just([]) | st.just([]) | st.just([])
_some_changes = st.lists(st.sampled_from(VALID_CHANGES), max_size=3, unique_by=lambda c: c[0])


@st.composite
def sent_nodes(draw: st.DrawFn) -> Any:
    """A node: of plain data as a submission encodes them, or junk; altered in up to four places."""
    if draw(st.booleans()):
        node = Codec(1, lambda number, kind, call: None).encode(draw(plain_data()))
    else:
        node = draw(_tagged(nodes))
    return over_msgpack(changed(node, draw(changes(nodes))))


@given(sent_nodes(), st.sampled_from(VALID_CHANGES), changes(nodes), st.booleans())
def test_a_node_is_plain_data_or_a_wire_error(node, change, made, as_change) -> None:
    change = over_msgpack(changed(change, made))
    if as_change and type(change) is list and change:
        change[-1] = node
    own = (Opaque, FunctionType, type(print))
    for take in (
        lambda codec: codec.decode(node),
        lambda codec: codec.apply([change]),
    ):
        codec = in_a_call()
        before = dict(codec._shared)
        with bounds(len(framed([node, change]))), contextlib.suppress(ProtocolError):
            built = take(codec)
            assert is_plain(built, own)
            assert all(codec._shared[number] is one for number, one in before.items())
            codec.settle()
            assert codec.changes() == []
            # What was built can go back.
            assert Codec(0, lambda *_: None).encode(built) is not NotImplemented
            assert all(is_plain(one, own) for one in codec._shared.values())


_errors = st.fixed_dictionaries({"type": _words, "builtin": _words, "message": _words | _scalars})
_outputs = st.lists(
    st.fixed_dictionaries(
        {"output_type": st.sampled_from(["stream", "x"]), "name": _words, "text": _words}
    )
    | nodes,
    max_size=3,
).flatmap(lambda some: st.sampled_from([some, some, some * 60]))


@st.composite
def answers(draw: st.DrawFn, codec: Codec) -> Any:
    """An answer of a submission: valid as it goes, or altered in up to four places."""
    kind = draw(st.sampled_from(["returned", "returned", "callback", "raised", "unsendable", "?"]))
    message = {
        "kind": kind,
        "changes": draw(_mostly_none | _some_changes),
        "outputs": draw(_outputs),
    }
    thing = draw(plain_data() | st.sampled_from([5, 0, Opaque(), [Opaque()], [1, 2]]))
    try:
        if kind == "returned":
            message["value"] = codec.encode(thing)
            message["names"] = {"f": message["value"]}
        elif kind == "callback":
            message |= {"target": 0, "args": [codec.encode(thing)], "kwargs": {}}
        elif kind == "raised":
            message |= {"error": draw(_errors), "traceback": draw(_words)}
        else:
            message["message"] = draw(_words)
        codec.settle()
    except ProtocolError:
        message["value"] = draw(nodes)
    if kind in ("returned", "raised"):
        codec.forget()
    return over_msgpack(changed(message, draw(_mostly_none | changes(nodes, most=2))))


@st.composite
def conversations(draw: st.DrawFn) -> bytes:
    """What a submission sends during a test: frames, of which the last may be broken."""
    codec = Codec(1, lambda number, kind, call: None)
    frames = [framed(draw(answers(codec))) for _ in range(draw(st.integers(1, 6)))]
    if draw(st.integers(0, 5)) == 0:
        frames[-1] = edited(frames[-1], draw(edits(st.integers(0, 400), st.just(b"\xc1"))))
    return b"".join(frames)


USES: list[Callable[[StandIn], Any]] = [
    lambda f: f(*ARGUMENTS(), key=[1]),
    lambda f: f(*ARGUMENTS()),
    lambda f: f(f, print),
    lambda f: len(f),
    lambda f: list(f),
    lambda f: f[0],
    lambda f: f.size,
    lambda f: (repr(f), bool(f), f == f),
    lambda f: f._conversation.describe(["f", "x"]),
    lambda f: f._conversation.probe("p", "def p(): return 1"),
]


@given(conversations(), st.lists(st.sampled_from(USES), min_size=1, max_size=6))
def test_no_answer_of_a_submission_raises_anything_but_the_three_errors(raw, uses) -> None:
    with answered(raw) as channel, bounds(len(raw)):
        conversation = Conversation(channel, time.monotonic() + 60, outputs=Outputs())
        done = 0
        for use in [USES[0], *uses]:
            try:
                made = use(StandIn(conversation, 0, "function"))
            except ProtocolError:
                break  # which ends a test
            except Exception as error:
                if not isinstance(error, (NoAnswer, FromStudent)):
                    raise
                assert len(str(error)) < 3000
            else:
                own = (StandIn, FunctionType, type(print), type(NotImplemented))
                assert is_plain(made, own)
            done += 1
            assert conversation._codec._shared == {}
        target(float(done))
        assert conversation._depth == 0
        assert len(conversation.outputs) <= 100
        assert all(len(output["text"]) <= 1 << 17 for output in conversation.outputs)


# -- a whole test ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prepared(small: Lesson) -> Prepared:
    return scripts.prepare(small)


@pytest.fixture(scope="module")
def works(small: Lesson, prepared: Prepared) -> dict[str, dict[str, Any]]:
    """The names that a right submission binds, and those of a wrong one."""
    right = dict(prepared.names)
    for name, source in proof.reference(small).sources.items():
        if small.by_id[name].kind in ("given", "solution"):
            exec(source, right)
    wrong = dict(prepared.names)
    exec(WRONG, wrong)
    return {"right": right, "wrong": wrong}


WRONG = """
def double(x):
    return -1.0
def update(state, function):
    return state, lambda: None
class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.zeros(()))
    def forward(self, x):
        return self.a * x
largest = 5
"""


class Ended(BaseException):
    """In place of the end of a submission's process."""


class Meddling(Channel):
    """A channel that alters what it receives, and keeps what it sends.

    Args:
        altered: for each message in turn, the changes to it.
    """

    def __init__(self, sock: socket.socket, altered: list[list[Change]]) -> None:
        super().__init__(sock)
        self._altered = iter(altered)
        self.sent: list[dict[str, Any]] = []

    def receive(self, seconds: float | None = None) -> Any:
        message = over_msgpack(changed(super().receive(seconds), next(self._altered, [])))
        if not isinstance(message, dict):
            raise ProtocolError("a frame that is not a map")
        return message

    def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        super().send(message, descriptors)
        self.sent.append(message)


@pytest.fixture(scope="module")
def judge(small: Lesson, prepared: Prepared) -> Iterator[Callable[..., Any]]:
    """Judge a test cell against names that live in a thread of this process, not in a sandbox.

    The verdict, and what the submission's end has sent.
    """

    def leave(code: int) -> None:
        raise Ended

    def submission(side: Meddling, names: dict[str, Any]) -> None:
        shell = SimpleNamespace(user_ns=dict(names), recorder=Recorder())
        # An error that nobody catches ends the process in a sandbox.
        with side.socket, contextlib.suppress(Ended, Exception):
            end = Answers(side, shell, {}, ForbiddenCalls([]))
            first_call = end.describe()
            if first_call is not None:
                end.serve(first_call)

    def run(
        cell: Cell, names: dict[str, Any], altered: list[list[Change]]
    ) -> tuple[Verdict, list[dict[str, Any]]]:
        ours, theirs = socket.socketpair()
        side = Meddling(theirs, altered)
        thread = threading.Thread(target=submission, args=(side, names), daemon=True)
        thread.start()
        with ours:
            verdict = whole(examination(cell, Channel(ours)))
        thread.join(30)
        assert not thread.is_alive()
        return verdict, side.sent

    def examination(cell: Cell, channel: Channel) -> Examination:
        names = examiner._fresh(prepared.names)
        return Examination(cell, prepared.scripts[cell.id], channel, names, 20)

    with pytest.MonkeyPatch.context() as patched:
        # The loop ends its process and takes over its streams; here it is a thread of the tests.
        patched.setattr(loop, "os", SimpleNamespace(_exit=leave, kill=os.kill, getpid=os.getpid))
        patched.setattr(loop, "sys", SimpleNamespace(modules=loop.sys.modules))
        run.examination = examination
        yield run


def whole(examination: Examination) -> Verdict:
    """Both halves of a test; one that its student's side leaves in between is not run."""
    gone = Verdict(0.0, "not run", "The test could not be run.", hidden=True)
    return examination.begin() or examination.finish() or gone


def test_cells(lesson: Lesson) -> list[Cell]:
    return [cell for cell in lesson.cells if cell.kind == "tests"]


test_cells.__test__ = False
TASKS = ["double", "update", "Line", "largest"]


@pytest.mark.parametrize("task", TASKS)
def test_the_right_work_passes_and_the_wrong_does_not_if_nothing_is_altered(
    small, works, judge, task
) -> None:
    cell = small.by_id[f"test-{task}"]
    right, _ = judge(cell, works["right"], [])
    assert (right.points, right.outcome) == (cell.points, "passed"), right
    wrong, _ = judge(cell, works["wrong"], [])
    assert (wrong.points, wrong.outcome) == (0, "failed")


_altered = st.lists(st.just([]) | changes(nodes, most=2), max_size=5)


@given(st.sampled_from(TASKS), _altered)
def test_whatever_reaches_a_submission_no_wrong_work_earns_points(
    small, works, judge, task, altered
) -> None:
    verdict, sent = judge(small.by_id[f"test-{task}"], works["wrong"], altered)
    target(float(len(sent)))
    assert verdict.points == 0
    assert verdict.outcome in ("failed", "not run")
    assert_sound(verdict, small.by_id[f"test-{task}"])


@given(st.sampled_from(TASKS), _altered)
def test_whatever_reaches_a_submission_its_test_ends_in_a_verdict(
    small, works, judge, task, altered
) -> None:
    verdict, _ = judge(small.by_id[f"test-{task}"], works["right"], altered)
    assert_sound(verdict, small.by_id[f"test-{task}"])


@pytest.fixture(scope="module")
def recorded(small, works, judge) -> dict[str, list[dict[str, Any]]]:
    """What the right submission sends during each test."""
    cells = {task: small.by_id[f"test-{task}"] for task in TASKS}
    return {task: judge(cell, works["right"], [])[1] for task, cell in cells.items()}


def forge(node: Any) -> Any:
    """The node with handles of a class whose name the student made up."""
    if isinstance(node, dict):
        return {key: forge(part) for key, part in node.items()}
    if not isinstance(node, list):
        return node
    is_handle = len(node) == 4 and node[0] == "h"
    return ["h", node[1], FORGED, node[3]] if is_handle else list(map(forge, node))


@given(st.sampled_from(TASKS), st.lists(changes(nodes), max_size=6), st.booleans())
def test_whatever_a_submission_sends_its_test_ends_in_a_verdict(
    small, judge, recorded, task, altered, forged
) -> None:
    cell = small.by_id[f"test-{task}"]
    frames = [
        framed(changed(message, altered[number] if number < len(altered) else []))
        for number, message in enumerate(forge(recorded[task]) if forged else recorded[task])
    ]
    raw = b"".join(frames)
    with answered(raw) as channel, bounds(len(raw)):
        verdict = whole(judge.examination(cell, channel))
    assert_sound(verdict, cell)


def assert_sound(verdict: Verdict, cell: Cell) -> None:
    """Check that a verdict can be sent, and says to the student what it may."""
    framed({**asdict(verdict), "called": list(map(list, verdict.called))})
    assert verdict.outcome in get_args(Outcome)
    assert 0 <= verdict.points <= cell.points
    assert bool(verdict.points) == (verdict.outcome in ("passed", "partial"))
    assert verdict.says or verdict.outcome == "passed"
    assert len(verdict.says) + len(verdict.detail) < 30_000
    if verdict.hidden:
        assert FORGED not in verdict.says
