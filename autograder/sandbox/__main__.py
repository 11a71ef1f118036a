"""The warm parent: imports what notebooks import, once, and forks a process for each submission.

Started as ``python -m autograder.sandbox FD``, where FD is one end of a socket pair. It holds no
lesson, no hidden test and no mark, and nothing of a student ever runs in it.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import select
import socket
import sys
import traceback
from typing import Any

from autograder import warm
from autograder.sandbox.process import StartError, SubmissionProcess, Walls, tie_to_parent, tried
from autograder.sandbox.watch import EVERY
from autograder.wire import Channel, WireClosed


def warm_up() -> Any:
    """Import everything and make the shell, in one thread."""
    warm.import_all()
    from autograder.sandbox.shell import warm_shell

    shell = warm_shell()
    gc.freeze()
    return shell


def main() -> None:
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    tie_to_parent()
    # Descriptors that submissions of the same user leave under way count against the soft limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    walls = tried(Walls(**channel.receive()))
    shell = warm_up()
    channel.send({"tier": walls.tier, "pid": os.getpid()})
    serve(channel, shell, walls)


def serve(channel: Channel, shell: Any, walls: Walls) -> None:
    """Fork submissions, one at a time, and end them; or fork copies of this warm parent.

    A parent that has copies runs no submissions itself. Never returns.
    """
    submission: SubmissionProcess | None = None
    while True:
        try:
            while submission is not None and not _has_message(channel):
                submission.look()
            message, files = channel.receive_with_files(files=2)
        except WireClosed:
            if submission is not None:
                submission.end()
            os._exit(0)
        operation = message["op"]
        if operation == "submission":
            try:
                submission = SubmissionProcess(
                    walls,
                    message["limits"],
                    [(name, content) for name, content in message["files"]],
                    lambda descriptor=files[0], forbidden=message["forbidden"]: _serve_submission(
                        descriptor, shell, forbidden
                    ),
                )
            except (StartError, OSError) as error:
                channel.send({"error": str(error)})
            else:
                channel.send({"pid": submission.pid})
        elif operation == "interrupt":
            if submission is not None:
                submission.interrupt()
            channel.send({"ok": True})
        elif operation == "ended":
            how = submission.how_it_ended() if submission else ""
            killed = submission is not None and submission.was_killed
            channel.send({"how": how, "killed": killed})
        elif operation == "end":
            if submission is not None:
                submission.end()
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
                tie_to_parent()
                submission = None
                files = []
                channel.send({"tier": walls.tier, "pid": os.getpid()})
            else:
                channel.send({"pid": clone})
        elif operation == "fork":
            # A trusted function, named by the process that started us; never by a submission,
            # which has no way to this channel.
            if os.fork() == 0:
                channel.close()
                tie_to_parent()
                _run_and_exit(message["function"], files)
            channel.send({"ok": True})
        for descriptor in files:
            os.close(descriptor)


def _has_message(channel: Channel) -> bool:
    """Whether something comes within the time after which a submission is looked at."""
    return bool(select.select([channel.socket], [], [], EVERY)[0])


def _serve_submission(descriptor: int, shell: Any, forbidden: list[Any]) -> None:
    from autograder.sandbox.lookout import Lookout
    from autograder.sandbox.loop import serve_submission

    # Of this process's open files only the standard ones and its own channel go with it.
    os.dup2(descriptor, 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    lookout = Lookout([(task, name) for task, name in forbidden])
    serve_submission(Channel(socket.socket(fileno=3)), shell, lookout)


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


if __name__ == "__main__":
    main()
