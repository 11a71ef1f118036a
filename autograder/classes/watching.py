"""Tells when a file was saved."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

#: Seconds between two looks at the file. One that looks the same twice has been written to its end.
PAUSE = 0.05


def saves(path: Path, pause: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Yield once for the file as it is, then each time it was saved with another content.

    Editors write a file in place, or put a new one in its place; for a moment it may be gone.
    """
    told: tuple[int, int] | None = None
    before: tuple[int, int] | None = None
    digest = ""
    while True:
        now = _stamp(path)
        if now is not None and now != told and now == before:
            told = now
            content = _digest(path)
            if content and content != digest:
                digest = content
                yield
        before = now
        pause(PAUSE)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
