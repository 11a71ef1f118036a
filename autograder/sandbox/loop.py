"""The loop of a sandboxed process: runs cells; forks for a test that calls, and answers it."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.sandbox import limits
from autograder.sandbox.lookout import Lookout
from autograder.sandbox.shell import Shell, Stream
from autograder.wire import (
    Channel,
    Codec,
    WireClosed,
    WireError,
    builtin_exception,
    exception_node,
    text,
)

#: How long to wait, in seconds, for a test's process that cannot be killed to end.
_PATIENCE = 0.3
#: What a test may do to an object of this side, beside calling it.
_OPERATIONS: dict[str, Callable[..., Any]] = {
    "getattr": getattr,
    "getitem": lambda value, key: value[key],
    "len": len,
    "list": list,
    "repr": lambda value: repr(value)[:500],
    "float": float,
}


def serve_submission(channel: Channel, shell: Shell, lookout: Lookout) -> None:
    """Run cells and serve tests until the examiner hangs up. Never returns."""
    me = os.getpid()
    tests: dict[int, int] = {}  # the process of each test that is not over
    processes = limits.processes()
    setup_names: dict[str, Any] = {}
    while True:
        try:
            message, files = channel.receive_with_files()
        except WireError:
            os._exit(0)
        operation = message.get("op")
        if operation == "run":
            # An interrupt that comes after a cell has ended belongs to nothing.
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                shell.on_compiled = functools.partial(_know, lookout, message.get("task"))
                outputs, fine = shell.run(message["source"], message["output_bytes"])
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            except KeyboardInterrupt:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                outputs, fine = shell.recorder.finished(), False
            if os.getpid() != me:  # a fork that a cell has left behind; one answer is enough
                os._exit(0)
            if message.get("setup"):
                # Probes see the names of trusted cells as they were, whatever a student does to
                # them later.
                setup_names = {**setup_names, **_public(shell.user_ns, setup_names)}
            try:
                channel.send({"outputs": outputs, "fine": fine, "called": lookout.seen()})
            except WireError:  # nobody waits for it any more, or it is too large to be sent
                os._exit(1)
        elif operation == "test":
            side = Channel(socket.socket(fileno=files[0]))
            channel.send({"ok": True})
            answers = Answers(side, shell, setup_names, lookout)
            first_call = answers.describe()
            if first_call is not None:
                # Whatever else the submission has started, there is room for one more test.
                limits.room_for(processes + len(tests) + 1)
                test = _fork()
                if test:
                    tests[message["number"]] = test
                else:
                    channel.close()
                    signal.signal(signal.SIGINT, signal.SIG_DFL)
                    gc.disable()
                    # A test process leads its own group, so that what it starts ends with it.
                    os.setpgid(0, 0)
                    answers.serve(first_call)
            side.close()
        elif operation == "over":
            test = tests.pop(message["number"], None)
            if test is not None:
                _end(test)
                limits.room_for(processes + len(tests))


def _know(lookout: Lookout, task: str | None, file: str) -> None:
    if task is not None:  # of a cell that is the student's
        lookout.know(file, task)


def _fork() -> int:
    """Fork; if there are too many processes, wait until some of them have gone."""
    for _ in range(100):
        try:
            return os.fork()
        except BlockingIOError:
            time.sleep(0.05)
    return os.fork()


def _public(names: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_")
        and name not in before
        and name not in ("In", "Out", "exit", "quit")
    }


def _end(test: int) -> None:
    """End a test's process and its group; if that is forbidden, give it time to end itself."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(test, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        if _may_signal():
            os.waitpid(test, 0)
            return
        deadline = time.monotonic() + _PATIENCE
        while os.waitpid(test, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.001)


def _may_signal() -> bool:
    """Whether the filter lets this process send signals."""
    try:
        os.kill(os.getpid(), 0)
    except PermissionError:
        return False
    return True


