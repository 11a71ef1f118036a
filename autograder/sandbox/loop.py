"""The loop of a sandboxed process: runs cells; forks for a test that calls."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import time
from typing import NoReturn

from autograder.protocol.channel import Channel, ProtocolError
from autograder.protocol.messages import (
    Done,
    EndTest,
    OpenTest,
    RunCell,
    from_frame,
    send,
)
from autograder.sandbox.answers import Answers, may_signal
from autograder.sandbox.forbidden_calls import ForbiddenCalls
from autograder.sandbox.notebook import Notebook
from autograder.sandbox.shell import Shell

#: How long to wait, in seconds, for a test's process that cannot be killed to end.
_PATIENCE = 0.3


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


class _Notebook(Notebook):
    """The process of one submission, and the processes of the tests that it answers."""

    def __init__(self, channel: Channel, shell: Shell, forbidden: ForbiddenCalls) -> None:
        super().__init__(channel, shell, forbidden)
        #: The process of each test that is not over.
        self._tests: dict[int, int] = {}
        self._processes = _processes_allowed()

    def open_test(self, number: int, test: Channel) -> None:
        """Answer a test that looks at values; fork at the first message that runs code."""
        send(self.channel, Done())
        answers = Answers(test, self.shell, self.given_names, self.forbidden)
        first_call = answers.describe()
        if first_call is not None:
            # Whatever else the submission has started, there is room for one more test.
            _allow_processes(self._processes + len(self._tests) + 1)
            child = _fork()
            if child == 0:
                self.channel.close()
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
