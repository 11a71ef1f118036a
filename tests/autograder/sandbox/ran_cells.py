"""A process that runs cells, without isolation, and what came of them.

The fixtures are for the folders whose conftest imports them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from autograder.judging.conversation import Conversation
from autograder.judging.outputs import Outputs
from autograder.judging.sandbox_client import Ran, Running, Sandbox

#: Seconds that nothing takes but what hangs.
AGES = 600.0


@pytest.fixture(scope="session")
def bare() -> Iterator[Sandbox]:
    """A sandbox without isolation, whose processes and folders a test can look at."""
    with Sandbox() as warm:
        warm.wait_until_warm()
        yield warm


@pytest.fixture
def running(bare: Sandbox) -> Iterator[Running]:
    """A fresh process for a submission."""
    with bare.submission({}) as one:
        yield one


@pytest.fixture
def run(running: Running) -> Callable[..., Ran]:
    """Run a cell in it."""

    def cell(
        source: str, seconds: float = AGES, output_bytes: int = 1 << 20, is_given: bool = False
    ) -> Ran:
        return running.run(source, seconds, output_bytes, is_given)

    return cell


@pytest.fixture
def converse(running: Running) -> Iterator[Callable[..., Conversation]]:
    """A conversation with a fork of the process, as a test has it; ended when the next begins."""
    with contextlib.ExitStack() as stack:

        def begin(seconds: float = AGES, **options: bool) -> Conversation:
            stack.close()
            test = running.test()
            stack.callback(test.close)
            deadline = time.monotonic() + seconds
            return Conversation(test.channel, deadline, outputs=Outputs(), **options)

        yield begin


def words(ran: Ran, name: str = "stdout") -> str:
    """What a cell wrote to a stream."""
    return "".join(
        output["text"]
        for output in ran.outputs
        if output["output_type"] == "stream" and output["name"] == name
    )


def shown(ran: Ran) -> list[str]:
    """The plain texts of what a cell displayed."""
    return [o["data"]["text/plain"] for o in ran.outputs if "data" in o]


def error(ran: Ran) -> dict[str, Any]:
    """The error that ended a cell."""
    assert not ran.fine
    (found,) = [output for output in ran.outputs if output["output_type"] == "error"]
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended, at once or within a while."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return True
    deadline = time.monotonic() + AGES
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False
