"""The warm parent: imports what notebooks import, once, and forks a process for each submission.

Started as ``python -m autograder.judging.warm_parent FD``, where FD is one end of a socket pair.
It holds no lesson, no hidden test and no mark, and nothing of a student ever runs in it; it is the
process that the trusted side and the submissions are both forked from.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import select
import socket
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from autograder.isolation.confinement import Confinement
from autograder.isolation.process import (
    StartError,
    SubmissionProcess,
    tie_to_parent,
    without_unusable_groups,
)
from autograder.isolation.watchdog import EVERY
from autograder.protocol.channel import Channel, ChannelClosed
from autograder.protocol.messages import (
    AskHowItEnded,
    Clone,
    Confine,
    Done,
    EndSubmission,
    Fork,
    HowItEnded,
    Interrupt,
    Message,
    NotStarted,
    Preload,
    Ready,
    Started,
    StartSubmission,
    from_frame,
    receive,
    send,
)
from autograder.sandbox import preimport

if TYPE_CHECKING:  # imported when it is warmed up, for it takes seconds
    from autograder.sandbox.shell import Shell

_REQUESTS: tuple[type[Message], ...] = (
    StartSubmission, Interrupt, AskHowItEnded, EndSubmission, Preload, Clone, Fork,
)  # fmt: skip


def main() -> None:
    """Warm up, say so, and serve."""
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    tie_to_parent()
    # Descriptors that submissions of the same user leave under way count against the soft limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    wanted = Confinement(**receive(channel, Confine).confinement)
    confinement = without_unusable_groups(wanted)
    shell = _warm_up()
    send(channel, Ready(confinement.tier, os.getpid()))
    WarmParent(channel, shell, confinement).serve()


def _warm_up() -> Shell:
    """Import everything and make the shell, in one thread."""
    preimport.import_all()
    from autograder.sandbox.shell import warm_shell

    shell = warm_shell()
    gc.freeze()
    return shell


class WarmParent:
    """Forks submissions, one at a time, and ends them; or forks copies of itself.

    A parent that has copies runs no submissions itself.
    """

    def __init__(self, channel: Channel, shell: Shell, confinement: Confinement) -> None:
        self._channel = channel
        self._shell = shell
        self._confinement = confinement
        self._submission: SubmissionProcess | None = None

    def serve(self) -> NoReturn:
        """Do what comes until the worker hangs up."""
        while True:
            try:
                while self._submission is not None and not self._has_message():
                    self._submission.look()
                frame, files = self._channel.receive_with_files(files=2)
            except ChannelClosed:
                if self._submission is not None:
                    self._submission.end()
                os._exit(0)
            answer = self._answer(from_frame(frame, *_REQUESTS), files)
            send(self._channel, answer)  # in a copy, over the copy's own channel
            for descriptor in files:
                os.close(descriptor)

    def _has_message(self) -> bool:
        """Whether something comes within the time after which a submission is looked at."""
        return bool(select.select([self._channel.socket], [], [], EVERY)[0])

    def _answer(self, message: Message, files: list[int]) -> Message:
        """The answer to a request."""
        if isinstance(message, StartSubmission):
            return self._start(message, files[0])
        if isinstance(message, AskHowItEnded):
            one = self._submission
            return HowItEnded(one.how_it_ended() if one else "", one is not None and one.was_killed)
        if isinstance(message, Interrupt) and self._submission is not None:
            self._submission.interrupt()
        elif isinstance(message, EndSubmission) and self._submission is not None:
            self._submission.end()
            self._submission = None
        elif isinstance(message, Preload):
            preimport.preload(message.source)
            gc.collect()
            gc.freeze()
        elif isinstance(message, Clone):
            return self._clone(files)
        elif isinstance(message, Fork) and os.fork() == 0:
            # A trusted function, named by the process that started us; never by a submission,
            # which has no way to this channel.
            self._channel.close()
            tie_to_parent()
            _run_and_exit(message.function, files)
        return Done()

    def _start(self, message: StartSubmission, descriptor: int) -> Message:
        forbidden = [(task, name) for task, name in message.forbidden]
        try:
            self._submission = SubmissionProcess(
                self._confinement,
                message.limits,
                [(name, content) for name, content in message.files],
                lambda: self._become_submission(descriptor, forbidden),
            )
        except (StartError, OSError) as error:
            return NotStarted(str(error))
        return Started(self._submission.pid)

    def _become_submission(self, descriptor: int, forbidden: list[tuple[str, str]]) -> NoReturn:
        from autograder.sandbox.forbidden_calls import ForbiddenCalls
        from autograder.sandbox.loop import serve_submission

        # Of this process's open files only the standard ones and its own channel go with it.
        os.dup2(descriptor, 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        channel = Channel(socket.socket(fileno=3))
        serve_submission(channel, self._shell, ForbiddenCalls(forbidden))

    def _clone(self, files: list[int]) -> Message:
        """Fork. What is returned is the answer of either process to its own worker."""
        if os.fork():
            return Done()
        self._channel.close()
        self._channel = Channel(socket.socket(fileno=files.pop()))
        tie_to_parent()
        self._submission = None
        return Ready(self._confinement.tier, os.getpid())


def _run_and_exit(function: str, descriptors: list[int]) -> NoReturn:
    code = 1
    try:
        module, _, name = function.partition(":")
        getattr(importlib.import_module(module), name)(*descriptors)
        code = 0
    except Exception:  # noqa: BLE001  the end of a process: whatever it was is printed
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
