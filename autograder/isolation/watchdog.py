"""Watches what all processes of one submission use together, which no resource limit can say."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

#: How often to look, in seconds.
EVERY = 0.1
_HAS_PROC = sys.platform == "linux"


class Watchdog:
    """Looks at the processes below this one.

    Args:
        limits: ``memory_mb`` and ``processes`` of all together, beside ``tests`` that wait;
            ``disk_mb`` of the folder.
        folder: the submission's, where the file system has no size of its own; else None.
    """

    def __init__(self, limits: dict[str, Any], folder: Path | None) -> None:
        self._limits = limits
        self._folder = folder
        # A fork shares this process's memory; only what comes on top is the submission's.
        self._own_kb = _memory_kb(os.getpid())

    def overrun(self) -> str:
        """What is over its limit, as half a sentence; empty if nothing is."""
        family = below(os.getpid())
        most = self._limits.get("processes")
        if most and len(family) > most + self._limits.get("tests", 0):
            return f"it had more than {most} processes"
        most = self._limits.get("memory_mb")
        if most and self._exceeds(family, most << 10):
            return over_memory(most)
        most = self._limits.get("disk_mb")
        if most and self._folder and _folder_bytes(self._folder, most << 20) > most << 20:
            return f"it wrote more than {most} MB of files"
        return ""

    def _exceeds(self, family: list[int], most_kb: int) -> bool:
        used = sum(max(_memory_kb(pid) - self._own_kb, 0) for pid in family)
        if used <= most_kb or not _HAS_PROC:
            return used > most_kb
        # Pages that forks share were counted once for each; the exact count takes longer.
        return sum(_exact_memory_kb(pid) for pid in family) > most_kb


def over_memory(most: int) -> str:
    """The message for exceeding the memory limit, in MB."""
    return f"its processes used more than {most} MB of memory"


def below(pid: int) -> list[int]:
    """The processes that descend from one, parents before their children."""
    try:
        family = children(pid)
    except OSError:
        return []
    for child in family:  # grows on the way
        family += children(child)
    return family


def children(pid: int) -> list[int]:
    """The children of all threads of a process; none if it is gone."""
    found: list[int] = []
    if not _HAS_PROC:
        import psutil

        with contextlib.suppress(psutil.Error):
            found = [child.pid for child in psutil.Process(pid).children()]
        return found
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in list(Path(f"/proc/{pid}/task").iterdir()):
            found += map(int, (thread / "children").read_text().split())
    return found


def _memory_kb(pid: int) -> int:
    if not _HAS_PROC:
        import psutil

        with contextlib.suppress(psutil.Error):
            return psutil.Process(pid).memory_info().rss >> 10
        return 0
    return _sum_of(Path(f"/proc/{pid}/status"), ("RssAnon:", "RssShmem:", "VmSwap:"))


def _exact_memory_kb(pid: int) -> int:
    return _sum_of(Path(f"/proc/{pid}/smaps_rollup"), ("Pss_Anon:", "Pss_Shmem:", "SwapPss:"))


def _sum_of(path: Path, names: tuple[str, ...]) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(names))


def _folder_bytes(folder: Path, enough: int) -> int:
    """The size of all files below a folder; stops counting at ``enough``."""
    total, pending = 0, [folder]
    while pending and total <= enough:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    total += 4096 + entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(Path(entry.path))
        except OSError:  # removed while we look, or not for us to read
            continue
    return total
