"""The run of a notebook: what ends a cell, a test or a process costs itself; the rest is run."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

import psutil
import pytest

from autograder.intake.submission import Extra
from autograder.judging.result import Result

Grade = Callable[..., Result]

RIGHT = "def double(x):\n    if np.min(x) < 0:\n        raise ValueError\n    return 2 * x"
EVERYTHING = 10.0  # what the reference of the small lesson earns without its free text

#: A lesson of small functions, each with a visible and a hidden line.
SHARED = '# %% shared="imports"\nimport numpy as np\nfrom nnlab.testing import check_equal\n\n'


def task(name: str, tests: str = "") -> str:
    """A function that returns 1, and its test."""
    tests = tests or (
        f'check_equal("{name}()", {name}(), 1)\n### BEGIN HIDDEN TESTS\n'
        f'check_equal("{name}()", {name}(), 1)\n### END HIDDEN TESTS\n'
    )
    return (
        f'# %% solution="{name}"\n### BEGIN SOLUTION\ndef {name}():\n    return 1\n'
        f'### END SOLUTION\n\n# %% tests="{name}" points=1\n{tests}\n'
    )


def points(result: Result) -> dict[str, float | None]:
    return {mark.cell: mark.points for mark in result.marks}


# -- loops without end, exits and crashes ---------------------------------------------------------


def test_an_endless_loop_in_a_function_costs_its_test_and_no_other(grade: Grade, hasty) -> None:
    endless = "def double(x):\n    while True:\n        pass"
    result = grade(lesson=hasty(test_seconds=4), double=endless)
    assert result.mark("test-double").outcome == "not_run"
    assert "within 4 s" in result.mark("test-double").says
    assert result.points == EVERYTHING - 2


def test_an_endless_loop_in_a_cell_is_stopped_and_the_rest_is_graded(grade: Grade, hasty) -> None:
    result = grade(lesson=hasty(cell_seconds=4), double=RIGHT + "\nwhile True:\n    pass")
    assert result.points == EVERYTHING  # the function was defined before the loop began
    (cell,) = [cell for cell in result.cells if cell["id"] == "solution-double"]
    assert cell["outputs"][-1]["ename"] == "CellTimeout"
    assert cell["outputs"][-1]["evalue"] == "The cell was stopped after 4 seconds."


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)"])
def test_a_cell_that_ends_the_process_costs_itself_and_the_rest_is_graded(
    grade: Grade, end: str
) -> None:
    result = grade(update=end)
    assert result.points == EVERYTHING - 3
    assert "solution-update ended the process" in result.remarks[0]


def test_a_cell_that_swallows_the_interrupt_is_left_out_of_a_second_run(
    grade: Grade, hasty
) -> None:
    stubborn = (
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass"
    )
    result = grade(lesson=hasty(cell_seconds=4), update=stubborn)
    assert result.points == EVERYTHING - 3
    assert "did not stop after 4 s" in result.remarks[0]


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "raise SystemExit", "exit()"])
def test_a_function_that_ends_its_process_costs_its_test(grade: Grade, end: str) -> None:
    result = grade(double=f"def double(x):\n    {end}")
    assert result.mark("test-double").points == 0.0
    assert result.points == EVERYTHING - 2


def test_a_process_that_ends_where_an_error_is_expected_is_no_wrong_answer(grade: Grade) -> None:
    # check_raises catches what a call raises; that nothing came back is no such thing.
    mark = grade(double=RIGHT.replace("raise ValueError", "import os; os._exit(0)")).mark(
        "test-double"
    )
    assert (mark.points, mark.outcome) == (0.0, "not_run")
    assert mark.says.startswith("double ended its process")


@pytest.mark.parametrize("count", [1, 4, 5, 7])
def test_cells_that_end_the_process_at_last_cost_no_test_before_them(
    grade: Grade, count: int
) -> None:
    extras = tuple(
        Extra("added", "code", "import os\nos._exit(1)", "test-Line") for _ in range(count)
    )
    result = grade(extras=extras)
    before = {cell: points(result)[cell] for cell in ("test-double", "test-update", "test-Line")}
    assert before == {"test-double": 2.0, "test-update": 3.0, "test-Line": 4.0}
    # One that goes on ending its process is given up in the end.
    assert points(result)["test-largest"] == (1.0 if count < 5 else 0.0)
    assert len(result.remarks) == min(count, 5)
    given_up = result.mark("test-largest").outcome
    assert given_up == ("passed" if count < 5 else "not_run")


# -- killed from outside --------------------------------------------------------------------------

#: The process that comes here names itself, so that it can be found from outside, and waits until
#: it is killed or told to go on.
WAIT = (
    "import ctypes, signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1}); "
    "ctypes.CDLL(None).prctl(15, b'waits'); signal.sigwait({signal.SIGUSR1}); "
    "ctypes.CDLL(None).prctl(15, b'goes on')"
)
WAITING_CALL = RIGHT.replace("    return", f"    {WAIT}\n    return")
WAITING_CELL = f"{WAIT}\n{RIGHT}"


@pytest.mark.parametrize(
    ("whose", "answer"),
    [
        ("a test's", WAITING_CALL),
        ("the notebook's", WAITING_CALL),
        ("the notebook's", WAITING_CELL),
        ("the examiner's", WAITING_CALL),
    ],
)
def test_a_process_that_is_killed_from_outside_costs_nothing(
    grade: Grade, whose: str, answer: str
) -> None:
    with killing(whose, times=1) as killed:
        result = grade(double=answer)
    assert len(killed) == 1
    assert result.points == EVERYTHING
    assert result.remarks == ()


@pytest.mark.parametrize(
    ("whose", "answer"), [("a test's", WAITING_CALL), ("the notebook's", WAITING_CELL)]
)
def test_a_process_that_is_killed_twice_is_not_tried_a_third_time(
    grade: Grade, whose: str, answer: str
) -> None:
    with killing(whose, times=2) as killed:
        result = grade(double=answer)
    assert len(killed) == 2
    assert result.points == EVERYTHING - 2
    assert result.mark("test-double").outcome != "passed"


@contextlib.contextmanager
def killing(whose: str, *, times: int) -> Iterator[list[int]]:
    """Kill the process that a submission waits for, so often, and then let it go on."""
    here = set(psutil.Process().children())
    over, killed = threading.Event(), []

    def work() -> None:
        while not over.wait(0.02):
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                below = psutil.Process().children(recursive=True)
                waits = next((one for one in below if one.name() == "waits"), None)
                if waits is None:
                    continue
                victim = the_one(waits)
                if len(killed) == times:
                    waits.send_signal(signal.SIGUSR1)
                elif victim is not None and victim.pid not in killed:
                    victim.kill()
                    killed.append(victim.pid)

    def the_one(waits: psutil.Process) -> psutil.Process | None:
        if whose == "a test's":
            return waits
        if whose == "the examiner's":
            return next((one for one in psutil.Process().children() if one not in here), None)
        # A notebook's own process leads a session; a test's is below it.
        return waits if os.getsid(waits.pid) == waits.pid else waits.parent()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


# -- what a test sees -----------------------------------------------------------------------------


def test_a_test_sees_no_change_that_another_test_has_made(grade: Grade, make_lesson) -> None:
    lesson = make_lesson(
        SHARED + '# %% solution="count"\n### BEGIN SOLUTION\ncalls = []\n'
        "def count():\n    calls.append(1)\n    return len(calls)\n### END SOLUTION\n\n"
        + "".join(
            f'# %% tests="count" points=1 part="{part}"\n'
            'check_equal("count()", count(), 1)\n### BEGIN HIDDEN TESTS\n'
            'check_equal("count()", count(), 2)\n### END HIDDEN TESTS\n\n'
            for part in "ab"
        )
    )
    assert points(grade(lesson=lesson)) == {"test-count-a": 1.0, "test-count-b": 1.0}


def test_a_test_sees_names_as_they_are_at_its_place_hidden_lines_too(grade: Grade) -> None:
    # Hidden lines run after the last cell.
    later = "numbers = double = None\nnp.min = None"
    for place in ("test-double", "test-largest"):
        assert grade(extras=(Extra("added", "code", later, place),)).points == EVERYTHING


def test_hidden_lines_run_after_the_last_cell(grade: Grade) -> None:
    told = RIGHT.replace("    return", "    open('calls', 'a').write('x')\n    return")
    extras = (Extra("added", "code", "print('calls:', open('calls').read())", "test-largest"),)
    result = grade(double=told, extras=extras)
    assert result.points == EVERYTHING
    (cell,) = [cell for cell in result.cells if cell["source"] == extras[0].source]
    # double(3) of the visible line, and no call of the hidden ones.
    assert cell["outputs"][0]["text"] == "calls: x\n"


def test_a_second_run_changes_nothing_that_was_shown(grade: Grade) -> None:
    told = "import os\nprint('run', os.path.exists('again'))\nopen('again', 'w').close()\n"
    end = Extra("added", "code", "import os\nos._exit(1)", "test-Line")
    result = grade(double=told + RIGHT, extras=(end,))
    assert result.points == EVERYTHING
    (cell,) = [cell for cell in result.cells if cell["id"] == "solution-double"]
    assert [output["text"] for output in cell["outputs"]] == ["run False\n"]


# -- memory and time of the whole -----------------------------------------------------------------


def test_a_test_that_uses_all_memory_costs_no_other_that_waits(grade: Grade, make_lesson) -> None:
    lesson = make_lesson(SHARED + "".join(map(task, ("one", "two", "three"))), memory_mb=2500)
    # Four processes with 720 MB each: no limit of one process, but that of all together. They
    # hold it until they are ended.
    hungry = (
        "import os, time\ndef two():\n    for _ in range(2):\n        os.fork()\n"
        "    fill = np.ones(90_000_000)\n    time.sleep(6000)\n    return 1"
    )
    result = grade(lesson=lesson, two=hungry)
    assert points(result) == {"test-one": 1.0, "test-two": 0.0, "test-three": 1.0}
    assert "ended its process" in result.mark("test-two").says


def test_cells_that_use_up_the_time_take_none_from_hidden_lines(grade: Grade, make_lesson) -> None:
    lesson = make_lesson(SHARED + task("one") + task("two"), notebook_seconds=10, cell_seconds=6)
    slow = Extra("added", "code", "import time\ntime.sleep(6000)", "test-one")
    result = grade(lesson=lesson, extras=(slow, slow, slow))
    # The visible line of the first was judged before, and that of the second had no time left.
    assert points(result) == {"test-one": 1.0, "test-two": 0.0}
    assert result.mark("test-two").outcome == "not_run"
    assert "the notebook's time is up" in result.mark("test-two").says
