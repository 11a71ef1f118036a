"""Has the grader and its processes see a Python as on Windows; for tests, first on PYTHONPATH.

What is not there on Windows is hidden from the grader's own modules and from ``nnlab`` alone. The
libraries that they use look at the system by ways of their own, and are made for it.
"""

from __future__ import annotations

import asyncio
import builtins
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import types
from typing import Any

_MODULES = ("resource", "fcntl", "pwd", "grp", "termios", "tty", "pty", "syslog")
_NAMES: dict[types.ModuleType, tuple[str, ...]] = {
    os: (
        "fork", "forkpty", "register_at_fork", "setsid", "setpgid", "getpgid", "killpg", "getuid",
        "geteuid", "getgid", "getegid", "chown", "mkfifo", "WNOHANG", "O_CLOEXEC", "uname",
        "sched_getaffinity", "sysconf", "statvfs",
    ),
    signal: (
        "SIGKILL", "SIGALRM", "SIGSTOP", "SIGCHLD", "SIGXCPU", "SIGXFSZ", "SIGHUP", "setitimer",
        "ITIMER_REAL", "alarm", "pause", "pthread_sigmask",
    ),
    socket: ("AF_UNIX", "send_fds", "recv_fds", "MSG_DONTWAIT", "socketpair"),
    select: ("poll", "epoll"),
    sys: ("platform",),
}  # fmt: skip
#: What takes such names when it is imported, and so has to be imported before they are hidden.
_IMPORTED = (asyncio, random, subprocess, tempfile)
_OWN = ("autograder", "nnlab")
_INSTEAD = {"platform": "win32"}


def _is_own(caller: types.FrameType) -> bool:
    name = caller.f_globals.get("__name__", "")
    spec = caller.f_globals.get("__spec__")
    if name == "__main__" and spec is not None:
        name = spec.name
    return name.split(".")[0] in _OWN


def _hide(module: types.ModuleType, names: tuple[str, ...]) -> None:
    hidden = {name: vars(module)[name] for name in names if name in vars(module)}

    def look_up(name: str) -> Any:
        if name in hidden and not _is_own(sys._getframe(1)):
            return hidden[name]
        if name in hidden and name in _INSTEAD:
            return _INSTEAD[name]
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    for name in hidden:
        delattr(module, name)
    module.__getattr__ = look_up  # type: ignore[method-assign]


_import = builtins.__import__


def _import_as_on_windows(name: str, *args: Any, **kwargs: Any) -> Any:
    if name in _MODULES and _is_own(sys._getframe(1)):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return _import(name, *args, **kwargs)


for _module, _hidden in _NAMES.items():
    _hide(_module, _hidden)
builtins.__import__ = _import_as_on_windows
