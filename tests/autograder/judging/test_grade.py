"""One submission to one result: marks, reasons, and what a submission cannot do."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator

import nbformat
import psutil
import pytest
from nbgrader.utils import determine_grade, is_grade

from autograder.intake.submission import Extra, Submission
from autograder.isolation import tiers
from autograder.judging.result import Result
from autograder.judging.sandbox_client import Sandbox
from autograder.lessons.model import Lesson

Grade = Callable[..., Result]

RIGHT = "def double(x):\n    if np.min(x) < 0:\n        raise ValueError\n    return 2 * x"


def points(result: Result) -> dict[str, float | None]:
    return {mark.cell: mark.points for mark in result.marks}


def test_the_reference_earns_everything_and_the_blank_release_nothing(grade: Grade) -> None:
    right, blank = grade(), grade(blank=True)
    assert points(right) == {
        "test-double": 2.0,
        "test-update": 3.0,
        "test-Line": 4.0,
        "test-largest": 1.0,
        "answer-why": 0.0,
    }
    assert blank.points == 0.0
    assert blank.mark("test-double").says == "double is not written yet."
    assert blank.mark("test-Line").says.startswith("Line is not defined")


def test_a_wrong_answer_is_told_what_was_called_what_came_back_and_what_was_expected(
    grade: Grade,
) -> None:
    mark = grade(double="def double(x):\n    return x + 1").mark("test-double")
    assert mark.points == 0.0
    assert mark.outcome == "failed"
    assert "double(3) returned 4, expected 6" in mark.says
    assert "Read the first line of its docstring." in mark.says


def test_a_hidden_test_that_fails_shows_nothing_of_itself(grade: Grade) -> None:
    mark = grade(double="def double(x):\n    return 2 * x").mark("test-double")
    assert mark.points == 0.0
    assert mark.hidden
    assert "ValueError" not in mark.says
    assert "-1" not in mark.says
    assert "expected it to raise ValueError" in mark.detail


def test_an_error_that_names_the_hidden_input_reaches_no_student(grade: Grade) -> None:
    leak = (
        "def double(x):\n    if np.size(x) > 1:\n        raise KeyError(str(x))\n    return 2 * x"
    )
    mark = grade(double=leak).mark("test-double")
    assert mark.says == "A hidden test made double raise KeyError."


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_printing_never_changes_a_mark(grade: Grade, stream: str) -> None:
    loud = f"import sys\n{RIGHT}".replace(
        "    return", f"    print('x', file=sys.{stream})\n    return"
    )
    result = grade(double=loud)
    assert result.mark("test-double").points == 2.0
    (cell,) = [cell for cell in result.cells if cell["id"] == "test-double"]
    assert "x\n" in cell["outputs"][0]["text"]


def test_an_endless_loop_in_a_function_costs_its_test_and_no_other(grade: Grade) -> None:
    result = grade(double="def double(x):\n    while True:\n        pass")
    assert result.mark("test-double").outcome == "not run"
    assert "within 3 s" in result.mark("test-double").says
    assert result.points == 8.0


def test_an_endless_loop_in_a_cell_is_stopped_and_the_rest_is_graded(grade: Grade) -> None:
    result = grade(double=RIGHT + "\nwhile True:\n    pass")
    assert result.points == 10.0  # the function was defined before the loop began
    (cell,) = [cell for cell in result.cells if cell["id"] == "solution-double"]
    assert cell["outputs"][-1]["ename"] == "CellTimeout"


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)"])
def test_a_cell_that_ends_the_process_costs_itself_and_the_rest_is_graded(
    grade: Grade, end: str
) -> None:
    result = grade(update=end)
    assert result.points == 7.0
    assert "solution-update ended the process" in result.remarks[0]


def test_a_cell_that_swallows_the_interrupt_is_left_out_of_a_second_run(grade: Grade) -> None:
    stubborn = (
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass"
    )
    result = grade(update=stubborn)
    assert result.points == 7.0
    assert "did not stop after 5 s" in result.remarks[0]


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "raise SystemExit", "exit()"])
def test_a_function_that_ends_its_process_costs_its_test(grade: Grade, end: str) -> None:
    result = grade(double=f"def double(x):\n    {end}")
    assert result.mark("test-double").points == 0.0
    assert result.points == 8.0


def test_a_process_that_ends_where_an_error_is_expected_is_no_wrong_answer(grade: Grade) -> None:
    # check_raises catches what a call raises; that nothing came back is no such thing.
    mark = grade(double=RIGHT.replace("raise ValueError", "import os; os._exit(0)")).mark(
        "test-double"
    )
    assert (mark.points, mark.outcome) == (0.0, "not run")
    assert mark.says.startswith("double ended its process")


#: The process that comes here names itself, so that it can be found from outside.
SLOW = "import ctypes, time; ctypes.CDLL(None).prctl(15, b'slow'); time.sleep(0.7)"
SLOW_CALL = RIGHT.replace("    return", f"    {SLOW}\n    return")
SLOW_CELL = f"{SLOW}\n{RIGHT}"


@pytest.mark.parametrize(
    ("whose", "answer"),
    [
        ("a test's", SLOW_CALL),
        ("the notebook's", SLOW_CALL),
        ("the notebook's", SLOW_CELL),
        ("the examiner's", SLOW_CALL),
    ],
)
def test_a_process_that_is_killed_from_outside_costs_nothing(
    grade: Grade, sandbox: Sandbox, whose: str, answer: str
) -> None:
    with killing(whose, sandbox, times=1) as killed:
        result = grade(double=answer)
    assert len(killed) == 1
    assert result.points == 10.0
    assert result.remarks == ()


@pytest.mark.parametrize(
    ("whose", "answer", "points"),
    [("a test's", SLOW_CALL, 8.0), ("the notebook's", SLOW_CELL, 8.0)],
)
def test_a_process_that_is_killed_twice_is_not_tried_a_third_time(
    grade: Grade, sandbox: Sandbox, whose: str, answer: str, points: float
) -> None:
    with killing(whose, sandbox, times=2) as killed:
        result = grade(double=answer)
    assert len(killed) == 2
    assert result.points == points
    assert result.mark("test-double").outcome != "passed"


@contextlib.contextmanager
def killing(whose: str, sandbox: Sandbox, *, times: int) -> Iterator[list[int]]:
    """Kill the process that a submission waits for, so often; those that were killed."""
    here = set(psutil.Process().children())
    over, killed = threading.Event(), []

    def work() -> None:
        while not over.wait(0.05) and len(killed) < times:
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                victim = find()
                if victim and victim.pid not in killed:
                    victim.kill()
                    killed.append(victim.pid)

    def find() -> psutil.Process | None:
        below = psutil.Process(sandbox._process.pid).children(recursive=True)
        slow = next((one for one in below if one.name() == "slow"), None)
        if slow is None or whose == "a test's":
            return slow
        if whose == "the examiner's":
            return next((one for one in psutil.Process().children() if one not in here), None)
        # A notebook's own process leads a session; a test's is below it.
        return slow if os.getsid(slow.pid) == slow.pid else slow.parent()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def test_a_test_sees_no_change_that_another_test_has_made(grade: Grade, make_lesson) -> None:
    lesson = make_lesson(
        '# %% shared="imports"\nfrom nnlab.testing import check_equal\n\n'
        '# %% solution="count"\n### BEGIN SOLUTION\ncalls = []\n'
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
        assert grade(extras=(Extra("added", "code", later, place),)).points == 10.0


def test_hidden_lines_run_after_the_last_cell(grade: Grade) -> None:
    told = RIGHT.replace("    return", "    open('calls', 'a').write('x')\n    return")
    extras = (Extra("added", "code", "print('calls:', open('calls').read())", "test-largest"),)
    result = grade(double=told, extras=extras)
    assert result.points == 10.0
    (cell,) = [cell for cell in result.cells if cell["source"] == extras[0].source]
    # double(3) of the visible line, and no call of the hidden ones.
    assert cell["outputs"][0]["text"] == "calls: x\n"


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


def test_a_test_that_uses_all_memory_costs_no_other_that_waits(grade: Grade, make_lesson) -> None:
    lesson = make_lesson(
        '# %% shared="imports"\nimport numpy as np\nfrom nnlab.testing import check_equal\n\n'
        + "".join(
            f'# %% solution="{name}"\n### BEGIN SOLUTION\ndef {name}():\n    return 1\n'
            f'### END SOLUTION\n\n# %% tests="{name}" points=1\n'
            f'check_equal("{name}()", {name}(), 1)\n### BEGIN HIDDEN TESTS\n'
            f'check_equal("{name}()", {name}(), 1)\n### END HIDDEN TESTS\n\n'
            for name in ("one", "two", "three")
        ),
        header="title: T\nminutes: 1\nlimits:\n  memory_mb: 2500\n  test_seconds: 20",
    )
    # Four processes with 720 MB each: no limit of one process, but that of all together.
    hungry = (
        "import os, time\ndef two():\n    for _ in range(2):\n        os.fork()\n"
        "    fill = np.ones(90_000_000)\n    time.sleep(30)\n    return 1"
    )
    result = grade(lesson=lesson, two=hungry)
    assert points(result) == {"test-one": 1.0, "test-two": 0.0, "test-three": 1.0}
    assert "ended its process" in result.mark("test-two").says


def test_cells_that_use_up_the_time_take_none_from_hidden_lines(grade: Grade, make_lesson) -> None:
    lesson = make_lesson(
        '# %% shared="imports"\nfrom nnlab.testing import check_equal\n\n'
        '# %% solution="one"\n### BEGIN SOLUTION\ndef one():\n    return 1\n### END SOLUTION\n\n'
        '# %% tests="one" points=1\ncheck_equal("one()", one(), 1)\n### BEGIN HIDDEN TESTS\n'
        'check_equal("one()", one(), 1)\n### END HIDDEN TESTS\n\n',
        header="title: T\nminutes: 1\nlimits:\n  notebook_seconds: 3\n  cell_seconds: 2",
    )
    slow = tuple(Extra("added", "code", "import time\ntime.sleep(9)", "test-one") for _ in range(3))
    assert grade(lesson=lesson, extras=slow).points == 1.0


def test_a_visible_line_after_hidden_ones_shows_no_word_of_the_student(
    grade: Grade, make_lesson
) -> None:
    lesson = make_lesson(
        '# %% shared="imports"\nfrom nnlab.testing import check_equal\n\n'
        '# %% solution="one"\n### BEGIN SOLUTION\ndef one(x):\n    return x\n### END SOLUTION\n\n'
        '# %% tests="one" points=1\ncheck_equal("one(1)", one(1), 1)\n### BEGIN HIDDEN TESTS\n'
        'check_equal("one(2817)", one(2817), 2817)\n### END HIDDEN TESTS\n'
        'check_equal("one(1)", one(1), 1)\n\n'
    )
    keep = (
        "seen = []\ndef one(x):\n    seen.append(x)\n"
        "    if len(seen) > 2:\n        raise ValueError(f'TRIED {seen}')\n    return x"
    )
    mark = grade(lesson=lesson, one=keep).mark("test-one")
    assert mark.says == "A hidden test made one raise ValueError."
    assert "2817" in mark.detail


def test_the_name_of_a_students_exception_does_not_reach_a_hidden_message(grade: Grade) -> None:
    leak = (
        "def double(x):\n    if np.size(x) > 1:\n"
        "        raise type(f'Tried{int(x.sum() * 1e6)}', (KeyError,), {})('x')\n    return 2 * x"
    )
    assert (
        grade(double=leak).mark("test-double").says == "A hidden test made double raise KeyError."
    )


@pytest.mark.parametrize(
    "attack",
    [
        # objects that agree with everything
        "class Yes(float):\n    __eq__ = __ge__ = __le__ = __lt__ = __gt__ = lambda *a: True\n"
        "    __hash__ = float.__hash__\n    __sub__ = __rsub__ = lambda *a: 0.0\n"
        "def double(x):\n    return Yes(0)",
        "class Yes:\n    def __array_ufunc__(self, *a, **k):\n        return np.True_\n"
        "    def __array__(self, *a, **k):\n        return np.zeros(())\n"
        "    __eq__ = lambda *a: True\ndef double(x):\n    return Yes()",
        "class Yes(np.ndarray):\n    __eq__ = lambda *a: np.True_\n"
        "def double(x):\n    return np.zeros(np.shape(x)).view(Yes)",
        # patched libraries and builtins
        "import builtins\nnp.isclose = lambda *a, **k: np.True_\nbuiltins.abs = lambda x: 0\n"
        "np.testing.assert_allclose = lambda *a, **k: None\ndef double(x):\n    return None",
        "import nnlab.testing\nfor name in list(vars(nnlab.testing)):\n"
        "    if name.startswith('check'):\n"
        "        setattr(nnlab.testing, name, lambda *a, **k: None)\n"
        "        globals()[name] = lambda *a, **k: None\ndef double(x):\n    return None",
        # the test is not in this process
        "import gc, sys\ndef double(x):\n    for o in gc.get_objects():\n"
        "        if isinstance(o, str) and 'HIDDEN TESTS' in o:\n            return 2 * x\n"
        "    return 0",
        # dropping asserts
        "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Expr(self, node):\n"
        "        return None\n"
        "get_ipython().ast_transformers.append(Drop())\ndef double(x):\n    return 0",
    ],
)
def test_an_attack_on_the_test_gains_no_mark(grade: Grade, attack: str) -> None:
    assert grade(double=attack).mark("test-double").points == 0.0


def test_shadowed_names_of_the_setup_do_not_disturb_the_tests(grade: Grade) -> None:
    shadowed = RIGHT + "\ncheck_close = torch = hidden_rng = sum = None"
    assert grade(double=shadowed).mark("test-double").points == 2.0
    # The probe of the third task still finds torch, as the setup cell bound it.
    assert grade(largest="largest = 16\ntorch.Tensor = None").mark("test-Line").points == 4.0


def test_a_value_that_cannot_be_judged_ends_its_test_only(grade: Grade) -> None:
    deep = (
        "def double(x):\n    value = []\n    for _ in range(200):\n        value = [value]\n"
        "    return value"
    )
    result = grade(double=deep)
    assert "nested more than" in result.mark("test-double").says
    assert result.points == 8.0


def test_too_much_memory_ends_the_call_and_not_the_grading(grade: Grade) -> None:
    bomb = "def double(x):\n    return np.ones(10**10)"
    result = grade(double=bomb)
    assert "Memory" in result.mark("test-double").says
    assert result.points == 8.0


def test_partial_credit_is_the_number_on_the_last_line(grade: Grade) -> None:
    half = (
        "class Line(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = torch.nn.Parameter(torch.zeros(()))\n"
        "        self.b = torch.nn.Parameter(torch.zeros(()))\n"
        "    def forward(self, x):\n        return self.a * x + 0 * self.b"
    )
    mark = grade(Line=half).mark("test-Line")
    assert (mark.points, mark.outcome) == (3.0, "partial")
    assert mark.says == "Partly right: 3 of 4 points."


@pytest.mark.parametrize(
    ("last", "problem"),
    [
        ("float('nan')", "its last line is nan"),
        ("-0.5", "its last line is -0.5"),
        ("1.5", "its last line is 1.5, not a number from 0 to 1"),
        ("True", "its last line is a bool"),
        ("'all'", "its last line is a str"),
        ("one()", "its last line is a list"),
        ("np.float64(1.0)", "numpy scalar"),
    ],
)
def test_a_last_line_that_is_no_number_of_points_is_a_fault_of_the_test(
    grade: Grade, make_lesson, last: str, problem: str
) -> None:
    lesson = make_lesson(
        '# %% shared="imports"\nimport numpy as np\n\n# %% solution="one"\ndef one():\n'
        "    ### BEGIN SOLUTION\n    return [1]\n    ### END SOLUTION\n\n"
        '# %% tests="one" points=1\none()[0]\n### BEGIN HIDDEN TESTS\n'
        f"one()\n### END HIDDEN TESTS\n{last}\n"
    )
    (mark,) = grade(lesson=lesson).marks
    assert (mark.points, mark.outcome) == (0.0, "fault")
    assert problem in mark.detail


def test_nbgrader_reads_the_same_marks_off_the_autograded_notebook(grade: Grade) -> None:
    for result in (grade(), grade(blank=True), grade(double="def double(x):\n    return x")):
        for cell in nbformat.from_dict({"cells": result.cells}).cells:
            if is_grade(cell):
                mark = result.mark(cell.metadata.nbgrader.grade_id)
                assert determine_grade(cell) == (mark.points, mark.max_points)


def test_experiments_are_skipped_and_the_marks_are_the_same_with_them(grade: Grade) -> None:
    without, with_them = grade(), grade(run_experiments=True)
    assert points(without) == points(with_them)
    outputs = [
        cell["outputs"]
        for result in (without, with_them)
        for cell in result.cells
        if cell["id"] == "experiment-squares"
    ]
    assert outputs[0] == []
    assert "image/png" in outputs[1][0]["data"]


def test_an_experiment_runs_if_the_student_reads_what_it_binds(grade: Grade) -> None:
    assert grade(largest="largest = max(squares)").mark("test-largest").points == 1.0


def test_cells_that_the_student_added_run_at_their_place(grade: Grade) -> None:
    helper = Extra("mine", "code", "factor = 2", after="given-square")
    result = grade(double=RIGHT.replace("2 * x", "factor * x"), extras=(helper,))
    assert result.mark("test-double").points == 2.0
    ids = [cell["id"] for cell in result.cells]
    assert ids.index("mine") == ids.index("given-square") + 1


def test_outputs_of_cells_land_in_the_autograded_notebook(grade: Grade) -> None:
    result = grade(double="print('hello')\n1 / 0")
    (cell,) = [cell for cell in result.cells if cell["id"] == "solution-double"]
    assert [output["output_type"] for output in cell["outputs"]] == ["stream", "error"]
    assert cell["outputs"][1]["ename"] == "ZeroDivisionError"
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": result.cells}
    nbformat.validate(nbformat.from_dict(notebook))


def test_free_text_waits_for_a_person_and_an_empty_answer_is_zero(
    grade: Grade, small: Lesson
) -> None:
    written = Submission({"answer-why": "Because."}, (), ())
    assert grade(submission=written).mark("answer-why").points is None
    assert grade(blank=True).mark("answer-why").points == 0.0


def test_a_missing_cell_earns_nothing_and_says_so(grade: Grade) -> None:
    result = grade(submission=Submission({"solution-double": RIGHT}, (), ()))
    assert result.mark("test-double").points == 2.0
    assert "update is not defined" in result.mark("test-update").says


def test_every_mark_says_how_it_was_reached(grade: Grade) -> None:
    result = grade()
    assert result.tier == tiers.choose().tier
    assert all(mark.tier == result.tier for mark in result.marks)
    assert all(mark.seconds > 0 for mark in result.marks if mark.cell.startswith("test-"))


def test_outputs_that_no_file_could_hold_are_made_harmless(grade: Grade) -> None:
    odd = (
        "from IPython.display import display\n"
        r"display({'text/plain': ['a'], 'text/html': '\ud800', '\ud801': 'x',"
        "\n         'application/json': {'k': float('nan')}}, raw=True)\nprint('\\udfff')"
    )
    result = grade(double=odd)
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": result.cells}
    nbformat.validate(nbformat.from_dict(notebook))
    json.dumps(notebook, ensure_ascii=False, allow_nan=False).encode("utf-8")
