"""What an ordinary kernel says: each cell is run by IPython in one process, and raises or not.

A process forked from this one takes the place of a kernel, which would take seconds to start.
tests/autograder/classes/test_one_judge.py holds it against a kernel that Jupyter starts.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterable

#: Seconds for a cell that does not end; in a real kernel a student stops it.
CELL_SECONDS = 120


def cells_that_raise(cells: Iterable[tuple[str, str]]) -> set[str]:
    """Run cells, pairs of a name and a source, in order; the names of those that raise."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        _run(list(cells), theirs)
    os.close(theirs)
    with os.fdopen(ours, encoding="utf-8") as answers:
        text = answers.read()
    os.waitpid(child, 0)
    assert text, "the process that ran the cells ended"
    return set(json.loads(text))


def _run(cells: list[tuple[str, str]], theirs: int) -> None:
    """In the fork: run the cells, write the answer, and end."""
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        os.chdir(tempfile.mkdtemp())
        raised = _raised(cells)
        os.write(theirs, json.dumps(raised).encode())
    except BaseException:  # noqa: BLE001  there is nobody above; the parent sees an empty answer
        traceback.print_exc()
    finally:
        os._exit(0)


def _raised(cells: list[tuple[str, str]]) -> list[str]:
    import matplotlib
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    matplotlib.use("agg")
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    sys.modules["__main__"] = shell.user_module
    signal.signal(signal.SIGALRM, _stop)
    raised = []
    for name, source in cells:
        signal.alarm(CELL_SECONDS)
        result = shell.run_cell(source, store_history=False)
        signal.alarm(0)
        if not result.success:
            raised.append(name)
    return raised


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt
