"""Landlock and a system call filter around one submission, where there are no namespaces.

The submission stays among the machine's processes and folders, but opens no file outside its own
folder and the programs it needs, signals no process but its own, and has no network.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from autograder.isolation import linux

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_ALL_SINCE = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_CONTROL_DEVICE = 1 << 15
_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
#: The first version of Landlock that keeps signals in. Before it, the filter has to do that.
KEEPS_SIGNALS_IN = 6
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICES = ("/dev/null", "/dev/full", "/dev/random", "/dev/urandom")
_FACTS = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg")


def enclose(
    folder: Path,
    readable: Iterable[str],
    devices: Iterable[str],
    program: bytes,
    user: int | None,
) -> None:
    """Put this process under Landlock's rules and the system call filter, for good.

    Args:
        folder: the only one that it may write to.
        readable: files and folders with the programs that it needs.
        devices: files of devices that it may use, beside the harmless ones.
        program: made by :func:`autograder.isolation.seccomp.program`, for a process among others.
        user: the user (and group) to become, who owns ``folder``; None to stay who it is.
    """
    version = linux.landlock_version()
    everything = sum(rights for since, rights in _ALL_SINCE.items() if version >= since)
    network = _TCP if version >= 4 else 0
    scoped = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= KEEPS_SIGNALS_IN else 0
    rules = linux.landlock_ruleset(everything, network, scoped)
    for path in readable:
        linux.landlock_allow(rules, path, _READ if Path(path).is_dir() else _EXECUTE | _READ_FILE)
    for path in (*_DEVICES, *devices):
        control = everything & _CONTROL_DEVICE
        linux.landlock_allow(rules, path, _READ_FILE | _WRITE_FILE | control)
    for path in _FACTS:
        linux.landlock_allow(rules, path, _READ_FILE | (_READ_DIR if path == "/proc/self" else 0))
    own = everything & ~(_MAKE_CHAR | _MAKE_BLOCK)
    linux.landlock_allow(rules, str(folder), own)
    if user is not None:
        # The programs may lie in folders of root's, which no other user may pass through. What
        # may be read is settled by the rules, which hold for this right as well.
        linux.become(user)
        linux.drop_capabilities(keep=linux.CAP_DAC_READ_SEARCH)
    else:
        linux.drop_capabilities()
    linux.gain_no_privileges()
    linux.landlock_restrict(rules)
    os.close(rules)
    linux.filter_system_calls(program)
