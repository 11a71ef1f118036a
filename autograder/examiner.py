"""Runs a test cell outside the student's process, against stand-ins, and reaches a verdict."""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import gc
import linecache
import math
import os
import re
import resource
import signal
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from numbers import Real
from types import CodeType
from typing import Any, Literal

import numpy as np

from autograder.keeping import Kept, apart
from autograder.lesson import Cell, Lesson, free_names, probes_in, top_level_names
from autograder.wire import (
    Channel,
    Codec,
    WireClosed,
    WireError,
    WireTimeout,
    builtin_exception,
    called_names,
    exception_node,
    text,
)

Outcome = Literal["passed", "partial", "failed", "not run", "fault"]

#: Output of a student's functions that one test keeps, in bytes.
_OUTPUT_BYTES = 1 << 16
_NOT_RUN = "The test could not be run."
#: A student's side that says more is making it up.
_MOST_CALLED = 1000
#: Address space of an examiner's fork: what a sandbox sends must fit.
_EXAMINER_MEMORY = 6 << 30


@dataclass(frozen=True)
class Verdict:
    """What a test cell decided, and why.

    ``says`` is the sentence for the student; it never holds a word of a hidden test. ``detail``
    is for the instructor. ``hidden`` tells that it was a hidden line that failed. ``fault`` as
    an outcome means that the test itself is wrong, not the student. ``called`` is what the
    student's side says it called though a task forbids it: tasks and names. ``ended`` tells that a
    process ended in the middle, the student's or the examiner's.
    """

    points: float
    outcome: Outcome
    says: str = ""
    detail: str = ""
    hidden: bool = False
    seconds: float = 0.0
    outputs: list[dict[str, Any]] = field(default_factory=list)
    called: frozenset[tuple[str, str]] = frozenset()
    ended: bool = False


class FromStudent:
    """Marks an exception that was raised by the student's code, and carries its traceback."""

    student_traceback = ""
    call = ""


class NoAnswer(Exception):
    """The student's process ended, or sent what no Python value is."""


class _TimeUp(BaseException):
    """The test's time is up. Not an Exception, so that no test swallows it."""


@dataclass(frozen=True)
class Prepared:
    """What the tests of a lesson have in common, whoever is examined.

    ``names`` are those that the setup cells bind; ``scripts`` are the compiled tests, by cell.
    """

    names: dict[str, Any]
    scripts: dict[str, _Script]


@dataclass(frozen=True)
class _Script:
    """A compiled test.

    ``wanted`` are the names that it takes from the student. ``steps`` are its statements: code to
    run, or the name and source of a probe. ``hidden_steps`` begin with the first hidden one.
    ``value`` is the expression on its last line, if any. ``hides`` tells whether any is hidden.
    """

    wanted: tuple[str, ...]
    steps: tuple[CodeType | tuple[str, str], ...]
    hidden_steps: tuple[CodeType | tuple[str, str], ...]
    value: CodeType | None
    hides: bool


def prepare(lesson: Lesson) -> Prepared:
    """Run a lesson's setup cells and compile its tests, once for all submissions."""
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    for cell in lesson.cells:
        if cell.kind == "setup":
            exec(compile(cell.source, f"<{cell.id}>", "exec"), names)
    scripts = {cell.id: _compile(cell, set(names)) for cell in lesson.cells if cell.kind == "tests"}
    return Prepared(names, scripts)


def _compile(cell: Cell, known: set[str]) -> _Script:
    tree = ast.parse(cell.source)
    file = _file_of(cell)
    probes = dict(probes_in(tree))
    wanted = _read_before_bound(tree) - known - set(dir(builtins)) - set(probes)
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    steps: list[CodeType | tuple[str, str]] = []
    hidden = len(tree.body)
    for statement in tree.body:
        if statement is last:
            break
        step: CodeType | tuple[str, str]
        if isinstance(statement, ast.FunctionDef) and statement.name in probes:
            step = statement.name, ast.unparse(_undecorated(statement))
        else:
            step = compile(ast.Module([statement], type_ignores=[]), file, "exec")
        if statement.lineno in cell.hidden_lines:
            hidden = min(hidden, len(steps))
        steps.append(step)
    value = compile(ast.Expression(last.value), file, "eval") if last else None
    return _Script(
        tuple(sorted(wanted)),
        tuple(steps[:hidden]),
        tuple(steps[hidden:]),
        value,
        any(statement.lineno in cell.hidden_lines for statement in tree.body),
    )


