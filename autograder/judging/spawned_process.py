"""A Python process that is no fork of this one, and connects back to it."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from autograder.isolation.process import how_code_ended
from autograder.judging.sandbox_client import SandboxError, SubmissionDied
from autograder.protocol import loopback
from autograder.protocol.channel import Channel, ChannelTimeout, ProtocolError
from autograder.protocol.messages import Ready, receive

#: How long a process may take to import everything.
START_SECONDS = 120.0
#: The largest message from it, in bytes.
_MAX_OUTPUT = 32 << 20
#: On Windows: no window for it, and Ctrl-C is for the command alone.
_FLAGS: int = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(
    subprocess, "CREATE_NEW_PROCESS_GROUP", 0
)


class SpawnedProcess:
    """A Python process in a folder of its own.

    Args:
        module: what it runs; it reads from standard input where to connect to, and then ``more``.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, module: str, environment: dict[str, str], more: bytes = b"") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="submission-"))
        self._listener = loopback.Listener()
        self._channel: Channel | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=_FLAGS,
        )
        assert self._process.stdin is not None
        with contextlib.suppress(OSError), self._process.stdin as stdin:
            stdin.write(self._listener.address.encode() + b"\n" + more)
        #: Why we ended it, as half a sentence.
        self.reason = ""
        self._own_mb = 0.0

    @property
    def channel(self) -> Channel:
        """The way to it, once it is ready.

        Raises:
            SandboxError: it did not start.
        """
        if self._channel is None:
            try:
                self._channel = Channel(self._accepted(), _MAX_OUTPUT)
                receive(self._channel, Ready, seconds=START_SECONDS)
            except ProtocolError as error:
                code = self._process.poll()
                raise SandboxError(
                    f"a process for the notebook did not start: {error}"
                    + (f" (exit code {code})" if code is not None else "")
                ) from error
        return self._channel

    def _accepted(self) -> socket.socket:
        deadline = time.monotonic() + START_SECONDS
        with self._listener:
            while True:
                try:
                    return self._listener.accept(0.5)
                except ChannelTimeout:
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        raise

    def how_it_ended(self, limits: dict[str, Any]) -> SubmissionDied | None:
        """How it ended; None if it lives."""
        try:
            code = self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return None
        if self.reason:
            return SubmissionDied(self.reason)
        killed = hasattr(signal, "SIGKILL") and code == -signal.SIGKILL
        return SubmissionDied(how_code_ended(code, limits), killed)

    def weigh(self) -> None:
        """Take what it uses now for its own: the imports."""
        self._own_mb = self.memory_mb()

    def memory_mb(self) -> float:
        """What it and all that it started use, in MB, beside what it was weighed with."""
        used = sum(_memory_bytes(one) for one in self._family())
        return used / (1 << 20) - self._own_mb

    def kill(self, reason: str = "") -> None:
        """End it and what it has started."""
        self.reason = self.reason or reason
        for one in reversed(self._family()):
            with contextlib.suppress(psutil.Error):
                one.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, and remove its folder."""
        self.kill()
        if self._channel is not None:
            self._channel.close()
        with self._listener:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def _family(self) -> list[psutil.Process]:
        try:
            first = psutil.Process(self._process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.Error:
            return []


def _memory_bytes(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
