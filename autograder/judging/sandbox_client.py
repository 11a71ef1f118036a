"""The trusted end of the sandbox: starts the warm parent, runs cells, opens tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from autograder.isolation.bubblewrap import FONTS
from autograder.isolation.seccomp import FilterError
from autograder.isolation.tiers import NO_ISOLATION, Isolation, Tier, command, groups_for
from autograder.protocol.channel import Channel, ChannelClosed, ChannelTimeout, ProtocolError
from autograder.protocol.messages import (
    AskHowItEnded,
    CellRan,
    Clone,
    Confine,
    Done,
    EndSubmission,
    EndTest,
    Fork,
    HowItEnded,
    Interrupt,
    Message,
    NotStarted,
    OpenTest,
    Preload,
    Ready,
    RunCell,
    Started,
    StartSubmission,
    called_names,
    receive,
    send,
)
from autograder.sandbox import preimport

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
#: How long an interrupted cell may take to end.
_INTERRUPT_SECONDS = 3.0
#: The largest message about a cell that was run, in bytes.
_MAX_OUTPUT = 32 << 20


M = TypeVar("M", bound=Message)


class SandboxError(Exception):
    """The sandbox itself failed, which is no fault of a submission."""


class SubmissionDied(Exception):
    """The process of a submission ended, or had to be ended, in the middle of its work.

    ``killed``: by SIGKILL, and not for a limit; it may have been somebody else.
    """

    def __init__(self, reason: str, killed: bool = False) -> None:
        super().__init__(reason)
        self.killed = killed


@dataclass(frozen=True)
class Ran:
    """One cell that was run: its outputs as the student's side sent them, whether it ended well,
    and whether it was interrupted because its time was up (the process goes on).

    ``called`` is what it called that tasks forbid: tasks and names, as the student's side says.
    """

    outputs: list[dict[str, Any]]
    fine: bool
    late: bool = False
    called: frozenset[tuple[str, str]] = frozenset()


class Sandbox:
    """A warm parent process and what is needed to talk to it. Use it as a context manager.

    Args:
        isolation: what is around the warm parent and each submission.

    Raises:
        SandboxError: the isolation cannot be set up.
    """

    def __init__(self, isolation: Isolation = NO_ISOLATION) -> None:
        self.isolation = isolation
        self._stack = contextlib.ExitStack()
        self._folder = Path(
            self._stack.enter_context(
                tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
            )
        )
        ours, theirs = socket.socketpair()
        fonts = font_list()
        inside = isolation.tier == "strong"
        home = Path(FONTS).parent if inside else self._folder
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= preimport.environment(isolation.gpu)
        environment |= {
            "HOME": str(home),
            "TMPDIR": str(home),
            "MPLCONFIGDIR": str(home / "matplotlib"),
            "IPYTHONDIR": str(home / "ipython"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONNOUSERSITE": "1",
            # The package may be used from a checkout; the working folder must not be importable.
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONSAFEPATH": "1",
        }
        if not inside:
            (home / "matplotlib").mkdir()
            if fonts is not None:
                shutil.copyfile(fonts, home / "matplotlib" / fonts.name)
            # Under Landlock a submission may be another user, on the way to a folder of its own.
            self._folder.chmod(0o711)
        try:
            groups = self._stack.enter_context(groups_for(isolation))
            confinement = isolation.confinement(groups)
            arguments = ["-m", "autograder.judging.warm_parent", str(theirs.fileno())]
            words, files = self._stack.enter_context(
                command(isolation, arguments, str(self._folder), fonts, groups)
            )
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                words,
                pass_fds=[theirs.fileno(), *files],
                env=environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, FilterError) as error:
            self._stack.close()
            raise SandboxError(f"the sandbox's warm parent cannot be started: {error}") from error
        theirs.close()
        self._channel = Channel(ours)
        send(self._channel, Confine(asdict(confinement)))
        self._ready = False

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kill(self) -> None:
        """End the warm parent and everything under it at once, whatever it is doing."""
        if self._process is not None:
            self._process.kill()

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
        self._stack.close()

    def wait_until_warm(self) -> None:
        """Wait for the imports.

        Raises:
            SandboxError: the warm parent did not come up.
        """
        if self._ready:
            return
        try:
            tier = receive(self._channel, Ready, seconds=_START_SECONDS).tier
        except ProtocolError as error:
            raise SandboxError(f"the sandbox's warm parent did not start: {error}") from error
        self.isolation = replace(self.isolation, tier=tier)  # type: ignore[arg-type]
        self._ready = True

    def preload(self, source: str) -> None:
        """Have the warm parent import and read what a lesson's notebooks begin with.

        Args:
            source: made by :func:`autograder.lessons.preloads.preloads`.
        """
        self.wait_until_warm()
        self._ask(Preload(source), Done, seconds=_START_SECONDS)

    def clone(self) -> socket.socket:
        """Fork the warm parent; the socket of the copy, for :meth:`attached` in another process."""
        self.wait_until_warm()
        ours, theirs = socket.socketpair()
        self._ask(Clone(), Done, hand_over=(theirs,))
        return ours

    def fork(self, function: str, *sockets: socket.socket) -> None:
        """Run a trusted function in a fork of the warm parent.

        Args:
            function: as in ``package.module:name``; it gets the sockets' descriptors.
        """
        self.wait_until_warm()
        self._ask(Fork(function), Done, hand_over=sockets)

    @classmethod
    def attached(cls, sock: socket.socket) -> Sandbox:
        """The sandbox behind a socket that :meth:`clone` made."""
        sandbox = cls.__new__(cls)
        sandbox.isolation = NO_ISOLATION  # until it says what it is
        sandbox._stack = contextlib.ExitStack()
        sandbox._process = None
        sandbox._channel = Channel(sock)
        sandbox._ready = False
        return sandbox

    @property
    def tier(self) -> Tier:
        return self.isolation.tier

    @contextmanager
    def submission(
        self,
        limits: dict[str, Any],
        files: Iterable[tuple[str, bytes]] = (),
        forbidden: Iterable[tuple[str, str]] = (),
    ) -> Iterator[Running]:
        """A fresh process for one submission, in a folder of its own.

        Args:
            limits: see ``rlimits.apply`` and ``Watchdog``.
            files: what lies in its folder at first: relative paths and contents.
            forbidden: tasks, and names of what each asks to write.

        Raises:
            SandboxError: it cannot be started.
        """
        self.wait_until_warm()
        ours, theirs = socket.socketpair()
        try:
            message = StartSubmission(
                limits, [list(file) for file in files], [list(pair) for pair in forbidden]
            )
            answer = self._ask(
                message, Started, NotStarted, hand_over=(theirs,), seconds=_START_SECONDS
            )
            if isinstance(answer, NotStarted):
                raise SandboxError(f"a submission cannot be started: {answer.reason}")
            try:
                yield Running(Channel(ours, _MAX_OUTPUT), self)
            finally:
                ours.close()
                self._ask(EndSubmission(), Done)
        finally:
            ours.close()

    def how_it_ended(self) -> SubmissionDied | None:
        """How the submission's process ended; None if it lives."""
        answer = self._ask(AskHowItEnded(), HowItEnded)
        return SubmissionDied(answer.how, answer.killed) if answer.how else None

    def interrupt(self) -> None:
        """Interrupt the running cell, as a student would with the stop button."""
        self._ask(Interrupt(), Done)

    def _ask(
        self,
        message: Message,
        *kinds: type[M],
        hand_over: tuple[socket.socket, ...] = (),
        seconds: float = _REPLY_SECONDS,
    ) -> M:
        try:
            return _ask(self._channel, message, kinds, hand_over, seconds)
        except ProtocolError as error:
            raise SandboxError(f"the sandbox's warm parent does not answer: {error}") from error