def _file_of(cell: Cell) -> str:
    """The file name that a test's tracebacks show."""
    return f"<{cell.id}>"


class Examiner:
    """Judges the tests of one submission, in a process of its own. Use it as a context manager.

    The process is a fork of this one, made at the first test, and made anew if a test hangs it.
    Each test starts from fresh copies of what the setup cells bound, so that what a student's
    function does to an array it was given is gone with the test.

    A test is judged in two halves. Hidden lines wait until nothing more of what the student's
    side says will be shown, so that it can keep what hidden lines try, and tell nobody.

    Args:
        prepared: what :func:`prepare` made.
    """

    def __init__(self, lesson: Lesson, prepared: Prepared) -> None:
        self._lesson = lesson
        self._prepared = prepared
        self._child = 0
        self._channel: Channel | None = None

    def __enter__(self) -> Examiner:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def examine(self, cell: Cell, channel: Channel) -> Verdict | None:
        """Judge one test cell up to its first hidden line.

        Args:
            cell: of the lesson, hidden tests included.
            channel: to the fork of the student's process that answers this test's calls.

        Returns:
            None if nothing is wrong so far, and :meth:`finish` has to be asked.
        """
        if self._channel is None:
            self._channel = self._start(channel)
        return self._ask({"op": "begin", "cell": cell.id}, channel.socket.fileno())

    def finish(self, cell: Cell) -> Verdict | None:
        """Judge the rest of a cell that :meth:`examine` has begun.

        Returns:
            None if the process that it waited in, ours or the student's, was ended meanwhile by
            what another test did: begin again, in a fresh process.
        """
        return None if self._channel is None else self._ask({"op": "finish", "cell": cell.id})

    def _ask(self, message: dict[str, Any], *files: int) -> Verdict | None:
        most = self._lesson.limits.test_seconds
        try:
            self._channel.send(message, files)
            said = self._channel.receive(most + 5)["verdict"]
        except WireError as error:
            self._end()
            late = isinstance(error, WireTimeout)
            says = _too_slow(most) if late else _NOT_RUN
            detail = f"the examiner's process: {error}"
            hidden = message["op"] == "finish"
            return Verdict(0.0, "not run", says, detail, hidden, ended=not late)
        return said and Verdict(**{**said, "called": called_names(said["called"])})

    def _start(self, test: Channel) -> Channel:
        ours, theirs = socket.socketpair()
        self._child = os.fork()
        if self._child == 0:
            ours.close()
            test.close()  # it comes again with the message; this copy would never be hung up
            try:
                gc.disable()
                resource.setrlimit(resource.RLIMIT_AS, (_EXAMINER_MEMORY, _EXAMINER_MEMORY))
                _judge_until_closed(Channel(theirs), self._lesson, self._prepared)
            finally:
                os._exit(1)
        theirs.close()
        return Channel(ours)

    def _end(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)


def _judge_until_closed(channel: Channel, lesson: Lesson, prepared: Prepared) -> None:
    """The loop of the examiner's process."""
    begun: dict[str, Examination] = {}
    while True:
        message, files = channel.receive_with_files()
        cell = lesson.by_id[message["cell"]]
        if message["op"] == "begin":
            answer_bytes = int(lesson.limits.answer_mb * (1 << 20))
            test = Channel(socket.socket(fileno=files[0]), answer_bytes)
            script, names = prepared.scripts[cell.id], _fresh(prepared.names)
            seconds = lesson.limits.test_seconds
            examination = Examination(cell, script, test, names, seconds)
            verdict = examination.begin()
            if verdict is None:
                begun[cell.id] = examination
        else:
            lost = cell.id not in begun
            examination = None if lost else begun.pop(cell.id)
            verdict = None if lost else examination.finish()
        if verdict is None:
            channel.send({"verdict": None})
        else:
            called = [list(pair) for pair in examination.conversation.called]
            channel.send({"verdict": {**asdict(verdict), "called": called}})


