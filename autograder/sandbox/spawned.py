"""A submission's process where there is no fork: it runs cells, and answers tests itself.

Started as ``python -m autograder.sandbox.spawned``; standard input says where the worker listens.
One thread does the work. Another one reads what the worker sends, so that it can interrupt a cell.
After each test the process says what of the notebook the test has changed; if something, the
worker has another process run the cells again.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import queue
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from autograder.protocol import loopback
from autograder.protocol.channel import Channel, ProtocolError
from autograder.protocol.messages import (
    Done,
    EndTest,
    Interrupt,
    Listening,
    Message,
    OpenTest,
    Preload,
    Ready,
    RunCell,
    Settled,
    Started,
    StartSubmission,
    from_frame,
    send,
)
from autograder.sandbox import preimport

if TYPE_CHECKING:  # imported when it is warmed up, for it takes seconds
    from autograder.sandbox.notebook import Notebook
    from autograder.sandbox.shell import Shell
    from autograder.sandbox.state import Contents

_REQUESTS: tuple[type[Message], ...] = (
    Preload, StartSubmission, RunCell, OpenTest, EndTest, Interrupt,
)  # fmt: skip
#: How long to wait for the examiner, in seconds.
_EXAMINER_SECONDS = 60.0


def main() -> NoReturn:
    """Warm up, say so, and serve."""
    address = sys.stdin.readline().strip()
    with Path(os.devnull).open("rb") as null:
        os.dup2(null.fileno(), 0)
    channel = Channel(loopback.connect(address))
    preimport.import_all()
    from autograder.sandbox.shell import warm_shell

    shell = warm_shell()
    send(channel, Ready("none", os.getpid()))
    _Submission(channel, shell).serve()


class _Submission:
    """Does what the worker asks for, one thing after another."""

    def __init__(self, channel: Channel, shell: Shell) -> None:
        self._channel = channel
        self._shell = shell
        self._notebook: Notebook | None = None
        #: The notebook's objects as they are, if nothing has run since that may change them.
        self._contents: Contents | None = None
        self._changed = ""
        self._asked: queue.SimpleQueue[Message] = queue.SimpleQueue()
        _thread.start_new_thread(self._listen, ())

    def _listen(self) -> None:
        """Take what comes, whatever the other thread is doing; end the process at a hang-up."""
        with contextlib.suppress(ProtocolError):
            while True:
                message = from_frame(self._channel.receive(), *_REQUESTS)
                if isinstance(message, Interrupt):
                    _thread.interrupt_main()  # nothing, unless a cell runs
                else:
                    self._asked.put(message)
        os._exit(0)

    def serve(self) -> NoReturn:
        while True:
            message = self._asked.get()
            try:
                self._answer(message)
            except ProtocolError:
                os._exit(0)

    def _answer(self, message: Message) -> None:
        if isinstance(message, Preload):
            preimport.preload(message.source)
            send(self._channel, Done())
        elif isinstance(message, StartSubmission):
            self._start(message)
        elif isinstance(message, RunCell) and self._notebook is not None:
            self._contents = None
            self._notebook.run(message)
        elif isinstance(message, OpenTest) and self._notebook is not None:
            self._answer_test(self._notebook)
        elif isinstance(message, EndTest):
            send(self._channel, Settled(self._changed))

    def _start(self, message: StartSubmission) -> None:
        from autograder.sandbox.forbidden_calls import ForbiddenCalls
        from autograder.sandbox.notebook import Notebook

        folder = Path.cwd()
        for name in ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"):
            os.environ[name] = str(folder)
        tempfile.tempdir = str(folder)
        for name, content in message.files:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        # Modules that a student handed in are found, but stand in no other's place.
        sys.path.append(str(folder))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # but while a cell runs
        forbidden = ForbiddenCalls([(task, name) for task, name in message.forbidden])
        self._notebook = Notebook(self._channel, self._shell, forbidden)
        send(self._channel, Started(os.getpid()))

    def _answer_test(self, notebook: Notebook) -> None:
        from autograder.sandbox.answers import Answers
        from autograder.sandbox.state import Contents, Settings

        with loopback.Listener() as listener:
            send(self._channel, Listening(listener.address))
            test = Channel(listener.accept(_EXAMINER_SECONDS))
        self._changed = ""
        answers = Answers(test, self._shell, notebook.given_names, notebook.forbidden)
        first_call = answers.describe()
        if first_call is not None:
            if self._contents is None:
                self._contents = Contents(self._shell.user_ns, Path.cwd())
            settings = Settings(self._shell.user_ns)
            streams = sys.stdout, sys.stderr
            try:
                answers.answer_until_over(first_call)
            finally:
                sys.stdout, sys.stderr = streams
                settings.restore()
            self._changed = self._contents.changed()
        test.close()


if __name__ == "__main__":
    main()
