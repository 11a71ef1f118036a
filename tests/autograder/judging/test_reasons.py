"""Why an answer is not there, or not to blame: what the rest of the notebook says about a mark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.build import build
from autograder.authoring.proof import blank, reference
from autograder.intake.own_lesson import read_own
from autograder.intake.submission import Extra, Submission
from autograder.judging.mark import Mark
from autograder.judging.result import Result
from autograder.lessons import reading
from autograder.lessons.model import Lesson

ROOT = Path(__file__).parents[3]
Grade = Callable[..., Result]


def outcomes(result: Result) -> dict[str, str]:
    """The outcome of every test, by its cell."""
    return {mark.cell: mark.outcome for mark in result.marks if mark.cell.startswith("test-")}


def added(source: str, after: str = "setup-imports") -> Extra:
    return Extra("added", "code", source, after)


# -- not written ----------------------------------------------------------------------------------


def test_an_untouched_notebook_is_not_written_at_every_task(grade: Grade) -> None:
    result = grade(blank=True)
    # A function, one that changes its arguments, a class behind a probe, and a small answer.
    for task in ("double", "update", "Line", "largest"):
        mark = result.mark(f"test-{task}")
        assert (mark.outcome, mark.says) == ("not_written", f"{task} is not written yet.")
        assert not mark.hidden
        assert mark.blocked_by == ()


@pytest.mark.parametrize("one", reading.find(ROOT), ids=lambda one: one.name)
def test_an_untouched_notebook_of_the_course_is_not_written_at_every_task(
    grade: Grade, one: Lesson, tmp_path: Path
) -> None:
    """As the instructor sees it, and as the student does, who has no lesson."""
    assert set(outcomes(grade(lesson=one, blank=True)).values()) == {"not_written"}
    path = tmp_path / f"{one.name}.ipynb"
    path.write_text(build(one).release, encoding="utf-8")
    own = read_own(path)
    assert len(own.lesson.tasks) == len(one.tasks)
    result = grade(lesson=own.lesson, submission=own.submission)
    for mark in result.marks:
        if mark.cell.startswith("test-"):
            assert mark.outcome == "not_written", (mark.cell, mark.says)
            assert mark.says == f"{mark.task} is not written yet."


def test_spaces_and_empty_lines_are_no_answer(grade: Grade, small: Lesson) -> None:
    stub = blank(small).sources["solution-double"]
    assert outcomes(grade(double=f"\n{stub}  \n\n"))["test-double"] == "not_written"


def test_what_still_raises_not_implemented_is_not_written(grade: Grade) -> None:
    begun = "def double(x):\n    y = 2 * x\n    raise NotImplementedError()"
    mark = grade(double=begun, largest="raise NotImplementedError()").mark("test-double")
    assert (mark.outcome, mark.says) == ("not_written", "double is not written yet.")


def test_a_small_answer_with_a_remark_above_the_stub_is_not_written(grade: Grade) -> None:
    mark = grade(largest="# sixteen?\nraise NotImplementedError()").mark("test-largest")
    assert (mark.outcome, mark.says) == ("not_written", "largest is not written yet.")


def test_an_answer_in_another_cell_counts_and_the_stub_is_not_blamed(grade: Grade) -> None:
    right = reference_of("double")
    result = grade(blank=True, extras=(added(right, "solution-double"),))
    assert result.mark("test-double").outcome == "passed"
    wrong = "def double(x):\n    return 3 * x"
    result = grade(blank=True, extras=(added(wrong, "solution-double"),))
    assert result.mark("test-double").outcome == "failed"
    assert "returned 9" in result.mark("test-double").says


def reference_of(task: str) -> str:
    lesson = reading.load(ROOT / "tests" / "course" / "assignments" / "90_small")
    return reference(lesson).sources[f"solution-{task}"]


def test_a_cell_that_was_deleted_is_named(grade: Grade, small: Lesson) -> None:
    sources = dict(reference(small).sources)
    del sources["solution-double"], sources["solution-largest"]
    result = grade(submission=Submission(sources, (), ()))
    for task in ("double", "largest"):
        mark = result.mark(f"test-{task}")
        assert mark.outcome == "not_written"
        assert mark.says == (f"{task} is missing: its cell solution-{task} is not in the notebook.")
    assert outcomes(result)["test-update"] == "passed"


# -- the answer's own cell ------------------------------------------------------------------------


def of_double(grade: Grade, source: str, **rest: object) -> Mark:
    return grade(double=source, **rest).mark("test-double")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (
            "def double(x)\n    return 2 * x",
            "a SyntaxError in line 1 (expected ':': def double(x))",
        ),
        ("y = 1\n\ndef double(x):\n    return (2 * x", "a SyntaxError in line 4"),
        ("def double(x):\nreturn 2 * x", "an IndentationError in line 2"),
        ("def double(x):\n\ty = 1\n        return y", "a TabError in line 3"),
    ],
)
def test_a_cell_that_is_no_python_says_its_line(grade: Grade, source: str, says: str) -> None:
    mark = of_double(grade, source)
    assert mark.outcome == "failed"
    assert mark.says.startswith("double is not defined: its cell has ")
    assert says.partition(" ")[2] in mark.says


def test_a_line_of_no_python_is_quoted_and_not_too_long(grade: Grade) -> None:
    mark = of_double(grade, f"double = = {'x' * 5000}")
    assert "in line 1 (invalid syntax: double = = xxx" in mark.says
    assert len(mark.says) < 300


def test_a_magic_is_no_syntax_error(grade: Grade) -> None:
    mark = of_double(grade, "%time None\n1 / 0\ndef double(x):\n    return 2 * x")
    assert "its cell ended in ZeroDivisionError: division by zero" in mark.says
    mark = of_double(grade, "%time None\n\ndef double(x:\n    return 2 * x")
    assert "SyntaxError in line 3" in mark.says


def test_a_cell_that_ended_in_an_error_says_which(grade: Grade) -> None:
    mark = of_double(grade, "1 / 0\ndef double(x):\n    return 2 * x")
    assert mark.says == (
        "double is not defined: its cell ended in ZeroDivisionError: division by zero."
    )
    mark = of_double(grade, "import surely_not_installed\ndef double(x): return 2 * x")
    assert "ended in ModuleNotFoundError: No module named 'surely_not_installed'" in mark.says


def test_an_error_message_is_quoted_up_to_a_length_and_steers_no_terminal(grade: Grade) -> None:
    mark = of_double(grade, "raise ValueError('\\x1b[31m' + 'x' * 5000)")
    assert "ended in ValueError: " in mark.says
    assert "\x1b" not in mark.says
    assert len(mark.says) < 400


def test_sys_exit_in_a_cell_is_told_what_to_do_instead(grade: Grade) -> None:
    mark = of_double(grade, "import sys\nsys.exit('done')\ndef double(x):\n    return 2 * x")
    assert mark.says.startswith("double is not defined: its cell called sys.exit, ")
    assert "returns" in mark.says


def test_sys_exit_in_a_function_is_told_what_to_do_instead(grade: Grade) -> None:
    mark = of_double(grade, "import sys\ndef double(x):\n    sys.exit(2 * x)")
    assert mark.says == "double called sys.exit; a function returns its result."


def test_a_cell_that_was_stopped_says_so(grade: Grade, hasty) -> None:
    endless = "while True: pass\ndef double(x):\n    return 2 * x"
    mark = of_double(grade, endless, lesson=hasty(cell_seconds=4))
    assert mark.says == "double is not defined: its cell was stopped because its time was up."


def test_a_cell_that_ended_the_process_says_how(grade: Grade) -> None:
    mark = of_double(grade, "import os\nos._exit(3)")
    assert mark.says == (
        "double is not defined: running its cell ended the process (it exited with code 3)."
    )


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def dubble(x):\n    return 2 * x", "its cell binds dubble, not double"),
        ("a = b = 1", "its cell binds a, b, not double"),
        ("2 * 3", "its cell binds no name"),
        ("", "its cell binds no name"),
    ],
)
def test_a_cell_that_binds_another_name_says_which(grade: Grade, source: str, says: str) -> None:
    mark = of_double(grade, source)
    assert mark.outcome in ("failed", "not_written")
    assert mark.says == f"double is not defined: {says}."


def test_a_cell_that_was_added_for_a_name_is_looked_at_too(grade: Grade) -> None:
    broken = added("1 / 0\ndef double(x):\n    return 2 * x", "solution-double")
    mark = grade(double="pass", extras=(broken,)).mark("test-double")
    assert "the cell that was added for it ended in ZeroDivisionError" in mark.says


def test_a_class_behind_a_probe_that_is_not_there_is_explained_like_a_function(
    grade: Grade,
) -> None:
    mark = grade(Line="class Lin(torch.nn.Module):\n    pass").mark("test-Line")
    assert mark.says == "Line is not defined: its cell binds Lin, not Line."
    mark = grade(Line="class Line(torch.nn.Module)\n    pass").mark("test-Line")
    assert "Line is not defined: its cell has a SyntaxError in line 1" in mark.says


# -- a name that the student's own code misses ----------------------------------------------------

WHERE = pytest.mark.parametrize(
    ("source", "before"),
    [
        ("def double(x):\n    return {name} * x", "double raised NameError: name '{name}' is"),
        ("{name}\ndef double(x):\n    return 2 * x", "its cell ended in NameError: name '{name}'"),
    ],
    ids=["in a function", "in a cell"],
)


@WHERE
def test_a_name_that_is_bound_further_down_is_said_to_be(
    grade: Grade, source: str, before: str
) -> None:
    mark = of_double(
        grade,
        source.format(name="factor"),
        extras=(added("factor = 2", "test-largest"),),
    )
    assert before.format(name="factor") in mark.says
    assert "bound further down, in a cell that was added" in mark.says


@WHERE
def test_a_name_that_a_later_experiment_binds_is_said_to_be(
    grade: Grade, source: str, before: str
) -> None:
    mark = of_double(grade, source.format(name="squares"))
    assert before.format(name="squares") in mark.says
    assert "bound further down, in experiment-squares" in mark.says


@WHERE
def test_a_name_that_nobody_binds_is_said_to_be(grade: Grade, source: str, before: str) -> None:
    mark = of_double(grade, source.format(name="factr"))
    assert before.format(name="factr") in mark.says
    assert "o cell of the notebook binds factr" in mark.says


@WHERE
def test_a_name_of_a_cell_that_failed_is_said_to_be_bound_there(
    grade: Grade, source: str, before: str
) -> None:
    failed = added("1 / 0\nfactor = 2")
    mark = of_double(grade, source.format(name="factor"), extras=(failed,))
    assert before.format(name="factor") in mark.says
    assert "bound in a cell that was added, which ended in an error or did not run" in mark.says


def test_a_name_that_another_open_task_would_bind_is_said_to_be_open(make_lesson, grade) -> None:
    lesson = make_lesson(TASKS)
    sources = dict(reference(lesson).sources)
    sources["solution-first"] = blank(lesson).sources["solution-first"]
    sources["solution-second"] = "%time step\ndef second(x):\n    return 2 * (x + step)"
    mark = grade(lesson=lesson, submission=Submission(sources, (), ())).mark("test-second")
    assert mark.blocked_by == ("first",)
    assert "first" in mark.says and mark.outcome == "blocked"


def test_a_name_in_an_odd_message_is_none_of_the_notebooks(grade: Grade) -> None:
    mark = of_double(grade, "raise NameError(\"name '' is not defined\")")
    assert mark.says.startswith("double is not defined: its cell ended in NameError")
    mark = of_double(grade, "def double(x):\n    raise NameError('lost')")
    assert mark.says == "double raised NameError: lost."


# -- blocked --------------------------------------------------------------------------------------

#: A chain of tasks (first binds two names), one that needs two of them, and one that needs none.
TASKS = """\
# %% shared="imports"
from nnlab.testing import check_equal