def _fresh(names: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``names`` in which plain mutable data is copied too."""
    fresh = dict(names)
    for name, value in names.items():
        if isinstance(value, (np.ndarray, list, set)) or type(value) is dict:
            # What holds a module or the like cannot be copied, and is no plain data.
            with contextlib.suppress(TypeError):
                fresh[name] = names[name] if name == "__builtins__" else copy.deepcopy(value)
    return fresh


def _too_slow(seconds: float) -> str:
    return f"Your code did not answer within {seconds:g} s. Is there a loop that does not end?"


class Examination:
    """One run of one test cell: :meth:`begin`, and if that gives no verdict, :meth:`finish`.

    Args:
        script: the cell, compiled.
        channel: to the student's side; closed when there is a verdict.
        names: what the test starts with.
        seconds: how long both halves together may take.
    """

    def __init__(
        self,
        cell: Cell,
        script: _Script,
        channel: Channel,
        names: dict[str, Any],
        seconds: float,
    ) -> None:
        self.cell = cell
        self.script = script
        self.seconds = seconds
        self.outputs = Outputs()
        self.names = names
        self.file = _file_of(cell)
        self.conversation = Conversation(
            channel, outputs=self.outputs, shows_changes=cell.shows_changes
        )
        self._spent = 0.0

    def begin(self) -> Verdict | None:
        """Run the lines before the first hidden one; None if the rest has to be run."""
        lines = self.cell.source.splitlines(keepends=True)
        linecache.cache[self.file] = (len(self.cell.source), None, lines, self.file)
        return self._judge(self._begin)

    def finish(self) -> Verdict | None:
        """Run the hidden lines and what follows; None if the student's side has gone meanwhile."""
        return self._judge(self._finish)

    def _judge(self, half: Callable[[], Verdict | None]) -> Verdict | None:
        started = time.monotonic()
        left = self.seconds - self._spent
        self.conversation.deadline = started + left
        signal.signal(signal.SIGALRM, _raise_time_up)
        signal.setitimer(signal.ITIMER_REAL, left + 1)
        writers = [_Writer(self.outputs, name) for name in ("stdout", "stderr")]
        try:
            with contextlib.redirect_stdout(writers[0]), contextlib.redirect_stderr(writers[1]):
                verdict = half()
            if self.conversation.broken:
                raise self.conversation.broken
            signal.setitimer(signal.ITIMER_REAL, 0)
        except BaseException as error:  # noqa: BLE001  whatever ends a test is a verdict
            signal.setitimer(signal.ITIMER_REAL, 0)
            # What a test made of the end of a process, with check_raises say, is not what happened.
            verdict = self._verdict_of(self.conversation.broken or error)
        self._spent += time.monotonic() - started
        if verdict is None:
            return None
        self.conversation.channel.close()
        return replace(verdict, seconds=self._spent)

    def _begin(self) -> Verdict | None:
        self.names.update(self.conversation.describe(list(self.script.wanted)))
        self._run(self.script.steps)
        reaches = self.conversation.has_stand_ins or any(
            isinstance(step, tuple) for step in self.script.hidden_steps
        )
        if self.script.hides and reaches:
            self.conversation.hold()
            return None
        # The others look at values only: the student's side learns nothing of them.
        self.outputs.closed = self.script.hides
        return self._end()

    def _finish(self) -> Verdict | None:
        # What is printed while hidden lines run could tell what they try.
        self.outputs.closed = True
        return None if self.conversation.channel.hung_up() else self._end()

    def _end(self) -> Verdict:
        self._run(self.script.hidden_steps)
        value = None if self.script.value is None else eval(self.script.value, self.names)
        return self._verdict_of_value(value)

    def _run(self, steps: tuple[CodeType | tuple[str, str], ...]) -> None:
        for step in steps:
            if isinstance(step, tuple):
                self.names[step[0]] = self.conversation.probe(*step)
            else:
                exec(step, self.names)

    def _verdict_of_value(self, value: Any) -> Verdict:
        most = self.cell.points
        if value is None:
            return Verdict(most, "passed", outputs=list(self.outputs))
        if isinstance(value, np.generic):
            # nbgrader reads a mark off the printed value, and takes "np.float64(1.0)" for no
            # number: full marks.
            return self._fault(f"its last line is a numpy scalar ({value!r}); write float(…)")
        if not isinstance(value, Real) or isinstance(value, bool):
            kind = value._kind if isinstance(value, StandIn) else type(value).__name__
            return self._fault(f"its last line is a {kind}, not a number of points")
        value = float(value)
        if math.isnan(value) or not 0 <= value <= most:
            return self._fault(f"its last line is {value}, not a number from 0 to {most:g}")
        shown = {
            "output_type": "execute_result",
            "data": {"text/plain": repr(value)},
            "metadata": {},
            "execution_count": None,
        }
        outputs = [*self.outputs, shown]
        if value == most:
            return Verdict(value, "passed", outputs=outputs)
        says = f"Partly right: {value:g} of {most:g} points."
        return Verdict(value, "partial", says, hidden=bool(self.cell.hidden_lines), outputs=outputs)

    def _fault(self, problem: str) -> Verdict:
        says = "This test has a fault of its own; your instructor has been told."
        detail = f"fault of the test {self.cell.id}: {problem}"
        return Verdict(
            0.0, "fault", says, detail, outputs=[*self.outputs, error_output("TestFault", detail)]
        )

    def _verdict_of(self, error: BaseException) -> Verdict:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == self.file]
        hidden = self.outputs.closed
        call = self.conversation.last_call
        where = f"{call}" if call else "The test"
        outcome: Outcome = "failed"
        if isinstance(error, FromStudent):
            unwritten = _unwritten(error)
            if isinstance(error, NotImplementedError):
                open_says = f"{where} is not written yet."
            elif unwritten:
                open_says = _not_defined(unwritten)
            else:
                message = f": {error}" if str(error) else ""
                open_says = f"{where} raised {type(error).__name__}{message}."
            # The name of a class is the student's to choose, and might tell what was tried.
            known = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
            hidden_says = f"A hidden test made {self._own_name(where)} raise {known.__name__}."
            detail = f"{open_says}\n{error.student_traceback}"
        elif isinstance(error, (_TimeUp, WireTimeout)):
            open_says = hidden_says = detail = _too_slow(self.seconds)
            outcome = "not run"
        elif isinstance(error, WireClosed):
            ended = "ended its process: it called exit, crashed, or used too much memory."
            open_says, hidden_says = f"{where} {ended}", f"{self._own_name(where)} {ended}"
            detail, outcome = open_says, "not run"
        elif isinstance(error, (WireError, NoAnswer)):
            open_says = f"{where} gave back what cannot be judged: {error}."
            hidden_says = f"{self._own_name(where)} gave back what cannot be judged."
            detail = open_says
        elif isinstance(error, NameError) and getattr(error, "name", None) in self._missing():
            open_says = hidden_says = detail = _not_defined(error.name)
        elif isinstance(error, AssertionError):
            open_says = str(error) or "A check failed."
            hidden_says = "A hidden test found a case in which the answer is wrong."
            detail = open_says
        else:
            what = f"what {call} returned" if call else "your answer"
            open_says = (
                f"The test could not use {what} "
                f"({type(error).__name__}: {text(str(error), 300)}). Check its type and shape."
            )
            hidden_says = (
                f"A hidden test could not use what {self._own_name(where)} returned: "
                "check type and shape."
            )
            detail = open_says
        if frames:
            line = frames[-1].lineno or 0
            detail += f"\n{self.cell.id}, line {line}: {(frames[-1].line or '').strip()}"
        outputs = [*self.outputs, error_output(type(error).__name__, detail)]
        says = hidden_says if hidden else open_says
        ended = isinstance(error, WireClosed)
        return Verdict(0.0, outcome, says, detail, hidden, outputs=outputs, ended=ended)

    def _own_name(self, label: str) -> str:
        """A label if the test itself has that name; other names a student may have made up."""
        return label if label.split(".")[0] in self.script.wanted else "your code"

    def _missing(self) -> set[str]:
        return set(free_names(self.cell.source)) - set(self.names)


