"""Plain data of every kind that crosses the wire, and what it means to be the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from autograder.protocol.leaves import ARRAY_KINDS, TENSOR_DTYPES, tensor_bytes

_LONG = [np.dtype(np.longdouble).str, np.dtype(np.clongdouble).str]
_NUMBERS = [
    "|b1", "|i1", ">i2", "<i4", "<i8", "|u1", "<u2", ">u8", "<f2", ">f4", "<f4", ">f8", "<f8",
    "<c8", ">c16", "<M8[D]", ">M8[ns]", "<M8[25s]", "<M8", "<m8", "<m8[ms]", *_LONG,
]  # fmt: skip
#: The types that cross as such; any other stays where it is.
_TYPES = [bool, int, float, complex, str, bytes, list, tuple, dict, np.float16, np.float32,
          np.float64, np.int32, np.int64, np.bool_]  # fmt: skip
_LETTERS = ["<U1", ">U3", "<U0", "|S1", "|S4", "|S0"]
_LAYOUTS = ["plain", "plain", "transposed", "reversed", "every other", "repeated", "read-only"]

_text = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["", "\0", "\ud800", "🙂", "nan", "None", "l", "r", "__class__", "x" * 5000]
)
_integers = st.integers(-3, 300) | st.integers(-(2**65), 2**65)
_large = st.builds(
    lambda sign, bits, more: sign * ((1 << bits) + more),
    st.sampled_from([1, -1]),
    st.integers(60, 16_000),
    st.integers(-2, 2),
)
_sizes = st.lists(st.integers(0, 3), max_size=3) | st.just([1] * 20)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """numpy arrays: every kind of plain dtype, byte order, layout; no size, and one value."""
    kind = np.dtype(draw(st.sampled_from([*_NUMBERS, *_LETTERS])))
    sizes = draw(_sizes)
    count = math.prod(sizes)
    if kind.kind == "U":
        words = draw(st.lists(st.text(st.characters(), max_size=3), min_size=count, max_size=count))
        array = np.array(words, kind).reshape(sizes)
    elif kind.itemsize == 0:
        array = np.zeros(sizes, kind)
    else:
        array = np.frombuffer(_bytes_of(draw, count * kind.itemsize, kind), kind).reshape(sizes)
        array = array.copy()
    layout = draw(st.sampled_from(_LAYOUTS))
    if layout == "transposed":
        array = array.T
    elif layout == "reversed" and array.ndim:
        array = array[::-1]
    elif layout == "every other" and array.ndim:
        array = array[..., ::2]
    elif layout == "repeated":
        array = np.broadcast_to(array, (2, *array.shape))
    elif layout == "read-only":
        array.flags.writeable = False
    return array


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    """torch tensors: every dtype that crosses, views, and those that want a gradient."""
    kind = getattr(torch, draw(st.sampled_from(TENSOR_DTYPES)))
    sizes = draw(_sizes)
    count = math.prod(sizes)
    carrier = np.dtype(bool) if kind is torch.bool else np.dtype("u1")
    raw = _bytes_of(draw, count * kind.itemsize, carrier)
    flat = torch.frombuffer(bytearray(raw), dtype=kind) if count else torch.zeros(0, dtype=kind)
    tensor = flat.clone().reshape(sizes)
    if (kind.is_floating_point or kind.is_complex) and draw(st.booleans()):
        return tensor.requires_grad_(True)
    layout = draw(st.sampled_from(_LAYOUTS))
    if layout == "transposed" and tensor.ndim == 2:
        tensor = tensor.T
    elif layout == "every other" and tensor.ndim:
        tensor = tensor[..., ::2]
    elif layout == "repeated":
        tensor = tensor.expand(2, *tensor.shape)
    elif layout == "reversed" and kind.is_complex:
        tensor = tensor.conj() if draw(st.booleans()) else tensor.conj().imag
    return tensor


def _bytes_of(draw: st.DrawFn, size: int, kind: np.dtype) -> bytes:
    raw = draw(st.binary(min_size=size, max_size=size))
    return bytes(byte & 1 for byte in raw) if kind.kind == "b" else raw


_numpy_scalars = arrays().filter(lambda array: array.size > 0).map(lambda a: a.reshape(-1)[0])
_atoms = (
    st.none()
    | st.booleans()
    | _integers
    | _large
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | _text
    | st.binary(max_size=8)
)
#: What can be a key, or stand in a set.
hashable = st.recursive(
    _atoms,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
_ends = st.none() | st.integers(-9, 9)
leaves = (
    hashable
    | st.just(math.nan)
    | arrays()
    | tensors()
    | _numpy_scalars
    | st.builds(slice, _ends, _ends, _ends)
    | st.builds(range, _integers.filter(lambda n: abs(n) < 2**62), st.integers(-9, 9))
    | st.sampled_from([..., *_TYPES, torch.float64, torch.device("cuda", 1)])
    | st.sampled_from([*_NUMBERS, *_LETTERS]).map(np.dtype)
)


@st.composite
def plain_data(draw: st.DrawFn) -> Any:
    """Nested plain data in which one object may stand in many places, also within itself."""
    made = draw(st.lists(leaves, min_size=1, max_size=4))
    one = st.integers(0, 1 << 10).map(lambda number: made[number % len(made)])
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["list", "tuple", "dict", "set"]))
        parts = draw(st.lists(one, max_size=3))
        if kind == "list":
            made.append(parts)
        elif kind == "tuple":
            made.append(tuple(parts))
        elif kind == "dict":
            made.append({draw(hashable): part for part in parts})
        else:
            made.append(set(draw(st.frozensets(hashable, max_size=3))))
    lists = [value for value in made if type(value) is list]
    if lists and draw(st.booleans()):
        lists[0].append(draw(one))  # perhaps a ring
    return made


def same(one: Any, two: Any) -> bool:
    """Whether two values are equal in type and value to the last bit, and are one object in two
    places where the other is."""
    return _Comparison().same(one, two)


class _Comparison:
    """Goes through two values side by side."""

    def __init__(self) -> None:
        self._there: dict[int, int] = {}
        self._here: dict[int, int] = {}

    def same(self, one: Any, two: Any) -> bool:
        if type(one) is not type(two):
            return False
        if isinstance(one, (list, dict, set, np.ndarray, torch.Tensor)):
            known = id(one) in self._there or id(two) in self._here
            if known:
                return self._there.get(id(one)) == id(two) and self._here.get(id(two)) == id(one)
            self._there[id(one)], self._here[id(two)] = id(two), id(one)
        if isinstance(one, (list, tuple)):
            return len(one) == len(two) and all(map(self.same, one, two))
        if isinstance(one, dict):
            return self.same(tuple(one), tuple(two)) and self.same(
                tuple(one.values()), tuple(two.values())
            )
        if isinstance(one, (set, frozenset)):
            return sorted(map(_sign, one)) == sorted(map(_sign, two))
        if isinstance(one, np.ndarray):
            return _facts(one) == _facts(two) and one.flags.writeable == two.flags.writeable
        if isinstance(one, np.generic):
            return _facts(one) == _facts(two)
        if isinstance(one, torch.Tensor):
            facts = [(t.dtype, t.shape, t.requires_grad, tensor_bytes(t)) for t in (one, two)]
            return facts[0] == facts[1]
        if isinstance(one, (float, complex)):
            return np.array(one).tobytes() == np.array(two).tobytes()
        return bool(one == two)


def _facts(value: Any) -> tuple[Any, ...]:
    # numpy gives the bytes of an empty string a character that its dtype doesn't have.
    return value.dtype.str, value.shape, value.tobytes()[: value.size * value.dtype.itemsize]


def _sign(value: Any) -> str:
    """A text that is the same for values that are, whatever the order of the sets in them."""
    if isinstance(value, (tuple, frozenset)):
        parts = list(map(_sign, value))
        kind = type(value).__name__
        return f"{kind}({', '.join(parts if kind == 'tuple' else sorted(parts))})"
    return f"{type(value).__name__} {hex(value) if type(value) is int else value!r}"


#: What may be built from a message: nothing else has the types of these.
_PLAIN = (
    type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, slice,
    range, type(...), np.ndarray, torch.Tensor, torch.dtype, torch.device,
)  # fmt: skip


def is_plain(value: Any, others: tuple[type, ...] = (), seen: set[int] | None = None) -> bool:
    """Whether ``value`` is plain data down to its leaves, or of one of the ``others``."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return True
    kind = type(value)
    if kind in others:
        return True
    if isinstance(value, type):
        return value in _TYPES
    if not (kind in _PLAIN or isinstance(value, (np.generic, np.dtype))):
        return False
    if isinstance(value, (np.ndarray, np.generic, np.dtype)):
        if getattr(value, "size", 0):
            value.tolist()  # raises an error for characters that do not exist
        return np.dtype(getattr(value, "dtype", value)).kind in ARRAY_KINDS
    if kind in (list, dict, set):
        seen.add(id(value))
    if kind is dict:
        return all(is_plain(part, others, seen) for pair in value.items() for part in pair)
    if kind in (list, tuple, set, frozenset):
        return all(is_plain(part, others, seen) for part in value)
    return True
