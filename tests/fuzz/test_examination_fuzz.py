"""A test and the submission that answers it: neither end is led astray by the other."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FunctionType, SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, target
from hypothesis import strategies as st
from mutations import Change, changed, changes, edited, edits
from plain_data import is_plain, plain_data
from wire_junk import (
    FORGED,
    Noting,
    answered,
    bounds,
    errors,
    framed,
    messages,
    nodes,
    outputs,
    over_msgpack,
    words,
)

from autograder.authoring import proof
from autograder.judging import scripts
from autograder.judging.conversation import Conversation, FromStudent, NoAnswer
from autograder.judging.examination import Examination
from autograder.judging.mark import Mark, Outcome
from autograder.judging.outputs import Outputs
from autograder.judging.scripts import Prepared
from autograder.judging.stand_ins import StandIn
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Cell, Lesson
from autograder.protocol.channel import ProtocolError
from autograder.protocol.codec import Codec
from autograder.protocol.messages import (
    MESSAGES,
    CallBack,
    Described,
    Judged,
    Raised,
    Returned,
    Unsendable,
    from_frame,
)
from autograder.sandbox import answers
from autograder.sandbox.answers import Answers
from autograder.sandbox.forbidden_calls import ForbiddenCalls
from autograder.sandbox.recorder import Recorder

#: What a submission's end may send during a test, and what the test's end may.
FROM_SUBMISSION = (Described, CallBack, Returned, Raised, Unsendable)
FROM_TEST = tuple(
    kind for kind in MESSAGES.values() if (kind.conversation, kind.sender) == ("test", "examiner")
)

# -- the examiner's end ---------------------------------------------------------------------------


class Opaque:
    """Stands for an object of the other side."""


def arguments() -> list[Any]:
    """What a test may pass: numbers 0, 2, … on the wire, and a function."""
    return [
        [1, (2, [3])],
        np.zeros(2),
        {"a": {1, "b"}},
        torch.zeros(2, requires_grad=True),
        np.broadcast_to(np.zeros(2), (3, 2)),
        lambda *given: given,
    ]


def with_views() -> list[Any]:
    """The same, and a tensor whose items share their place in memory."""
    return [*arguments(), torch.zeros(2).expand(3, 2)]


#: Changes to the arguments, by their numbers, as a submission sends them.
CHANGES = [
    [0, ["l", 0, [5]]],
    [4, ["a", 4, "<f8", [2], bytes(16), True]],
    [6, ["d", 6, [["new", 5]]]],
    [8, ["s", 8, ["new"]]],
    [10, ["T", 10, "float32", [2], bytes(8), True]],
    [12, ["a", 12, "<f8", [3, 2], bytes(48), False]],
    [14, ["T", 14, "float32", [3, 2], bytes(24), False]],
]
_some_changes = st.lists(st.sampled_from(CHANGES), max_size=3, unique_by=lambda c: c[0])
_mostly_none = st.just([]) | st.just([]) | st.just([])


@st.composite
def sent_answers(draw: st.DrawFn, codec: Codec) -> Any:
    """An answer of a submission: valid as it goes, or altered in up to two places."""
    kind = draw(
        st.sampled_from([Returned, Returned, CallBack, Raised, Unsendable, Described, None])
    )
    if kind is None:
        return over_msgpack(draw(messages()))
    thing = draw(plain_data() | st.sampled_from([5, 0, Opaque(), [Opaque()], [1, 2]]))
    made = draw(_mostly_none | _some_changes)
    try:
        node = codec.encode(thing)
        codec.settle()
    except ProtocolError:
        node = draw(nodes)
    if kind is Returned:
        message = Returned(node, made, draw(outputs))
    elif kind is Described:
        message = Described({"f": node}, draw(outputs))
    elif kind is CallBack:
        message = CallBack(0, [node], {}, made)
    elif kind is Raised:
        message = Raised(draw(errors), draw(words), made, draw(outputs))
    else:
        message = Unsendable(draw(words), draw(outputs))
    if kind is not CallBack:
        codec.forget()
    return over_msgpack(changed(message.to_frame(), draw(_mostly_none | changes(nodes, most=2))))


@st.composite
def conversations(draw: st.DrawFn) -> bytes:
    """What a submission sends during a test: frames, of which the last may be broken."""
    codec = Codec(1, lambda number, kind: None)
    frames = [framed(draw(sent_answers(codec))) for _ in range(draw(st.integers(1, 6)))]
    if draw(st.integers(0, 5)) == 0:
        frames[-1] = edited(frames[-1], draw(edits(st.integers(0, 400), st.just(b"\xc1"))))
    return b"".join(frames)


#: What a test may do: with the conversation, a stand-in, and what makes arguments.
USES: list[Callable[[Conversation, StandIn, Callable[[], list[Any]]], Any]] = [
    lambda test, f, given: f(*given(), key=[1]),
    lambda test, f, given: f(*given()),
    lambda test, f, given: f(f, print),
    lambda test, f, given: len(f),
    lambda test, f, given: list(f),
    lambda test, f, given: f[0],
    lambda test, f, given: f.size,
    lambda test, f, given: (repr(f), bool(f), f == f),
    lambda test, f, given: test.describe(["f", "x"]),
    lambda test, f, given: test.probe("p", "def p(): return 1"),
]


@given(conversations(), st.lists(st.sampled_from(USES), min_size=1, max_size=6), st.booleans())
def test_no_answer_of_a_submission_raises_anything_but_the_three_errors(
    raw, uses, shows_changes
) -> None:
    with answered(raw) as channel, bounds(len(raw)):
        conversation = Conversation(
            channel, time.monotonic() + 60, outputs=Outputs(), shows_changes=shows_changes
        )
        # Of a view nothing can be put back, so that a test which gives one shows changes.
        given_to_it = with_views if shows_changes else arguments
        done = 0
        for use in [USES[0], *uses]:
            before = len(channel.sent)
            try:
                made = use(conversation, StandIn(conversation, 0, "function"), given_to_it)
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
            assert_begins_anew(channel.sent[before:])
        target(float(done))
        assert len(conversation.outputs) <= 100
        assert all(len(output["text"]) <= 1 << 17 for output in conversation.outputs)


def assert_begins_anew(sent: list[dict[str, Any]]) -> None:
    """Check that nothing is shared any more when a test calls again: the last call is over."""
    if not sent:
        return
    assert sent[0].get("changes", []) == []
    arguments = [node for node in sent[0].get("args", []) if isinstance(node, list)]
    shared = [number for tag, number, *_ in arguments if tag in ("l", "d", "s", "a", "T")]
    assert not shared or shared[0] == 0


# -- the submission's end -------------------------------------------------------------------------


class Ended(BaseException):
    """In place of the end of a submission's process."""


