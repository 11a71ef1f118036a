"""autograder.protocol.leaves: an array, a dtype, a number is built of parts that fit together."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import torch

from autograder.protocol.channel import ProtocolError
from autograder.protocol.leaves import (
    ARRAY_KINDS,
    TENSOR_DTYPES,
    array_bytes,
    array_of,
    big_integer,
    dtype_named,
    is_shareable,
    is_tensor,
    items_of,
    overwrite,
    tensor_bytes,
    torch_device_named,
    torch_dtype_named,
)


class Loud(np.ndarray):
    """An array whose methods are the student's."""

    def tobytes(self, order="C"):
        raise RuntimeError("mine")


def test_the_bytes_of_an_array_are_its_own_whatever_its_class_says():
    array = np.arange(6, dtype="<i2").reshape(2, 3).T
    assert array_bytes(array.view(Loud)) == struct.pack("<6h", 0, 3, 1, 4, 2, 5)


@pytest.mark.parametrize("name", TENSOR_DTYPES)
def test_the_bytes_of_a_tensor_are_those_of_its_values_in_order(name):
    tensor = torch.arange(6).reshape(2, 3).to(getattr(torch, name)).T
    carrier = tensor.view(torch.int16) if name == "bfloat16" else tensor
    assert tensor_bytes(tensor) == carrier.numpy().tobytes()


def test_a_conjugate_that_was_not_computed_yet_has_its_values():
    tensor = torch.tensor([1 + 2j])
    assert tensor_bytes(tensor.conj()) == np.array([1 - 2j], np.complex64).tobytes()
    assert tensor_bytes(tensor.conj().imag) == np.array([-2], np.float32).tobytes()


@pytest.mark.parametrize(
    ("value", "is_shared"),
    [
        ([], True), ({}, True), (set(), True), (np.zeros(2), True), (torch.zeros(2), True),
        ((), False), (frozenset(), False), ("x", False), (5, False), (None, False),
        (np.float64(1), False), (np.array([{}], dtype=object), False),
        (np.zeros(1, [("a", "f8")]), False), (torch.zeros(2).to_sparse(), False),
        (torch.zeros(2).to(torch.float8_e4m3fn), False), (object(), False),
    ],
    ids=lambda value: f"{type(value).__name__}",
)  # fmt: skip
def test_mutable_plain_data_is_shared_and_nothing_else(value, is_shared):
    assert is_shareable(value) is is_shared


def test_a_tensor_is_told_from_an_array():
    assert is_tensor(torch.zeros(1))
    assert not is_tensor(np.zeros(1))


# -- what came in ----------------------------------------------------------------------------------


def test_an_array_is_built_of_its_parts_and_cannot_be_written():
    array = array_of("<i4", [2, 1], struct.pack("<2i", 5, -5))
    assert (array.dtype.str, array.tolist()) == ("<i4", [[5], [-5]])
    assert not array.flags.writeable


@pytest.mark.parametrize(
    ("dtype", "shape", "data", "says"),
    [
        ("<f8", [2], bytes(8), r"8 bytes do not fill shape \(2,\)"),
        ("<f8", [1], "x" * 8, "whose data are no bytes"),
        ("<f8", 1, bytes(8), "holds no list"),
        ("<f8", [-1], bytes(8), "no shape"),
        ("<f8", [True], bytes(8), "no shape"),
        ("<f8", [1.0], bytes(8), "no shape"),
        ("<f8", [1] * 33, bytes(8), "no shape"),
        ("<f8", [1 << 40], b"", "no shape"),
        ("<f8", [1 << 39, 1 << 39], b"", "do not fill"),
        ("<U0", [1 << 30], b"", "values of no size"),
        ("<U1", [1], b"\xff" * 4, "characters that do not exist"),
        (">U1", [1], b"\xff" * 4, "characters that do not exist"),
        ("O", [1], bytes(8), "of dtype 'O'"),
    ],
)
def test_an_array_whose_parts_do_not_fit_is_refused(dtype, shape, data, says):
    with pytest.raises(ProtocolError, match=says):
        array_of(dtype, shape, data)


@pytest.mark.parametrize("name", ["|b1", "<f8", ">i4", "<U7", "|S0", "<M8[ns]", "<m8[25s]", "<c16"])
def test_a_dtype_of_plain_data_has_a_name(name):
    assert dtype_named(name).str == name
    assert dtype_named(name).kind in ARRAY_KINDS


@pytest.mark.parametrize(
    "name", ["O", "V8", "f8,f8", "(2,)f8", "<f8" * 9, "", 5, None, ["<f8"], "٣"]
)
def test_another_dtype_is_refused(name):
    with pytest.raises(ProtocolError, match="an array of dtype"):
        dtype_named(name)


def test_a_large_integer_is_built_of_its_digits():
    assert big_integer(hex(2**64)) == 2**64
    assert big_integer(hex(-(2**200))) == -(2**200)
    for digits in ("f" * 4097, 5, None, b"ff"):
        with pytest.raises(ProtocolError, match="too long"):
            big_integer(digits)


def test_torchs_dtypes_and_devices_have_names():
    assert [str(torch_dtype_named(name)) for name in TENSOR_DTYPES] == [
        f"torch.{name}" for name in TENSOR_DTYPES
    ]
    for name in ("Tensor", "float8_e4m3fn", "", 5, ["float32"]):
        with pytest.raises(ProtocolError, match="a dtype"):
            torch_dtype_named(name)
    assert torch_device_named("cuda:1") == torch.device("cuda", 1)
    for name in ("abacus", "", 5):
        with pytest.raises(RuntimeError):
            torch_device_named(name)


def test_items_are_those_of_a_list():
    assert items_of([1]) == [1]
    for node in ((1,), "ab", {"a": 1}, None):
        with pytest.raises(ProtocolError, match="holds no list"):
            items_of(node)


# -- changes in place ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "new"),
    [
        ([1, 2], [3]),
        ({"a": 1}, {"b": 2}),
        ({1}, {2, 3}),
        (np.zeros(2), np.ones(2)),
        (torch.zeros(2), torch.ones(2)),
        (torch.zeros(2, requires_grad=True), torch.ones(2)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_object_gets_the_state_of_another_and_stays_itself(value, new):
    holder = [value]
    overwrite(value, new)
    assert holder[0] is value
    plain = [one.tolist() if hasattr(one, "tolist") else one for one in (value, new)]
    assert plain[0] == plain[1]


@pytest.mark.parametrize(
    ("value", "new", "says"),
    [
        (np.zeros(2), np.zeros(3), "shape or dtype"),
        (np.zeros(2), np.zeros(2, np.float32), "shape or dtype"),
        (np.broadcast_to(np.zeros(1), 2), np.zeros(2), "read-only"),
        (torch.zeros(2), torch.zeros(3), "shape or dtype"),
        (torch.zeros(2), torch.zeros(2, dtype=torch.int64), "shape or dtype"),
        (torch.zeros(1).expand(2), torch.zeros(2), "cannot be changed in place"),
        ([1], {1}, "another kind"),
        ({1}, {1: 1}, "another kind"),
        ({1: 1}, {1}, "another kind"),
        (np.zeros(1), [0.0], "another kind"),
        (torch.zeros(1), np.zeros(1), "another kind"),
        ([1], None, "another kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_state_that_an_object_cannot_have_is_refused(value, new, says):
    with pytest.raises(ProtocolError, match=says):
        overwrite(value, new)
