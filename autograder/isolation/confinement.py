"""What is around the process of a submission, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Confinement:
    """What is around each submission.

    Args:
        tier: "strong" (namespaces), "fallback" (Landlock) or "none".
        program: the system call filter that a submission loads.
        readable: folders with the programs that it needs; under Landlock it reads nothing else.
        devices: which it may use under Landlock, beside the harmless ones.
        as_own_user: under Landlock it becomes a user that nobody else is, which only root can
            bring about.
        gpu: it may use a GPU, whose driver wants more address space than there is memory.
        groups: the folder of the run's control group, if there is one.
    """

    tier: str = "none"
    program: bytes = b""
    readable: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    as_own_user: bool = False
    gpu: bool = False
    groups: str = ""
