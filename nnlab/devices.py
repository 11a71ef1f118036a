"""Chooses the device that the PyTorch sections run on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Importing torch takes seconds, so it waits until a device is asked for.
    import torch

__all__ = ["check_dtype", "device"]


def device() -> torch.device:
    """The fastest device of this machine: CUDA, else Apple's MPS, else the CPU.

    The environment variable ``NNLAB_DEVICE`` overrides the choice (``NNLAB_DEVICE=cpu``).

    Raises:
        RuntimeError: PyTorch does not know the device that ``NNLAB_DEVICE`` names.
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
    """The dtype for numerical checks: float64, but float32 on MPS, which has no float64."""
    import torch

    return torch.float32 if torch.device(where).type == "mps" else torch.float64
