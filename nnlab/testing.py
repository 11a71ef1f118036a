"""What test cells are written with: checks that say what is wrong, probes, hidden seeds.

A failed check raises :class:`CheckFailed`, an ``AssertionError`` whose message is a sentence for
a student: what was called, what it returned, what was expected, where to look. All checks take the
same arguments:

- ``call``: the expression that is checked, as a student would type it, such as ``"double(3)"``;
- ``got``: what the student's code returned, which can be any object;
- ``look``: where to look for the mistake, a sentence that is added to the message.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CheckFailed",
    "check",
    "check_close",
    "check_equal",
    "check_one_of",
    "check_raises",
    "check_shape",
    "check_unchanged",
    "hidden_rng",
    "hidden_seed",
    "probe",
]

Function = TypeVar("Function", bound=Callable[..., object])

#: The environment variable that holds the instructor's seed for hidden tests.
SEED_VARIABLE = "NNLAB_HIDDEN_SEED"


class CheckFailed(AssertionError):
    """A student's answer is not what the check expects. The message is for the student."""

    def _render_traceback_(self) -> list[str]:
        # IPython calls this method in place of printing a traceback through library code.
        return [f"\x1b[31m✗\x1b[0m {self}"]


def probe(function: Function) -> Function:
    """Mark a function of a test cell to run on the student's side.

    In a notebook this changes nothing. When a notebook is graded, the function's body runs in the
    process that holds the student's objects, and only plain data (numbers, strings, arrays,
    tensors, lists, dicts) is sent from there to the process that runs the checks. So a probe does
    what needs the objects themselves (a module, an optimizer, a training loop), returns the
    results as plain data, and contains no expected value. It can use the names that the notebook
    defines; everything else is passed as an argument.
    """
    return function


def hidden_seed(name: str) -> int:
    """A seed for the hidden tests of the task ``name``, which the instructor can change."""
    course = int(os.environ.get(SEED_VARIABLE, "0"))
    return zlib.crc32(f"{course}/{name}".encode())


def hidden_rng(name: str) -> np.random.Generator:
    """A random generator for the inputs of the hidden tests of the task ``name``."""
    return np.random.default_rng(hidden_seed(name))


def check(call: str, condition: bool | np.bool_, says: str, look: str = "") -> None:
    """Fail unless ``condition`` holds; ``says`` is what is wrong if it does not.

    Raises:
        CheckFailed: the condition is false.

    Example:
        >>> check("dropout(x)", False, "changed its input", look="Multiply a copy by the mask.")
        Traceback (most recent call last):
        nnlab.testing.CheckFailed: dropout(x): changed its input. Multiply a copy by the mask.
    """
    if not condition:
        _fail(f"{call}: {says}", look)


