"""One command at a time writes to a course."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import filelock

#: Held while marks are written. The system lets go of it when its holder ends, however it ends.
LOCK_FILE = ".autograder.lock"


class LockedError(Exception):
    """Another command holds the course. The message says what to do."""


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Lock the course at ``root`` for writing marks.

    Raises:
        LockedError: another command holds it.
    """
    lock = filelock.FileLock(root / LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise LockedError(
            f"another autograder is writing marks to {root} (it holds {LOCK_FILE}); "
            "nothing was done. Run this again when it has ended"
        ) from error
    try:
        yield
    finally:
        lock.release()