def answer_until_it_ends(channel: Noting, names: dict[str, Any]) -> None:
    """Answer a test as a submission's process does, in a thread of this one."""
    shell = SimpleNamespace(user_ns=dict(names), recorder=Recorder())
    end = Answers(channel, shell, {}, ForbiddenCalls([]))
    first_call = end.describe()
    if first_call is not None:
        end.serve(first_call)


@pytest.fixture(scope="module", autouse=True)
def no_process_of_its_own() -> Iterator[None]:
    """The submission's end would end its process and take over its streams; here it has none."""

    def leave(code: int) -> None:
        raise Ended

    with pytest.MonkeyPatch.context() as patched:
        own = SimpleNamespace(_exit=leave, kill=os.kill, getpid=os.getpid)
        patched.setattr(answers, "os", own)
        patched.setattr(answers, "sys", SimpleNamespace(modules=sys.modules))
        yield


@given(st.lists(messages(*FROM_TEST) | messages(), min_size=1, max_size=6), changes(nodes, most=2))
def test_whatever_a_test_sends_its_answers_are_messages_of_a_submission(works, sent, made) -> None:
    raw = b"".join(framed(frame) for frame in changed(sent, made) or [{}])
    with answered(raw) as channel, bounds(len(raw)):
        # An error that nobody catches ends the process; so does the end of the test.
        with contextlib.suppress(Ended, ProtocolError):
            answer_until_it_ends(channel, works["right"])
        target(float(len(channel.sent)))
        for frame in channel.sent:
            read = from_frame(over_msgpack(frame), *FROM_SUBMISSION)
            assert len(repr(getattr(read, "outputs", []))) < 4 << 20


# -- a whole test ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prepared(small: Lesson) -> Prepared:
    return scripts.prepare(small)


@pytest.fixture(scope="module")
def works(small: Lesson, prepared: Prepared) -> dict[str, dict[str, Any]]:
    """The names that a right submission binds, and those of a wrong one."""
    right = dict(prepared.names)
    for name, source in proof.reference(small).sources.items():
        if small.by_id[name].kind in ("sandboxed", "solution"):
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


class Meddling(Noting):
    """A channel that alters what it receives, and keeps what it sends.

    Args:
        altered: for each message in turn, the changes to it.
    """

    def __init__(self, sock: socket.socket, altered: list[list[Change]]) -> None:
        super().__init__(sock)
        self._altered = iter(altered)

    def receive(self, seconds: float | None = None) -> Any:
        message = over_msgpack(changed(super().receive(seconds), next(self._altered, [])))
        if not isinstance(message, dict):
            raise ProtocolError("a frame that is not a map")
        return message


