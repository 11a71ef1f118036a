"""autograder.protocol.messages: each crosses as it was, and nothing else is taken for one."""

from __future__ import annotations

import os
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from autograder.protocol import messages
from autograder.protocol.channel import ChannelTimeout, ProtocolError
from autograder.protocol.messages import MESSAGES, called_names, from_frame, receive, send, table

OUTPUTS = [{"output_type": "stream", "name": "stdout", "text": "\ud800 5\n"}]
CALLED = [["adam", "torch.optim.Adam"]]

#: One of each kind, with a value in every field.
SAMPLES = [
    messages.Confine({"tier": "strong", "groups": None}),
    messages.Ready("strong", 7),
    messages.StartSubmission({"memory_mb": 1.5}, [["x.csv", b"1,2"]], CALLED),
    messages.Started(8),
    messages.NotStarted("no process was left"),
    messages.Interrupt(),
    messages.AskHowItEnded(),
    messages.HowItEnded("it used too much memory", True),
    messages.EndSubmission(),
    messages.Preload("import numpy"),
    messages.Clone(),
    messages.Fork("package.module:name"),
    messages.Done(),
    messages.RunCell("x = 1", 1 << 20, True, "double"),
    messages.CellRan(OUTPUTS, False, CALLED),
    messages.OpenTest(1),
    messages.Listening("4711:ab"),
    messages.EndTest(1),
    messages.Settled("a dict"),
    messages.BeginTest("test-double", "4711:ab"),
    messages.FinishTest("test-double"),
    messages.Judged("reached", {"mark": {"points": 2.0}}),
    messages.Describe(["double", "largest"]),
    messages.Hold(),
    messages.DefineProbe("p", "def p(): return 1"),
    messages.Call(0, [1.5, ["l", 0, []]], {"key": None}, [[0, ["l", 0, [1]]]], 1 << 16),
    messages.Operate("getattr", [["y", 0], "size"], [], 1 << 16),
    messages.Answer(["l", 1, []], []),
    messages.AnswerError({"type": "E", "builtin": "KeyError", "message": "x"}, []),
    messages.Described({"double": ["h", 0, "function"]}, OUTPUTS, CALLED),
    messages.CallBack(0, [1], {"key": 2}, []),
    messages.Returned(5, [], OUTPUTS, CALLED),
    messages.Raised({"type": "E"}, "Traceback …", [], OUTPUTS, CALLED),
    messages.Unsendable("4 MiB is too large to send", OUTPUTS, CALLED),
]


def named(value):
    return type(value).__name__


def test_there_is_a_sample_of_each_message():
    assert [named(one) for one in SAMPLES] == list(MESSAGES)


@pytest.mark.parametrize("message", SAMPLES, ids=named)
def test_a_message_goes_to_a_frame_and_back(message):
    frame = message.to_frame()
    assert frame["message"] == named(message)
    assert frame.keys() == {"message", *(one.name for one in fields(message))}
    assert from_frame(frame, type(message)) == message
    assert from_frame(frame, *MESSAGES.values()) == message


@pytest.mark.parametrize("message", SAMPLES, ids=named)
def test_a_message_crosses_a_channel_as_it_was(channels, message):
    ours, theirs = channels
    send(ours, message)
    assert receive(theirs, type(message), seconds=1) == message


@pytest.mark.parametrize("message", SAMPLES, ids=named)
def test_a_message_is_none_of_another_kind(message):
    others = [kind for kind in MESSAGES.values() if kind is not type(message)]
    with pytest.raises(ProtocolError, match="a message that is no "):
        from_frame(message.to_frame(), *others)


EACH_FIELD = [(message, one) for message in SAMPLES for one in fields(message)]


def name_of_field(value):
    return named(value) if isinstance(value, messages.Message) else value.name


@pytest.mark.parametrize(("message", "one"), EACH_FIELD, ids=name_of_field)
def test_a_field_that_is_missing_has_its_default_or_is_an_error(message, one):
    frame = message.to_frame()
    del frame[one.name]
    if one.default is MISSING and one.default_factory is MISSING:
        says = f"^a message {named(message)} without {one.name}$"
        with pytest.raises(ProtocolError, match=says):
            from_frame(frame, type(message))
    else:
        default = one.default if one.default is not MISSING else one.default_factory()
        assert getattr(from_frame(frame, type(message)), one.name) == default


#: A value of each type that msgpack makes.
VALUES = [None, True, 5, 5.0, "5", b"5", [5], {"a": 5}]


@pytest.mark.parametrize(("message", "one"), EACH_FIELD, ids=name_of_field)
def test_a_field_of_another_type_is_an_error(message, one):
    fitting = []
    for value in VALUES:
        frame = {**message.to_frame(), one.name: value}
        try:
            assert getattr(from_frame(frame, type(message)), one.name) == value
            fitting.append(type(value))
        except ProtocolError as error:
            assert str(error).startswith(f"a message {named(message)} whose {one.name} is no ")
    sent = type(getattr(message, one.name))
    assert sent in fitting
    # A value of any kind is a node of the codec, which looks at it itself.
    assert len(fitting) == (len(VALUES) if one.name == "value" else 1 + (one.name == "task"))


