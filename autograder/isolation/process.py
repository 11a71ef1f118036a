"""The process of one submission, from its warm parent's side: starts it, watches it, ends it."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.isolation import cgroup, landlock, linux, namespaces, rlimits
from autograder.isolation.confinement import Confinement
from autograder.isolation.watchdog import EVERY, Watchdog, below, over_memory

_LINUX = sys.platform == "linux"
_START_SECONDS = 20.0
#: Where the numbers of users begin that no system gives to anybody.
_USERS = 1_900_000_000
_REAP_SECONDS = 5.0


class StartError(Exception):
    """The submission's process could not be made; no fault of the submission."""


class SubmissionProcess:
    """One submission: its process, all that it starts, and its folder.

    Args:
        work: what the new process does; it never returns.
        limits: see :func:`autograder.isolation.rlimits.apply` and ``Watchdog``.
        files: what lies in its folder at first: names and contents.
    """

    def __init__(
        self,
        confinement: Confinement,
        limits: dict[str, Any],
        files: list[tuple[str, bytes]],
        work: Callable[[], None],
    ) -> None:
        self._confinement, self._limits, self._files = confinement, limits, files
        #: Why it was ended, or how it ended, as half a sentence; empty while it lives.
        self.ended = ""
        #: Whether somebody killed it, and not this object: perhaps itself, perhaps the system.
        self.was_killed = False
        self._folder: Path | None = None
        # One user for all submissions of this warm parent, which come one after another.
        self._user = _USERS + os.getpid() if confinement.as_own_user else None
        if confinement.tier != "strong":
            self._folder = Path(tempfile.mkdtemp(prefix="submission-"))
            if self._user is not None:
                os.chown(self._folder, self._user, self._user)
        self._group: cgroup.Group | None = None
        watched = dict(limits)
        if confinement.groups and "memory_mb" in limits:
            self._group = cgroup.Group(confinement.groups, watched.pop("memory_mb"))
        self._watch = Watchdog(watched, self._folder)
        self._next_look = time.monotonic() + EVERY
        start = self._start_in_namespaces if confinement.tier == "strong" else self._start_here
        self.pid = start(work)

    # -- start -------------------------------------------------------------------------------

    def _start_here(self, work: Callable[[], None]) -> int:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._become(writing, work)
        os.close(writing)
        (word,) = _lines(reading, 1)
        if word != "ready":
            raise StartError(word or "it ended")
        return child

    def _start_in_namespaces(self, work: Callable[[], None]) -> int:
        reading, writing = os.pipe()
        helper = os.fork()
        if helper == 0:
            # Only children of a process that has left its namespaces are in the new ones.
            try:
                os.close(reading)
                if self._group is not None:
                    self._group.join()  # while it can be seen
                namespaces.leave()
                child = os.fork()
                if child == 0:
                    self._become(writing, work)
                os.write(writing, b"%d\n" % child)
            except BaseException as error:  # noqa: BLE001  told to whoever waits
                os.write(writing, f"namespaces: {error}\n".encode())
            os._exit(0)
        os.close(writing)
        os.waitpid(helper, 0)
        # The helper says the child's number and the child that it is ready, in any order.
        words = set(_lines(reading, 2))
        numbers = [word for word in words if word.isdecimal()]
        if "ready" not in words or not numbers:
            raise StartError("; ".join(sorted(words - {"ready", "", *numbers})) or "it ended")
        return int(numbers[0])

    def _become(self, writing: int, work: Callable[[], None]) -> None:
        """Be the submission's process. Never returns."""
        try:
            os.setsid()
            if self._group is not None and self._confinement.tier != "strong":
                self._group.join()
            folder = namespaces.HOME if self._folder is None else self._folder
            if self._confinement.tier == "strong":
                disk_mb = self._limits.get("disk_mb", 256)
                namespaces.mount_file_systems(
                    disk_mb, self._confinement.readable, self._confinement.groups
                )
            os.environ.update(HOME=str(folder), TMPDIR=str(folder))
            tempfile.tempdir = str(folder)
            os.chdir(folder)
            _write_files(folder, self._files, self._user)
            # Modules that a student handed in are found, but stand in no other's place.
            sys.path.append(str(folder))
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # but while a cell runs
            with Path(os.devnull).open("r+") as null:
                for standard in (0, 1, 2):
                    os.dup2(null.fileno(), standard)
            rlimits.apply(self._enforced())
            # Looking for garbage writes to the pages that this process shares with others, and
            # copies them.
            gc.set_threshold(20_000, 20, 20)
            if self._confinement.tier == "strong":
                namespaces.give_up_rights(self._confinement.program)
            elif self._confinement.tier == "fallback" and _LINUX:
                landlock.enclose(
                    folder,
                    self._confinement.readable,
                    self._confinement.devices,
                    self._confinement.program,
                    self._user,
                )
            if self._confinement.tier != "strong" and _LINUX:  # namespaces end with bubblewrap
                linux.die_with_parent(signal.SIGKILL)
            os.write(writing, b"ready\n")
            os.close(writing)
        except BaseException as error:  # noqa: BLE001  told to whoever waits
            with contextlib.suppress(OSError):
                os.write(writing, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        work()
        os._exit(0)

    def _enforced(self) -> dict[str, Any]:
        """The limits that the kernel keeps for a process and what it starts."""
        most = dict(self._limits)
        if self._confinement.gpu:
            most.pop("memory_mb", None)
        if self._confinement.tier == "none":
            most.pop("processes", None)
        elif self._confinement.tier == "fallback" and self._user is None and "processes" in most:
            # The kernel counts all processes and threads of the user, the instructor's own too.
            most["processes"] += _tasks_of_user(os.getuid())
        return most

    # -- watch and end -----------------------------------------------------------------------

    def look(self) -> None:
        """End what uses more than it may; cheap if it is not yet time to look again."""
        if self.ended or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + EVERY
        problem = self._watch.overrun()
        if problem:
            self._end_others()
            # A test's process goes alone, and the notebook's stays, unless it is the one.
            if self._watch.overrun():
                self.ended = problem
                self._kill_all()

    def how_it_ended(self) -> str:
        """Half a sentence; empty if it lives."""
        deadline = time.monotonic() + 0.2
        while not self.ended and time.monotonic() < deadline:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.ended = "it was gone"
                break
            if pid:
                self._has_ended(status)
                break
            if not _is_ending(self.pid):
                return ""
            time.sleep(0.005)
        return self.ended

    def interrupt(self) -> None:
        _signal(self.pid, signal.SIGINT)

    def end(self) -> None:
        """Kill it and whatever it started, and remove its folder."""
        self._kill_all()
        if self._group is not None:
            self._group.remove()
        if self._folder is not None:
            _remove(self._folder)

    def _end_others(self) -> None:
        """Kill all of its processes but the first."""
        for _ in range(100):
            others = [pid for pid in below(os.getpid()) if pid != self.pid]
            if not others:
                return
            for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped ones can't fork meanwhile
                for pid in others:
                    _signal(pid, number)
            self._reap()

    def _kill_all(self) -> None:
        # The first process of a namespace takes all others with it.
        _signal(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + _REAP_SECONDS
        while time.monotonic() < deadline:
            left = below(os.getpid())
            for number in (signal.SIGSTOP, signal.SIGKILL) if len(left) > 1 else (signal.SIGKILL,):
                for pid in left:
                    _signal(pid, number)
            if not self._reap():
                return
            time.sleep(0.001)

    def _reap(self) -> bool:
        """Wait for ended children; whether there are others."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self.pid and not self.ended:
                    self._has_ended(status)
        except ChildProcessError:
            return False

    def _has_ended(self, status: int) -> None:
        code = os.waitstatus_to_exitcode(status)
        self.ended = how_code_ended(code, self._limits)
        self.was_killed = code == -signal.SIGKILL
        if self.was_killed and self._group is not None and self._group.was_full():
            self.ended = over_memory(self._limits["memory_mb"])
            self.was_killed = False


def _tasks_of_user(user: int) -> int:
    """The number of all threads of a user."""
    count = 0
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdecimal() and folder.stat().st_uid == user:
                count += len(list((folder / "task").iterdir()))
    return count


def without_unusable_groups(confinement: Confinement) -> Confinement:
    """The confinement, without control groups if this process can make none."""
    return (
        replace(confinement, groups="")
        if confinement.groups and not cgroup.works(confinement.groups)
        else confinement
    )


def tie_to_parent() -> None:
    """End with the process that started us, and inherit the orphans of submissions."""
    if _LINUX:
        linux.die_with_parent(signal.SIGKILL)
        linux.adopt_orphans()


def _lines(descriptor: int, count: int) -> list[str]:
    """The next lines from a pipe, which is closed; empty ones in place of those that don't come."""
    found = b""
    deadline = time.monotonic() + _START_SECONDS
    try:
        while found.count(b"\n") < count:
            left = max(deadline - time.monotonic(), 0)
            if not select.select([descriptor], [], [], left)[0]:
                found += b"it did not start in time\n"
                break
            part = os.read(descriptor, 4096)
            if not part:
                break
            found += part
    finally:
        os.close(descriptor)
    lines = found.decode("utf-8", "replace").split("\n")
    return [line.strip() for line in [*lines, *[""] * count][:count]]


def _write_files(folder: Path, files: list[tuple[str, bytes]], user: int | None) -> None:
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if user is not None:
            for made in (path, *path.relative_to(folder).parents):
                os.chown(folder / made, user, user)


def how_code_ended(code: int, most: dict[str, Any]) -> str:
    """Half a sentence about a process that ended with a code, which is negative for a signal."""
    if code >= 0:
        return "it called exit" if code == 0 else f"it exited with code {code}"
    number = -code
    if number == signal.SIGXCPU:
        return f"it used more than {most.get('cpu_seconds', 0):g} s of processor time"
    if number == signal.SIGXFSZ:
        return f"it wrote a file of more than {most.get('file_mb', 0):g} MB"
    return f"it was ended by {signal.Signals(number).name}"


def _is_ending(pid: int) -> bool:
    """Whether a process has no memory any more, but is not yet to be waited for."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return True
    return words[0] in "ZX" or words[20] == "0"


def _remove(folder: Path) -> None:
    """Remove a folder, whatever modes its contents have."""

    def again(function: Callable[[str], None], path: str, _: Any) -> None:
        with contextlib.suppress(OSError):
            Path(path).parent.chmod(0o700)
            function(path)

    with contextlib.suppress(OSError):
        folder.chmod(0o700)
    try:
        shutil.rmtree(folder, onerror=again)
    except RecursionError:  # folders in folders in folders
        subprocess.run(["rm", "-rf", str(folder)], check=False)


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