def check_close(
    call: str,
    got: object,
    expected: ArrayLike,
    rtol: float = 1e-7,
    atol: float = 0.0,
    look: str = "",
) -> None:
    """Fail unless ``got`` equals ``expected`` in shape and, within tolerance, in every value.

    The tolerance is numpy's: ``|got - expected| <= atol + rtol * |expected|``, elementwise; NaN
    equals nothing but an expected NaN. Arrays, numbers, (nested) lists and tensors are accepted;
    the dtype is not compared.

    Raises:
        CheckFailed: ``got`` is no array of numbers, or differs in shape or in a value.

    Example:
        >>> check_close("relu(-1)", -1.0, 0.0, look="Clip it at 0.")
        Traceback (most recent call last):
        nnlab.testing.CheckFailed: relu(-1) returned -1, expected 0 (tolerance 1e-07). Clip it at 0.
    """
    want = _as_array(expected)
    have = _numbers(call, got, want.shape, look)
    if have.shape != want.shape:
        _fail(
            f"{call} returned {_described(have)}, expected {_described(want)}"
            f"{f' like {_shown(want)}' if want.ndim and want.size <= 6 else ''}",
            look,
        )
    with np.errstate(invalid="ignore", over="ignore"):
        right = np.isclose(have, want, rtol=rtol, atol=atol, equal_nan=True)
    if right.all():
        return
    if want.ndim == 0:
        _fail(f"{call} returned {_shown(have)}, expected {_shown(want)}{_within(rtol, atol)}", look)
    with np.errstate(invalid="ignore", over="ignore"):
        # In floats: numpy does not subtract booleans, and unsigned integers wrap around.
        kind = np.result_type(have, want, 1.0)
        distance = np.where(right, -1.0, np.abs(have.astype(kind) - want.astype(kind)))
    distance = np.where(np.isnan(distance), np.inf, distance)
    worst = np.unravel_index(int(np.argmax(distance)), want.shape)
    place = ", ".join(str(int(i)) for i in worst)
    parts = [f"{call} returned {_shown(have)}, expected {_shown(want)}{_within(rtol, atol)}"]
    parts.append(
        f"{int((~right).sum())} of {want.size} values differ; at [{place}] "
        f"{_shown(have[worst])} instead of {_shown(want[worst])}"
    )
    _fail(". ".join(parts), look)


def check_shape(call: str, got: object, expected: Sequence[int], look: str = "") -> None:
    """Fail unless ``got`` is an array, a tensor or a list of numbers of the shape ``expected``.

    Raises:
        CheckFailed: ``got`` is no array of numbers, or has another shape.

    Example:
        >>> check_shape("scores(x)", np.zeros((3, 5)), (5, 3), look="Transpose it.")
        Traceback (most recent call last):
        nnlab.testing.CheckFailed: scores(x) returned shape (3, 5), expected (5, 3). Transpose it.
    """
    shape = _numbers(call, got, tuple(expected), look).shape
    if shape != tuple(expected):
        _fail(f"{call} returned shape {shape}, expected {tuple(expected)}", look)


def check_equal(call: str, got: object, expected: object, look: str = "") -> None:
    """Fail unless ``got == expected``, exactly: for whole numbers, strings, booleans, lists.

    A boolean equals no number here, though ``True == 1`` in Python.

    Raises:
        CheckFailed: they differ, or an array or a tensor of several values came back.

    Example:
        >>> check_equal("parameters(model)", 640, 650, look="Add the biases.")
        Traceback (most recent call last):
        nnlab.testing.CheckFailed: parameters(model) returned 640, expected 650. Add the biases.
    """
    got = _unboxed(got)
    same_kind = isinstance(got, bool) == isinstance(expected, bool)
    try:
        same = same_kind and bool(got == expected)
    except (ValueError, RuntimeError):  # an array or a tensor has no single truth value
        same = False
    if not same:
        _fail(f"{call} returned {_brief(got)}, expected {_brief(expected)}", look)


def check_one_of(name: str, got: object, choices: Sequence[object], look: str = "") -> None:
    """Fail unless the answer ``got`` is one of the choices that were offered.

    Args:
        name: the variable in which the student gives the answer.

    Raises:
        CheckFailed: ``got`` is none of them, or equals one but has another type.

    Example:
        >>> check_one_of("prediction", "Adam", ["sgd", "adam"], look="Small letters.")
        Traceback (most recent call last):
        nnlab.testing.CheckFailed: prediction is 'Adam'; choose one of 'sgd', 'adam'. Small letters.
    """
    got = _unboxed(got)
    if not any(type(got) is type(choice) and got == choice for choice in choices):
        offered = ", ".join(repr(choice) for choice in choices)
        _fail(f"{name} is {_brief(got)}; choose one of {offered}", look)


