"""Control groups: the kernel's own, exact limit on the memory of all processes of a submission.

Version 2 only, and only where a part of the hierarchy is the grader's: a scope or service that
systemd has delegated, or, in a container or as root, a group that nobody else is in. Elsewhere the
watchdog does the work. A run has one group; in it ``parent``, with the warm parent and its workers,
and a group for each submission under way.
"""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

#: Processes that were in a group which is to be divided are moved to this one in it.
_ASIDE = "autograder"
#: In a run's group, that of its warm parent and all that is not a submission.
_PARENT = "parent"
#: Joins a group, named first, and becomes the command after it.
_JOIN = 'echo 0 > "$0/cgroup.procs" && exec "$@"'
_REMOVE_SECONDS = 2.0


class GroupsError(Exception):
    """No groups can be made here. The message says why, and what would help."""


def find() -> Path:
    """The group in which this process may make others with a limit on memory.

    What is in it is moved aside first, if that is needed: a group with processes has no others
    below it.

    Raises:
        GroupsError: there is none.
    """
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    hierarchy = next((words[1] for words in mounts if words[2] == "cgroup2"), None)
    own = Path("/proc/self/cgroup").read_text().splitlines()
    name = next((line.removeprefix("0::/") for line in own if line.startswith("0::/")), None)
    if hierarchy is None or name is None:
        raise GroupsError("this system has no control groups of version 2")
    home = Path(hierarchy, name)
    if home.name == _ASIDE:
        home = home.parent
    try:
        if "memory" not in (home / "cgroup.controllers").read_text().split():
            raise GroupsError("the control group of this process has no say over memory")
        if "memory" not in (home / "cgroup.subtree_control").read_text().split():
            _divide(home)
    except OSError as error:
        raise GroupsError(f"the control group of this process is not ours: {error}") from error
    return home


def _divide(home: Path) -> None:
    try:
        _write(home / "cgroup.subtree_control", "+memory")
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
    else:
        return
    if not _is_delegated(home) and _processes(home) != [os.getpid()]:
        raise GroupsError("other programs are in the control group of this process")
    aside = home / _ASIDE
    aside.mkdir(exist_ok=True)
    for process in _processes(home):
        with contextlib.suppress(ProcessLookupError):
            _write(aside / "cgroup.procs", str(process))
    _write(home / "cgroup.subtree_control", "+memory")


def _is_delegated(group: Path) -> bool:
    """Whether systemd has left a group to who runs in it."""
    for name in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(group, name) == b"1":
                return True
    return False


def _processes(group: Path) -> list[int]:
    return [int(word) for word in (group / "cgroup.procs").read_text().split()]


@contextlib.contextmanager
def of_run(owner: int) -> Iterator[str]:
    """The folder of a run's own group; empty where none can be made.

    What is left in it at the end is killed.

    Args:
        owner: the user that the warm parent will be.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="autograder-", dir=find()))
    except (GroupsError, OSError):
        yield ""
        return
    try:
        yield str(folder) if _prepare(folder, owner) else ""
    finally:
        _remove(folder)


def _prepare(folder: Path, owner: int) -> bool:
    parent = folder / _PARENT
    try:
        _write(folder / "cgroup.subtree_control", "+memory")
        parent.mkdir()
        for group in (folder, parent):
            os.chown(group, owner, -1)
            for file in ("cgroup.procs", "cgroup.subtree_control"):
                os.chown(group / file, owner, -1)
        return subprocess.run(joining(str(folder), ["true"]), capture_output=True).returncode == 0
    except OSError:
        return False


def joining(folder: str, words: list[str]) -> list[str]:
    """The command that does what ``words`` do, in the parent of a run's group."""
    return ["sh", "-c", _JOIN, str(Path(folder) / _PARENT), *words]


def works(folder: str) -> bool:
    """Whether a process in the parent of a run's group can make a group there, and join it."""
    try:
        group = Group(folder, 64)
    except OSError:
        return False
    child = os.fork()
    if child == 0:
        try:
            group.join()
        except BaseException:  # noqa: BLE001  the answer is no
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    group.remove()
    return status == 0


class Group:
    """One submission's group.

    Args:
        folder: of the run's group.
        memory_mb: what all its processes together may use, and the files that they have in memory.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: str, memory_mb: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="submission-", dir=folder))
        _write(self._folder / "memory.max", str(memory_mb << 20))
        with contextlib.suppress(FileNotFoundError):  # a kernel that does not count what it swaps
            _write(self._folder / "memory.swap.max", "0")

    def join(self) -> None:
        """Move this process into the group, and what it starts from now on."""
        _write(self._folder / "cgroup.procs", "0")

    def was_full(self) -> bool:
        """Whether the kernel has killed a process of it, because there was no more memory."""
        words = (self._folder / "memory.events").read_text().split()
        return int(words[words.index("oom_kill") + 1]) > 0

    def remove(self) -> None:
        """End what is in it, and the group."""
        _remove(self._folder)


def _remove(folder: Path) -> None:
    """Kill what is in a group and those below it, and remove them."""
    with contextlib.suppress(OSError):  # the file came with Linux 5.14
        _write(folder / "cgroup.kill", "1")
    deadline = time.monotonic() + _REMOVE_SECONDS
    left = [folder, *(one for one in folder.glob("*") if one.is_dir())]
    while left and time.monotonic() < deadline:
        try:
            left[-1].rmdir()
        except FileNotFoundError:
            left.pop()
        except OSError:  # its processes are not gone yet
            time.sleep(0.005)
        else:
            left.pop()


def _write(file: Path, words: str) -> None:
    # Opened for writing alone, as a file that cannot be created or cut short has to be.
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, words.encode())
    finally:
        os.close(descriptor)