@pytest.fixture(scope="module")
def examination(prepared: Prepared) -> Callable[..., Examination]:
    """A run of a test cell over a channel, with names of its own."""

    def make(cell: Cell, channel: Any) -> Examination:
        return Examination(cell, prepared.scripts[cell.id], channel, dict(prepared.names), 20)

    return make


@pytest.fixture(scope="module")
def judge(examination: Callable[..., Examination]) -> Callable[..., Any]:
    """Judge a test cell against names that live in a thread of this process, not in a sandbox.

    The verdict, and what the submission's end has sent.
    """

    def submission(side: Meddling, names: dict[str, Any]) -> None:
        # An error that nobody catches ends the process in a sandbox.
        with side.socket, contextlib.suppress(Ended, Exception):
            answer_until_it_ends(side, names)

    def run(
        cell: Cell, names: dict[str, Any], altered: list[list[Change]]
    ) -> tuple[Verdict, list[dict[str, Any]]]:
        ours, theirs = socket.socketpair()
        side = Meddling(theirs, altered)
        thread = threading.Thread(target=submission, args=(side, names), daemon=True)
        thread.start()
        with ours:
            verdict = whole(cell, examination(cell, Noting(ours)))
        thread.join(30)
        assert not thread.is_alive()
        return verdict, side.sent

    return run


def whole(cell: Cell, examination: Examination) -> Verdict:
    """Both halves of a test; one that its student's side leaves in between is not run."""
    gone = Mark(cell.id, cell.name, 0.0, cell.points, "not_run", "It is gone.", hidden=True)
    return examination.begin() or examination.finish() or Verdict(gone)


TASKS = ["double", "update", "Line", "largest"]


@pytest.mark.parametrize("task", TASKS)
def test_the_right_work_passes_and_the_wrong_does_not_if_nothing_is_altered(
    small, works, judge, task
) -> None:
    cell = small.by_id[f"test-{task}"]
    right, _ = judge(cell, works["right"], [])
    assert (right.mark.points, right.mark.outcome) == (cell.points, "passed"), right
    wrong, _ = judge(cell, works["wrong"], [])
    assert (wrong.mark.points, wrong.mark.outcome) == (0, "failed")


_altered = st.lists(st.just([]) | changes(nodes, most=2), max_size=5)


@given(st.sampled_from(TASKS), _altered)
def test_whatever_reaches_a_submission_no_wrong_work_earns_points(
    small, works, judge, task, altered
) -> None:
    verdict, sent = judge(small.by_id[f"test-{task}"], works["wrong"], altered)
    target(float(len(sent)))
    assert verdict.mark.points == 0
    assert verdict.mark.outcome in ("failed", "not_run")
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
    is_handle = len(node) == 3 and node[0] == "h"
    return ["h", node[1], FORGED] if is_handle else list(map(forge, node))


@given(
    st.sampled_from(TASKS),
    st.lists(changes(nodes), max_size=6),
    st.lists(st.tuples(st.integers(0, 6), messages()), max_size=1),
    st.booleans(),
)
def test_whatever_a_submission_sends_its_test_ends_in_a_verdict(
    small, examination, recorded, task, altered, put_in, forged
) -> None:
    cell = small.by_id[f"test-{task}"]
    sent = [
        changed(message, altered[number] if number < len(altered) else [])
        for number, message in enumerate(forge(recorded[task]) if forged else recorded[task])
    ]
    for place, message in put_in:
        sent.insert(place, message)
    raw = b"".join(map(framed, sent))
    with answered(raw) as channel, bounds(len(raw)):
        verdict = whole(cell, examination(cell, channel))
    assert_sound(verdict, cell)


def assert_sound(verdict: Verdict, cell: Cell) -> None:
    """Check that a verdict can be sent, and says to the student what it may."""
    frame = over_msgpack(Judged("reached", verdict.to_message()).to_frame())
    assert Verdict.from_message(from_frame(frame, Judged).verdict).mark == verdict.mark
    mark = verdict.mark
    assert (mark.cell, mark.max_points) == (cell.id, cell.points)
    assert mark.outcome in get_args(Outcome)
    assert mark.points is not None and 0 <= mark.points <= cell.points
    assert bool(mark.points) == (mark.outcome in ("passed", "partial"))
    assert mark.says or mark.outcome == "passed"
    assert len(mark.says) + len(mark.detail) < 30_000
    if mark.hidden:
        assert FORGED not in mark.says
