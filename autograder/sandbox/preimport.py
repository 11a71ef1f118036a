"""What the warm processes import before they fork, and the environment they are started in."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
from typing import Any

#: What every notebook and its tests import; what a lesson imports beside it is preloaded when it
#: is graded. ``torch._dynamo`` and what comes with it is what the first ``torch.optim.Adam`` would
#: import, for more than a second in every fork.
MODULES = (
    "numpy",
    "matplotlib.pyplot",
    "torch",
    "torch.nn.functional",
    "torch.optim",
    "torch._dynamo",
    "tqdm",
    "nnlab.data",
    "nnlab.pictures",
    "nnlab.progress",
    "nnlab.races",
    "nnlab.testing",
)
#: Forking copies page tables. With huge pages there is little to copy: forking a parent that has
#: imported all of the above takes 5 ms in place of 15. One thread, because a parent that has run
#: torch on several hangs its forks.
ENVIRONMENT = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

#: The course's tests are for the CPU, where every machine counts the same.
_WITHOUT_DEVICES = {"CUDA_VISIBLE_DEVICES": "", "NNLAB_DEVICE": "cpu"}
#: PyTorch's own way to ask for a GPU begins CUDA, which a fork of the process could not use then.
_WITH_DEVICES = {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}


def environment(gpu: bool = False) -> dict[str, str]:
    """What the environment of a warm process has beside its own.

    Args:
        gpu: notebooks may use the devices of this machine; else they find none.
    """
    return {**ENVIRONMENT, **(_WITH_DEVICES if gpu else _WITHOUT_DEVICES)}


def import_all() -> None:
    """Import the modules. One that isn't installed is left to the notebook that wants it."""
    gc.disable()  # nothing of what is imported is garbage, and looking takes a second
    for name in MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    if os.environ.get("NNLAB_DEVICE") == "cpu":
        _hide_devices()
    # What a process does first costs it thousands of page faults, so it is done here, not in
    # every fork: asking for the number of threads (each fork's child does), a first explicit
    # gradient (imports sympy), a first product of matrices.
    torch.get_num_threads()
    weight = torch.zeros(1, requires_grad=True)
    torch.optim.Adam([weight])
    (2 * weight).backward(torch.ones(1))
    gc.enable()


def _hide_devices() -> None:
    """Have PyTorch find no device but the CPU; what has no environment variable says so itself."""
    import torch

    for kind in (torch.backends.mps, getattr(torch, "xpu", None)):
        if kind is not None:
            setattr(kind, "is_available", lambda: False)  # noqa: B010  mypy knows them as modules


def preload(source: str) -> None:
    """Run the imports and the reading of data that a lesson's notebooks begin with.

    Args:
        source: made by :func:`autograder.lesson.preloads`, a statement a line. One that fails is
            left to the notebook, which shows the error.
    """
    names: dict[str, Any] = {}
    for line in source.splitlines():
        with contextlib.suppress(Exception):
            exec(line, names)