# %% solution="first"
### BEGIN SOLUTION
step = 1
def first(x):
    return x + step
### END SOLUTION

# %% tests="first" points=1
check_equal("first(1)", first(1), 2)
### BEGIN HIDDEN TESTS
check_equal("first(2)", first(2), 3)
### END HIDDEN TESTS

# %% solution="second" needs="first"
def second(x):
    ### BEGIN SOLUTION
    return 2 * first(x)
    ### END SOLUTION

# %% tests="second" points=1
check_equal("second(1)", second(1), 4)

# %% solution="third" needs="second"
def third(x):
    ### BEGIN SOLUTION
    return second(x) - 1
    ### END SOLUTION

# %% tests="third" points=1
check_equal("third(1)", third(1), 3)
### BEGIN HIDDEN TESTS
check_equal("third(2)", third(2), 5)
### END HIDDEN TESTS

# %% solution="alone"
def alone(x):
    ### BEGIN SOLUTION
    return -x
    ### END SOLUTION

# %% tests="alone" points=1
check_equal("alone(1)", alone(1), -1)

# %% solution="both" needs="first alone"
def both(x):
    ### BEGIN SOLUTION
    return first(alone(x))
    ### END SOLUTION

# %% tests="both" points=1
check_equal("both(1)", both(1), 0)
"""
WRONG_FIRST = "step = 5\ndef first(x):\n    return x + step"


@pytest.fixture
def answer(make_lesson, grade: Grade) -> Callable[..., Result]:
    """Grade the chain's reference with some answers changed; ``open_`` names those not written."""
    lesson = make_lesson(TASKS)

    def run(
        *, open_: tuple[str, ...] = (), extras: tuple[Extra, ...] = (), **changed: str
    ) -> Result:
        sources = {**reference(lesson, changed).sources}
        for task in open_:
            sources[f"solution-{task}"] = blank(lesson).sources[f"solution-{task}"]
        return grade(lesson=lesson, submission=Submission(sources, extras, ()))

    return run


