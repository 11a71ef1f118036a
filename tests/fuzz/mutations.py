"""Changes to make to what is valid: to bytes, and to nested lists and maps."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

#: Where to go at each list and map on the way: positions, taken modulo its length.
_PATHS = st.lists(st.integers(0, 40), min_size=1, max_size=8)
_KINDS = st.sampled_from(["replace", "replace", "delete", "wrap", "duplicate", "swap"])

Edit = tuple[int, bytes, int]
Change = tuple[str, list[int], Any]


def edits(places: st.SearchStrategy[int], pieces: st.SearchStrategy[bytes]) -> st.SearchStrategy:
    """Up to six edits for :func:`edited`: a place, what to write there, how much to write over."""
    return st.lists(
        st.tuples(places, pieces | st.binary(max_size=8), st.integers(0, 8)),
        min_size=1,
        max_size=6,
    )


def edited(raw: bytes, made: list[Edit]) -> bytes:
    """A copy of ``raw`` with the edits made, one after the other."""
    new = bytearray(raw)
    for place, piece, length in made:
        at = place % (len(new) + 1)
        new[at : at + length] = piece
    return bytes(new)


def changes(junk: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[list[Change]]:
    """Up to ``most`` changes for :func:`changed`, in which ``junk`` takes the place of values."""
    return st.lists(st.tuples(_KINDS, _PATHS, junk), max_size=most)


def changed(tree: Any, made: list[Change]) -> Any:
    """A copy of nested lists and maps with the changes made, one after the other."""
    root = [copy.deepcopy(tree)]
    for what, path, value in made:
        holder, key = _place(root, path)
        if what == "replace":
            holder[key] = copy.deepcopy(value)
        elif what == "wrap":
            holder[key] = [holder[key]]
        elif holder is root:
            continue
        elif what == "delete":
            del holder[key]
        else:
            # A map gets another's value under a key; in a list, items are copied or exchanged.
            keys = list(holder) if isinstance(holder, dict) else range(len(holder))
            other = keys[path[-1] % len(keys)]
            if what == "swap":
                holder[key], holder[other] = holder[other], holder[key]
            elif isinstance(holder, list):
                holder.insert(other, copy.deepcopy(holder[key]))
            else:
                holder[other] = copy.deepcopy(holder[key])
    return root[0]


def _place(root: list[Any], path: list[int]) -> tuple[Any, Any]:
    """The list or map at the end of a path, and the key in it."""
    holder, key = root, 0
    for step in path:
        inner = holder[key]
        if not isinstance(inner, (dict, list)) or not inner:
            break
        holder = inner
        key = list(inner)[step % len(inner)] if isinstance(inner, dict) else step % len(inner)
    return holder, key
