"""A conversation: calls from a test to the student's process, and back, and what goes wrong."""

from __future__ import annotations

import contextlib
import socket
import time

import numpy as np
import pytest
import torch
from ran_cells import AGES

from autograder.judging.conversation import Conversation, FromStudent, NoAnswer
from autograder.judging.outputs import Outputs
from autograder.judging.stand_ins import StandIn
from autograder.protocol.channel import Channel, ChannelClosed, ChannelTimeout, ProtocolError


def test_arguments_are_changed_in_place_even_by_a_function_that_fails(run, converse) -> None:
    run("def f(x, log):\n    x += 1\n    log.append('here')\n    raise KeyError('lost')")
    f = converse().describe(["f"])["f"]
    x, log = np.zeros(2), []
    with pytest.raises(KeyError, match="lost") as caught:
        f(x, log)
    assert (x.tolist(), log) == ([1, 1], ["here"])
    assert isinstance(caught.value, FromStudent)
    assert caught.value.call == "f"
    assert "raise KeyError('lost')" in caught.value.student_traceback
    assert "sandbox" not in caught.value.student_traceback


def test_without_changes_arguments_stay_and_answers_are_set_apart_from_them(run, converse) -> None:
    run("def f(x):\n    x['a'] += 1\n    x['t'].zero_()\n    return x['a'], x['new'] if 0 else 1")
    f = converse(shows_changes=False).describe(["f"])["f"]
    x = {"a": np.zeros(2), "t": torch.ones(2)}
    answer, _ = f(x)
    assert answer.tolist() == [1, 1]
    assert (x["a"].tolist(), x["t"].tolist()) == ([0, 0], [1, 1])


def test_within_a_call_back_changes_are_seen_and_gone_with_the_call(run, converse) -> None:
    run("def f(x, g):\n    x += 1\n    return g()")
    f = converse(shows_changes=False).describe(["f"])["f"]
    x = np.zeros(2)
    assert f(x, lambda: x.sum()) == 2.0
    assert x.tolist() == [0, 0]


def test_functions_of_the_test_are_called_back_and_their_errors_arrive(run, converse) -> None:
    run(
        "def f(g):\n    try:\n        g(-1)\n    except ValueError as error:\n"
        "        return g(2), str(error)\n"
    )

    def g(x):
        if x < 0:
            raise ValueError("negative")
        return [x]

    assert converse().describe(["f"])["f"](g) == ([2], "negative")


def test_calls_cross_back_and_forth(run, converse) -> None:
    run("def down(n, back):\n    return [] if n == 0 else [n, *back(n - 1)]")
    down = converse().describe(["down"])["down"]

    def back(n):
        return down(n, back)

    assert down(5, back) == [5, 4, 3, 2, 1]


def test_what_a_function_prints_comes_with_its_answer(run, converse) -> None:
    run("import sys\ndef f():\n    print('out')\n    print('err', file=sys.stderr)")
    conversation = converse()
    conversation.describe(["f"])["f"]()
    assert [(o["name"], o["text"]) for o in conversation.outputs] == [
        ("stdout", "out\n"),
        ("stderr", "err\n"),
    ]


def test_what_was_called_last_is_told_by_the_name_that_the_test_has_for_it(run, converse) -> None:
    run("class Line:\n    def forward(self, x): return x\ndef make(): return Line()")
    conversation = converse()
    line = conversation.describe(["make"])["make"]()
    assert conversation.last_call == "make"
    line.forward(1)
    assert conversation.last_call == "the Line.forward"
    conversation.probe("p", "def p(): return 1")()
    assert conversation.last_call == "your code"


def test_a_call_of_the_tests_own_function_does_not_hide_whose_call_it_was(run, converse) -> None:
    run("def outer(g):\n    g()\n    raise ValueError\ndef inner(): return 1")
    conversation = converse()
    names = conversation.describe(["outer", "inner"])
    with pytest.raises(ValueError):
        names["outer"](lambda: names["inner"]())
    assert conversation.last_call == "outer"


def test_whether_anything_can_be_called_is_known_after_the_names(run, converse) -> None:
    run("x = 1\ndef f(): return 1")
    conversation = converse()
    conversation.describe(["x"])
    assert not conversation.has_stand_ins
    conversation.describe(["f"])
    assert conversation.has_stand_ins


def test_an_error_keeps_its_builtin_kind_and_the_name_that_the_student_gave_it(
    run, converse
) -> None:
    run(
        "class Odd(LookupError):\n    def __str__(self): raise ValueError\n"
        "def odd(): raise Odd\ndef decode(): b'\\xff'.decode()\n"
        "def leave(): raise SystemExit(3)\n"
        "def strange(): raise type('no name', (KeyError,), {})('x')"
    )
    names = converse().describe(["odd", "decode", "leave", "strange"])
    for name, kind, shown in (
        ("odd", LookupError, "Odd"),
        ("decode", Exception, "UnicodeDecodeError"),  # its constructor wants more than a message
        ("leave", Exception, "SystemExit"),
        ("strange", KeyError, "KeyError"),
    ):
        with pytest.raises(kind) as caught:
            names[name]()
        assert isinstance(caught.value, FromStudent)
        assert type(caught.value).__name__ == shown


