"""The examiner's end of the sandbox: starts the warm parent, runs cells, opens tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import warm
from autograder.wire import Channel, WireClosed, WireError, WireTimeout

#: Environment variables that the untrusted side may know.
_PASSED_ON = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "NNLAB_DEVICE",
)
_START_SECONDS = 120.0
_REPLY_SECONDS = 10.0


class SandboxError(Exception):
    """The sandbox itself failed, which is no fault of a submission."""


class SubmissionDied(Exception):
    """The process of a submission ended, or had to be ended, in the middle of its work."""


@dataclass(frozen=True)
class Ran:
    """One cell that was run: its outputs as in a notebook, and whether it ended well."""

    outputs: list[dict[str, Any]]
    fine: bool


class Sandbox:
    """A warm parent process and what is needed to talk to it. Use it as a context manager."""

    tier = "none"

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="autograder-"))
        ours, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= warm.ENVIRONMENT
        environment |= {
            "HOME": str(self._folder),
            "MPLCONFIGDIR": str(_copy_font_list(self._folder / "matplotlib")),
            "IPYTHONDIR": str(self._folder / "ipython"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONNOUSERSITE": "1",
            # The package may be used from a checkout; the working folder must not be importable.
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONSAFEPATH": "1",
        }
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            [sys.executable, "-m", "autograder.sandbox", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._channel = Channel(ours)
        self._ready = False

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm parent and everything under it."""
        self._channel.close()
        if self._process is not None:
            if not self._ready:  # still importing: it would notice only when done
                self._process.kill()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait_until_warm(self) -> None:
        """Wait for the imports.

        Raises:
            SandboxError: the warm parent did not come up.
        """
        if self._ready:
            return
        try:
            self._channel.receive(_START_SECONDS)
        except WireError as error:
            raise SandboxError(f"the sandbox's warm parent did not start: {error}") from error
        self._ready = True

    def preload(self, source: str) -> None:
        """Have the warm parent import and read what a lesson's notebooks begin with.

        Args:
            source: made by :func:`autograder.lesson.preloads`.
        """
        self.wait_until_warm()
        self._ask({"op": "preload", "source": source}, seconds=_START_SECONDS)

    def clone(self) -> socket.socket:
        """Fork the warm parent; the socket of the copy, for :meth:`attached` in another process."""
        self.wait_until_warm()
        ours, theirs = socket.socketpair()
        self._ask({"op": "clone"}, theirs)
        return ours

    def fork(self, function: str, *sockets: socket.socket) -> None:
        """Run a trusted function in a fork of the warm parent.

        Args:
            function: as in ``package.module:name``; it gets the sockets' descriptors.
        """
        self.wait_until_warm()
        self._ask({"op": "fork", "function": function}, *sockets)

    @classmethod
    def attached(cls, sock: socket.socket) -> Sandbox:
        """The sandbox behind a socket that :meth:`clone` made."""
        sandbox = cls.__new__(cls)
        sandbox._folder = Path(tempfile.mkdtemp(prefix="autograder-"))
        sandbox._process = None
        sandbox._channel = Channel(sock)
        sandbox._ready = False
        return sandbox

    @contextmanager
    def submission(self, limits: dict[str, Any], files: tuple[Path, ...] = ()) -> Iterator[Running]:
        """A fresh process for one submission, in a folder of its own that holds ``files``."""
        self.wait_until_warm()
        folder = Path(tempfile.mkdtemp(prefix="submission-", dir=self._folder))
        try:
            for file in files:
                shutil.copyfile(file, folder / file.name)
            ours, theirs = socket.socketpair()
            self._ask({"op": "submission", "folder": str(folder), "limits": limits}, theirs)
            running = Running(Channel(ours), self)
            try:
                yield running
            finally:
                ours.close()
                self._ask({"op": "end"})
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def interrupt(self) -> None:
        """Interrupt the running cell, as a student would with the stop button."""
        self._ask({"op": "interrupt"})

    def _ask(
        self, message: dict[str, Any], *hand_over: socket.socket, seconds: float = _REPLY_SECONDS
    ) -> dict[str, Any]:
        try:
            return _ask(self._channel, message, hand_over, seconds)
        except WireError as error:
            raise SandboxError(f"the sandbox's warm parent does not answer: {error}") from error


class Running:
    """The process of one submission."""

    def __init__(self, channel: Channel, sandbox: Sandbox) -> None:
        self._channel = channel
        self._sandbox = sandbox

    def run(self, source: str, seconds: float, output_bytes: int, setup: bool = False) -> Ran:
        """Run a cell.

        Raises:
            SubmissionDied: the process ended, or did not stop when its time was up.
            TimeoutError: the cell was interrupted because its time was up; the process goes on.
                Its ``args[0]`` is the :class:`Ran`.
        """
        message = {"op": "run", "source": source, "output_bytes": output_bytes, "setup": setup}
        late = False
        try:
            self._channel.send(message)
            try:
                answer = self._channel.receive(seconds)
            except WireTimeout:
                late = True
                self._sandbox.interrupt()
                answer = self._channel.receive(3.0)
        except WireTimeout as error:
            raise SubmissionDied(f"did not stop after {seconds:g} s") from error
        except WireClosed as error:
            raise SubmissionDied("the process ended") from error
        except WireError as error:
            raise SubmissionDied(f"sent {error}") from error
        outputs = answer.get("outputs")
        ran = Ran(outputs if isinstance(outputs, list) else [], answer.get("fine") is True)
        if late:
            raise TimeoutError(ran)
        return ran

    @contextmanager
    def test(self) -> Iterator[Channel]:
        """The channel to the student's names and functions, for one test.

        The test's first call forks the process; what the calls do is gone with the fork.

        Raises:
            SubmissionDied: the process is gone, or does not obey.
        """
        ours, theirs = socket.socketpair()
        try:
            _ask(self._channel, {"op": "test"}, (theirs,), _REPLY_SECONDS)
        except WireError as error:
            raise SubmissionDied(f"the process does not answer ({error})") from error
        channel = Channel(ours)
        # Hanging up ends the test's process; what does not end is killed before the next fork.
        try:
            yield channel
        finally:
            channel.close()


def _ask(
    channel: Channel, message: dict[str, Any], hand_over: tuple[socket.socket, ...], seconds: float
) -> dict[str, Any]:
    """The answer to a message; the sockets that go with it are closed here."""
    try:
        channel.send(message, tuple(sock.fileno() for sock in hand_over))
        return channel.receive(seconds)
    finally:
        for sock in hand_over:
            sock.close()


def _copy_font_list(folder: Path) -> Path:
    """A folder for matplotlib with the list of fonts in it, which takes seconds to make anew.

    Importing matplotlib to ask where its list is would take a second.
    """
    folder.mkdir()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    places = [cache / "matplotlib", Path.home() / ".matplotlib"]
    if "MPLCONFIGDIR" in os.environ:
        places.insert(0, Path(os.environ["MPLCONFIGDIR"]))
    for fonts in next(filter(None, (sorted(p.glob("fontlist-*.json")) for p in places)), []):
        shutil.copyfile(fonts, folder / fonts.name)
    return folder
