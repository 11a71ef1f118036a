"""How a submission is graded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How to grade: whether experiments run, which tasks are judged (all if none is named), and
    whether submissions may use the NVIDIA devices."""

    run_experiments: bool = False
    tasks: tuple[str, ...] = ()
    gpu: bool = False
