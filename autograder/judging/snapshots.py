"""Puts back what a student's function changed in the arguments that a test gave it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.protocol.leaves import is_tensor

#: Deeper in lists and dicts nothing is kept; the wire carries nothing deeper either.
_DEPTH = 50


class Snapshot:
    """The contents of arrays, tensors, lists, dicts and sets, wherever they are in ``values``."""

    def __init__(self, values: Any) -> None:
        self._found: dict[int, tuple[Any, Any]] = {}
        self._keep(values, 0)

    def _keep(self, value: Any, depth: int) -> None:
        if id(value) in self._found or depth > _DEPTH:
            return
        if isinstance(value, np.ndarray):
            if value.flags.writeable:
                self._found[id(value)] = value, value.copy()
        elif is_tensor(value):
            if 0 in value.stride() and value.numel() > 1:
                return  # an expanded tensor, which no change over the wire can reach
            self._found[id(value)] = value, value.detach().clone()
        elif isinstance(value, (list, dict, set, tuple)):
            parts = list(value.values()) if isinstance(value, dict) else list(value)
            if not isinstance(value, tuple):
                self._found[id(value)] = value, value.copy()
            for part in parts:
                self._keep(part, depth + 1)

    def restore(self) -> None:
        """Give everything back what it held."""
        for value, before in self._found.values():
            if isinstance(value, np.ndarray):
                value[...] = before
            elif is_tensor(value):
                import torch  # not at the top: the command that only sends jobs has no use for it

                with torch.no_grad():
                    value.copy_(before)
            elif isinstance(value, list):
                value[:] = before
            else:
                value.clear()
                value.update(before)


def detached_copy(value: Any, made: dict[int, Any] | None = None) -> Any:
    """A copy of plain data that shares nothing with it; what appears twice in it still does."""
    made = {} if made is None else made
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, np.ndarray):
        copy = value.copy()
    elif is_tensor(value):
        copy = value.detach().clone()
    elif isinstance(value, (list, set)):
        copy = made[id(value)] = type(value)()
        parts = [detached_copy(part, made) for part in value]
        if isinstance(copy, list):
            copy.extend(parts)
        else:
            copy.update(parts)
    elif isinstance(value, dict):
        copy = made[id(value)] = {}
        copy.update({key: detached_copy(part, made) for key, part in value.items()})
    elif type(value) is tuple:
        copy = tuple(detached_copy(part, made) for part in value)
    else:
        return value
    made[id(value)] = copy
    return copy
