"""Every message between the grader's processes, as a dataclass that both ends use.

Four conversations, each over a :class:`~autograder.protocol.channel.Channel` of its own:

- *control*: a worker asks its warm parent for processes;
- *notebook*: a worker has a submission's process run cells and open tests;
- *examiner*: a worker has the tests judged in a process of the trusted side;
- *test*: a test calls the student's objects, and is called back.

What comes in is checked field by field. Some of it comes from the student's side, which may send
anything: what is no message of the expected kinds is a :class:`ProtocolError`.
"""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from autograder.protocol.channel import Channel, ProtocolError
from autograder.protocol.plain_text import field as text_field

M = TypeVar("M", bound="Message")

#: A student's side that says that it called more than this is making it up.
_MOST_CALLED = 100


@dataclass(frozen=True)
class Message:
    """One message. ``conversation`` and ``sender`` say where it belongs.

    ``descriptors`` is the number of open files that go with it.
    """

    conversation: ClassVar[str] = ""
    sender: ClassVar[str] = ""
    descriptors: ClassVar[int] = 0

    def to_frame(self) -> dict[str, Any]:
        """The message as a map for the channel."""
        return {"message": type(self).__name__, **self.__dict__}


# -- control: worker and warm parent ---------------------------------------------------------------


@dataclass(frozen=True)
class Confine(Message):
    """First of all: what is to be around each submission (the fields of ``Confinement``)."""

    conversation, sender = "control", "worker"
    confinement: dict[str, Any]


@dataclass(frozen=True)
class Ready(Message):
    """The warm parent, or a copy of it, has imported everything."""

    conversation, sender = "control", "warm parent"
    tier: str
    pid: int


@dataclass(frozen=True)
class StartSubmission(Message):
    """Fork the process of a submission, which gets the socket that comes along.

    ``files`` are pairs of a name and its bytes, ``forbidden`` pairs of a task and a dotted name.
    """

    conversation, sender, descriptors = "control", "worker", 1
    limits: dict[str, Any]
    files: list[Any]
    forbidden: list[Any]


@dataclass(frozen=True)
class Started(Message):
    """The submission's process is there."""

    conversation, sender = "control", "warm parent"
    pid: int


@dataclass(frozen=True)
class NotStarted(Message):
    """It could not be started, which is no fault of the submission."""

    conversation, sender = "control", "warm parent"
    reason: str


@dataclass(frozen=True)
class Interrupt(Message):
    """Interrupt the running cell."""

    conversation, sender = "control", "worker"


@dataclass(frozen=True)
class AskHowItEnded(Message):
    """Does the submission's process live?"""

    conversation, sender = "control", "worker"


@dataclass(frozen=True)
class HowItEnded(Message):
    """Half a sentence about its end, empty while it lives; ``killed``: perhaps by somebody else."""

    conversation, sender = "control", "warm parent"
    how: str
    killed: bool


@dataclass(frozen=True)
class EndSubmission(Message):
    """End the submission's process and everything that it started."""

    conversation, sender = "control", "worker"


@dataclass(frozen=True)
class Preload(Message):
    """Run these imports and read these data sets, for every process forked from now on."""

    conversation, sender = "control", "worker"
    source: str


@dataclass(frozen=True)
class Clone(Message):
    """Fork the warm parent; the copy talks over the socket that comes along."""

    conversation, sender, descriptors = "control", "worker", 1


@dataclass(frozen=True)
class Fork(Message):
    """Run a trusted function (``package.module:name``) in a fork, with the descriptors that come
    along."""

    conversation, sender, descriptors = "control", "worker", 2
    function: str


@dataclass(frozen=True)
class Done(Message):
    """It was done."""

    conversation, sender = "control, notebook", "warm parent, submission"


# -- notebook: worker and submission ---------------------------------------------------------------


@dataclass(frozen=True)
class RunCell(Message):
    """Run a cell, and keep so many bytes of its outputs.

    ``is_given``: it is the lesson's own, and its names are kept for probes. ``task`` is the task
    that the cell answers; empty for a cell that the student added, None for the lesson's own.
    """

    conversation, sender = "notebook", "worker"
    source: str
    output_bytes: int
    is_given: bool = False
    task: str | None = None


