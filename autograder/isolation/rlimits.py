"""What one process of a sandbox may use, by resource limits of the kernel."""

from __future__ import annotations

import sys
from typing import Any

#: Between the signal that its time is up and the end of a process that ignores it.
_CPU_SECONDS_TO_END = 5


def apply(limits: dict[str, Any]) -> None:
    """Lower this process's limits for good; its children inherit them.

    Args:
        limits: ``memory_mb`` (address space, each process), ``cpu_seconds``, ``file_mb`` (the
            largest file), ``processes`` (of this user in this user namespace) and ``files`` (open
            at a time). A missing one stays as it is. ``tests`` is the number of processes that
            a process may allow itself later, beyond ``processes``.
    """
    import resource  # which Windows does not have

    for name, kind, unit in (
        ("memory_mb", resource.RLIMIT_AS, 1 << 20),
        ("cpu_seconds", resource.RLIMIT_CPU, 1),
        ("file_mb", resource.RLIMIT_FSIZE, 1 << 20),
        ("processes", resource.RLIMIT_NPROC, 1),
        ("files", resource.RLIMIT_NOFILE, 1),
    ):
        if name == "memory_mb" and sys.platform == "darwin":
            continue  # a process there maps more than there is; the watchdog counts what it uses
        if name in limits:
            _, most = resource.getrlimit(kind)
            wanted = int(limits[name] * unit)
            hard = wanted
            if name == "processes":
                hard += limits.get("tests", 0)
            elif name == "cpu_seconds":  # the soft limit's signal says why, the hard one kills
                hard += _CPU_SECONDS_TO_END
            if most != resource.RLIM_INFINITY:
                wanted, hard = min(wanted, most), min(hard, most)
            resource.setrlimit(kind, (wanted, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
