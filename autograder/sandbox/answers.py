"""Answers the calls of one test with the student's objects."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from autograder.protocol.channel import Channel, ChannelClosed, ProtocolError
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
    Message,
    Operate,
    Raised,
    Returned,
    Unsendable,
    receive,
    send,
)
from autograder.protocol.plain_text import field
from autograder.sandbox.forbidden_calls import ForbiddenCalls
from autograder.sandbox.recorder import Stream
from autograder.sandbox.shell import Shell

#: The most bytes of output that are kept where the test does not say how many.
_OUTPUT_BYTES = 1 << 16
#: What a test may do to an object of this side, beside calling it.
_OPERATIONS: dict[str, Callable[..., Any]] = {
    "getattr": getattr,
    "getitem": lambda value, key: value[key],
    "len": len,
    "list": list,
    "repr": lambda value: repr(value)[:500],
    "float": float,
}
#: What a test may ask for.
_QUESTIONS: tuple[type[Message], ...] = (Describe, Hold, DefineProbe, Call, Operate)
#: The files whose frames are left out of tracebacks: the grader's own.
_OWN_FOLDER = str(Path(__file__).parent)


class Answers:
    """Answers one test; its calls in a fork that ends with it.

    Args:
        channel: to the test.
        given_names: names of the lesson's own cells, which probes see as they were.
    """

    def __init__(
        self,
        channel: Channel,
        shell: Shell,
        given_names: dict[str, Any],
        forbidden: ForbiddenCalls,
    ) -> None:
        self._channel = channel
        self._forbidden = forbidden
        self._shell = shell
        self._codec = Codec(1, self._callback)
        self._probe_names = {**shell.user_ns, **given_names}

    def describe(self) -> Message | None:
        """Show the test the values it asks for, up to the first message that runs code.

        Returns:
            That message; None if the test is over without one. A third of all tests look at
            values only, and need no process of their own.
        """
        try:
            while isinstance(message := receive(self._channel, *_QUESTIONS), Describe):
                self._send(self._answer(message))
                self._codec.forget()
        except ProtocolError:
            return None
        return message

    def serve(self, message: Message) -> NoReturn:
        """Answer ``message`` and those after it until the test is over, and end this process."""
        if not may_signal():  # nobody can end this process but itself
            with contextlib.suppress(RuntimeError):  # too many threads: it ends with the submission
                threading.Thread(target=self._end_when_over, daemon=True).start()
        code = 1
        try:
            self.answer_until_over(message)
            code = 0
        finally:
            os._exit(code)

    def answer_until_over(self, message: Message) -> None:
        """Answer ``message`` and those after it until the test is over."""
        sys.stdout = Stream(self._shell.recorder, "stdout")
        sys.stderr = Stream(self._shell.recorder, "stderr")
        with contextlib.suppress(ChannelClosed):
            while True:
                self._send(self._answer(message))
                self._codec.forget()
                message = receive(self._channel, *_QUESTIONS)

    def _end_when_over(self) -> None:
        hung_up = select.poll()
        hung_up.register(self._channel.socket, 0)  # a hang-up is told without being asked for
        hung_up.poll()
        os._exit(0)

    def _send(self, answer: Message) -> None:
        try:
            send(self._channel, answer)
        except ChannelClosed:
            raise
        except ProtocolError as error:  # too large
            send(self._channel, Unsendable(field(str(error))))

    def _answer(self, message: Message) -> Message:
        """The answer to one message from the test; calls may cross back and forth before it."""
        self._shell.recorder.start(getattr(message, "output_bytes", _OUTPUT_BYTES))
        answer = self._result_of(message, BaseException)
        self._drop_figures()
        outputs, called = self._shell.recorder.finished(), self._forbidden.seen()
        return replace(answer, outputs=outputs, called=called)

    def _result_of(
        self, message: Message, caught: type[BaseException] = Exception
    ) -> Described | Returned | Raised | Unsendable:
        """What came of an operation; ``caught`` is what student code may raise here."""
        try:
            return self._operate(message)
        except ProtocolError as error:
            return Unsendable(field(str(error)))
        except caught as error:
            return Raised(exception_node(error), student_traceback(error), self._changes())

    def _operate(self, message: Message) -> Described | Returned:
        if isinstance(message, Describe):
            return self._described(message.names)
        if isinstance(message, DefineProbe):
            exec(compile(message.source, f"<probe {message.name}>", "exec"), self._probe_names)
            return self._returned(self._codec.handle(self._probe_names[message.name]))
        if isinstance(message, (Call, Operate)):
            self._codec.apply(message.changes)
            args = [self._codec.decode(node) for node in message.args]
            kwargs: dict[str, Any] = {}
            if isinstance(message, Call):
                kwargs = {name: self._codec.decode(node) for name, node in message.kwargs.items()}
            self._codec.settle()
            if isinstance(message, Call):
                function = self._codec.exported(message.target)
            else:
                function = _OPERATIONS[message.operation]
            value = function(*args, **kwargs)
            changes = self._codec.changes()
            return self._returned(self._codec.encode(value), changes)
        return self._returned(None)

    def _described(self, names: list[Any]) -> Described:
        found = {}
        for name in names:
            if name in self._shell.user_ns:
                try:
                    found[name] = self._codec.encode(self._shell.user_ns[name])
                except ProtocolError as error:
                    found[name] = None
                    self._shell.recorder.stream("stderr", f"{name}: {error}\n")
        return Described(found)

    def _returned(self, node: Any, changes: list[Any] | None = None) -> Returned:
        changes = self._codec.changes() if changes is None else changes
        self._codec.settle()
        return Returned(node, changes)

    def _changes(self) -> list[Any]:
        try:
            return self._codec.changes()
        except ProtocolError:
            return []

    def _callback(self, number: int, kind: str) -> Callable[..., Any]:
        """The stand-in, on this side, for a function of the test."""

        def function(*args: Any, **kwargs: Any) -> Any:
            changes = self._codec.changes()
            nodes = [self._codec.encode(value) for value in args]
            named = {name: self._codec.encode(value) for name, value in kwargs.items()}
            self._codec.settle()
            send(self._channel, CallBack(number, nodes, named, changes))
            while True:
                message = receive(self._channel, Answer, AnswerError, *_QUESTIONS)
                if not isinstance(message, (Answer, AnswerError)):
                    # The test calls us again from within its function.
                    send(self._channel, self._result_of(message))
                    continue
                self._codec.apply(message.changes)
                if isinstance(message, AnswerError):
                    error = builtin_exception(message.error.get("builtin"))
                    raise error(message.error.get("message"))
                value = self._codec.decode(message.value)
                self._codec.settle()
                return value

        function.__name__ = function.__qualname__ = "function_of_the_test"
        return function

    def _drop_figures(self) -> None:
        plt = sys.modules.get("matplotlib.pyplot")
        if plt is not None and plt.get_fignums():
            plt.close("all")


def may_signal() -> bool:
    """Whether the filter lets this process send signals."""
    try:
        os.kill(os.getpid(), 0)
    except PermissionError:
        return False
    return True


def student_traceback(error: BaseException) -> str:
    """The traceback of a student's error, without the frames of the grader."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_OWN_FOLDER)]
    lines = traceback.format_list(own[-12:])
    return field("".join(lines) + "".join(traceback.format_exception_only(error)), 8000)
