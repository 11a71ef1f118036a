"""Counts what code does, where a clock would say how busy the machine is."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest

_LONGEST_PARSED = 4 << 20


@dataclass
class Calls:
    """How many functions were called, in Python and in C, also by each step of a generator."""

    number: int = 0


@contextmanager
def counted_calls() -> Iterator[Calls]:
    """Count the calls that this thread makes."""
    calls = Calls()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            calls.number += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


@dataclass
class Parsed:
    """How many characters Python's and JSON's parsers were given, and how often."""

    python: int = 0
    json: int = 0
    times_python: int = 0
    times_json: int = 0


@contextmanager
def counted_parsing() -> Iterator[Parsed]:
    """Count what is parsed. As Python, what is very long is counted only: it would take minutes."""
    parsed = Parsed()
    parse, decode = ast.parse, json.JSONDecoder.raw_decode

    def counting_parse(source: Any, *more: Any, **options: Any) -> ast.AST:
        parsed.times_python += 1
        parsed.python += len(source)
        if len(source) > _LONGEST_PARSED:
            raise MemoryError("counted, and not parsed")
        return parse(source, *more, **options)

    def counting_decode(self: json.JSONDecoder, text: str, idx: int = 0) -> Any:
        parsed.times_json += 1
        parsed.json += len(text) - idx
        return decode(self, text, idx)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ast, "parse", counting_parse)
        patched.setattr(json.JSONDecoder, "raw_decode", counting_decode)
        yield parsed
