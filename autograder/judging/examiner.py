"""Judges the tests of one submission in a process of its own."""

from __future__ import annotations

import contextlib
import copy
import enum
import gc
import os
import signal
import socket
from typing import Any, NoReturn

import numpy as np

from autograder.judging.examination import Examination
from autograder.judging.mark import Mark
from autograder.judging.scripts import Prepared
from autograder.judging.verdict import Verdict
from autograder.judging.wording import NOT_RUN, too_slow
from autograder.lessons.model import Cell, Lesson
from autograder.protocol import loopback
from autograder.protocol.channel import Channel, ChannelTimeout, ProtocolError
from autograder.protocol.messages import (
    BeginTest,
    FinishTest,
    Judged,
    Message,
    from_frame,
    receive,
    send,
)

#: Address space of an examiner's fork: what a sandbox sends must fit.
_EXAMINER_MEMORY = 6 << 30
#: How much longer than a test may take its examiner is waited for, in seconds.
_PATIENCE = 5.0


class Pending(enum.Enum):
    """Why there is no verdict yet."""

    #: Nothing is wrong so far; the hidden lines are to be run with :meth:`Examiner.finish`.
    HIDDEN_LINES = "waiting"
    #: The process that the test waited in, ours or the student's, was ended meanwhile by what
    #: another test did: begin again, in a fresh process.
    LOST = "lost"


class Examiner:
    """Judges the tests of one submission, in a process of its own. Use it as a context manager.

    The process is a fork of this one, made at the first test, and made anew if a test hangs it.
    Each test starts from fresh copies of what the shared cells bound, so that what a student's
    function does to an array it was given is gone with the test.

    A test is judged in two halves. Hidden lines wait until nothing more of what the student's
    side says will be shown, so that it can keep what hidden lines try, and tell nobody.

    Args:
        prepared: what :func:`~autograder.judging.scripts.prepare` made.
    """

    def __init__(self, lesson: Lesson, prepared: Prepared) -> None:
        self._lesson = lesson
        self._prepared = prepared
        self._child = 0
        self._channel: Channel | None = None

    def __enter__(self) -> Examiner:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def examine(self, cell: Cell, test: Channel | str) -> Verdict | Pending:
        """Judge one test cell up to its first hidden line.

        Args:
            cell: of the lesson, hidden tests included.
            test: to the process of the student's side that answers this test's calls; or where
                it listens (:mod:`autograder.protocol.loopback`), and then the hidden lines are
                judged at once.
        """
        if self._channel is None:
            self._channel = self._start_process(test)
        if isinstance(test, str):
            return self._ask(self._channel, BeginTest(cell.id, test), cell)
        return self._ask(self._channel, BeginTest(cell.id), cell, test.socket.fileno())

    def finish(self, cell: Cell) -> Verdict | Pending:
        """Judge the rest of a cell that :meth:`examine` has begun."""
        if self._channel is None:
            return Pending.LOST
        return self._ask(self._channel, FinishTest(cell.id), cell)

    def _ask(
        self, channel: Channel, message: Message, cell: Cell, *files: int
    ) -> Verdict | Pending:
        most = self._lesson.limits.test_seconds
        try:
            send(channel, message, *files)
            answer = receive(channel, Judged, seconds=most + _PATIENCE)
        except ProtocolError as error:
            self._end()
            late = isinstance(error, ChannelTimeout)
            mark = Mark(
                cell.id,
                cell.name,
                0.0,
                cell.points,
                "not_run",
                too_slow(most) if late else NOT_RUN,
                f"the examiner's process: {error}",
                hidden=isinstance(message, FinishTest),
            )
            return Verdict(mark, ended=not late)
        if answer.state == "reached":
            return Verdict.from_message(answer.verdict)
        return Pending(answer.state)

    def _start_process(self, test: Channel | str) -> Channel:
        import resource  # which Windows does not have

        assert isinstance(test, Channel)
        ours, theirs = socket.socketpair()
        self._child = os.fork()
        if self._child == 0:
            ours.close()
            test.close()  # it comes again with the message; this copy would never be hung up
            try:
                gc.disable()
                resource.setrlimit(resource.RLIMIT_AS, (_EXAMINER_MEMORY, _EXAMINER_MEMORY))
                judge_until_closed(Channel(theirs), self._lesson, self._prepared)
            finally:
                os._exit(1)
        theirs.close()
        return Channel(ours)

    def _end(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)


def judge_until_closed(channel: Channel, lesson: Lesson, prepared: Prepared) -> NoReturn:
    """The loop of the examiner's process."""
    begun: dict[str, Examination] = {}
    while True:
        frame, files = channel.receive_with_files()
        message = from_frame(frame, BeginTest, FinishTest)
        if isinstance(message, BeginTest):
            cell = lesson.by_id[message.cell]
            answer_bytes = int(lesson.limits.answer_mb * (1 << 20))
            sock = socket.socket(fileno=files[0]) if files else loopback.connect(message.address)
            test = Channel(sock, answer_bytes)
            script, names = prepared.scripts[cell.id], _fresh(prepared.names)
            examination = Examination(cell, script, test, names, lesson.limits.test_seconds)
            verdict = examination.begin()
            if verdict is None and message.address:  # nobody keeps things as they are now
                verdict = examination.finish()
            elif verdict is None:
                begun[cell.id] = examination
            missing = Pending.HIDDEN_LINES
        elif isinstance(message, FinishTest):
            waiting = begun.pop(message.cell, None)
            verdict = waiting.finish() if waiting is not None else None
            missing = Pending.LOST
        if verdict is None:
            send(channel, Judged(missing.value))
        else:
            send(channel, Judged("reached", verdict.to_message()))


def _fresh(names: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``names`` in which plain mutable data is copied too."""
    fresh = dict(names)
    for name, value in names.items():
        if name == "__builtins__":
            continue
        if isinstance(value, (np.ndarray, list, set)) or type(value) is dict:
            # What holds a module or the like cannot be copied, and is no plain data.
            with contextlib.suppress(TypeError):
                fresh[name] = copy.deepcopy(value)
    return fresh
