"""The loop of a sandboxed process: runs cells; forks for a test that calls."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import resource
import signal
import socket
import time
from typing import Any, NoReturn

from autograder.protocol.channel import Channel, ProtocolError
from autograder.protocol.messages import (
    CellRan,
    Done,
    EndTest,
    OpenTest,
    RunCell,
    from_frame,
    send,
)
from autograder.sandbox.answers import Answers, may_signal
from autograder.sandbox.forbidden_calls import ForbiddenCalls
from autograder.sandbox.shell import Shell

#: How long to wait, in seconds, for a test's process that cannot be killed to end.
_PATIENCE = 0.3
#: Names that IPython puts into every notebook, and that are nobody's answer.
_OF_IPYTHON = ("In", "Out", "exit", "quit")


def serve_submission(channel: Channel, shell: Shell, forbidden: ForbiddenCalls) -> NoReturn:
    """Run cells and serve tests until the examiner hangs up."""
    notebook = _Notebook(channel, shell, forbidden)
    while True:
        try:
            frame, files = channel.receive_with_files()
            message = from_frame(frame, RunCell, OpenTest, EndTest)
        except ProtocolError:
            os._exit(0)
        if isinstance(message, RunCell):
            notebook.run(message)
        elif isinstance(message, OpenTest):
            notebook.open_test(message.number, Channel(socket.socket(fileno=files[0])))
        elif isinstance(message, EndTest):
            notebook.end_test(message.number)


class _Notebook:
    """The process of one submission: its shell, and the processes of the tests that it answers."""

    def __init__(self, channel: Channel, shell: Shell, forbidden: ForbiddenCalls) -> None:
        self._channel = channel
        self._shell = shell
        self._forbidden = forbidden
        self._me = os.getpid()
        #: The process of each test that is not over.
        self._tests: dict[int, int] = {}
        self._processes = _processes_allowed()
        #: Names of the lesson's own cells as they were, whatever a student does to them later.
        self._given_names: dict[str, Any] = {}

    def run(self, message: RunCell) -> None:
        """Run a cell and say what it showed."""
        shell = self._shell
        # An interrupt that comes after a cell has ended belongs to nothing.
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            shell.on_compiled = functools.partial(self._compiled, message.task)
            outputs, fine = shell.run(message.source, message.output_bytes)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            outputs, fine = shell.recorder.finished(), False
        if os.getpid() != self._me:  # a fork that a cell has left behind; one answer is enough
            os._exit(0)
        if message.is_given:
            new = _public(shell.user_ns, self._given_names)
            self._given_names = {**self._given_names, **new}
        try:
            send(self._channel, CellRan(outputs, fine, self._forbidden.seen()))
        except ProtocolError:  # nobody waits for it any more, or it is too large to be sent
            os._exit(1)

    def open_test(self, number: int, test: Channel) -> None:
        """Answer a test that looks at values; fork at the first message that runs code."""
        send(self._channel, Done())
        answers = Answers(test, self._shell, self._given_names, self._forbidden)
        first_call = answers.describe()
        if first_call is not None:
            # Whatever else the submission has started, there is room for one more test.
            _allow_processes(self._processes + len(self._tests) + 1)
            child = _fork()
            if child == 0:
                self._channel.close()
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                gc.disable()
                # A test process leads its own group, so that what it starts ends with it.
                os.setpgid(0, 0)
                answers.serve(first_call)
            self._tests[number] = child
        test.close()

    def end_test(self, number: int) -> None:
        """End the process of a test, if it has one."""
        child = self._tests.pop(number, None)
        if child is not None:
            _end(child)
            _allow_processes(self._processes + len(self._tests))

    def _compiled(self, task: str | None, file: str) -> None:
        if task is not None:  # of a cell that is the student's
            self._forbidden.watch(file, task)


def _processes_allowed() -> int:
    """How many processes this one's user may have."""
    return resource.getrlimit(resource.RLIMIT_NPROC)[0]


def _allow_processes(count: int) -> None:
    """Change how many processes this one's user may have, as far as the hard limit allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    if hard != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NPROC, (min(count, hard), hard))


def _fork() -> int:
    """Fork; if there are too many processes, wait until some of them have gone."""
    for _ in range(100):
        try:
            return os.fork()
        except BlockingIOError:
            time.sleep(0.05)
    return os.fork()


def _public(names: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and name not in before and name not in _OF_IPYTHON
    }


def _end(test: int) -> None:
    """End a test's process and its group; if that is forbidden, give it time to end itself."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(test, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        if may_signal():
            os.waitpid(test, 0)
            return
        deadline = time.monotonic() + _PATIENCE
        while os.waitpid(test, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.001)
