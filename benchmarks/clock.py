"""Runs commands side by side, and takes the time and the memory of all of them together."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

#: Where a command's words go, in the folder that it runs in.
LOG = "log.txt"
#: So many of them are shown if it fails.
_LAST_CHARACTERS = 2000
#: Seconds between two looks at the memory of what runs.
_PAUSE = 0.2


@dataclass(frozen=True)
class Command:
    """A command, and the folder that it runs in.

    ``environment`` is put on top of this process's own. Commands beside this Python's come first:
    nbgrader calls alembic by its name, whether or not the virtual environment is active.
    """

    words: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / LOG).open("ab") as log:
            path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
            environment = {**os.environ, "PATH": path, **self.environment}
            return subprocess.Popen(
                self.words, cwd=self.folder, env=environment, stdout=log, stderr=log
            )


def one_after_another(commands: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The words of one command that runs several, and ends at the first that fails."""
    return ("sh", "-c", " && ".join(shlex.join(words) for words in commands))


class CommandFailed(Exception):
    """A command that was to be timed has failed. The message holds the end of its log."""


@dataclass(frozen=True)
class Taken:
    """What commands took: the seconds until the last one ended, and their most memory in MB.

    ``own_mb`` is that of the commands' own processes, without what they started.
    """

    seconds: float
    peak_mb: float
    own_mb: float = 0.0


def run(
    commands: Sequence[Command],
    on_look: Callable[[], None] = lambda: None,
    looking: float = 0.03,
    beside: Sequence[int] = (),
) -> Taken:
    """Run commands side by side, to the end of all.

    Args:
        on_look: is called now and then, in another thread.
        looking: the part of the time that may go into looking at the memory, which takes
            milliseconds a process and slows down what is timed.
        beside: processes that run already, whose memory counts too, and that of all below them.

    Raises:
        CommandFailed: one of them did not end with 0.
    """
    processes: list[subprocess.Popen[bytes]] = []
    peak_mb = own_mb = 0.0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak_mb, own_mb
        pause = _PAUSE
        while not over.wait(pause):
            begun = time.perf_counter()
            pids = [process.pid for process in processes]
            peak_mb = max(peak_mb, sum(tree_mb(pid) for pid in [*pids, *beside]))
            own_mb = max(own_mb, sum(tree_mb(pid, below=False) for pid in pids))
            on_look()
            pause = max(_PAUSE, (time.perf_counter() - begun) / looking)

    watcher = threading.Thread(target=watch, daemon=True)
    started = time.perf_counter()
    try:
        processes += [command.start() for command in commands]
        watcher.start()
        codes = [process.wait() for process in processes]
        seconds = time.perf_counter() - started
    finally:
        over.set()
        for process in processes:  # some are left if this was interrupted
            process.kill()
    watcher.join()
    for command, code in zip(commands, codes, strict=True):
        if code:
            log = (command.folder / LOG).read_text(encoding="utf-8", errors="replace")
            raise CommandFailed(
                f"{shlex.join(command.words)} ended with {code}:\n{log[-_LAST_CHARACTERS:]}"
            )
    return Taken(seconds, peak_mb, own_mb)


def tree_mb(pid: int, below: bool = True) -> float:
    """The proportional set size of a process and all below it, in MB: shared pages count once."""
    total = 0.0
    try:
        me = psutil.Process(pid)
        family = [me, *(me.children(recursive=True) if below else ())]
    except psutil.NoSuchProcess:
        return 0.0
    for process in family:
        try:
            total += process.memory_full_info().pss / 2**20
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total