def _read_before_bound(tree: ast.Module) -> set[str]:
    """The names that a test reads and has not bound itself in a line above."""
    wanted: set[str] = set()
    bound: set[str] = set()
    for statement in tree.body:
        source = ast.unparse(statement)
        wanted |= free_names(source) - bound
        bound |= set(top_level_names(source))
    return wanted


def _not_defined(name: str) -> str:
    return f"{name} is not defined: its cell is missing, not written yet, or ended in an error."


def _unwritten(error: FromStudent) -> str:
    """The name that a probe did not find on the student's side, if that is what went wrong."""
    missing = re.fullmatch(r"name '(\w+)' is not defined", str(error))
    last_frame = error.student_traceback.rpartition("  File ")[2]
    return missing[1] if missing and last_frame.startswith('"<probe') else ""


def _undecorated(function: ast.FunctionDef) -> ast.FunctionDef:
    others = [
        d for d in function.decorator_list if not (isinstance(d, ast.Name) and d.id == "probe")
    ]
    return ast.FunctionDef(
        **{
            **{name: getattr(function, name, None) for name in function._fields},
            "decorator_list": others,
        },
        lineno=function.lineno,
        col_offset=function.col_offset,
    )


def _raise_time_up(*_: Any) -> None:
    raise _TimeUp


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


