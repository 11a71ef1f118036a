"""The examiner: a process of the trusted side that judges tests in two halves."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import psutil
import pytest
from ran_cells import gone

from autograder.judging.examiner import Examiner, Pending
from autograder.judging.sandbox_client import Running, RunningTest
from autograder.judging.scripts import prepare
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Cell, Lesson

#: A shared table that tests change, and two tests with a hidden line each.
CELLS = """\
# %% shared="imports"
import numpy as np
from nnlab.testing import check_equal

table = {"rows": [1, 2], "array": np.zeros(2)}

# %% solution="one"
### BEGIN SOLUTION
def one(x):
    return x
limit = 3
### END SOLUTION

# %% tests="one" points=1 part="a"
table["rows"].append(3)
table["array"] += 1
check_equal("one(1)", one(1), 1)
### BEGIN HIDDEN TESTS
check_equal("one(2)", one(2), 2)
### END HIDDEN TESTS

# %% tests="one" points=1 part="b"
check_equal("the rows", table["rows"], [1, 2])
check_equal("the array", table["array"].tolist(), [0, 0])
check_equal("one(1)", one(1), 1)
### BEGIN HIDDEN TESTS
check_equal("one(3)", one(3), 3)
### END HIDDEN TESTS

# %% tests="one" points=1 part="values"
check_equal("limit", limit, 3)
### BEGIN HIDDEN TESTS
check_equal("limit", limit + 1, 4)
### END HIDDEN TESTS
"""


@pytest.fixture
def lesson(make_lesson) -> Lesson:
    return make_lesson(CELLS)


@pytest.fixture
def examiner(lesson: Lesson) -> Iterator[Examiner]:
    with Examiner(lesson, prepare(lesson)) as made:
        yield made


@pytest.fixture
def begin(lesson: Lesson, examiner: Examiner, running: Running) -> Iterator[Callable[..., tuple]]:
    """Begin a test of the lesson by its part: the cell, the test, and what the examiner says."""
    with contextlib.ExitStack() as stack:

        def test(part: str) -> tuple[Cell, RunningTest, Verdict | Pending]:
            cell = lesson.by_id[f"test-one-{part}"]
            opened = running.test()
            stack.callback(opened.close)
            answer = examiner.examine(cell, opened.channel)
            if isinstance(answer, Verdict):
                opened.close()  # until then the submission does nothing else
            return cell, opened, answer

        yield test


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def test_a_right_answer_waits_for_its_hidden_lines_and_then_passes(run, begin, examiner) -> None:
    run("def one(x): return x\nlimit = 3")
    cell, _, answer = begin("a")
    assert answer is Pending.HIDDEN_LINES
    verdict = examiner.finish(cell)
    assert (verdict.mark.outcome, verdict.mark.points) == ("passed", 1.0)
    assert (verdict.mark.cell, verdict.mark.task) == ("test-one-a", "one")
    assert verdict.mark.seconds > 0


def test_a_visible_line_that_fails_is_a_verdict_at_once(run, begin, examiner) -> None:
    run("def one(x): return x + 1")
    cell, _, verdict = begin("a")
    assert (verdict.mark.outcome, verdict.mark.hidden) == ("failed", False)
    assert "one(1) returned 2, expected 1" in verdict.mark.says
    # It is over: there is nothing to finish.
    assert examiner.finish(cell) is Pending.LOST


def test_a_test_that_only_looks_at_values_is_judged_to_its_end(run, begin) -> None:
    run("def one(x): return x\nlimit = 3")
    _, _, verdict = begin("values")
    assert verdict.mark.outcome == "passed"
    run("limit = 4")
    _, _, verdict = begin("values")
    assert verdict.mark.outcome == "failed"


def test_several_tests_wait_and_each_begins_with_the_shared_names_as_they_were(
    run, begin, examiner
) -> None:
    run("def one(x): return x")
    cells = []
    for part in "ab":  # a changes the table, b looks at it
        cell, _, answer = begin(part)
        assert answer is Pending.HIDDEN_LINES
        cells.append(cell)
    run("def one(x): return 0")
    assert [examiner.finish(cell).mark.outcome for cell in cells] == ["passed", "passed"]


def test_a_hidden_line_that_fails_is_marked_as_such(run, begin, examiner) -> None:
    run("def one(x): return min(x, 2)")
    cell, _, answer = begin("b")
    assert answer is Pending.HIDDEN_LINES
    mark = examiner.finish(cell).mark
    assert (mark.outcome, mark.hidden) == ("failed", True)
    assert "expected 3" in mark.detail and "expected 3" not in mark.says


def test_one_process_judges_all_tests_and_ends_with_the_examiner(
    run, lesson, running, bare
) -> None:
    run("def one(x): return x")
    before = children()
    with Examiner(lesson, prepare(lesson)) as examiner:
        assert children() == before
        made = []
        for part in "ab":
            with contextlib.closing(running.test()) as test:
                examiner.examine(lesson.by_id[f"test-one-{part}"], test.channel)
            made.append(children() - before)
        assert made[0] == made[1] and len(made[0]) == 1
    assert children() == before


def test_a_test_whose_student_side_has_gone_is_lost(run, begin, examiner) -> None:
    run("def one(x): return x")
    cell, test, answer = begin("a")
    assert answer is Pending.HIDDEN_LINES
    test.close()
    run("pass")  # what comes after the end of the test, so that it has ended by then
    assert examiner.finish(cell) is Pending.LOST


def test_an_examiner_that_was_killed_has_no_verdict_and_the_next_test_has_a_new_one(
    run, begin, examiner
) -> None:
    run("def one(x): return x")
    before = children()
    waiting, _, _ = begin("a")
    (pid,) = children() - before
    os.kill(pid, signal.SIGKILL)
    verdict = examiner.finish(waiting)
    assert (verdict.mark.outcome, verdict.ended) == ("not_run", True)
    assert gone(pid)
    cell, _, answer = begin("b")
    assert answer is Pending.HIDDEN_LINES
    assert examiner.finish(cell).mark.outcome == "passed"
    # What waited in the old one is not known to the new one.
    assert examiner.finish(waiting) is Pending.LOST


def test_a_loop_without_end_costs_its_test_and_the_examiner_goes_on(
    run, running, lesson, bare
) -> None:
    run("def one(x):\n    while x == 1: pass\n    return x\nlimit = 3")
    hurried = replace(lesson, limits=lesson.limits.changed({"test_seconds": 1}))
    with Examiner(hurried, prepare(hurried)) as examiner:
        with contextlib.closing(running.test()) as test:
            mark = examiner.examine(hurried.by_id["test-one-a"], test.channel).mark
        assert mark.outcome == "not_run"
        assert mark.says.startswith("Your code did not answer within 1 s.")
        with contextlib.closing(running.test()) as test:
            verdict = examiner.examine(hurried.by_id["test-one-values"], test.channel)
        assert verdict.mark.outcome == "passed"


def test_a_function_that_ends_its_process_is_told_from_a_wrong_answer(run, begin) -> None:
    run("import os\ndef one(x): os._exit(0)")
    _, _, verdict = begin("a")
    assert (verdict.mark.outcome, verdict.ended) == ("not_run", True)


def test_a_name_that_is_missing_is_named_for_who_knows_the_notebook(run, begin) -> None:
    run("x = 1")
    _, _, verdict = begin("a")
    assert (verdict.undefined, verdict.undefined_in_answer) == ("one", False)
    run("def one(x): return factor")
    _, _, verdict = begin("a")
    assert (verdict.undefined, verdict.undefined_in_answer) == ("factor", True)


def test_what_a_hidden_line_finds_missing_in_the_answer_is_not_named(run, begin, examiner) -> None:
    run("def one(x): return x if x == 1 else factor")
    cell, _, _ = begin("a")
    verdict = examiner.finish(cell)
    assert verdict.mark.hidden
    assert verdict.undefined == ""


def test_what_hidden_lines_print_is_not_kept(run, begin, examiner) -> None:
    run("def one(x):\n    print('TRIED', x)\n    return x")
    cell, _, _ = begin("a")
    (output,) = examiner.finish(cell).outputs
    assert output["text"] == "TRIED 1\n"