def test_no_answer_in_time_breaks_the_conversation_even_if_the_test_goes_on(run, converse) -> None:
    run("def stuck():\n    while True: pass")
    conversation = converse()
    stuck = conversation.describe(["stuck"])["stuck"]
    assert conversation.broken is None
    conversation.deadline = 0
    with pytest.raises(ChannelTimeout):
        stuck()
    assert isinstance(conversation.broken, ChannelTimeout)


def test_a_process_that_ends_breaks_the_conversation(run, converse) -> None:
    run("import os\ndef crash(): os._exit(0)")
    conversation = converse()
    with pytest.raises(ChannelClosed):
        conversation.describe(["crash"])["crash"]()
    assert isinstance(conversation.broken, ChannelClosed)


# -- a student's side that says what it wants -----------------------------------------------------


@pytest.fixture
def forged():
    """A conversation in which the other side has said all this beforehand, whatever is asked."""
    with contextlib.ExitStack() as stack:

        def begin(*answers: dict) -> Conversation:
            ours, theirs = socket.socketpair()
            stack.callback(theirs.close)
            sender = Channel(theirs)
            for answer in answers:
                sender.send(answer)
            return Conversation(Channel(ours), time.monotonic() + AGES, outputs=Outputs())

        yield begin


FUNCTION = {"message": "Described", "names": {"f": ["h", 0, "function"]}}


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "Returned", "value": 1},
        {"message": "Returned", "value": ["h", "no number", "function"], "changes": []},
        {"message": "Returned", "value": ["unheard of"], "changes": []},
        {"message": "Returned", "value": 1, "changes": [[99, ["l"]]]},
        {"message": "Raised", "error": {}, "traceback": "", "changes": "none"},
        {"message": "Described", "names": {}},
        {"message": "Judged", "state": "reached"},
        {},
    ],
    ids=repr,
)
def test_a_forged_answer_is_no_answer(forged, answer) -> None:
    f = forged(FUNCTION, answer).describe(["f"])["f"]
    with pytest.raises(ProtocolError):
        f()


def test_a_name_that_was_not_asked_for_is_not_bound(forged) -> None:
    described = {"message": "Described", "names": {"x": 1, "check_close": 2}}
    assert forged(described).describe(["x"]) == {"x": 1}


def test_a_handle_is_a_stand_in_whatever_it_says_it_is(forged) -> None:
    described = {"message": "Described", "names": {"f": ["h", 7, "ndarray"]}}
    assert isinstance(forged(described).describe(["f"])["f"], StandIn)


def test_an_answer_that_could_not_be_sent_says_why_in_few_words(forged) -> None:
    conversation = forged(FUNCTION, {"message": "Unsendable", "reason": "x" * 10_000})
    with pytest.raises(NoAnswer) as caught:
        conversation.describe(["f"])["f"]()
    assert len(str(caught.value)) < 400


def test_an_error_with_odd_fields_is_an_error_with_plain_ones(forged) -> None:
    odd = {"type": 3, "builtin": "BaseException", "message": ["no text"]}
    raised = {"message": "Raised", "error": odd, "traceback": "t", "changes": []}
    with pytest.raises(Exception) as caught:
        forged(FUNCTION, raised).describe(["f"])["f"]()
    assert (type(caught.value).__name__, str(caught.value)) == ("Exception", "")


def test_calls_and_outputs_that_are_made_up_are_taken_with_care(forged) -> None:
    made_up = [["double", "numpy.linalg.norm"], "no pair", ["only one"], [1, 2]]
    outputs = [None, {"output_type": "stream", "name": "nowhere", "text": 3}, {}]
    answer = {"message": "Returned", "value": 1, "changes": []}
    conversation = forged(FUNCTION, {**answer, "called": made_up, "outputs": outputs})
    assert conversation.describe(["f"])["f"]() == 1
    assert ("double", "numpy.linalg.norm") in conversation.called
    assert conversation.outputs == []


def test_calls_without_end_are_not_collected_without_end(forged) -> None:
    answer = {"message": "Returned", "value": 1, "changes": []}
    many = [{**answer, "called": [[f"{n}", f"{k}"] for k in range(100)]} for n in range(20)]
    conversation = forged(FUNCTION, *many)
    f = conversation.describe(["f"])["f"]
    for _ in many:
        f()
    assert len(conversation.called) <= 1100
