"""Outputs of cells and tests, in nbformat's words: collected, and cleaned of a stranger's."""

from __future__ import annotations

import io
import json
from typing import Any

from autograder.protocol.plain_text import field

#: Output of a student's functions that one test keeps, in bytes.
OUTPUT_BYTES = 1 << 16
_MOST_OUTPUTS = 100


def error_output(name: str, message: str) -> dict[str, Any]:
    """An error as nbformat's output of a cell."""
    return {
        "output_type": "error",
        "ename": name,
        "evalue": message.split("\n", 1)[0],
        "traceback": message.split("\n"),
    }


class Outputs(list[dict[str, Any]]):
    """A test's outputs. Once ``closed``, what is printed is no longer kept."""

    closed = False


class Writer(io.TextIOBase):
    """A stream that appends to a test's outputs."""

    def __init__(self, outputs: Outputs, name: str) -> None:
        self._outputs, self._name = outputs, name

    def write(self, words: str) -> int:
        append_stream(self._outputs, self._name, words)
        return len(words)


def append_stream(outputs: Outputs, name: str, words: str) -> None:
    """Append what was printed to the stream ``name``, as far as a test keeps it."""
    if not words or outputs.closed:
        return
    if outputs and outputs[-1].get("name") == name and outputs[-1]["output_type"] == "stream":
        if len(outputs[-1]["text"]) < OUTPUT_BYTES:
            outputs[-1]["text"] += words[:OUTPUT_BYTES]
    elif len(outputs) < _MOST_OUTPUTS:
        outputs.append({"output_type": "stream", "name": name, "text": words[:OUTPUT_BYTES]})


def clean_outputs(raw: list[Any], most: int) -> list[dict[str, Any]]:
    """What the sandbox sent as outputs, rebuilt field by field: it may have sent anything.

    The sandbox keeps to its limit of bytes unless the submission keeps it from that; past twice
    that (``most``), nothing more is taken.
    """
    clean: list[dict[str, Any]] = []
    size = 0
    for output in raw[:1000]:
        if not isinstance(output, dict):
            continue
        size += len(repr(output))
        if size > 2 * most + (1 << 20):
            break
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            words = field(output.get("text"), 1 << 21)
            clean.append({"output_type": "stream", "name": name, "text": words})
        elif kind == "error":
            lines = output.get("traceback")
            lines = [field(line) for line in lines[:500]] if isinstance(lines, list) else []
            clean.append(
                {
                    "output_type": "error",
                    "ename": field(output.get("ename"), 200),
                    "evalue": field(output.get("evalue"), 2000),
                    "traceback": lines,
                }
            )
        elif kind in ("display_data", "execute_result"):
            data = output.get("data")
            items = data.items() if isinstance(data, dict) else ()
            bundle = {field(mime, 200): _mime(field(mime, 200), value) for mime, value in items}
            made: dict[str, Any] = {"output_type": kind, "data": bundle, "metadata": {}}
            if kind == "execute_result":
                count = output.get("execution_count")
                made["execution_count"] = count if type(count) is int else None
            clean.append(made)
    return clean


def _mime(kind: str, value: Any) -> Any:
    """One form of an output: JSON as such, everything else as text that a file can hold."""
    is_json = kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )
    if is_json:
        return value if _is_json(value) else None
    return field(value if isinstance(value, str) else str(value), 1 << 24)


def _is_json(value: Any) -> bool:
    try:
        return len(json.dumps(value, allow_nan=False)) < 1 << 21
    except (TypeError, ValueError, RecursionError):
        return False
