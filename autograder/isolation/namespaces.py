"""Namespaces of a submission's own, inside those that bubblewrap made for the warm parent.

The warm parent has no network and no writable file, and sees nothing but programs; but all
submissions are its forks, one after another or side by side. So each gets a user, process, mount,
network and IPC namespace of its own: it sees no process but its own, and what it writes into its
sized file system, in memory, is gone with it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from autograder.isolation import linux

#: Where a submission works: the only file system that it can write to. ``/tmp`` and ``/dev/shm``
#: are folders of it.
DISK = Path("/submission")
HOME = DISK / "student"
#: The most files and folders there.
_FILES = 20_000


def leave() -> None:
    """Leave the warm parent's namespaces for new ones. The next fork is process 1 in them."""
    user, group = os.getuid(), os.getgid()
    linux.unshare("user", "mount", "pid", "net", "ipc", "uts", "cgroup")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def mount_file_systems(disk_mb: int, programs: Iterable[str], groups: str = "") -> None:
    """Mount the submission's own file systems; what was writable before is no longer.

    Args:
        programs: folders that are needed; what lies above them is not covered.
        groups: the folder of the run's control group, which is covered.
    """
    linux.make_all_mounts_read_only()
    safe = linux.MS_NOSUID | linux.MS_NODEV
    if groups:
        linux.mount("none", groups, "tmpfs", safe | linux.MS_RDONLY, "size=4k")
    try:
        linux.mount("proc", "/proc", "proc", safe)
    except PermissionError:
        # Parts of the warm parent's /proc are covered, as for root and in a container; then
        # the kernel shows no other. Programs do without.
        linux.mount("none", "/proc", "tmpfs", safe | linux.MS_RDONLY, "size=4k")
    else:
        with contextlib.suppress(OSError):  # the filter refuses new ones as well
            Path("/proc/sys/user/max_user_namespaces").write_text("0")
    options = f"size={disk_mb}m,nr_inodes={_FILES},mode=755"
    linux.mount("none", str(DISK), "tmpfs", safe, options)
    programs = list(programs)
    for folder, place in (("student", ""), ("tmp", "/tmp"), ("shm", "/dev/shm")):
        (DISK / folder).mkdir(mode=0o700)
        if place and not any(path.startswith(f"{place}/") for path in programs):
            linux.mount(str(DISK / folder), place, flags=linux.MS_BIND)


def give_up_rights(program: bytes) -> None:
    """Give up the rights that mounting needed, and every system call that no notebook needs."""
    linux.drop_capabilities()
    linux.gain_no_privileges()
    linux.filter_system_calls(program)
