"""What a test's calls have changed in the process that answers them, where no fork forgets it.

:class:`Settings` are put back: random states, environment, folder, default dtype and the like.
:class:`Contents` remembers every object that the notebook's names lead to, and says whether one of
them is not as it was; such a process is replaced. It looks into data, the student's own functions,
classes and modules, and objects with attributes. What a library keeps for itself is not looked at.
"""

from __future__ import annotations

import builtins
import collections
import contextlib
import functools
import hashlib
import io
import os
import random
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

#: More objects than this are not compared, and the process counts as changed.
_MOST_OBJECTS = 200_000
_PLAIN = (
    type(None), bool, int, float, complex, str, bytes, range, slice, type(Ellipsis),
    types.BuiltinFunctionType, types.CodeType, types.ModuleType, np.dtype, np.ufunc, torch.dtype,
    torch.device,
)  # fmt: skip
#: Modules whose functions a student's code might put others in place of.
_LIBRARIES = ("math", "random", "numpy", "numpy.random", "torch", "torch.nn.functional")
_ITERATORS: tuple[type, ...] = (
    *(type(iter(kind())) for kind in (list, tuple, dict, set, str, bytes, bytearray)),
    *(enumerate, zip, map, filter, reversed, type(iter(range(1)))),
)
#: Where Python notes among a module's names which warnings it has shown.
_WARNED = "__warningregistry__"


class Contents:
    """The objects that a notebook's names lead to, as they are when this is made.

    Args:
        names: the notebook's names.
        folder: modules from there are the student's own.
    """

    def __init__(self, names: dict[str, Any], folder: Path) -> None:
        self._names = names
        self._folder = str(folder)
        self._found: dict[int, tuple[Any, Any]] = {}
        self._is_complete = True
        self._threads = set(threading.enumerate())
        self._libraries = [
            (module, dict(vars(module)))
            for module in (builtins, *(sys.modules.get(name) for name in _LIBRARIES))
            if module is not None
        ]
        self._own_modules = {
            name for name, module in sys.modules.items() if self._is_own_module(module)
        }
        self._follow([names, *(vars(sys.modules[name]) for name in self._own_modules)])

    def changed(self) -> str:
        """What is not as it was, in a few words; empty if nothing."""
        if not self._is_complete:
            return "there is too much to be compared"
        if set(threading.enumerate()) - self._threads:
            return "a thread goes on"
        for module, before in self._libraries:
            now = vars(module)
            if any(now.get(name) is not value for name, value in before.items()):
                return f"a name of {module.__name__}"
        for value, before in self._found.values():
            if self._state(value)[0] != before:
                return "the notebook's names" if value is self._names else f"a {_kind(value)}"
        return ""

    def _follow(self, pending: list[Any]) -> None:
        while pending:
            value = pending.pop()
            if isinstance(value, _PLAIN) or id(value) in self._found or _is_of_shell(value):
                continue
            if len(self._found) >= _MOST_OBJECTS:
                self._is_complete = False
                return
            state, parts = self._state(value)
            self._found[id(value)] = value, state  # kept, so that no other gets its number
            pending += parts

    def _state(self, value: Any) -> tuple[Any, list[Any]]:
        """What tells whether an object is as it was; and the objects that it is made of."""
        own: Any = None
        parts: list[Any] = []
        if isinstance(value, types.FunctionType):
            if value.__globals__ is self._names or self._is_own(value.__module__):
                parts += [value.__code__, value.__defaults__, value.__kwdefaults__, value.__dict__]
                parts += value.__closure__ or ()
        elif isinstance(value, type):
            if self._is_own(value.__module__):
                parts += vars(value).values()
                own = tuple(vars(value))
        else:
            try:
                own, parts = _inside(value)
            except Exception:  # noqa: BLE001  an odd object, of which nothing can be told
                self._is_complete = False
            with contextlib.suppress(AttributeError):
                parts.append(object.__getattribute__(value, "__dict__"))
            parts += _slots(value)
        return (own, tuple(map(_token, parts))), parts

    def _is_own(self, module: str | None) -> bool:
        return module == "__main__" or module in self._own_modules

    def _is_own_module(self, module: Any) -> bool:
        file = getattr(module, "__file__", None)
        return isinstance(file, str) and file.startswith(self._folder)


