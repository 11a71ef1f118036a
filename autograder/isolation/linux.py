"""Linux system calls that Python has no function for, by ctypes. All raise OSError."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

NEW_NAMESPACES = {
    "mount": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND = 0x1, 0x2, 0x4, 0x1000
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP = 1, 22
_PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 24, 36, 38
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 2, 4
#: The capability to read every file and folder, whatever their modes.
CAP_DAC_READ_SEARCH = 2
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
# These have the same numbers on every architecture.
_SYS_MOUNT_SETATTR = 442
_SYS_LANDLOCK_CREATE_RULESET, _SYS_LANDLOCK_ADD_RULE, _SYS_LANDLOCK_RESTRICT_SELF = 444, 445, 446
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID = 0x1, 0x2
# Elsewhere nothing here is called, and Windows refuses to open "the program itself".
_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


class _Program(ctypes.Structure):
    """``struct sock_fprog``: a filter of so many instructions of eight bytes."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _RulesetAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scoped")]


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(what: str, *arguments: int | ctypes.Structure) -> None:
    padded = [*arguments, 0, 0, 0, 0][:5]
    words = [ctypes.addressof(a) if isinstance(a, ctypes.Structure) else a for a in padded]
    _check(_libc.prctl(*(ctypes.c_ulong(word) for word in words)), f"prctl ({what})")


def die_with_parent(signal: int) -> None:
    """Get ``signal`` when the process that forked this one ends."""
    _prctl("parent's death", _PR_SET_PDEATHSIG, signal)


def adopt_orphans() -> None:
    """Become the parent of every process below whose own parent has ended."""
    _prctl("subreaper", _PR_SET_CHILD_SUBREAPER, 1)


def unshare(*names: str) -> None:
    """Leave namespaces, by the names in :data:`NEW_NAMESPACES`, for new ones."""
    flags = sum(NEW_NAMESPACES[name] for name in names)
    _check(_libc.unshare(flags), f"unshare ({', '.join(names)})")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """``mount(2)``."""
    arguments = [word.encode() or None for word in (source, target, kind)]
    result = _libc.mount(*arguments, ctypes.c_ulong(flags), options.encode() or None)
    _check(result, f"mount {kind or source} on {target}")


def make_all_mounts_read_only() -> None:
    """Make every mount of this mount namespace read-only (``mount_setattr``, Linux 5.12)."""
    wanted = _MountAttr(set=_MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID)
    result = _libc.syscall(
        _SYS_MOUNT_SETATTR, _AT_FDCWD, b"/", _AT_RECURSIVE, ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )  # fmt: skip
    _check(result, "mount_setattr /")


def drop_capabilities(keep: int | None = None) -> None:
    """Give up every capability for good but the one numbered ``keep``, which is passed on to
    programs that are started."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for number in range(last + 1):
        if number != keep:
            # Without CAP_SETPCAP the bounding set stays, and no_new_privs makes it useless.
            _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0)
    _prctl("ambient capabilities", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    kept = 0 if keep is None else 1 << keep
    # Effective, permitted and inheritable; the lower 32 capabilities, then the upper.
    sets = (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)
    _check(_libc.capset(ctypes.byref(header), sets), "capset")
    if keep is not None:
        _prctl("ambient capabilities", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, keep)


def become(user: int) -> None:
    """Be another user and group, and nothing else; capabilities stay permitted."""
    _prctl("keep capabilities", _PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def gain_no_privileges() -> None:
    """Let no program that is started from here have more rights than this process."""
    _prctl("no new privileges", _PR_SET_NO_NEW_PRIVS, 1)


def filter_system_calls(program: bytes) -> None:
    """Put this process and all below it under a seccomp filter (``bpf_program`` of a filter)."""
    held = _Program(len(program) // 8, program)
    _prctl("seccomp", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, held)


def landlock_version() -> int:
    """The version of Landlock's interface that the kernel has; 0 if none."""
    version = _libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    return max(int(version), 0)


def landlock_ruleset(files: int, network: int, scoped: int) -> int:
    """A descriptor for rules that deny these kinds of access where none allows them."""
    wanted = _RulesetAttr(files, network, scoped)
    version = landlock_version()
    size = 8 if version < 4 else 16 if version < 6 else 24
    result = _libc.syscall(
        _SYS_LANDLOCK_CREATE_RULESET, ctypes.byref(wanted), ctypes.c_size_t(size), 0
    )
    return _check(result, "landlock_create_ruleset")


def landlock_allow(ruleset: int, path: str, access: int) -> None:
    """Allow ``access`` to a file, or to everything below a folder. A path that isn't there is
    left out."""
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    try:
        rule = _PathBeneathAttr(access, parent)
        result = _libc.syscall(_SYS_LANDLOCK_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
        _check(result, f"landlock_add_rule {path}")
    finally:
        os.close(parent)


def landlock_restrict(ruleset: int) -> None:
    """Put this process and all below it under the rules. Wants :func:`gain_no_privileges`."""
    _check(_libc.syscall(_SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
