"""The notebook of a submission in its process: runs the cells, and knows the lesson's own names."""

from __future__ import annotations

import functools
import os
import signal
from typing import Any

from autograder.protocol.channel import Channel, ProtocolError
from autograder.protocol.messages import CellRan, RunCell, send
from autograder.sandbox.forbidden_calls import ForbiddenCalls
from autograder.sandbox.shell import Shell

#: Names that IPython puts into every notebook, and that are nobody's answer.
_OF_IPYTHON = ("In", "Out", "exit", "quit")


class Notebook:
    """Runs cells in a shell.

    Args:
        channel: to the worker.
    """

    def __init__(self, channel: Channel, shell: Shell, forbidden: ForbiddenCalls) -> None:
        self.channel = channel
        self.shell = shell
        self.forbidden = forbidden
        #: Names of the lesson's own cells as they were, whatever a student does to them later.
        self.given_names: dict[str, Any] = {}
        self._me = os.getpid()

    def run(self, message: RunCell) -> None:
        """Run a cell and say what it showed."""
        shell = self.shell
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
            new = _public(shell.user_ns, self.given_names)
            self.given_names = {**self.given_names, **new}
        try:
            send(self.channel, CellRan(outputs, fine, self.forbidden.seen()))
        except ProtocolError:  # nobody waits for it any more, or it is too large to be sent
            os._exit(1)

    def _compiled(self, task: str | None, file: str) -> None:
        if task is not None:  # of a cell that is the student's
            self.forbidden.watch(file, task)


def _public(names: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and name not in before and name not in _OF_IPYTHON
    }