def check_unchanged(call: str, name: str, before: ArrayLike, after: object, look: str = "") -> None:
    """Fail if the argument ``name`` was changed in place by the call.

    Args:
        before: a copy of the argument that was made before the call.
        after: the argument itself, after the call.

    Raises:
        CheckFailed: they differ.

    Example:
        >>> check_unchanged("step(w, dw)", "w", before=[1.0, 2.0], after=[0.9, 1.8])
        Traceback (most recent call last):
        nnlab.testing.CheckFailed: step(w, dw) changed its argument w in place; work on a copy.
    """
    old, new = _as_array(before), _as_array(after)
    if not np.array_equal(old, new, equal_nan=old.dtype.kind in "fc" and new.dtype.kind in "fc"):
        _fail(f"{call} changed its argument {name} in place; work on a copy", look)


def check_raises(
    call: str,
    error: type[Exception] | tuple[type[Exception], ...],
    function: Callable[..., object],
    *args: object,
    look: str = "",
    **kwargs: object,
) -> None:
    """Fail unless ``function(*args, **kwargs)`` raises ``error``.

    Raises:
        CheckFailed: the function returned a value, or raised another error.

    Example:
        >>> check_raises("root(-1)", ValueError, lambda x: 0.0, -1)
        Traceback (most recent call last):
        nnlab.testing.CheckFailed: root(-1) returned 0.0, expected it to raise ValueError.
    """
    names = error if isinstance(error, tuple) else (error,)
    wanted = " or ".join(kind.__name__ for kind in names)
    try:
        value = function(*args, **kwargs)
    except names:
        return
    except Exception as other:  # noqa: BLE001  a student's code may raise anything
        _fail(f"{call} raised {type(other).__name__} ({other}), expected {wanted}", look)
    _fail(f"{call} returned {_brief(value)}, expected it to raise {wanted}", look)


def _fail(message: str, look: str) -> NoReturn:
    sentence = message.rstrip(".") + "."
    raise CheckFailed(f"{sentence} {look}" if look else sentence)


def _unboxed(value: Any) -> Any:
    """The Python value of a numpy scalar or of an array or tensor without dimensions."""
    if isinstance(value, np.generic):
        return value.item()
    is_array = isinstance(value, np.ndarray) or hasattr(value, "detach")
    return value.item() if is_array and getattr(value, "ndim", None) == 0 else value


def _as_array(value: Any) -> NDArray[Any]:
    """``value`` as a numpy array; a tensor is detached and copied to the CPU first."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
        if "bfloat16" in str(value.dtype):  # numpy has no bfloat16
            value = value.float()
        array: NDArray[Any] = value.numpy()
        return array
    return np.asarray(value)


def _numbers(call: str, got: object, shape: tuple[int, ...], look: str) -> NDArray[Any]:
    """``got`` as an array of numbers; the check fails if it is none and ``shape`` is expected."""
    try:
        have = _as_array(got)
    except Exception:  # noqa: BLE001  numpy raises whatever an object's methods raise
        have = None
    if have is None or have.dtype.kind not in "biufc":
        wanted = f"an array of shape {shape}" if shape else "a number"
        hint = " (is a return missing?)" if got is None else ""
        _fail(f"{call} returned {_brief(got)}{hint}, expected {wanted}", look)
    return have


def _described(array: NDArray[Any]) -> str:
    return f"the number {_shown(array)}" if array.ndim == 0 else f"shape {array.shape}"


def _within(rtol: float, atol: float) -> str:
    return f" (tolerance {rtol:.0e})" if not atol else f" (tolerance {rtol:.0e} + {atol:.0e})"


def _shown(value: Any) -> str:
    array = np.asarray(value)
    if array.ndim == 0:
        number = array.item()
        return f"{number:.8g}" if isinstance(number, float) else str(number)
    return np.array2string(
        array, precision=6, threshold=12, edgeitems=2, separator=", ", max_line_width=10_000
    ).replace("\n", "")


def _brief(value: Any, limit: int = 120) -> str:
    if hasattr(value, "detach") or isinstance(value, np.ndarray):
        return f"an array {_shown(_as_array(value))}"
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
