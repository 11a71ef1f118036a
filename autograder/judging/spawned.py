"""The sandbox where no process can be forked: on Windows, for a student's own notebook.

A process runs the cells and answers the tests itself. If a test's calls have changed something in
it, or have ended or hung it, another process runs the cells again up to that place. Nothing is
isolated, and of the limits those on time and memory are kept.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.isolation.tiers import NO_ISOLATION, Isolation, Tier
from autograder.isolation.watchdog import over_memory
from autograder.judging.sandbox_client import (
    Ran,
    Running,
    SandboxError,
    SubmissionDied,
    font_list,
)
from autograder.judging.spawned_examiner import SpawnedExaminer
from autograder.judging.spawned_process import START_SECONDS, SpawnedProcess
from autograder.lessons.model import Lesson
from autograder.protocol.channel import ProtocolError
from autograder.protocol.messages import (
    Done,
    EndTest,
    Interrupt,
    Listening,
    OpenTest,
    Preload,
    Settled,
    Started,
    StartSubmission,
    receive,
    send,
)
from autograder.sandbox import preimport
from nnlab.testing import SEED_VARIABLE

_REPLY_SECONDS = 10.0
#: How long a process may take after a test to say what the test has changed.
_SETTLE_SECONDS = 5.0
#: How often the memory of a process is looked at.
_EVERY = 0.2
#: What of the student's environment would change what a notebook does.
_LEFT_OUT = (SEED_VARIABLE, "MPLBACKEND", "PYTHONSTARTUP", "PYTHONINSPECT")


class SpawnedSandbox:
    """Starts the processes of submissions and of their examiner. Use it as a context manager.

    Attributes:
        hidden_seed: the seed of the hidden tests' inputs.
    """

    def __init__(self, isolation: Isolation = NO_ISOLATION) -> None:
        self.hidden_seed = 0
        self._gpu = isolation.gpu
        self._preloads: list[str] = []
        self._stack = contextlib.ExitStack()
        folder = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
        self._folder = Path(self._stack.enter_context(folder))
        (self._folder / "matplotlib").mkdir()
        fonts = font_list()
        if fonts is not None:
            shutil.copyfile(fonts, self._folder / "matplotlib" / fonts.name)
        self._examiners: dict[tuple[str, int], SpawnedExaminer] = {}
        self._running: SpawnedRunning | None = None
        #: The process that comes next, which is importing already.
        self._next: SpawnedProcess | None = self._started()

    def __enter__(self) -> SpawnedSandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def tier(self) -> Tier:
        return "none"

    def close(self) -> None:
        """End all processes."""
        self._end_examiners()
        if self._next is not None:
            self._next.close()
        self._stack.close()

    def preload(self, source: str) -> None:
        """Have processes import and read first what a lesson's notebooks begin with."""
        if source not in self._preloads:
            self._preloads.append(source)

    @contextmanager
    def submission(
        self,
        limits: dict[str, Any],
        files: Iterable[tuple[str, bytes]] = (),
        forbidden: Iterable[tuple[str, str]] = (),
    ) -> Iterator[SpawnedRunning]:
        """A fresh process for one submission: see :meth:`Sandbox.submission`."""
        message = StartSubmission(
            limits, [list(file) for file in files], [list(pair) for pair in forbidden]
        )
        with contextlib.closing(SpawnedRunning(self, message)) as running:
            self._running = running
            try:
                yield running
            finally:
                self._running = None

    def examiner(self, lesson: Lesson) -> SpawnedExaminer:
        """The examiner of a lesson, whose process is kept until another lesson comes."""
        key = (lesson.digest, self.hidden_seed)
        if key not in self._examiners:
            self._end_examiners()
            seed = {SEED_VARIABLE: str(self.hidden_seed)}
            self._examiners[key] = SpawnedExaminer(lesson, {**self.environment(), **seed})
        return self._examiners[key]

    def how_it_ended(self) -> SubmissionDied | None:
        """How the submission's process ended; None if it lives, or if another can replace it."""
        return self._running.how_it_ended() if self._running is not None else None

    def interrupt(self) -> None:
        """Interrupt the running cell."""
        if self._running is not None:
            self._running.interrupt()

    def process(self, is_replacement: bool) -> SpawnedProcess:
        """A process that has imported everything.

        Raises:
            SandboxError: it did not start.
        """
        taken = self._next or self._started()
        # Where one was replaced, others will be: the next imports while this one works.
        self._next = self._started() if is_replacement else None
        try:
            channel = taken.channel  # waits for its imports
            for source in self._preloads:
                send(channel, Preload(source))
                receive(channel, Done, seconds=START_SECONDS)
            taken.weigh()
        except SandboxError:
            taken.close()
            raise
        except ProtocolError as error:
            taken.close()
            raise SandboxError(f"a process for the notebook does not answer: {error}") from error
        return taken

    def environment(self) -> dict[str, str]:
        """The environment of a process: the student's own, but for what would change verdicts."""
        known = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
        package = str(Path(__file__).parents[2])
        return {
            **known,
            **preimport.environment(self._gpu),
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._folder)),
            "MPLCONFIGDIR": str(self._folder / "matplotlib"),
            "IPYTHONDIR": str(self._folder / "ipython"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH")))),
            "PYTHONSAFEPATH": "1",
            # Files are read as on the systems where marks are given.
            "PYTHONUTF8": "1",
        }

    def _end_examiners(self) -> None:
        for examiner in self._examiners.values():
            examiner.end()
        self._examiners.clear()

    def _started(self) -> SpawnedProcess:
        try:
            return SpawnedProcess("autograder.sandbox.spawned", self.environment())
        except OSError as error:
            raise SandboxError(f"a process for the notebook cannot be started: {error}") from error