def test_an_answer_that_calls_a_wrong_one_is_blocked_and_the_root_of_a_chain_is_named(
    answer,
) -> None:
    result = answer(first=WRONG_FIRST)
    assert outcomes(result) == {
        "test-first": "failed",
        "test-second": "blocked",
        "test-third": "blocked",
        "test-alone": "passed",
        "test-both": "blocked",
    }
    for task in ("second", "third", "both"):
        mark = result.mark(f"test-{task}")
        assert mark.says == "First put first right: this answer calls it."
        assert mark.blocked_by == ("first",)
        assert mark.points == 0.0
    # What was found is kept for the instructor.
    assert "second(1) returned 12, expected 4" in result.mark("test-second").detail


def test_an_answer_that_calls_one_that_is_not_written_is_blocked(answer) -> None:
    result = answer(open_=("first",))
    assert outcomes(result)["test-first"] == "not_written"
    for task in ("second", "third", "both"):
        mark = result.mark(f"test-{task}")
        assert (mark.outcome, mark.blocked_by) == ("blocked", ("first",))
        assert "first" in mark.says


def test_what_is_not_written_itself_is_not_blocked(answer) -> None:
    result = answer(first=WRONG_FIRST, open_=("second",))
    mark = result.mark("test-second")
    assert (mark.outcome, mark.blocked_by) == ("not_written", ())