@dataclass(frozen=True)
class CellRan(Message):
    """Outputs in nbformat's words; whether the cell ended well; forbidden calls (task, name)."""

    conversation, sender = "notebook", "submission"
    outputs: list[Any]
    fine: bool
    called: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class OpenTest(Message):
    """Answer a test over the socket that comes along, with the names as they are now."""

    conversation, sender, descriptors = "notebook", "worker", 1
    number: int


@dataclass(frozen=True)
class Listening(Message):
    """Without forks: the submission's own process answers the test, and listens here for it."""

    conversation, sender = "notebook", "submission"
    address: str


@dataclass(frozen=True)
class EndTest(Message):
    """The test is over: end its process."""

    conversation, sender = "notebook", "worker"
    number: int


@dataclass(frozen=True)
class Settled(Message):
    """Without forks: what the test's calls have changed for good, in words; empty if nothing."""

    conversation, sender = "notebook", "submission"
    changed: str


# -- examiner: worker and examiner -----------------------------------------------------------------


@dataclass(frozen=True)
class BeginTest(Message):
    """Judge a test cell up to its first hidden line; the socket leads to who answers it.

    Without forks ``address`` is where it listens, and the hidden lines are judged too.
    """

    conversation, sender, descriptors = "examiner", "worker", 1
    cell: str
    address: str = ""


@dataclass(frozen=True)
class FinishTest(Message):
    """Judge the rest of a test that was begun."""

    conversation, sender = "examiner", "worker"
    cell: str


@dataclass(frozen=True)
class Judged(Message):
    """The verdict (its fields), or what is missing for one.

    ``state`` is "reached", "waiting" (for its hidden lines), or "lost" (begin again).
    """

    conversation, sender = "examiner", "examiner"
    state: str
    verdict: dict[str, Any] = field(default_factory=dict)


# -- test: examiner and a fork of the submission ---------------------------------------------------


@dataclass(frozen=True)
class Describe(Message):
    """Which of these names has the notebook bound, and to what?"""

    conversation, sender = "test", "examiner"
    names: list[Any]


@dataclass(frozen=True)
class Hold(Message):
    """Keep everything as it is now, until hidden lines ask."""

    conversation, sender = "test", "examiner"


@dataclass(frozen=True)
class DefineProbe(Message):
    """Define a probe beside the notebook's names, and return a handle of it."""

    conversation, sender = "test", "examiner"
    name: str
    source: str


@dataclass(frozen=True)
class Call(Message):
    """Call the object with the handle ``target``. ``changes`` are those of shared objects."""

    conversation, sender = "test", "examiner"
    target: int
    args: list[Any]
    kwargs: dict[str, Any]
    changes: list[Any]
    output_bytes: int


@dataclass(frozen=True)
class Operate(Message):
    """Apply an operation (``getattr``, ``len``, …) to objects of the student's side."""

    conversation, sender = "test", "examiner"
    operation: str
    args: list[Any]
    changes: list[Any]
    output_bytes: int


@dataclass(frozen=True)
class Answer(Message):
    """What a function of the test returned that the student's code has called."""

    conversation, sender = "test", "examiner"
    value: Any
    changes: list[Any]


@dataclass(frozen=True)
class AnswerError(Message):
    """What it raised instead."""

    conversation, sender = "test", "examiner"
    error: dict[str, Any]
    changes: list[Any]


@dataclass(frozen=True)
class Described(Message):
    """The names that are bound, as nodes."""

    conversation, sender = "test", "submission"
    names: dict[str, Any]
    outputs: list[Any] = field(default_factory=list)
    called: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class CallBack(Message):
    """The student's code calls a function of the test, with the handle ``target``."""

    conversation, sender = "test", "submission"
    target: int
    args: list[Any]
    kwargs: dict[str, Any]
    changes: list[Any]


