"""What nodes are made of: arrays, tensors, dtypes, numbers; each is checked on its way in."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.protocol.channel import ProtocolError
from autograder.protocol.plain_text import field

if TYPE_CHECKING:  # torch takes seconds to import, and a message without tensors needs none
    from typing import TypeGuard

    import torch

#: Kinds of numpy's dtypes that are plain data.
ARRAY_KINDS = "biufcSUmM"
#: The name of a dtype as ``dtype.str`` has it; no structured ones, no shapes, no objects.
_DTYPE = re.compile(r"[<>|=]?[biufcSUmM]\d{0,9}(\[\d{0,9}[A-Za-z]{1,7}\])?", re.ASCII)
TENSOR_DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def is_tensor(value: object) -> TypeGuard[torch.Tensor]:
    """Whether it is a tensor; torch is not imported for the question."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_shareable(value: object) -> bool:
    """Whether a value is mutable plain data, of which both sides keep a copy during a call."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in ARRAY_KINDS
    if is_tensor(value):
        name = str(value.dtype).removeprefix("torch.")
        return name in TENSOR_DTYPES and value.layout is sys.modules["torch"].strided
    return isinstance(value, (list, dict, set))


def array_bytes(value: np.ndarray) -> bytes:
    """The contents of an array, in C order, whatever a subclass makes of it."""
    return np.ndarray.tobytes(value)


def tensor_bytes(value: torch.Tensor) -> bytes:
    """The contents of a tensor, in C order; bfloat16 as the int16 with the same bits."""
    torch = sys.modules["torch"]
    plain = value.detach().cpu().contiguous()
    if plain.is_conj():
        plain = plain.resolve_conj()
    if plain.is_neg():
        plain = plain.resolve_neg()
    if plain.dtype is torch.bfloat16:
        plain = plain.view(torch.int16)
    return bytes(plain.numpy().tobytes())


def items_of(node: object) -> list[Any]:
    """The items of a node that holds a list.

    Raises:
        ProtocolError: it holds none.
    """
    if not isinstance(node, list):
        raise ProtocolError("a container that holds no list")
    return node


def dtype_named(name: object) -> np.dtype:
    """numpy's dtype of that name.

    Raises:
        ProtocolError: it is none of plain data.
    """
    if not isinstance(name, str) or not _DTYPE.fullmatch(name):
        raise ProtocolError(f"an array of dtype {name!r:.40}")
    return np.dtype(name)


def array_of(dtype: object, shape: object, data: object) -> np.ndarray:
    """The array of a dtype's name, a list of sizes and its bytes; read-only.

    Raises:
        ProtocolError: they do not fit together.
    """
    kind = dtype_named(dtype)
    sizes = items_of(shape)
    if len(sizes) > 32 or not all(type(size) is int and 0 <= size < 1 << 40 for size in sizes):
        raise ProtocolError("an array whose shape is no shape")
    count = 1
    for size in sizes:
        count *= size
    if not isinstance(data, bytes):
        raise ProtocolError("an array whose data are no bytes")
    if len(data) != count * kind.itemsize:
        raise ProtocolError(f"an array whose {len(data)} bytes do not fill shape {tuple(sizes)}")
    if kind.itemsize == 0:  # of empty strings; numpy gives each a character
        if count > 1:
            raise ProtocolError(f"an array of {count} values of no size")
        return np.zeros(sizes, kind)
    if kind.kind == "U":
        letters = np.frombuffer(data, kind.str[0] + "u4")
        if letters.size and letters.max() > sys.maxunicode:
            raise ProtocolError("an array of characters that do not exist")
    return np.frombuffer(data, kind).reshape(sizes)


def big_integer(digits: object) -> int:
    """The integer of its hexadecimal digits.

    Raises:
        ProtocolError: they are too many, or no text.
    """
    if not isinstance(digits, str) or len(digits) > 4096:
        raise ProtocolError("an integer that is too long")
    return int(digits, 16)


def torch_dtype_named(name: object) -> torch.dtype:
    """torch's dtype of that name.

    Raises:
        ProtocolError: there is none that can cross.
    """
    import torch

    if not isinstance(name, str) or name not in TENSOR_DTYPES:
        raise ProtocolError(f"a dtype {name!r:.20}")
    found: torch.dtype = getattr(torch, name)
    return found


def torch_device_named(name: object) -> torch.device:
    """torch's device of that name.

    Raises:
        RuntimeError: there is none.
    """
    import torch

    return torch.device(field(name, 20))


def overwrite(value: object, new: object) -> None:
    """Give the shared object ``value`` the state of ``new``.

    Raises:
        ProtocolError: it cannot have that state.
    """
    if isinstance(value, np.ndarray) and isinstance(new, np.ndarray):
        if value.shape != new.shape or value.dtype != new.dtype:
            raise ProtocolError("the shape or dtype of an argument was changed in place")
        if not value.flags.writeable:
            raise ProtocolError("a read-only argument was changed")
        value[...] = new
    elif isinstance(value, list) and isinstance(new, list):
        value[:] = new
    elif (isinstance(value, dict) and isinstance(new, dict)) or (
        isinstance(value, set) and isinstance(new, set)
    ):
        value.clear()
        value.update(new)
    elif is_tensor(value) and is_tensor(new):
        if value.shape != new.shape or value.dtype != new.dtype:
            raise ProtocolError("the shape or dtype of an argument was changed in place")
        try:
            value.data.copy_(new.data)
        except RuntimeError as error:  # an expanded tensor: one place in memory for many items
            raise ProtocolError(f"an argument cannot be changed in place ({error})") from error
    else:
        raise ProtocolError("a change that makes another kind of object")