def _inside(value: Any) -> tuple[Any, list[Any]]:
    """What an object holds that is no attribute: values to compare, and objects to follow."""
    if isinstance(value, dict):
        keys = [key for key in value if not (isinstance(key, str) and key == _WARNED)]
        return None, [*keys, *(value[key] for key in keys)]
    if isinstance(value, (list, tuple, collections.deque)):
        return None, list(value)
    if isinstance(value, (set, frozenset)):
        return None, sorted(value, key=lambda one: (str(type(one)), hash(one)))
    if isinstance(value, bytearray):
        return bytes(value), []
    if isinstance(value, np.ndarray):
        own = (value.shape, value.strides, value.dtype, value.flags.writeable)
        if value.dtype.hasobject:
            return own, list(value.flat)
        return (*own, _digest(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)), []
    if isinstance(value, torch.Tensor):
        return _of_tensor(value)
    if isinstance(value, types.CellType):
        with contextlib.suppress(ValueError):  # nothing is in it yet
            return None, [value.cell_contents]
        return None, []
    if isinstance(value, types.MethodType):
        return None, [value.__func__, value.__self__]
    if isinstance(value, functools.partial):
        return None, [value.func, value.args, value.keywords]
    if isinstance(value, functools._lru_cache_wrapper):
        return value.cache_info(), [value.__wrapped__]
    if isinstance(value, (staticmethod, classmethod)):
        return None, [value.__func__]
    if isinstance(value, property):
        return None, [value.fget, value.fset, value.fdel]
    if isinstance(value, types.GeneratorType):
        frame = value.gi_frame
        return (frame.f_lasti, None) if frame else None, list(
            frame.f_locals.values() if frame else ()
        )
    return _of_library(value), []


def _of_library(value: Any) -> Any:
    """The state of an object that is written in C, as far as it tells."""
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return repr(value.get_state())
    if isinstance(value, torch.Generator):
        return bytes(value.get_state().numpy())
    if isinstance(value, _ITERATORS) or type(value).__module__ == "itertools":
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return repr(value.__reduce__())
    if isinstance(value, io.IOBase):
        with contextlib.suppress(OSError, ValueError):
            return value.tell()
    return None


def _of_tensor(value: torch.Tensor) -> tuple[Any, list[Any]]:
    own = (value.shape, value.dtype, value.requires_grad, value._version)
    with torch.no_grad():
        data = value.detach().cpu()
        if data.layout != torch.strided:
            data = data.to_dense()
        data = data.resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
    return (*own, _digest(data.numpy().data)), [value.grad] if value.is_leaf else []


def _digest(data: memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _is_of_shell(value: Any) -> bool:
    """Whether it is the shell, or a part of it, which notes what it does."""
    return type(value).__module__.partition(".")[0] in ("autograder", "IPython", "traitlets")


def _slots(value: Any) -> Iterable[Any]:
    for kind in type(value).__mro__:
        if "__slots__" in vars(kind):
            for member in vars(kind).values():
                if isinstance(member, types.MemberDescriptorType):
                    with contextlib.suppress(AttributeError):
                        yield member.__get__(value)


def _token(value: Any) -> Any:
    """What stands for a part: a plain value itself, any other by which object it is."""
    if isinstance(value, (float, complex)):
        return type(value).__name__, repr(value)  # in which no number differs from itself
    if value is None or type(value) in (bool, int, str, bytes, range):
        return type(value).__name__, value
    return id(value)


def _kind(value: Any) -> str:
    return type(value).__name__


class Settings:
    """What code sets for the whole process, as it is when this is made.

    Args:
        names: the notebook's.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._before = [(read(), write) for read, write in _SETTINGS]
        self._names = names
        self._warned = dict(names.get(_WARNED, {}))

    def restore(self) -> None:
        """Set everything as it was."""
        for value, write in self._before:
            with contextlib.suppress(Exception):  # a folder that was removed, for one
                write(value)
        if _WARNED in self._names:
            self._names[_WARNED] = dict(self._warned)


def _set_environment(before: dict[str, str]) -> None:
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


def _set_style(before: dict[str, Any]) -> None:
    style = _style()
    if style is not None and dict(style) != before:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dict.update(style, before)


def _style() -> Any:
    matplotlib = sys.modules.get("matplotlib")
    return None if matplotlib is None else matplotlib.rcParams


def _set_path(before: list[str]) -> None:
    sys.path[:] = before


def _set_filters(before: list[Any]) -> None:
    warnings.filters[:] = before  # type: ignore[index]  # a list, whatever its type says


#: How to read each setting, and how to set it.
_SETTINGS: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
    (random.getstate, random.setstate),
    (np.random.get_state, np.random.set_state),
    (torch.get_rng_state, torch.set_rng_state),
    (lambda: dict(os.environ), _set_environment),
    (os.getcwd, os.chdir),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_num_threads, torch.set_num_threads),
    (
        torch.are_deterministic_algorithms_enabled,
        lambda on: torch.use_deterministic_algorithms(on),
    ),
    (np.geterr, lambda values: np.seterr(**values)),
    (np.get_printoptions, lambda values: np.set_printoptions(**values)),
    (lambda: dict(_style() or {}), _set_style),
    (lambda: list(sys.path), _set_path),
    (lambda: list(warnings.filters), _set_filters),
    (sys.getrecursionlimit, sys.setrecursionlimit),
)
