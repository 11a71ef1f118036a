"""A submission's process without forks: what ends it, what it may see, and what goes with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from ran_cells import AGES, error, gone, words

from autograder.judging.sandbox_client import Ran, SubmissionDied
from autograder.judging.spawned import SpawnedRunning, SpawnedSandbox


@pytest.fixture(scope="module")
def spawned() -> Iterator[SpawnedSandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNLAB_HIDDEN_SEED", "7")
        patch.setenv("NNLAB_DEVICE", "meta")
        with SpawnedSandbox() as made:
            yield made


Cell = Callable[[str], Ran]


@pytest.fixture
def begin(spawned: SpawnedSandbox) -> Iterator[Callable[..., tuple[SpawnedRunning, Cell]]]:
    """Begin a submission; what runs a cell in it."""
    with contextlib.ExitStack() as stack:

        def make(**limits: float) -> tuple[SpawnedRunning, Cell]:
            running = stack.enter_context(spawned.submission(limits, [("a/data.csv", b"1,2")]))
            return running, lambda source, seconds=AGES: running.run(source, seconds, 10_000)

        yield make


def test_cells_share_names_and_what_they_start_ends_with_them(begin, spawned) -> None:
    running, cell = begin()
    assert words(cell("x = 2\nprint(x)")) == "2\n"
    assert words(cell("print(x + 1, open('a/data.csv').read())")) == "3 1,2\n"

    # What is the student's own, and what would change a verdict.
    cell("import os\nfrom nnlab.devices import device")
    seen = words(cell("print(device(), os.environ.get('NNLAB_HIDDEN_SEED'), os.getcwd())"))
    assert seen.startswith("cpu None ")
    folder = Path(seen.split()[2])
    assert (folder / "a" / "data.csv").exists()

    # A cell without end is interrupted, and the names that it has bound stay.
    late = cell("y = 5\nwhile True:\n    pass", 1.0)
    assert late.late and error(late)["ename"] == "KeyboardInterrupt"
    assert words(cell("print(y)")) == "5\n"

    started = cell("import subprocess, sys\n"
                   "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(9999)'])\n"
                   "print(p.pid, os.getpid())")  # fmt: skip
    child, own = map(int, words(started).split())
    with pytest.raises(SubmissionDied, match="it exited with code 3") as died:
        cell("os._exit(3)")
    assert not died.value.killed
    assert spawned.how_it_ended() is not None
    running.close()
    assert gone(own)
    assert not folder.exists()
    if psutil.pid_exists(child):  # an orphan, which Windows too leaves alone
        psutil.Process(child).kill()


def test_more_memory_than_it_may_ends_it_with_all_that_it_started(begin) -> None:
    _, cell = begin(memory_mb=300)
    started = words(cell("import subprocess, sys, os\n"
                         "p = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=-1)\n"
                         "print(p.pid, os.getpid())"))  # fmt: skip
    with pytest.raises(SubmissionDied, match="its processes used more than 300 MB of memory"):
        cell("import time\nlarge = b'x' * (500 << 20)\ntime.sleep(9999)")
    assert all(gone(int(pid)) for pid in started.split())
