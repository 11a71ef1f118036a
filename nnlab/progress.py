"""A progress bar for experiments."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

__all__ = ["progress"]

Item = TypeVar("Item")


def progress(items: Iterable[Item], label: str) -> Iterator[Item]:
    """Iterate over ``items`` and show a progress bar, which disappears at the end.

    The bar is written to stdout: a run without errors writes nothing to stderr.
    """
    tqdm.monitor_interval = 0  # no monitor thread: it would not survive a fork of the process
    yield from tqdm(items, desc=label, file=sys.stdout, leave=False, mininterval=0.2)
