"""Plain data between the examiner and the sandbox: values as nodes, and shared objects.

What comes from the sandbox is checked for kind, size and depth before anything is built from it,
and whatever is wrong with it is a :class:`ProtocolError`.

Values are *nodes*: ``None``, booleans, 64-bit integers, floats, strings and bytes stand for
themselves; everything else is a list that begins with a tag. Mutable values (lists, dicts, sets,
arrays, tensors) that pass in a call are *shared* for its duration under a number, and every frame
that hands over control carries what changed in them. That is call by copy-restore, in both
directions and at every depth of callbacks, with identity kept (``returned is argument``).
What isn't plain data stays where it is, and a *handle* stands for it on the other side.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import msgpack
import numpy as np

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
from autograder.protocol.plain_text import for_person

V = TypeVar("V")

#: The deepest nesting of a value.
MAX_DEPTH = 64
_TYPES: dict[str, type] = {
    **{kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, list, tuple, dict)},
    **{f"numpy.{kind.__name__}": kind for kind in (np.float16, np.float32, np.float64)},
    **{f"numpy.{kind.__name__}": kind for kind in (np.int32, np.int64, np.bool_)},
}
_TYPE_NAMES = {kind: name for name, kind in _TYPES.items()}


class Codec:
    """Values to nodes and back, for one side of a conversation.

    Args:
        side: 0 or 1, different on the two sides, so that both can number shared objects.
        stand_in: makes the local stand-in for an object of the other side, from its handle
            number and the name of its type.
    """

    def __init__(self, side: int, stand_in: Callable[[int, str], Any]) -> None:
        self._side = side
        self._make_stand_in = stand_in
        self._stand_ins: dict[int, Any] = {}
        self._stand_in_numbers: dict[int, int] = {}
        self._exported: list[Any] = []
        self._exported_numbers: dict[int, int] = {}
        self.forget()

    # -- objects that stay where they are ------------------------------------------------------

    def export(self, value: object) -> int:
        """The handle number of ``value``, which stays alive with this codec."""
        number = self._exported_numbers.get(id(value))
        if number is None:
            number = len(self._exported)
            self._exported.append(value)
            self._exported_numbers[id(value)] = number
        return number

    def handle(self, value: object) -> list[Any]:
        """The node of a handle that stands for ``value`` on the other side."""
        return ["h", self.export(value), type(value).__name__[:100]]

    def exported(self, number: object) -> Any:
        """The object behind a handle of this side."""
        if type(number) is not int or not 0 <= number < len(self._exported):
            raise ProtocolError(f"no object has the handle {number!r}")
        return self._exported[number]

    # -- shared objects --------------------------------------------------------------------------

    def forget(self) -> None:
        """End the sharing: the outermost call is over."""
        self._shared: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._known: dict[int, bytes] = {}
        self._fresh: list[int] = []
        self._pinned: dict[int, Any] = {}
        self._next = self._side

    def changes(self) -> list[list[Any]]:
        """What changed in the shared objects since both sides last agreed on them."""
        found = []
        for number, value in list(self._shared.items()):
            if self._fingerprint(value) != self._known[number]:
                found.append([number, self._expand(value, number, 0)])
                self._fresh.append(number)
        self.settle()
        return found

    def apply(self, changes: object) -> None:
        """Bring the shared objects up to date with what the other side did to them."""
        pending = []
        for change in items_of(changes):
            if not isinstance(change, list) or len(change) != 2:
                raise ProtocolError("a change that is no pair")
            number, node = change
            if type(number) is not int or number not in self._shared:
                raise ProtocolError("a change to an object that is not shared")
            pending.append((number, self.decode(node, into=number)))
        for number, new in pending:
            overwrite(self._shared[number], new)
            self._fresh.append(number)
        self.settle()

    def settle(self) -> None:
        """Note the state of the objects that became shared; call after each encode or decode."""
        # Fingerprints are taken when a message is complete: only then are all children shared.
        while self._fresh:
            number = self._fresh.pop()
            self._known[number] = self._fingerprint(self._shared[number])

    def _share(self, value: Any, number: int | None = None) -> int:
        if number is None:
            number = self._next
            self._next += 2
        self._shared[number] = value
        self._numbers[id(value)] = number
        self._fresh.append(number)
        return number

    def _fingerprint(self, value: Any) -> bytes:
        if isinstance(value, np.ndarray):
            return repr((value.dtype.str, value.shape)).encode() + array_bytes(value)
        if is_tensor(value):
            return repr((str(value.dtype), tuple(value.shape))).encode() + tensor_bytes(value)
        children = [*value.items()] if isinstance(value, dict) else [(item,) for item in value]
        marks = [[self._mark(item) for item in pair] for pair in children]
        packed: bytes = msgpack.packb(marks, unicode_errors="surrogatepass")
        return packed

    def _mark(self, value: Any, depth: int = 0) -> Any:
        """What tells a child of a container from another: its number if shared, else its value."""
        if depth > MAX_DEPTH:
            raise ProtocolError(f"a value nested more than {MAX_DEPTH} deep")
        number = self._numbers.get(id(value))
        if number is not None:
            return ["r", number]
        kind = type(value)
        if kind is tuple:
            return ["t", [self._mark(item, depth + 1) for item in value]]
        if kind in (bool, float, str, bytes, type(None)):
            return value
        if kind is int:
            return value if -(1 << 63) <= value < 1 << 63 else ["i", hex(value)]
        if isinstance(value, np.generic):
            return ["n", value.dtype.str, value.tobytes()]
        if kind is complex:
            return ["c", value.real, value.imag]
        self._pinned[id(value)] = value  # kept alive, so that no other object gets its id
        return ["id", str(id(value))]

    # -- values to nodes -------------------------------------------------------------------------

    def encode(self, value: Any, depth: int = 0) -> Any:
        """``value`` as a node.

        Raises:
            ProtocolError: it is nested too deeply.
        """
        if depth > MAX_DEPTH:
            raise ProtocolError(f"a value nested more than {MAX_DEPTH} deep")
        if value is None or value is True or value is False:
            return value
        if isinstance(value, np.generic) and value.dtype.kind in ARRAY_KINDS:
            # numpy gives the bytes of an empty string a character that its dtype doesn't have
            return ["n", value.dtype.str, value.tobytes()[: value.dtype.itemsize]]
        if isinstance(value, int):
            value = int.__int__(value)
            return value if -(1 << 63) <= value < 1 << 63 else ["i", hex(value)]
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        if isinstance(value, complex):
            return ["c", value.real, value.imag]
        if isinstance(value, tuple):
            return ["t", [self.encode(item, depth + 1) for item in tuple.__iter__(value)]]
        if isinstance(value, frozenset):
            return ["z", [self.encode(item, depth + 1) for item in frozenset.__iter__(value)]]
        if is_shareable(value):
            number = self._numbers.get(id(value))
            if number is not None:
                return ["r", number]
            return self._expand(value, self._share(value), depth)
        if isinstance(value, slice):
            parts = (value.start, value.stop, value.step)
            return ["sl", *(self.encode(part, depth + 1) for part in parts)]
        if isinstance(value, range):
            return ["rg", value.start, value.stop, value.step]
        if value is Ellipsis:
            return ["el"]
        if isinstance(value, np.dtype) and value.kind in ARRAY_KINDS:
            return ["dt", value.str]
        if isinstance(value, type) and value in _TYPE_NAMES:
            return ["ty", _TYPE_NAMES[value]]
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.dtype):
            return ["td", str(value).removeprefix("torch.")]
        if torch is not None and isinstance(value, torch.device):
            return ["dv", str(value)]
        number = self._stand_in_numbers.get(id(value))
        if number is not None:
            return ["y", number]  # an object of the other side goes back to it
        return self.handle(value)

    def _expand(self, value: Any, number: int, depth: int) -> list[Any]:
        if isinstance(value, list):
            return ["l", number, [self.encode(item, depth + 1) for item in list.__iter__(value)]]
        if isinstance(value, dict):
            pairs = [
                [self.encode(key, depth + 1), self.encode(item, depth + 1)]
                for key, item in dict.items(value)
            ]
            return ["d", number, pairs]
        if isinstance(value, set):
            return ["s", number, [self.encode(item, depth + 1) for item in set.__iter__(value)]]
        if isinstance(value, np.ndarray):
            flat = (
                np.array(value, copy=True, subok=False) if type(value) is not np.ndarray else value
            )
            shape, writeable = list(flat.shape), bool(flat.flags.writeable)
            return ["a", number, flat.dtype.str, shape, array_bytes(flat), writeable]
        name = str(value.dtype).removeprefix("torch.")
        shape = [int(size) for size in value.shape]
        return ["T", number, name, shape, tensor_bytes(value), bool(value.requires_grad)]

    # -- nodes to values -------------------------------------------------------------------------

    def decode(self, node: object, into: int | None = None) -> Any:
        """The value of a node; with ``into``, the new state of that shared object.

        Raises:
            ProtocolError: it is no node, too deep, or its parts don't fit together.
        """
        try:
            return self._build(node, 0, into)
        except ProtocolError:
            raise
        except (ValueError, TypeError, KeyError, OverflowError, IndexError, RuntimeError) as error:
            raise ProtocolError(f"a value that cannot be rebuilt ({error})") from error

    def _build(self, node: object, depth: int, into: int | None = None) -> Any:
        if depth > MAX_DEPTH:
            raise ProtocolError(f"a value nested more than {MAX_DEPTH} deep")
        if node is None or isinstance(node, (bool, int, float, str, bytes)):
            return node
        if not isinstance(node, list) or not node or not isinstance(node[0], str):
            raise ProtocolError("a node that is neither a scalar nor tagged")
        parts, build = _BUILDERS.get(node[0], (0, None))
        if build is None:
            raise ProtocolError(f"a node with the unknown tag {node[0]!r:.20}")
        if len(node) != 1 + parts:
            raise ProtocolError(f"a node {node[0]!r} of length {len(node)}")
        return build(self, depth + 1, into, *node[1:])

    def _enter(self, value: V, number: Any, into: int | None) -> V:
        """Share a value that was decoded, or take it as the new state of one that is."""
        if into is not None:
            if number != into:
                raise ProtocolError("a change that names another object")
            return value
        if type(number) is not int or number % 2 == self._side or number in self._shared:
            raise ProtocolError(f"an object numbered {number!r:.20}")
        self._share(value, number)
        return value

    def _build_all(self, items: Any, depth: int) -> list[Any]:
        return [self._build(item, depth) for item in items_of(items)]

    def _build_list(self, depth: int, into: int | None, number: Any, items: Any) -> list[Any]:
        made: list[Any] = self._enter([], number, into)
        made.extend(self._build(item, depth) for item in items_of(items))
        return made

    def _build_dict(self, depth: int, into: int | None, number: Any, pairs: Any) -> dict[Any, Any]:
        made: dict[Any, Any] = self._enter({}, number, into)
        for pair in items_of(pairs):
            key, value = items_of(pair)
            made[self._build(key, depth)] = self._build(value, depth)
        return made

    def _build_set(self, depth: int, into: int | None, number: Any, items: Any) -> set[Any]:
        made: set[Any] = self._enter(set(), number, into)
        made.update(self._build(item, depth) for item in items_of(items))
        return made

    def _build_array(
        self,
        depth: int,
        into: int | None,
        number: Any,
        dtype: Any,
        shape: Any,
        data: Any,
        writeable: Any,
    ) -> np.ndarray:
        array = array_of(dtype, shape, data).copy()
        array.flags.writeable = bool(writeable)
        return self._enter(array, number, into)

    def _build_tensor(
        self,
        depth: int,
        into: int | None,
        number: Any,
        dtype: Any,
        shape: Any,
        data: Any,
        grad: Any,
    ) -> Any:
        import torch

        if dtype not in TENSOR_DTYPES:
            raise ProtocolError(f"a tensor of dtype {dtype!r:.20}")
        kind = getattr(torch, dtype)
        carrier = np.dtype(np.int16) if dtype == "bfloat16" else np.dtype(dtype)
        tensor = torch.from_numpy(array_of(carrier.str, shape, data).copy())
        tensor = tensor.view(kind) if dtype == "bfloat16" else tensor
        if grad and (kind.is_floating_point or kind.is_complex):
            tensor.requires_grad_(True)
        return self._enter(tensor, number, into)

    def _build_handle(self, depth: int, into: int | None, number: Any, kind: Any) -> Any:
        if type(number) is not int or number < 0 or not isinstance(kind, str) or len(kind) > 100:
            raise ProtocolError("a handle that is no number")
        if number not in self._stand_ins:
            made = self._make_stand_in(number, for_person(kind, 100))
            self._stand_ins[number] = made
            self._stand_in_numbers[id(made)] = number
        return self._stand_ins[number]

    def _build_shared(self, depth: int, into: int | None, number: Any) -> Any:
        if type(number) is not int or number not in self._shared:
            raise ProtocolError("a reference to an object that is not shared")
        return self._shared[number]


#: What builds the value of a node, by its tag, and how many parts stand behind the tag.
_BUILDERS: dict[str, tuple[int, Callable[..., Any]]] = {
    "r": (1, Codec._build_shared),
    "l": (2, Codec._build_list),
    "d": (2, Codec._build_dict),
    "s": (2, Codec._build_set),
    "a": (5, Codec._build_array),
    "T": (5, Codec._build_tensor),
    "h": (2, Codec._build_handle),
    "y": (1, lambda codec, depth, into, number: codec.exported(number)),
    "t": (1, lambda codec, depth, into, items: tuple(codec._build_all(items, depth))),
    "z": (1, lambda codec, depth, into, items: frozenset(codec._build_all(items, depth))),
    "n": (2, lambda codec, depth, into, dtype, data: array_of(dtype, [], data)[()]),
    "c": (2, lambda codec, depth, into, real, imaginary: complex(real, imaginary)),
    "i": (1, lambda codec, depth, into, digits: big_integer(digits)),
    "sl": (3, lambda codec, depth, into, *parts: slice(*codec._build_all([*parts], depth))),
    "rg": (3, lambda codec, depth, into, start, stop, step: range(start, stop, step)),
    "el": (0, lambda codec, depth, into: Ellipsis),
    "dt": (1, lambda codec, depth, into, name: dtype_named(name)),
    "ty": (1, lambda codec, depth, into, name: _TYPES[name]),
    "td": (1, lambda codec, depth, into, name: torch_dtype_named(name)),
    "dv": (1, lambda codec, depth, into, name: torch_device_named(name)),
}
