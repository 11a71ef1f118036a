"""The examiner in a process that is no fork: ``python -m autograder.judging.spawned_examiner``."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys

from autograder.judging.examiner import Examiner, judge_until_closed
from autograder.judging.scripts import Prepared, prepare
from autograder.judging.spawned_process import SpawnedProcess
from autograder.lessons.model import Lesson
from autograder.protocol import loopback
from autograder.protocol.channel import Channel, ProtocolError
from autograder.protocol.messages import Ready, send


class SpawnedExaminer(Examiner):
    """The examiner in a process that is no fork, and stays for the next submission."""

    def __init__(self, lesson: Lesson, environment: dict[str, str]) -> None:
        super().__init__(lesson, Prepared({}, {}))
        self._environment = environment
        self._process: SpawnedProcess | None = None
        self._prepare_process()

    def __exit__(self, *_: object) -> None:
        """Nothing: it is kept until :meth:`end`."""

    def end(self) -> None:
        """End its process."""
        self._channel = None
        if self._process is not None:
            self._process.close()
            self._process = None

    def _prepare_process(self) -> SpawnedProcess:
        if self._process is None:
            given = pickle.dumps(self._lesson)
            module = "autograder.judging.spawned_examiner"
            self._process = SpawnedProcess(module, self._environment, given)
        return self._process

    def _start_process(self, test: Channel | str) -> Channel:
        return self._prepare_process().channel

    def _end(self) -> None:
        self.end()


def main() -> None:
    """The examiner's process: standard input says where the worker listens, and gives the lesson,
    which comes from the process that has started this one."""
    address = sys.stdin.buffer.readline().decode().strip()
    lesson = pickle.loads(sys.stdin.buffer.read())
    channel = Channel(loopback.connect(address))
    prepared = prepare(lesson)
    send(channel, Ready("none", os.getpid()))
    with contextlib.suppress(ProtocolError):
        judge_until_closed(channel, lesson, prepared)


if __name__ == "__main__":
    main()
