"""A progress bar for experiments."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def progress(items: Iterable[Item], label: str) -> Iterator[Item]:
    """Iterate over ``items`` behind a progress bar that vanishes at the end.

    The bar goes to stdout: nothing of a clean run lands on stderr.
    """
    tqdm.monitor_interval = 0  # no monitor thread, which a fork would lose
    yield from tqdm(items, desc=label, file=sys.stdout, leave=False, mininterval=0.2)