@dataclass(frozen=True)
class Returned(Message):
    """A call has returned."""

    conversation, sender = "test", "submission"
    value: Any
    changes: list[Any]
    outputs: list[Any] = field(default_factory=list)
    called: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Raised(Message):
    """A call has raised; ``error`` has the names of its classes and its message."""

    conversation, sender = "test", "submission"
    error: dict[str, Any]
    traceback: str
    changes: list[Any]
    outputs: list[Any] = field(default_factory=list)
    called: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Unsendable(Message):
    """A call has returned what no message can carry."""

    conversation, sender = "test", "submission"
    reason: str
    outputs: list[Any] = field(default_factory=list)
    called: list[Any] = field(default_factory=list)


#: All messages by name, in the order of this file.
MESSAGES: dict[str, type[Message]] = {kind.__name__: kind for kind in Message.__subclasses__()}


def send(channel: Channel, message: Message, *descriptors: int) -> None:
    """Send a message, and open files with it.

    Raises:
        ProtocolError: as of :meth:`Channel.send`.
    """
    channel.send(message.to_frame(), descriptors)


def receive(channel: Channel, *kinds: type[M], seconds: float | None = None) -> M:
    """The next message, which is one of ``kinds``.

    Raises:
        ChannelTimeout, ChannelClosed: it did not come.
        ProtocolError: something else came.
    """
    return from_frame(channel.receive(seconds), *kinds)


def from_frame(frame: dict[str, Any], *kinds: type[M]) -> M:
    """A frame's map as the message that it is.

    Raises:
        ProtocolError: it is none of ``kinds``, or a field is missing or of another type.
    """
    name = frame.get("message")
    for kind in kinds:
        if kind.__name__ == name:
            return kind(**_checked(frame, kind))
    wanted = " or ".join(kind.__name__ for kind in kinds)
    raise ProtocolError(f"a message that is no {wanted}")


def called_names(pairs: list[Any]) -> frozenset[tuple[str, str]]:
    """The tasks and names in the field ``called`` of a message, whatever came."""
    return frozenset(
        (text_field(pair[0], 100), text_field(pair[1], 200))
        for pair in pairs[:_MOST_CALLED]
        if isinstance(pair, list) and len(pair) == 2
    )


def _checked(frame: dict[str, Any], kind: type[Message]) -> dict[str, Any]:
    found = {}
    for name, wanted, is_required in _FIELDS[kind]:
        if name not in frame:
            if is_required:
                raise ProtocolError(f"a message {kind.__name__} without {name}")
            continue
        value = frame[name]
        # A boolean is an integer in Python, and nowhere in these messages.
        if wanted and (type(value) not in wanted):
            raise ProtocolError(
                f"a message {kind.__name__} whose {name} is no {wanted[0].__name__}"
            )
        found[name] = value
    return found


def _fields_of(kind: type[Message]) -> tuple[tuple[str, tuple[type, ...], bool], ...]:
    """Name, accepted types (none: any), and whether it must be there, of each field."""
    hints = typing.get_type_hints(kind)
    found = []
    for one in fields(kind):
        is_required = one.default is MISSING and one.default_factory is MISSING
        found.append((one.name, _accepted(hints[one.name]), is_required))
    return tuple(found)


def _accepted(hint: Any) -> tuple[type, ...]:
    if hint is Any:
        return ()
    if isinstance(hint, types.UnionType):
        return tuple(one for part in typing.get_args(hint) for one in _accepted(part))
    return (typing.get_origin(hint) or hint,)


_FIELDS = {kind: _fields_of(kind) for kind in MESSAGES.values()}


def table() -> str:
    """All messages as a table in Markdown, for docs/how-grading-works.md."""
    rows = [
        "| conversation | sender | message | fields | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, kind in MESSAGES.items():
        names = ", ".join(f"`{one.name}`" for one in fields(kind)) or "–"
        meaning = " ".join((kind.__doc__ or "").split()).replace("``", "`")
        with_files = f" (+ {kind.descriptors} open file{'s'[: kind.descriptors > 1]})"
        name = f"`{name}`" + (with_files if kind.descriptors else "")
        rows.append(f"| {kind.conversation} | {kind.sender} | {name} | {names} | {meaning} |")
    return "\n".join(rows)
