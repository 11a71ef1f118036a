"""Outputs of cells and tests: kept within bounds, and rebuilt from what a stranger sent."""

from __future__ import annotations

import json

import nbformat
import pytest

from autograder.judging.outputs import (
    OUTPUT_BYTES,
    Outputs,
    Writer,
    append_stream,
    clean_outputs,
    error_output,
)


def texts(outputs: list[dict]) -> list[tuple[str, str]]:
    return [(output["name"], output["text"]) for output in outputs]


def test_what_is_printed_to_a_stream_is_put_together_until_another_comes_between() -> None:
    outputs = Outputs()
    for name, words in (("stdout", "a"), ("stdout", "b\n"), ("stderr", "c"), ("stdout", "d")):
        assert Writer(outputs, name).write(words) == len(words)
    assert texts(outputs) == [("stdout", "ab\n"), ("stderr", "c"), ("stdout", "d")]


def test_after_outputs_are_closed_nothing_is_kept() -> None:
    outputs = Outputs()
    append_stream(outputs, "stdout", "seen")
    outputs.closed = True
    append_stream(outputs, "stdout", "TRIED")
    print("TRIED", file=Writer(outputs, "stderr"))
    assert texts(outputs) == [("stdout", "seen")]


def test_what_is_printed_without_end_is_kept_up_to_a_limit() -> None:
    outputs = Outputs()
    for _ in range(10):
        append_stream(outputs, "stdout", "x" * OUTPUT_BYTES)
    assert len(outputs[0]["text"]) <= 2 * OUTPUT_BYTES
    for number in range(1000):
        append_stream(outputs, ("stdout", "stderr")[number % 2], "x")
    assert len(outputs) <= 100


def test_an_error_has_its_first_line_as_value_and_all_of_them_as_traceback() -> None:
    assert error_output("ValueError", "no\nat all") == {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "no",
        "traceback": ["no", "at all"],
    }


def test_honest_outputs_come_back_as_they_are() -> None:
    sent = [
        {"output_type": "stream", "name": "stderr", "text": "warning\n"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "6", "application/json": {"a": [1, None]}},
            "metadata": {},
            "execution_count": 3,
        },
        {"output_type": "display_data", "data": {"image/png": "iVBOR"}, "metadata": {}},
        {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["a", "b"]},
    ]
    assert clean_outputs(sent, 1 << 20) == sent


#: What no honest side sends.
ODD = [
    None,
    "text",
    {},
    {"output_type": "unheard of"},
    {"output_type": "stream", "name": "nowhere", "text": 3},
    {"output_type": "stream", "name": "stdout", "text": "\ud800"},
    {"output_type": "error", "ename": 1, "evalue": None, "traceback": "no list"},
    {"output_type": "error", "ename": "E", "evalue": "x", "traceback": [1, "\udfff", None]},
    {"output_type": "display_data", "data": "no dict", "metadata": {"evil": 1}},
    {"output_type": "display_data", "data": {"text/plain": ["a"], "\ud801": {}, "text/html": 1}},
    {"output_type": "display_data", "data": {"application/json": {"k": float("nan")}}},
    {"output_type": "display_data", "data": {"application/x+json": {"k": "\ud800"}}},
    {"output_type": "display_data", "data": {"x/y+json": {"k": 1}}},
    {"output_type": "execute_result", "data": {}, "execution_count": True},
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_whatever_came_it_can_stand_in_a_notebook(odd) -> None:
    cleaned = clean_outputs([odd], 1 << 20)
    cell = {"cell_type": "code", "id": "x", "metadata": {}, "source": "", "execution_count": None}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    whole = {**notebook, "cells": [{**cell, "outputs": cleaned}]}
    nbformat.validate(nbformat.from_dict(whole))
    json.dumps(whole, allow_nan=False).encode()


def test_metadata_and_unknown_fields_do_not_come_through() -> None:
    sent = {"output_type": "stream", "name": "stdout", "text": "x", "metadata": {"evil": 1}}
    assert clean_outputs([sent], 1 << 20) == [
        {"output_type": "stream", "name": "stdout", "text": "x"}
    ]


def test_more_than_twice_the_limit_is_not_taken() -> None:
    many = [{"output_type": "stream", "name": "stdout", "text": "x" * 100_000}] * 100
    taken = clean_outputs(many, 1 << 20)
    assert 0 < len(taken) < 40
    assert len(clean_outputs([{"output_type": "stream", "text": "x"}] * 5000, 1 << 20)) == 1000