class SpawnedRunning(Running):
    """A submission in a process that is replaced, by one with the same past, when a test has
    changed it."""

    def __init__(self, sandbox: SpawnedSandbox, start: StartSubmission) -> None:
        self._owner = sandbox
        self._start = start
        self._process: SpawnedProcess | None = None
        #: The cells that it has run: what :meth:`Running.run` was called with.
        self._past: list[tuple[str, float, int, bool, str | None]] = []
        self._number = 0
        self._is_over = threading.Event()
        self._became_ready()
        threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """End its process."""
        self._is_over.set()
        self._drop()

    def run(
        self,
        source: str,
        seconds: float,
        output_bytes: int,
        is_given: bool = False,
        task: str | None = None,
    ) -> Ran:
        """Run a cell: see :meth:`Running.run`."""
        self._became_ready()
        cell = (source, seconds, output_bytes, is_given, task)
        ran = super().run(*cell)
        self._past.append(cell)
        return ran

    def test(self) -> SpawnedTest:  # type: ignore[override]  # it has no descriptor
        """The student's names and functions as they are now, for one test.

        Raises:
            SubmissionDied: the process is gone, or does not obey.
        """
        self._became_ready()
        self._number += 1
        try:
            send(self._channel, OpenTest(self._number))
            address = receive(self._channel, Listening, seconds=_REPLY_SECONDS).address
        except ProtocolError as error:
            died = self.how_it_ended()
            raise died or SubmissionDied(f"it does not answer ({error})") from error
        return SpawnedTest(address, self, self._number)

    def end_test(self, number: int) -> None:
        """Have the process go on after a test, or end it if it is not what it was."""
        if self._process is None:
            return
        try:
            send(self._channel, EndTest(number))
            changed = receive(self._channel, Settled, seconds=_SETTLE_SECONDS).changed
        except ProtocolError:
            changed = "it hangs, or is gone"
        if changed:
            self._drop()

    def how_it_ended(self) -> SubmissionDied | None:
        """How its process ended; None if it lives, or was dropped after a test."""
        return self._process.how_it_ended(self._start.limits) if self._process else None

    def interrupt(self) -> None:
        """Interrupt the running cell."""
        with contextlib.suppress(ProtocolError):
            send(self._channel, Interrupt())

    def _became_ready(self) -> None:
        """Have a process in which all cells have run that were run so far."""
        if self._process is not None:
            return
        begun = time.monotonic()
        self._process = self._owner.process(is_replacement=bool(self._number))
        # What Running knows.
        self._channel, self._sandbox = self._process.channel, self._owner  # type: ignore[assignment]
        try:
            send(self._channel, self._start)
            receive(self._channel, Started, seconds=START_SECONDS)
        except ProtocolError as error:
            self._drop()
            raise SandboxError(f"a submission cannot be started: {error}") from error
        for cell in self._past:
            super().run(*cell)
        self.spent_again += time.monotonic() - begun

    def _drop(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def _watch(self) -> None:
        """End the process if it uses more memory than it may."""
        most = self._start.limits.get("memory_mb")
        while most and not self._is_over.wait(_EVERY):
            process = self._process
            if process is not None and process.memory_mb() > most:
                process.kill(over_memory(most))


@dataclass
class SpawnedTest:
    """A test that a submission answers; ``channel`` is where it listens."""

    channel: str
    _running: SpawnedRunning
    _number: int
    _is_open: bool = field(default=True, init=False)

    def close(self) -> None:
        """End what the test has begun."""
        if self._is_open:
            self._is_open = False
            self._running.end_test(self._number)
