"""Calls from a test to the student's process."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from typing import Any

from autograder.judging.outputs import OUTPUT_BYTES, Outputs, append_stream
from autograder.judging.snapshots import Snapshot, detached_copy
from autograder.judging.stand_ins import StandIn, labelled
from autograder.protocol.channel import Channel, ChannelClosed, ChannelTimeout, ProtocolError
from autograder.protocol.codec import Codec
from autograder.protocol.errors import builtin_exception, exception_node
from autograder.protocol.messages import (
    Answer,
    AnswerError,
    Call,
    CallBack,
    DefineProbe,
    Describe,
    Described,
    Hold,
    M,
    Message,
    Operate,
    Raised,
    Returned,
    Unsendable,
    called_names,
    receive,
    send,
)
from autograder.protocol.plain_text import field

#: A student's side that says that it called more than this is making it up.
_MOST_CALLED = 1000


class FromStudent:
    """Tells an exception that was raised by the student's code, and carries its traceback."""

    student_traceback = ""
    call = ""


class NoAnswer(Exception):
    """The student's process sent what no Python value is."""


class Conversation:
    """Calls from a test to the student's process. Those after ``deadline`` are not answered.

    With ``shows_changes``, what a function does to its arguments is there after the call, as it
    would be in one process. Without, they are as they were: a test that reads its inputs again
    reads what it chose.
    """

    def __init__(
        self,
        channel: Channel,
        deadline: float = math.inf,
        *,
        outputs: Outputs,
        shows_changes: bool = True,
    ) -> None:
        self._shows_changes = shows_changes
        self._changed = False
        self.channel = channel
        self.deadline = deadline
        self.outputs = outputs
        #: Whether the student's side has shown something that can be called.
        self.has_stand_ins = False
        #: Why there is no more to be learned from the student's side. A test may have caught it.
        self.broken: ChannelClosed | ChannelTimeout | None = None
        self._is_held = False
        self.last_call = ""
        self.called: set[tuple[str, str]] = set()
        self._depth = 0
        self._codec = Codec(0, self._stand_in)

    def _stand_in(self, number: int, kind: str) -> StandIn:
        self.has_stand_ins = True
        return StandIn(self, number, kind)

    def describe(self, names: list[str]) -> dict[str, Any]:
        """Stand-ins and data for those of ``names`` that the notebook has bound."""
        if not names:
            return {}
        self._send(Describe(names))
        answer = self._receive(Described)
        found = {}
        for name in names:
            if name in answer.names:
                found[name] = labelled(self._codec.decode(answer.names[name]), name)
        self._codec.forget()
        return found

    def hold(self) -> None:
        """Have the student's side keep things as they are now, as it does at the first call."""
        if not self._is_held:
            self._exchange(Hold())

    def probe(self, name: str, source: str) -> Any:
        """Define a probe on the student's side; its stand-in."""
        # A student knows the task's functions, not the probe's name.
        return labelled(self._exchange(DefineProbe(name, source)), "your code")

    def call(self, number: int, label: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an object of the student's side and bring back the answer."""
        self.last_call = label
        return self._with_arguments(number, args, kwargs)

    def operate(self, operation: str, *args: Any) -> Any:
        """Apply one of the sandbox's operations (``getattr``, ``len``, …) to its objects."""
        return self._with_arguments(operation, args, {})

    def _with_arguments(self, what: int | str, args: Any, kwargs: dict[str, Any]) -> Any:
        if self._shows_changes or self._depth:
            return self._request(what, args, kwargs)
        before = Snapshot((args, kwargs))
        self._changed = False
        try:
            value = self._request(what, args, kwargs)
            # An argument that came back is an answer now, and stays what it was made.
            return detached_copy(value) if self._changed else value
        finally:
            if self._changed:
                before.restore()

    def _request(self, what: int | str, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call the object with a number, or apply the operation with a name."""
        changes = self._codec.changes()
        nodes = [self._codec.encode(value) for value in args]
        named = {name: self._codec.encode(value) for name, value in kwargs.items()}
        self._codec.settle()
        if isinstance(what, str):
            return self._exchange(Operate(what, nodes, changes, OUTPUT_BYTES))
        return self._exchange(Call(what, nodes, named, changes, OUTPUT_BYTES))

    def _exchange(self, message: Message) -> Any:
        self._depth += 1
        self._is_held = True
        try:
            self._send(message)
            while True:
                answer = self._receive(CallBack, Returned, Raised, Unsendable)
                if isinstance(answer, CallBack):
                    self._call_back(answer)
                elif isinstance(answer, Returned):
                    self._apply(answer.changes)
                    value = self._codec.decode(answer.value)
                    self._codec.settle()
                    return value
                elif isinstance(answer, Raised):
                    self._apply(answer.changes)
                    raise self._student_error(answer)
                elif isinstance(answer, Unsendable):
                    raise NoAnswer(field(answer.reason, 300))
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._codec.forget()

    def _apply(self, changes: list[Any]) -> None:
        """Bring what is shared up to date with what the student's side did to it."""
        self._changed = self._changed or bool(changes)
        self._codec.apply(changes)

    def _call_back(self, request: CallBack) -> None:
        """Call the test's function that the student's code has called."""
        self._apply(request.changes)
        function = self._codec.exported(request.target)
        args = [self._codec.decode(node) for node in request.args]
        kwargs = {field(name, 100): self._codec.decode(n) for name, n in request.kwargs.items()}
        self._codec.settle()
        label = self.last_call
        answer: Message
        try:
            value = function(*args, **kwargs)
        except (ProtocolError, NoAnswer):
            raise
        except Exception as error:  # noqa: BLE001  the student's code sees what the function raised
            answer = AnswerError(exception_node(error), self._codec.changes())
        else:
            changes = self._codec.changes()
            answer = Answer(self._codec.encode(value), changes)
            self._codec.settle()
        self.last_call = label
        self._send(answer)

    def _student_error(self, answer: Raised) -> Exception:
        node = answer.error
        base = builtin_exception(node.get("builtin"))
        name = field(node.get("type"), 100)
        name = name if name.isidentifier() else base.__name__
        message = field(node.get("message"), 2000)
        try:
            error = type(name, (FromStudent, base), {})(message)
        except TypeError:  # an exception whose constructor wants more than a message
            error = type(name, (FromStudent, Exception), {})(message)
        error.student_traceback = field(answer.traceback, 8000)
        error.call = self.last_call
        made: Exception = error
        return made

    def _send(self, message: Message) -> None:
        with self._noticing():
            send(self.channel, message)

    def _receive(self, *kinds: type[M]) -> M:
        left = self.deadline - time.monotonic()
        with self._noticing():
            answer = receive(self.channel, *kinds, seconds=max(left, 0.001))
        if len(self.called) < _MOST_CALLED:
            self.called |= called_names(getattr(answer, "called", []))
        for output in getattr(answer, "outputs", [])[:100]:
            if isinstance(output, dict) and output.get("output_type") == "stream":
                name = "stderr" if output.get("name") == "stderr" else "stdout"
                append_stream(self.outputs, name, field(output.get("text"), OUTPUT_BYTES))
        return answer

    @contextlib.contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except (ChannelClosed, ChannelTimeout) as error:
            self.broken = error
            raise