def test_an_answer_that_calls_a_function_that_is_not_written_is_written_and_blocked(
    answer,
) -> None:
    result = answer(open_=("second",))
    mark = result.mark("test-third")
    assert (mark.outcome, mark.blocked_by) == ("blocked", ("second",))
    assert mark.says == "First write second: this answer calls it."
    # Two in a row: the first of them is to be done first.
    assert answer(first=WRONG_FIRST, open_=("second",)).mark("test-third").blocked_by == ("first",)


def test_an_answer_that_calls_two_wrong_ones_is_told_of_both(answer) -> None:
    mark = answer(first=WRONG_FIRST, alone="def alone(x):\n    return x").mark("test-both")
    assert mark.says == "First put first, alone right: this answer calls them."
    assert mark.blocked_by == ("first", "alone")
    mark = answer(first=WRONG_FIRST, open_=("alone",)).mark("test-both")
    assert mark.says == "First write alone and put first right: this answer calls them."
    assert mark.blocked_by == ("first", "alone")


def test_an_answer_that_does_itself_what_it_needs_is_not_blocked(answer) -> None:
    result = answer(first=WRONG_FIRST, second="def second(x):\n    return 2 * (x + 1)")
    assert outcomes(result)["test-second"] == "passed"
    assert outcomes(result)["test-third"] == "passed"
    result = answer(first=WRONG_FIRST, second="def second(x):\n    return 3 * (x + 1)")
    mark = result.mark("test-second")
    assert (mark.outcome, mark.blocked_by) == ("failed", ())
    assert "second(1) returned 6, expected 4" in mark.says
    # And what calls that one is blocked by it, not by what it does not call.
    assert result.mark("test-third").blocked_by == ("second",)


def test_an_answer_that_calls_by_way_of_an_added_cell_is_blocked_too(answer) -> None:
    helper = added("def twice_first(x):\n    return 2 * first(x)", "solution-first")
    result = answer(
        first=WRONG_FIRST, second="def second(x):\n    return twice_first(x)", extras=(helper,)
    )
    assert result.mark("test-second").blocked_by == ("first",)


def test_who_calls_an_answer_that_the_task_does_not_need_is_blocked_all_the_same(answer) -> None:
    result = answer(first=WRONG_FIRST, alone="def alone(x):\n    return first(x) - 3")
    mark = result.mark("test-alone")
    assert (mark.outcome, mark.blocked_by) == ("blocked", ("first",))


