"""A notebook waits for torch and matplotlib only if it uses them."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "nnlab",
        "nnlab.data",
        "nnlab.devices",
        "nnlab.pretrained",
        "nnlab.progress",
        "nnlab.testing",
    ],
)
def test_importing_a_module_imports_neither_torch_nor_matplotlib(module):
    code = f"import sys, {module}; print({{'torch', 'matplotlib'}} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