class _Writer:
    """A stream that appends to a test's outputs."""

    def __init__(self, outputs: Outputs, name: str) -> None:
        self._outputs, self._name = outputs, name

    def write(self, words: str) -> int:
        _append_stream(self._outputs, self._name, words)
        return len(words)

    def flush(self) -> None:
        pass


def _append_stream(outputs: Outputs, name: str, words: str) -> None:
    if not words or outputs.closed:
        return
    if outputs and outputs[-1].get("name") == name and outputs[-1]["output_type"] == "stream":
        if len(outputs[-1]["text"]) < _OUTPUT_BYTES:
            outputs[-1]["text"] += words[:_OUTPUT_BYTES]
    elif len(outputs) < 100:
        outputs.append({"output_type": "stream", "name": name, "text": words[:_OUTPUT_BYTES]})


class Conversation:
    """Calls from a test to the student's process. Those after ``deadline`` are not answered.

    With ``shows_changes``, what a function does to its arguments is there after the call, as it
    would be in one process. Without, they are as they were: a test that reads its inputs again
    reads what it chose.
    """

    def __init__(
        self,
        channel: Channel,
        deadline: float = math.inf,
        *,
        outputs: Outputs,
        shows_changes: bool = True,
    ) -> None:
        self._shows_changes = shows_changes
        self._changed = False
        self.channel = channel
        self.deadline = deadline
        self.outputs = outputs
        #: Whether the student's side has shown something that can be called.
        self.has_stand_ins = False
        #: Why there is no more to be learned from the student's side. A test may have caught it.
        self.broken: WireClosed | WireTimeout | None = None
        self._is_held = False
        self.last_call = ""
        self.called: set[tuple[str, str]] = set()
        self._depth = 0
        self._codec = Codec(0, self._stand_in)

    def _stand_in(self, number: int, kind: str, can_call: bool) -> StandIn:
        self.has_stand_ins = True
        return StandIn(self, number, kind)

    def describe(self, names: list[str]) -> dict[str, Any]:
        """Stand-ins and data for those of ``names`` that the notebook has bound."""
        if not names:
            return {}
        self._send({"op": "describe", "names": names})
        answer = self._receive()
        found = {}
        nodes = answer.get("names")
        if not isinstance(nodes, dict):
            raise WireError("an answer without names")
        for name in names:
            if name in nodes:
                found[name] = self._codec.decode(nodes[name])
                if isinstance(found[name], StandIn):
                    found[name]._label = name
        self._codec.forget()
        return found

    def hold(self) -> None:
        """Have the student's side keep things as they are now, as it does at the first call."""
        if not self._is_held:
            self._exchange({"op": "hold"})

    def probe(self, name: str, source: str) -> Any:
        """Define a probe on the student's side; its stand-in."""
        made = self._exchange({"op": "probe", "name": name, "source": source})
        if isinstance(made, StandIn):
            # A student knows the task's functions, not the probe's name.
            made._label = "your code"
        return made

    def call(self, number: int, label: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an object of the student's side and bring back the answer."""
        self.last_call = label
        return self._operate({"op": "call", "target": number}, args, kwargs)

    def operate(self, operation: str, *args: Any) -> Any:
        """Apply one of the sandbox's operations (``getattr``, ``len``, …) to its objects."""
        return self._operate({"op": operation}, args, {})

    def _operate(self, message: dict[str, Any], args: Any, kwargs: dict[str, Any]) -> Any:
        if self._shows_changes or self._depth:
            return self._send_operation(message, args, kwargs)
        kept = Kept((args, kwargs))
        self._changed = False
        try:
            value = self._send_operation(message, args, kwargs)
            # An argument that came back is an answer now, and stays what it was made.
            return apart(value) if self._changed else value
        finally:
            if self._changed:
                kept.restore()

    def _send_operation(self, message: dict[str, Any], args: Any, kwargs: dict[str, Any]) -> Any:
        message["changes"] = self._codec.changes()
        message["args"] = [self._codec.encode(value) for value in args]
        message["kwargs"] = {name: self._codec.encode(value) for name, value in kwargs.items()}
        message["output_bytes"] = _OUTPUT_BYTES
        self._codec.settle()
        return self._exchange(message)

    def _exchange(self, message: dict[str, Any]) -> Any:
        self._depth += 1
        self._is_held = True
        try:
            self._send(message)
            while True:
                answer = self._receive()
                kind = answer.get("kind")
                if kind == "callback":
                    self._call_back(answer)
                elif kind == "returned":
                    self._apply(answer)
                    value = self._codec.decode(answer.get("value"))
                    self._codec.settle()
                    return value
                elif kind == "raised":
                    self._apply(answer)
                    raise self._student_error(answer)
                elif kind == "unsendable":
                    raise NoAnswer(text(answer.get("message"), 300))
                else:
                    raise WireError("an answer of no known kind")
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._codec.forget()

    def _apply(self, answer: dict[str, Any]) -> None:
        """Bring what is shared up to date with what the student's side did to it."""
        changes = answer.get("changes")
        self._changed = self._changed or bool(changes)
        self._codec.apply(changes)

    def _call_back(self, request: dict[str, Any]) -> None:
        """Call the test's function that the student's code has called."""
        self._apply(request)
        function = self._codec.exported(request.get("target"))
        nodes, named = request.get("args"), request.get("kwargs")
        if not isinstance(nodes, list) or not isinstance(named, dict):
            raise WireError("a callback without arguments")
        args = [self._codec.decode(node) for node in nodes]
        kwargs = {text(name, 100): self._codec.decode(node) for name, node in named.items()}
        self._codec.settle()
        label = self.last_call
        try:
            value = function(*args, **kwargs)
        except (WireError, NoAnswer):
            raise
        except Exception as error:  # noqa: BLE001  the student's code sees what the function raised
            answer: dict[str, Any] = {"op": "answer", "error": exception_node(error)}
            answer["changes"] = self._codec.changes()
        else:
            answer = {"op": "answer", "changes": self._codec.changes()}
            answer["value"] = self._codec.encode(value)
            self._codec.settle()
        self.last_call = label
        self._send(answer)

    def _student_error(self, answer: dict[str, Any]) -> Exception:
        node = answer.get("error")
        node = node if isinstance(node, dict) else {}
        base = builtin_exception(node.get("builtin"))
        name = text(node.get("type"), 100)
        name = name if name.isidentifier() else base.__name__
        message = text(node.get("message"), 2000)
        try:
            error = type(name, (FromStudent, base), {})(message)
        except TypeError:  # an exception whose constructor wants more than a message
            error = type(name, (FromStudent, Exception), {})(message)
        error.student_traceback = text(answer.get("traceback"), 8000)
        error.call = self.last_call
        return error

    def _send(self, message: dict[str, Any]) -> None:
        with self._noticing():
            self.channel.send(message)

    def _receive(self) -> dict[str, Any]:
        left = self.deadline - time.monotonic()
        with self._noticing():
            answer = self.channel.receive(max(left, 0.001))
        if len(self.called) < _MOST_CALLED:
            self.called |= called_names(answer.get("called"))
        outputs = answer.get("outputs")
        if isinstance(outputs, list):
            for output in outputs[:100]:
                if isinstance(output, dict) and output.get("output_type") == "stream":
                    name = "stderr" if output.get("name") == "stderr" else "stdout"
                    _append_stream(self.outputs, name, text(output.get("text"), _OUTPUT_BYTES))
        return answer

    @contextlib.contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except (WireClosed, WireTimeout) as error:
            self.broken = error
            raise


class StandIn:
    """Stands for an object that stays in the student's process.

    It can be called, passed back, indexed, counted, iterated over and asked for public
    attributes. It takes part in no comparison or arithmetic, so that an object with an
    ``__eq__`` that always agrees agrees with nothing here.
    """

    __array_ufunc__ = None

    def __init__(self, conversation: Conversation, number: int, kind: str) -> None:
        self._conversation = conversation
        self._number = number
        self._kind = kind
        self._label = f"the {kind}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._conversation.call(self._number, self._label, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("detach", "cpu", "numpy", "dtype"):
            raise AttributeError(f"{self._label} has no attribute {name!r} here")
        value = self._conversation.operate("getattr", self, name)
        if isinstance(value, StandIn):
            value._label = f"{self._label}.{name}"
        return value

    def __getitem__(self, key: Any) -> Any:
        return self._conversation.operate("getitem", self, key)

    def __len__(self) -> int:
        length = self._conversation.operate("len", self)
        if type(length) is not int or length < 0:
            raise WireError("a length that is no number")
        return length

    def __iter__(self) -> Iterator[Any]:
        items = self._conversation.operate("list", self)
        if not isinstance(items, list):
            raise WireError("items that are no list")
        return iter(items)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"an object of type {self._kind}"
