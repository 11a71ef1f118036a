"""Which system calls student code may not make, as a seccomp filter that a child loads.

Made by libseccomp where the filter is needed later, as bytes: the process that loads it has no
need of the library. What is refused fails with "operation not permitted", as if the kernel had no
such call, so that an honest program gets an error and goes on.
"""

from __future__ import annotations

import errno
import mmap
import socket
import tempfile

#: What no notebook needs: changing the machine, other processes' memory, rarely used calls that
#: have often had holes.
#: Memory that belongs to no file system (``memfd_create``) would escape every count of it.
_REFUSED = (
    "acct", "add_key", "bpf", "chroot", "clock_adjtime", "clock_settime", "delete_module",
    "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module",
    "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp",
    "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mbind", "memfd_create",
    "memfd_secret", "migrate_pages", "mount", "mount_setattr", "move_mount", "move_pages",
    "msgget", "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree",
    "open_tree_attr", "perf_event_open", "personality", "pidfd_getfd", "pivot_root",
    "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl",
    "quotactl_fd", "reboot", "request_key", "semget", "set_mempolicy", "setdomainname",
    "sethostname", "setns", "settimeofday", "shmget", "swapoff", "swapon", "sysfs", "syslog",
    "umount", "umount2", "unshare", "uselib", "userfaultfd", "vhangup", "vmsplice",
)  # fmt: skip
#: Where the file system is shared with others, also what Landlock does not cover: modes, owners and
#: times of files, and sockets in the file system (pairs of sockets are no danger).
_REFUSED_AMONG_OTHERS = (
    "chmod", "chown", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "file_setattr",
    "fremovexattr", "fsetxattr", "futimesat", "lchown", "lremovexattr", "mq_open", "lsetxattr",
    "removexattr", "removexattrat", "setxattr", "setxattrat", "socket", "utime", "utimensat",
    "utimes",
)  # fmt: skip
#: Calls that libseccomp may be too old to know; their numbers are the same on every architecture.
_NUMBERS = {
    "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447,
    "fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467,
    "file_setattr": 469,
}  # fmt: skip
#: Calls that name a process, and in which argument; 0 is the caller itself.
_OF_PROCESSES = {
    "prlimit64": 0, "setpriority": 1, "sched_setaffinity": 0, "sched_setattr": 0,
    "sched_setparam": 0, "sched_setscheduler": 0, "ioprio_set": 1,
}  # fmt: skip
#: Calls that send a signal, beside ``kill``.
_SIGNALS = ("pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tgkill", "tkill")
#: Calls that name who gets a signal about an open file, the number of their argument that says so,
#: and what it is then. (libseccomp has no names for them: linux/fcntl.h, asm/sockios.h.)
_OWNERS = [("fcntl", 1, code) for code in (8, 10, 15)] + [("ioctl", 1, c) for c in (0x8901, 0x8902)]
_SHARED_ANONYMOUS = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS
#: Every flag of clone that makes a namespace.
_NEW_NAMESPACES = 0x7E02_0080


class FilterError(Exception):
    """There can be no filter here. The message says what to install."""


def program(among_others: bool, may_signal: bool = True) -> bytes:
    """The filter, as the kernel takes it: instructions of eight bytes.

    Args:
        among_others: the process sees the file system of others (it has no mounts of its own).
        may_signal: something else sees to it that signals reach no process of others. If not, a
            process may send signals to its own group alone, by its number 0.

    Raises:
        FilterError: libseccomp is missing.
    """
    try:
        import pyseccomp as seccomp
    except ModuleNotFoundError as error:
        raise FilterError(
            "the package pyseccomp is not installed; it comes with [class]"
        ) from error
    except (ImportError, RuntimeError, OSError) as error:
        raise FilterError(
            f"libseccomp cannot be used ({error}): apt-get install libseccomp2"
        ) from error
    made = seccomp.SyscallFilter(seccomp.ALLOW)

    def refuse(call: str, number: int, *when: seccomp.Arg) -> None:
        which = seccomp.resolve_syscall(seccomp.Arch.NATIVE, call)
        if which == -1:  # unknown to this libseccomp
            which = _NUMBERS[call]
        made.add_rule(seccomp.ERRNO(number), which, *when)

    for name in _REFUSED + (_REFUSED_AMONG_OTHERS if among_others else ()):
        refuse(name, errno.EPERM)
    # clone's flags lie in a register; clone3's in memory, where a filter cannot look. Without
    # clone3, libraries fall back to clone.
    for flag in (1 << bit for bit in range(32) if _NEW_NAMESPACES >> bit & 1):
        refuse("clone", errno.EPERM, seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    refuse("clone3", errno.ENOSYS)
    # Shared memory that belongs to no file is not counted once it is no longer mapped.
    for call in ("mmap", "mmap2"):
        flags = seccomp.Arg(3, seccomp.MASKED_EQ, _SHARED_ANONYMOUS, _SHARED_ANONYMOUS)
        refuse(call, errno.EPERM, flags)
    if among_others:
        # Other processes of the same user are out of reach of what Landlock knows of.
        for call, number in _OF_PROCESSES.items():
            refuse(call, errno.EPERM, seccomp.Arg(number, seccomp.NE, 0))
        datagrams = seccomp.Arg(1, seccomp.MASKED_EQ, 0xF, int(socket.SOCK_DGRAM))
        refuse("socketpair", errno.EPERM, datagrams)
    else:  # sockets in a file system that is one's own are no danger
        refuse("socket", errno.EPERM, seccomp.Arg(0, seccomp.NE, int(socket.AF_UNIX)))
    if not may_signal:
        for call in _SIGNALS:
            refuse(call, errno.EPERM)
        refuse("kill", errno.EPERM, seccomp.Arg(0, seccomp.NE, 0))
        for call, number, code in _OWNERS:
            refuse(call, errno.EPERM, seccomp.Arg(number, seccomp.MASKED_EQ, 0xFFFF_FFFF, code))
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()