def test_in_a_chain_that_no_task_needs_the_root_is_named_too(answer) -> None:
    result = answer(
        first="step = 1\ndef first(x):\n    return alone(x)",
        alone="def alone(x):\n    return 3 * x",
        second="def second(x):\n    return 2 * first(x)",
    )
    assert result.mark("test-alone").outcome == "failed"
    for task in ("first", "second", "third"):
        mark = result.mark(f"test-{task}")
        assert (mark.outcome, mark.blocked_by) == ("blocked", ("alone",)), task


#: Right for 1, which is all that second asks for, and wrong for 2.
NEARLY_RIGHT_FIRST = "step = 1\ndef first(x):\n    return 2 if x == 1 else 7"


def test_a_right_answer_is_not_blocked_by_a_wrong_one(answer) -> None:
    result = answer(first=NEARLY_RIGHT_FIRST)
    assert outcomes(result)["test-first"] == "failed"
    assert outcomes(result)["test-second"] == "passed"


def test_a_hidden_failure_that_another_answer_is_to_blame_for_is_blocked(answer) -> None:
    mark = answer(first=NEARLY_RIGHT_FIRST).mark("test-third")
    assert (mark.outcome, mark.hidden) == ("blocked", True)
    assert mark.says == "First put first right: this answer calls it."
    assert "third(2)" in mark.detail


def test_answers_that_call_each_other_in_a_circle_are_told_of_each_other(answer) -> None:
    result = answer(
        first="step = 1\ndef first(x):\n    return second(x)",
        second="def second(x):\n    return first(x)",
    )
    assert result.mark("test-first").blocked_by == ("second",)
    assert result.mark("test-second").blocked_by == ("first",)


def test_every_mark_of_a_blocked_answer_still_says_how_it_was_reached(answer) -> None:
    for mark in answer(first=WRONG_FIRST).marks:
        assert mark.tier
        assert mark.seconds > 0
        assert bool(mark.blocked_by) is (mark.outcome == "blocked")


# -- hidden lines ---------------------------------------------------------------------------------

#: What a student's function can do when it meets an input of a hidden line. ``TRIED`` stands for
#: what it saw.
TELL = {
    "a message": "raise ValueError(TRIED)",
    "the name of an error": "raise type(TRIED, (ValueError,), {})('x')",
    "a missing name": "raise NameError(f\"name '{TRIED}' is not defined\")",
    "a missing name that is one": "return eval(TRIED)",
    "an open task": "raise NotImplementedError(TRIED)",
    "the name of a type": "return type(TRIED, (), {})()",
    "the name of what was called": "def inner(): raise ValueError\n        inner.__name__ = TRIED\n"
    "        inner()",
    "an exit": "raise SystemExit(TRIED)",
    "a value that cannot be judged": "y = TRIED\n        for _ in range(99): y = [y]\n"
    "        return y",
    "output": "import sys\n        print(TRIED, file=sys.stderr)\n        return None",
    "an exit of the process": "print(TRIED)\n        import os; os._exit(1)",
}


@pytest.mark.parametrize("tell", TELL.values(), ids=TELL.keys())
def test_nothing_said_about_a_hidden_failure_holds_a_word_that_the_student_chose(
    grade: Grade, tell: str
) -> None:
    source = (
        "def double(x):\n    if np.size(x) > 1:\n"
        "        TRIED = 'TRIED' + str(int(x.sum() * 1e6))\n"
        f"        {tell}\n    if x < 0: raise ValueError\n    return 2 * x"
    )
    result = grade(double=source)
    mark = result.mark("test-double")
    assert (mark.points, mark.hidden) == (0.0, True)
    assert mark.outcome in ("failed", "not_written", "not_run")
    assert mark.says
    shown = [mark.says for mark in result.marks]
    for cell in result.cells:
        if cell["cell_type"] == "code" and not cell["id"].startswith("test-"):
            shown.append(repr(cell["outputs"]))
    assert not any("TRIED" in words for words in shown)


def test_a_forged_probe_tells_no_word_either(grade: Grade) -> None:
    source = (
        "source = '''def double(x):\n    if np.size(x) > 1:\n"
        "        raise NameError(f\"name 'TRIED{int(x.sum() * 1e6)}' is not defined\")\n"
        "    if x < 0: raise ValueError\n    return 2 * x'''\n"
        "exec(compile(source, '<probe p>', 'exec'))"
    )
    mark = grade(double=source).mark("test-double")
    assert mark.hidden
    assert "TRIED" not in mark.says
