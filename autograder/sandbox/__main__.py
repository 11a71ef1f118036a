"""The warm parent: imports what notebooks import, once, and forks a process for each submission.

Started as ``python -m autograder.sandbox FD``, where FD is one end of a socket pair. It holds no
lesson, no hidden test and no mark, and nothing of a student ever runs in it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from autograder import warm
from autograder.sandbox import limits
from autograder.wire import Channel, WireClosed

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def warm_up() -> Any:
    """Import everything and make the shell, in one thread."""
    warm.import_all()
    from autograder.sandbox.shell import warm_shell

    shell = warm_shell()
    gc.collect()
    gc.freeze()
    return shell


def main() -> None:
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    _tie_processes()
    shell = warm_up()
    channel.send({"ready": True, "pid": os.getpid()})
    serve(channel, shell)


def _tie_processes() -> None:
    """End with the process that started us, and inherit the orphans of submissions."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def serve(channel: Channel, shell: Any) -> None:
    """Fork submissions, one at a time, and end them; or fork copies of this warm parent.

    A parent that has copies runs no submissions itself. Never returns.
    """
    submission: int | None = None
    while True:
        try:
            message, files = channel.receive_with_files(files=2)
        except WireClosed:
            _end_all(submission)
            os._exit(0)
        operation = message["op"]
        if operation == "submission":
            submission = os.fork()
            if submission == 0:
                channel.close()
                _become_submission(files[0], message, shell)
            channel.send({"pid": submission})
        elif operation == "interrupt":
            if submission is not None:
                _signal(submission, signal.SIGINT)
            channel.send({"ok": True})
        elif operation == "end":
            _end_all(submission)
            submission = None
            channel.send({"ok": True})
        elif operation == "preload":
            warm.preload(message["source"])
            gc.collect()
            gc.freeze()
            channel.send({"ok": True})
        elif operation == "clone":
            clone = os.fork()
            if clone == 0:
                channel.close()
                channel = Channel(socket.socket(fileno=files[0]))
                _tie_processes()
                submission = None
                files = []
                channel.send({"ready": True, "pid": os.getpid()})
            else:
                channel.send({"pid": clone})
        elif operation == "fork":
            # A trusted function, named by the process that started us; never by a submission,
            # which has no way to this channel.
            if os.fork() == 0:
                channel.close()
                _tie_processes()
                _run_and_exit(message["function"], files)
            channel.send({"ok": True})
        for descriptor in files:
            os.close(descriptor)


def _run_and_exit(function: str, descriptors: list[int]) -> None:
    code = 1
    try:
        module, _, name = function.partition(":")
        getattr(importlib.import_module(module), name)(*descriptors)
        code = 0
    except Exception:  # noqa: BLE001  the end of a process: whatever it was is printed
        traceback.print_exc()
    finally:
        os._exit(code)


def _become_submission(descriptor: int, message: dict[str, Any], shell: Any) -> None:
    from autograder.sandbox.loop import serve_submission

    os.setsid()
    os.chdir(message["folder"])
    os.environ.update(HOME=message["folder"], TMPDIR=message["folder"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # but while a cell runs
    limits.apply(message["limits"])
    # Looking for garbage writes to the pages that this process shares with others, and copies them.
    gc.set_threshold(20_000, 20, 20)
    with Path(os.devnull).open() as null:
        os.dup2(null.fileno(), 0)
    serve_submission(Channel(socket.socket(fileno=descriptor)), shell)


def _end_all(submission: int | None) -> None:
    """Kill the submission and whatever it started, until no child is left."""
    if submission is None:
        return
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for child in _children():
            _signal(child, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _children() -> list[int]:
    """The processes that this one is the parent of: what it forked, and orphans."""
    me = os.getpid()
    try:
        return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()]
    except FileNotFoundError:  # a kernel without this file, or no Linux
        import psutil

        return [child.pid for child in psutil.Process(me).children()]


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
