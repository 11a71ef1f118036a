"""Tries a tier: becomes a submission in it and does what a submission must not be able to.

``python -m autograder.isolation.trial`` reads the confinement from standard input, as JSON, and
prints "ok", with what is limited exactly, or the first thing that went wrong.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from autograder.isolation.confinement import Confinement
from autograder.isolation.process import (
    StartError,
    SubmissionProcess,
    tie_to_parent,
    without_unusable_groups,
)

#: What is printed when all is well, without and with control groups.
WITH_GROUPS = "ok, with control groups"
FINE = ("ok", WITH_GROUPS)
_LIMITS = {"disk_mb": 8, "processes": 16, "file_mb": 4, "memory_mb": 2048}


def main() -> None:
    given = json.loads(sys.stdin.read())
    confinement = without_unusable_groups(
        Confinement(**{**given, "program": bytes.fromhex(given["program"])})
    )
    tie_to_parent()
    reading, writing = os.pipe()
    try:
        process = SubmissionProcess(
            confinement, _LIMITS, [], lambda: _try_all(writing, confinement.tier, confinement.gpu)
        )
    except (StartError, OSError) as error:
        sys.exit(str(error))
    os.close(writing)
    said = os.read(reading, 4096).decode() or "the trial ended without a word"
    process.end()
    if said == "ok" and confinement.groups:
        said = WITH_GROUPS
    print(said)
    sys.exit(said not in FINE)


def _try_all(answer: int, tier: str, gpu: bool) -> None:
    said = "ok"
    try:
        for what, attempt in _attempts(tier).items():
            try:
                attempt()
            except OSError:
                continue
            said = f"a submission could {what}"
            break
        Path("written").write_text("in its own folder")
        if gpu:
            import torch

            torch.ones(2, device="cuda").sum().item()
    except Exception as error:  # noqa: BLE001  told to whoever asks
        said = f"{type(error).__name__}: {error}"
    os.write(answer, said.encode())


def _attempts(tier: str) -> dict[str, Callable[[], object]]:
    parent = os.getppid()
    attempts: dict[str, Callable[[], object]] = {
        "open a network socket": _open_socket,
        "write to /": lambda: Path("/written-by-a-submission").write_text(""),
        "write to /var/tmp": lambda: Path("/var/tmp/written-by-a-submission").write_text(""),
        "read /etc/passwd": lambda: Path("/etc/passwd").read_text(),
        "list the machine's processes": lambda: (
            Path("/proc/1/task/1/children").read_text() if tier != "strong" else _two_processes()
        ),
    }
    if parent:
        attempts["signal the grader"] = lambda: os.kill(parent, 0)
    return attempts


def _open_socket() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        if sys.platform == "darwin":  # where a socket may be made, but not used
            opened.connect(("127.0.0.1", 9))


def _two_processes() -> None:
    seen = [path.name for path in Path("/proc").iterdir() if path.name.isdecimal()]
    if seen in ([], ["1"]):
        raise PermissionError


if __name__ == "__main__":
    main()
