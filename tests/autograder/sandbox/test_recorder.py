"""The recorder: what a cell shows, in nbformat's words, within a limit."""

from __future__ import annotations

import pytest
from ran_cells import shown, words

from autograder.sandbox.recorder import Recorder, Stream


def test_a_stream_is_put_together_until_another_comes_between() -> None:
    recorder = Recorder()
    out, err = Stream(recorder, "stdout"), Stream(recorder, "stderr")
    print("a", file=out)
    out.writelines(["b", "c"])
    err.write("d")
    out.write("")
    out.write("e")
    assert [(o["name"], o["text"]) for o in recorder.finished()] == [
        ("stdout", "a\nbc"),
        ("stderr", "d"),
        ("stdout", "e"),
    ]


def test_a_stream_is_what_libraries_take_for_one() -> None:
    stream = Stream(Recorder(), "stderr")
    assert (stream.encoding, stream.isatty(), stream.writable()) == ("utf-8", False, True)
    assert (stream.readable(), stream.fileno(), stream.name) == (False, 2, "<stderr>")
    with pytest.raises(TypeError, match="must be str, not bytes"):
        stream.write(b"bytes")


def test_the_next_cell_begins_with_nothing_of_the_last() -> None:
    recorder = Recorder()
    recorder.start(100)
    recorder.stream("stdout", "x" * 1000)
    recorder.start(100)
    recorder.stream("stdout", "next")
    assert recorder.finished() == [{"output_type": "stream", "name": "stdout", "text": "next"}]


def test_of_too_much_the_beginning_and_the_end_are_kept_of_each_stream() -> None:
    recorder = Recorder()
    recorder.start(1000)
    recorder.stream("stdout", "begin")
    for number in range(5000):
        recorder.stream("stdout", f"o{number} ")
        recorder.stream("stderr", f"e{number} ")
    outputs = recorder.finished()
    assert sum(len(output["text"]) for output in outputs) < 2000
    assert outputs[0]["text"].startswith("begin")
    for name, last in (("stdout", "o4999 "), ("stderr", "e4999 ")):
        assert "".join(o["text"] for o in outputs if o["name"] == name).endswith(last)
    assert "characters were left out here" in outputs[-1]["text"]


def test_what_is_too_large_is_left_out_and_an_error_never() -> None:
    recorder = Recorder()
    recorder.start(100)
    recorder.add({"output_type": "display_data", "data": {"text/plain": "x" * 500}})
    recorder.add({"output_type": "error", "ename": "E", "evalue": "x" * 500, "traceback": []})
    left_out, error = recorder.finished()
    assert left_out["text"].startswith("[an output of 5")
    assert error["ename"] == "E"


def test_displays_without_end_are_not_even_mentioned_without_end() -> None:
    recorder = Recorder()
    recorder.start(100)
    for _ in range(5000):
        recorder.add({"output_type": "display_data", "data": {"text/plain": "x" * 500}})
    assert len(recorder.finished()) < 600


def test_a_display_is_updated_in_its_place_and_no_larger_than_it_may_be() -> None:
    recorder = Recorder()
    recorder.start(300)
    first = {"output_type": "display_data", "data": {"text/plain": "1"}, "display_id": "one"}
    recorder.add(first)
    recorder.add({"output_type": "display_data", "data": {"text/plain": "2"}})
    recorder.update("one", {"text/plain": "3"}, {})
    recorder.update("other", {"text/plain": "4"}, {})
    assert [output["data"]["text/plain"] for output in recorder.finished()] == ["3", "2"]
    recorder.update("one", {"text/plain": "x" * 500}, {})
    assert recorder.finished()[0]["data"]["text/plain"] == "[an output of 520 bytes was left out]"


def test_clearing_is_now_or_with_the_next_output() -> None:
    recorder = Recorder()
    recorder.stream("stdout", "a")
    recorder.clear(wait=True)
    assert len(recorder.outputs) == 1
    recorder.stream("stdout", "b")
    assert recorder.outputs[0]["text"] == "b"
    recorder.clear(wait=False)
    assert recorder.outputs == []


# -- in a cell ------------------------------------------------------------------------------------


def test_of_too_much_output_of_a_cell_the_beginning_and_the_end_are_kept(run) -> None:
    ran = run("for number in range(100_000):\n    print(number)", output_bytes=1000)
    assert words(ran).startswith("0\n1\n2\n")
    assert "[… 587,890 characters were left out here …]" in words(ran)
    assert words(ran).endswith("\n99998\n99999\n")
    assert len(words(ran)) < 1100
    ran = run("import os\nos.write(1, b'x' * 100_000);", output_bytes=1000)
    assert len(words(ran)) < 1100


def test_a_display_that_is_too_large_is_replaced_by_a_remark(run) -> None:
    cell = "from IPython.display import *\nhandle = display('x' * {}, display_id=True)\n"
    assert words(run(cell.format(5000), output_bytes=1000)).startswith("[an output of 5,")
    ran = run(cell.format(5) + "handle.update('x' * 5000)", output_bytes=1000)
    assert shown(ran)[0].startswith("[an output of 5,")


@pytest.mark.parametrize("wait", [True, False])
def test_what_was_cleared_does_not_count_for_the_limit(run, wait) -> None:
    ran = run(
        "from IPython.display import clear_output\n"
        f"for step in range(20):\n    clear_output(wait={wait})\n    print('x' * 900, step)",
        output_bytes=2000,
    )
    assert words(ran) == "x" * 900 + " 19\n"
