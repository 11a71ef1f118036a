"""Chooses the device that the PyTorch sections run on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing torch takes seconds, which who never asks for a device should not pay
    import torch


def device() -> torch.device:
    """The fastest device of this machine: CUDA, else Apple's MPS, else the CPU.

    The environment variable ``NNLAB_DEVICE`` overrides the choice (``NNLAB_DEVICE=cpu``).
    """
    import torch

    wanted = os.environ.get("NNLAB_DEVICE")
    if wanted:
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def check_dtype(where: torch.device | str) -> torch.dtype:
    """The dtype to check mathematics in: float64, but float32 on MPS, which has no float64."""
    import torch

    return torch.float32 if torch.device(where).type == "mps" else torch.float64
