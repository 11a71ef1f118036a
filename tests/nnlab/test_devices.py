"""nnlab.devices: which device the PyTorch sections run on."""

from __future__ import annotations

import pytest
import torch

from nnlab.devices import check_dtype, device


def test_the_environment_variable_names_the_device(monkeypatch):
    monkeypatch.setenv("NNLAB_DEVICE", "meta")
    assert device() == torch.device("meta")


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("NNLAB_DEVICE", "")
    assert device().type in ("cuda", "mps", "cpu")


def test_an_unknown_device_is_named_in_the_error(monkeypatch):
    monkeypatch.setenv("NNLAB_DEVICE", "unknown")
    with pytest.raises(RuntimeError, match="unknown"):
        device()


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_cuda_is_preferred_to_mps_and_mps_to_the_cpu(monkeypatch, cuda, mps, chosen):
    monkeypatch.delenv("NNLAB_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert device() == torch.device(chosen)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_chosen_cuda_device_computes(monkeypatch):
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
def test_checks_use_float64_where_the_device_has_it(where, dtype):
    assert check_dtype(where) is dtype