def test_a_boolean_is_no_number_and_a_number_is_no_boolean():
    ready = {"message": "Ready", "tier": "none", "pid": True}
    with pytest.raises(ProtocolError, match=r"^a message Ready whose pid is no int$"):
        from_frame(ready, messages.Ready)
    ran = {"message": "CellRan", "outputs": [], "fine": 1}
    with pytest.raises(ProtocolError, match=r"^a message CellRan whose fine is no bool$"):
        from_frame(ran, messages.CellRan)


def test_the_task_of_a_cell_is_text_or_nothing():
    cell = {"message": "RunCell", "source": "", "output_bytes": 1}
    assert from_frame({**cell, "task": None}, messages.RunCell).task is None
    assert from_frame({**cell, "task": ""}, messages.RunCell).task == ""
    with pytest.raises(ProtocolError, match="whose task is no str"):
        from_frame({**cell, "task": 0}, messages.RunCell)


@pytest.mark.parametrize("name", ["Ended", "done", "", None, 5, True, [], {}, b"Done", ["Done"]])
def test_an_unknown_message_is_an_error(name):
    with pytest.raises(ProtocolError, match="a message that is no Confine or Ready or"):
        from_frame({"message": name}, *MESSAGES.values())


@pytest.mark.parametrize("name", ["Message", "MESSAGES", "Channel", "__class__"])
def test_a_name_of_this_module_makes_no_message(name):
    with pytest.raises(ProtocolError, match="a message that is no Done"):
        from_frame({"message": name}, messages.Done)


def test_a_frame_without_a_message_is_an_error():
    with pytest.raises(ProtocolError, match=r"^a message that is no Done or Ready$"):
        from_frame({}, messages.Done, messages.Ready)


@pytest.mark.parametrize("message", SAMPLES, ids=named)
def test_fields_that_a_message_does_not_have_are_left_out(message):
    frame = {**message.to_frame(), "conversation": "mine", "descriptors": 9, "more": [1], b"x": 2}
    read = from_frame(frame, type(message))
    assert read == message
    assert vars(read) == vars(message)
    assert (read.conversation, read.descriptors) == (message.conversation, message.descriptors)


def test_a_message_that_does_not_come_is_a_timeout(channels):
    with pytest.raises(ChannelTimeout):
        receive(channels[0], messages.Done, seconds=0)


def test_open_files_go_with_a_message(channels):
    ours, theirs = channels
    read, write = os.pipe()
    send(ours, messages.OpenTest(3), write)
    frame, (arrived,) = theirs.receive_with_files(1)
    assert from_frame(frame, messages.OpenTest) == messages.OpenTest(3)
    os.write(arrived, b"hello")
    assert os.read(read, 9) == b"hello"
    for number in (read, write, arrived):
        os.close(number)


# -- what a student's side says that it called -----------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "names"),
    [
        ([], set()),
        ([["adam", "torch.optim.Adam"]], {("adam", "torch.optim.Adam")}),
        ([["adam", "x"], ["adam", "x"]], {("adam", "x")}),
        ([None, 5, "ab", ["a"], ["a", "b", "c"], {"a": 1, "b": 2}, ("a", "b")], set()),
        ([[1, ["b"]], [None, b"b"]], {("", "")}),
        ([["\ud800", "b\ud800"]], {("?", "b?")}),
        ([["x" * 101, "y" * 201]], {("x" * 100 + " …", "y" * 200 + " …")}),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_names_that_were_called_are_read_whatever_came(pairs, names):
    assert called_names(pairs) == names


def test_a_side_that_called_very_much_is_making_it_up():
    assert len(called_names([[str(number), "x"] for number in range(5000)])) == 100


# -- the documentation -----------------------------------------------------------------------------


def test_each_message_says_where_it_belongs_and_what_it_means():
    for name, kind in MESSAGES.items():
        conversations, senders = kind.conversation.split(", "), kind.sender.split(", ")
        assert set(conversations) <= {"control", "notebook", "examiner", "test"}, name
        assert set(senders) <= {"worker", "warm parent", "submission", "examiner"}, name
        assert kind.__doc__ and not kind.__doc__.startswith(f"{name}("), name


def test_the_table_has_a_row_a_message_with_its_fields():
    head, rule, *rows = table().splitlines()
    assert [row.count("|") for row in (head, rule, *rows)] == [6] * (2 + len(MESSAGES))
    for row, (name, kind) in zip(rows, MESSAGES.items(), strict=True):
        conversation, sender, message, names, meaning = row.strip("| ").split(" | ")
        assert (conversation, sender) == (kind.conversation, kind.sender)
        assert message.partition(" ")[0] == f"`{name}`"
        assert names == (", ".join(f"`{one.name}`" for one in fields(kind)) or "–")
        assert meaning.endswith((".", "?"))


def test_the_table_tells_of_open_files():
    rows = {row.split(" | ")[2]: row for row in table().splitlines()}
    assert "`OpenTest` (+ 1 open file)" in rows
    assert "`Fork` (+ 2 open files)" in rows
    assert "`Done`" in rows


def test_the_page_about_grading_holds_the_table():
    page = Path(__file__).parents[3] / "docs" / "how-grading-works.md"
    assert table() in page.read_text(encoding="utf-8")