class Running:
    """The process of one submission."""

    #: Seconds that were spent on its behalf, and are not taken from its time.
    spent_again = 0.0

    def __init__(self, channel: Channel, sandbox: Sandbox) -> None:
        self._channel = channel
        self._sandbox = sandbox
        self._tests = 0

    def run(
        self,
        source: str,
        seconds: float,
        output_bytes: int,
        is_given: bool = False,
        task: str | None = None,
    ) -> Ran:
        """Run a cell.

        Args:
            is_given: it is one that students are given.
            task: the task that it answers; empty for a cell that the student added.

        Raises:
            SubmissionDied: the process ended, or did not stop when its time was up.
        """
        late = False
        try:
            send(self._channel, RunCell(source, output_bytes, is_given, task))
            try:
                answer = receive(self._channel, CellRan, seconds=seconds)
            except ChannelTimeout:
                late = True
                self._sandbox.interrupt()
                answer = receive(self._channel, CellRan, seconds=_INTERRUPT_SECONDS)
        except ChannelTimeout as error:
            raise SubmissionDied(f"it did not stop after {seconds:g} s") from error
        except ChannelClosed as error:
            died = self._sandbox.how_it_ended()
            raise died or SubmissionDied("it closed its connection to the grader") from error
        except ProtocolError as error:
            raise SubmissionDied(f"it sent {error}") from error
        return Ran(answer.outputs, answer.fine, late, called_names(answer.called))

    def test(self) -> RunningTest:
        """The student's names and functions as they are now, for one test.

        The test's first call forks the process; what the calls do is gone with the fork.

        Raises:
            SubmissionDied: the process is gone, or does not obey.
        """
        self._tests += 1
        ours, theirs = socket.socketpair()
        try:
            _ask(self._channel, OpenTest(self._tests), (Done,), (theirs,), _REPLY_SECONDS)
        except ProtocolError as error:
            ours.close()
            died = self._sandbox.how_it_ended()
            raise died or SubmissionDied(f"it does not answer ({error})") from error
        return RunningTest(Channel(ours), self._channel, self._tests)


@dataclass(frozen=True)
class RunningTest:
    """A test that a submission answers. ``channel`` leads to the process that does."""

    channel: Channel
    _submission: Channel
    _number: int

    def close(self) -> None:
        """End the test's process, whatever it is doing."""
        if self.channel.socket.fileno() < 0:
            return
        self.channel.close()
        with contextlib.suppress(ProtocolError):  # the submission is gone, and its tests with it
            send(self._submission, EndTest(self._number))


def _ask(
    channel: Channel,
    message: Message,
    kinds: tuple[type[M], ...],
    hand_over: tuple[socket.socket, ...],
    seconds: float,
) -> M:
    """The answer to a message; the sockets that go with it are closed here."""
    try:
        send(channel, message, *(sock.fileno() for sock in hand_over))
        return receive(channel, *kinds, seconds=seconds)
    finally:
        for sock in hand_over:
            sock.close()


def font_list() -> Path | None:
    """matplotlib's list of fonts, which takes seconds to make anew; None if there is none yet.

    Importing matplotlib to ask where its list is would take a second.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    places = [cache / "matplotlib", Path.home() / ".matplotlib"]
    if "MPLCONFIGDIR" in os.environ:
        places.insert(0, Path(os.environ["MPLCONFIGDIR"]))
    lists = (sorted(place.glob("fontlist-*.json")) for place in places)
    return next((fonts[-1] for fonts in lists if fonts), None)
