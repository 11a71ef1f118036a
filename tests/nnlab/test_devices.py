"""nnlab.devices: which device the PyTorch sections run on."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from nnlab.devices import check_dtype, device


def test_the_environment_variable_decides(monkeypatch):
    monkeypatch.setenv("NNLAB_DEVICE", "meta")
    assert device() == torch.device("meta")


def test_an_empty_variable_decides_nothing(monkeypatch):
    monkeypatch.setenv("NNLAB_DEVICE", "")
    assert device().type in ("cuda", "mps", "cpu")


def test_a_device_that_does_not_exist_is_named_in_the_error(monkeypatch):
    monkeypatch.setenv("NNLAB_DEVICE", "abacus")
    with pytest.raises(RuntimeError, match="abacus"):
        device()


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_the_fastest_device_there_is_comes_first(monkeypatch, cuda, mps, chosen):
    monkeypatch.delenv("NNLAB_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert device() == torch.device(chosen)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_chosen_device_computes(monkeypatch):
    monkeypatch.delenv("NNLAB_DEVICE", raising=False)
    where = device()
    x = torch.ones(3, dtype=check_dtype(where), device=where)
    assert where.type == "cuda"
    assert float((x @ x).cpu()) == 3.0


@pytest.mark.parametrize(
    ("where", "dtype"),
    [
        ("cpu", torch.float64),
        (torch.device("cuda", 0), torch.float64),
        ("mps", torch.float32),
        (torch.device("mps"), torch.float32),
    ],
)
def test_checks_compute_in_the_widest_float_of_the_device(where, dtype):
    assert check_dtype(where) is dtype


def test_importing_the_module_does_not_import_torch():
    code = "import sys, nnlab.devices; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
