"""Puts a file or a folder in the place of another, in one step where the system can."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from pathlib import Path

#: What is put aside for a moment has a name that begins so, before the name of its place.
ASIDE = ".old-"


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, whoever else reads or writes it."""
    descriptor, staged = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(staged).replace(path)
    except BaseException:
        Path(staged).unlink(missing_ok=True)
        raise


def replace(staged: Path, target: Path, keep: Path | None = None) -> None:
    """Put the folder ``staged`` at ``target``; what was there goes to ``keep``, or is removed.

    Linux swaps the two in one step. Elsewhere it takes two: killed between them, a run leaves the
    old folder under its other name only (``keep``, or one that begins with ``ASIDE``).
    All three are on one file system; ``keep`` does not exist.
    """
    if not target.exists():
        staged.rename(target)
        return
    aside = keep or _free_name(target)
    # Under its last name before the swap: whatever is interrupted, each has one of the two names.
    staged.rename(aside)
    if not _exchange(aside, target):
        aside.rename(staged)
        target.rename(aside)
        try:
            staged.rename(target)
        except OSError:
            aside.rename(target)
            raise
    if keep is None:
        shutil.rmtree(aside)


def _free_name(target: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{ASIDE}{target.name}-", dir=target.parent))
    folder.rmdir()
    return folder


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system cannot."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    if renameat2 is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    done: int = renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange)
    return done == 0
