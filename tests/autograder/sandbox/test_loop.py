"""The loop of a submission's process: it answers for its cells, and its tests end when they are."""

from __future__ import annotations

import time

import pytest
from ran_cells import AGES, gone, shown, words

from autograder.judging.conversation import Conversation
from autograder.judging.outputs import Outputs
from autograder.judging.sandbox_client import Running, RunningTest
from autograder.protocol.channel import ChannelTimeout


def test_a_fork_that_a_cell_leaves_behind_does_not_answer_in_its_place(run) -> None:
    for number in range(5):
        run("import os\nos.fork();")
        assert shown(run(f"{number}")) == [str(number)]


def test_a_fork_of_a_function_does_not_answer_in_its_place_either(run, converse) -> None:
    run(
        "import os\ndef f(x):\n    if os.fork() == 0:\n        os._exit(0)\n"
        "    os.wait()\n    return x"
    )
    f = converse().describe(["f"])["f"]
    assert [f(1), f(2)] == [1, 2]


def test_a_fork_that_returns_from_a_cell_is_gone(run) -> None:
    run("import os\nchild = os.fork();")
    assert gone(int(words(run("print(child)"))))


def begin(running: Running) -> tuple[RunningTest, Conversation]:
    """A test of the process, and its conversation with it."""
    test = running.test()
    return test, Conversation(test.channel, time.monotonic() + AGES, outputs=Outputs())


def test_each_test_that_waits_has_a_process_of_its_own_which_ends_with_it(running) -> None:
    running.run("import os\ndef who(): return os.getpid()", AGES, 1000)
    tests, who, pids = [], [], []
    for _ in range(3):
        test, conversation = begin(running)
        tests.append(test)
        who.append(conversation.describe(["who"])["who"])
        pids.append(who[-1]())
    assert len(set(pids)) == 3
    tests[1].close()
    tests[1].close()  # once more changes nothing
    assert gone(pids[1])
    assert running.run("1", AGES, 1000).fine
    assert (who[0](), who[2]()) == (pids[0], pids[2])
    tests[0].close()
    tests[2].close()
    assert gone(pids[0]) and gone(pids[2])


def test_a_test_that_hangs_ends_when_it_is_over(run, running) -> None:
    run("import os\ndef stuck():\n    while True: pass")
    children = "print(*open(f'/proc/self/task/{os.getpid()}/children').read().split())"
    test, conversation = begin(running)
    stuck = conversation.describe(["stuck"])["stuck"]
    conversation.deadline = 0  # nobody waits for its answer
    with pytest.raises(ChannelTimeout):
        stuck()
    (pid,) = words(run(children)).split()
    test.close()
    assert words(run(children)).split() == []
    assert gone(int(pid))
