"""Answers to a test: values as values, calls in a fork, probes beside the notebook's names."""

from __future__ import annotations

import psutil
import pytest
from ran_cells import gone, shown, words

from autograder.judging.conversation import NoAnswer
from autograder.judging.stand_ins import StandIn
from autograder.protocol.channel import ChannelClosed
from autograder.protocol.messages import Call, Describe, Described, Operate, receive, send
from autograder.sandbox.answers import student_traceback


def test_a_test_gets_data_as_data_and_functions_as_stand_ins(run, converse) -> None:
    run("import numpy as np\nx = np.arange(3)\ndef f(x): return x + 1\nn = None")
    names = converse().describe(["x", "f", "n", "missing"])
    assert set(names) == {"x", "f", "n"}
    assert names["x"].tolist() == [0, 1, 2]
    assert names["n"] is None
    assert isinstance(names["f"], StandIn)
    assert names["f"](names["x"]).tolist() == [1, 2, 3]


def test_a_test_that_only_looks_at_values_needs_no_process_of_its_own(run, converse) -> None:
    run("x = [1, 2]\ndef f():\n    x.append(3)\n    return x")
    pid = int(words(run("import os; print(os.getpid())")))
    test = converse()
    assert test.describe(["x"])["x"] == [1, 2]
    assert psutil.Process(pid).children() == []
    assert test.describe(["f"])["f"]() == [1, 2, 3]
    assert len(psutil.Process(pid).children()) == 1
    assert converse().describe(["x"])["x"] == [1, 2]  # what the call did is gone with the fork


def test_each_test_begins_with_the_state_that_the_cells_left(run, converse) -> None:
    run("count = [0]\ndef up():\n    count[0] += 1\n    return count[0]")
    for _ in range(2):
        up = converse().describe(["up"])["up"]
        assert [up(), up()] == [1, 2]
    assert shown(run("count")) == ["[0]"]


def test_held_names_stay_as_they_are_whatever_later_cells_do(run, converse) -> None:
    run("def f(): return 'then'")
    test = converse()
    f = test.describe(["f"])["f"]
    test.hold()
    run("def f(): return 'now'\n")
    assert f() == "then"


def test_a_probe_sees_the_notebooks_names_and_shared_ones_as_they_were(run, converse) -> None:
    run("import math\nSCALE = 2", is_given=True)
    run("SCALE = 0\nclass math: pi = 3\ndef own(x): return x + 1")
    probe = converse().probe("p", "def p(x):\n    return own(SCALE * x), math.pi > 3.1")
    assert probe(5) == (11, True)


def test_a_handle_can_be_asked_indexed_counted_and_iterated_over(run, converse) -> None:
    run(
        "class Box:\n    size = 3\n    def __len__(self): return 3\n"
        "    def __getitem__(self, i):\n        if i > 2: raise IndexError\n        return 10 * i\n"
        "box = Box()"
    )
    box = converse().describe(["box"])["box"]
    assert (box.size, len(box), box[2], list(box)) == (3, 3, 20, [0, 10, 20])
    with pytest.raises(AttributeError):
        box.weight  # noqa: B018
    with pytest.raises(AttributeError):
        box._hidden  # noqa: B018


def test_an_operation_that_there_is_not_is_an_error_of_the_call(running) -> None:
    running.run("box = object()", 600, 1000)
    test = running.test()
    send(test.channel, Describe(["box"]))
    node = receive(test.channel, Described).names["box"]
    send(test.channel, Operate("eval", [node], [], 1000))
    answer = test.channel.receive()
    assert (answer["message"], answer["error"]["builtin"]) == ("Raised", "KeyError")
    send(test.channel, Call(10**6, [], {}, [], 1000))
    assert test.channel.receive()["message"] == "Unsendable"
    test.close()


def test_an_answer_that_is_too_large_or_too_deep_is_no_answer(run, converse) -> None:
    # The limit is the sender's own here, so that the test need not move a quarter of a gigabyte.
    run("from autograder.protocol import channel\nchannel.MAX_FRAME = 1 << 20")
    run("def large():\n    return b'x' * (2 << 20)")
    run("def deep(x=0):\n    for _ in range(99):\n        x = [x]\n    return x")
    names = converse().describe(["large", "deep"])
    with pytest.raises(NoAnswer, match="2 MiB is too large to send"):
        names["large"]()
    with pytest.raises(NoAnswer, match="nested more than 64 deep"):
        names["deep"]()


def test_a_value_that_cannot_be_sent_is_told_on_stderr_and_the_others_are_there(
    run, converse
) -> None:
    run("deep = 0\nfor _ in range(99): deep = [deep]\nx = 1")
    test = converse()
    assert test.describe(["deep", "x"]) == {"deep": None, "x": 1}
    (output,) = test.outputs
    assert (output["name"], output["text"][:6]) == ("stderr", "deep: ")


def test_a_list_that_contains_itself_crosses(run, converse) -> None:
    run("ring = [1]\nring.append(ring)")
    ring = converse().describe(["ring"])["ring"]
    assert ring[1] is ring


def test_a_function_that_ends_the_process_ends_the_test_only(run, converse) -> None:
    run("import os, sys\ndef leave(): sys.exit(3)\ndef crash(): os._exit(3)\nx = 5")
    names = converse().describe(["leave", "crash"])
    with pytest.raises(Exception, match="3") as caught:
        names["leave"]()
    assert type(caught.value).__name__ == "SystemExit"
    with pytest.raises(ChannelClosed):
        names["crash"]()
    assert converse().describe(["x"]) == {"x": 5}


def test_what_a_function_starts_ends_with_the_test(run, converse) -> None:
    run("import subprocess\ndef start(): return subprocess.Popen(['sleep', '6000']).pid")
    pid = converse().describe(["start"])["start"]()
    assert psutil.pid_exists(pid)
    converse()
    assert gone(pid)


def test_figures_of_a_call_are_dropped_and_not_kept_for_the_next(run, converse) -> None:
    run(
        "import matplotlib.pyplot as plt\n"
        "def draw():\n    plt.plot([1])\n    return plt.get_fignums()"
    )
    draw = converse().describe(["draw"])["draw"]
    assert [draw(), draw()] == [[1], [1]]


def test_a_traceback_is_the_students_without_the_graders_frames() -> None:
    def lost() -> None:
        raise KeyError("lost")

    try:
        lost()
    except KeyError as error:
        lines = student_traceback(error)
    assert "raise KeyError" in lines
    assert lines.endswith("KeyError: 'lost'\n")


def test_in_a_traceback_there_is_no_frame_of_the_sandbox(run, converse) -> None:
    run("def f(n):\n    if n == 0: raise KeyError('deep')\n    return f(n - 1)")
    f = converse().describe(["f"])["f"]
    for depth in (1, 200):
        with pytest.raises(KeyError) as caught:
            f(depth)
        trace = caught.value.student_traceback
        assert "raise KeyError('deep')" in trace
        assert "sandbox" not in trace
        assert trace.count("  File ") <= 12