class Answers:
    """Answers one test; its calls in a fork that ends with it."""

    def __init__(
        self, channel: Channel, shell: Shell, setup_names: dict[str, Any], lookout: Lookout
    ) -> None:
        self.channel = channel
        self.lookout = lookout
        self.shell = shell
        self.codec = Codec(1, self._callback)
        self.probe_names = {**shell.user_ns, **setup_names}

    def describe(self) -> dict[str, Any] | None:
        """Show the test the values it asks for, up to the first message that runs code.

        Returns:
            That message; None if the test is over without one. A third of all tests look at
            values only, and need no process of their own.
        """
        try:
            while (message := self.channel.receive())["op"] == "describe":
                self._send(self._answer(message))
                self.codec.forget()
        except WireError:
            return None
        return message

    def serve(self, message: dict[str, Any]) -> None:
        """Answer ``message`` and those after it until the test is over. Never returns."""
        sys.stdout = Stream(self.shell.recorder, "stdout")  # type: ignore[assignment]
        sys.stderr = Stream(self.shell.recorder, "stderr")  # type: ignore[assignment]
        if not _may_signal():  # nobody can end this process but itself
            with contextlib.suppress(RuntimeError):  # too many threads: it ends with the submission
                threading.Thread(target=self._end_when_over, daemon=True).start()
        code = 1
        try:
            while True:
                self._send(self._answer(message))
                self.codec.forget()
                message = self.channel.receive()
        except WireClosed:
            code = 0
        finally:
            os._exit(code)

    def _end_when_over(self) -> None:
        hung_up = select.poll()
        hung_up.register(self.channel.socket, 0)  # a hang-up is told without being asked for
        hung_up.poll()
        os._exit(0)

    def _send(self, answer: dict[str, Any]) -> None:
        try:
            self.channel.send(answer)
        except WireClosed:
            raise
        except WireError as error:  # too large
            self.channel.send({"kind": "unsendable", "message": text(str(error)), "outputs": []})

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to one message from the test; calls may cross back and forth before it."""
        self.shell.recorder.start(message.get("output_bytes", 1 << 16))
        try:
            answer = self._operate(message)
        except WireError as error:
            answer = {"kind": "unsendable", "message": text(str(error))}
        except BaseException as error:  # noqa: BLE001  a student's code may raise anything
            answer = {
                "kind": "raised",
                "error": exception_node(error),
                "traceback": student_traceback(error),
                "changes": self._changes(),
            }
        self._flush_figures()
        answer["outputs"] = self.shell.recorder.finished()
        answer["called"] = self.lookout.seen()
        return answer

    def _operate(self, message: dict[str, Any]) -> dict[str, Any]:
        operation = message["op"]
        if operation == "describe":
            found = {}
            for name in message["names"]:
                if name in self.shell.user_ns:
                    try:
                        found[name] = self.codec.encode(self.shell.user_ns[name])
                    except WireError as error:
                        found[name] = None
                        self.shell.recorder.stream("stderr", f"{name}: {error}\n")
            return {"kind": "names", "names": found}
        if operation == "hold":
            return self._returned(None)
        if operation == "probe":
            code = compile(message["source"], f"<probe {message['name']}>", "exec")
            exec(code, self.probe_names)
            return self._returned(self.probe_names[message["name"]], as_handle=True)
        self.codec.apply(message["changes"])
        args = [self.codec.decode(node) for node in message["args"]]
        kwargs = {name: self.codec.decode(node) for name, node in message["kwargs"].items()}
        self.codec.settle()
        if operation == "call":
            function = self.codec.exported(message["target"])
        else:
            function = _OPERATIONS[operation]
        return self._returned(function(*args, **kwargs))

    def _returned(self, value: Any, as_handle: bool = False) -> dict[str, Any]:
        changes = self.codec.changes()
        if as_handle:
            node = ["h", self.codec.export(value), type(value).__name__, True]
        else:
            node = self.codec.encode(value)
        self.codec.settle()
        return {"kind": "returned", "value": node, "changes": changes}

    def _changes(self) -> list[Any]:
        try:
            return self.codec.changes()
        except WireError:
            return []

    def _callback(self, number: int, kind: str, can_call: bool) -> Any:
        """The stand-in, on this side, for a function of the test."""

        def function(*args: Any, **kwargs: Any) -> Any:
            request = {
                "kind": "callback",
                "target": number,
                "changes": self.codec.changes(),
                "args": [self.codec.encode(value) for value in args],
                "kwargs": {name: self.codec.encode(value) for name, value in kwargs.items()},
            }
            self.codec.settle()
            self.channel.send(request)
            while True:
                message = self.channel.receive()
                if message.get("op") != "answer":
                    # The test calls us again from within its function.
                    self.channel.send(self._nested(message))
                    continue
                self.codec.apply(message["changes"])
                if "error" in message:
                    raise builtin_exception(message["error"]["builtin"])(
                        message["error"]["message"]
                    )
                value = self.codec.decode(message["value"])
                self.codec.settle()
                return value

        function.__name__ = function.__qualname__ = "function_of_the_test"
        return function

    def _nested(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            return {**self._operate(message), "outputs": []}
        except WireError as error:
            return {"kind": "unsendable", "message": text(str(error)), "outputs": []}
        except Exception as error:  # noqa: BLE001  a student's code may raise anything
            return {
                "kind": "raised",
                "error": exception_node(error),
                "traceback": student_traceback(error),
                "changes": self._changes(),
                "outputs": [],
            }

    def _flush_figures(self) -> None:
        plt = sys.modules.get("matplotlib.pyplot")
        if plt is not None and plt.get_fignums():
            plt.close("all")


def student_traceback(error: BaseException) -> str:
    """The traceback of a student's error, without the frames of the grader."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(str(Path(__file__).parent))]
    lines = traceback.format_list(own[-12:])
    return text("".join(lines) + "".join(traceback.format_exception_only(error)), 8000)
