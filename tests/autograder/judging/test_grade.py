"""One submission to one result: marks, what is said of them, and what a submission cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.intake.alterations import Flag
from autograder.intake.submission import Submission
from autograder.isolation import tiers
from autograder.judging.grade import unreadable
from autograder.judging.result import Result
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
    assert {mark.outcome for mark in right.marks} == {"passed", "not_answered"}
    assert blank.points == 0.0
    assert blank.mark("test-double").says == "double is not written yet."
    assert blank.mark("test-Line").says == "Line is not written yet."


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


def test_shadowed_names_of_shared_cells_do_not_disturb_the_tests(grade: Grade) -> None:
    shadowed = RIGHT + "\ncheck_close = torch = hidden_rng = sum = None"
    assert grade(double=shadowed).mark("test-double").points == 2.0
    # The probe of the third task still finds torch, as the shared cell bound it.
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


def test_free_text_waits_for_a_person_and_an_empty_answer_is_zero(
    grade: Grade, small: Lesson
) -> None:
    written = Submission({"answer-why": "Because."}, (), ())
    assert grade(submission=written).mark("answer-why").points is None
    assert grade(blank=True).mark("answer-why").points == 0.0


def test_every_mark_says_how_it_was_reached(grade: Grade) -> None:
    result = grade()
    assert result.tier == tiers.choose().tier
    assert all(mark.tier == result.tier for mark in result.marks)
    assert all(mark.seconds > 0 for mark in result.marks if mark.cell.startswith("test-"))


def test_remarks_and_flags_of_the_submission_come_with_the_result(
    grade: Grade, small: Lesson
) -> None:
    flag = Flag("solution-double", "It was copied.", "line 3")
    result = grade(submission=Submission({}, (), ("A remark.",), (flag,)))
    assert result.remarks == ("A remark.",)
    assert result.flags == (flag,)
    assert (result.lesson, result.lesson_digest) == (small.name, small.digest)


def test_what_could_not_be_read_has_no_points_and_the_reason_everywhere(small: Lesson) -> None:
    result = unreadable(small, "ada.ipynb is not a Jupyter notebook.")
    assert result.points == 0.0
    assert {mark.outcome for mark in result.marks} == {"not_run"}
    assert {mark.says for mark in result.marks} == {"ada.ipynb is not a Jupyter notebook."}
    assert set(points(result)) == {cell.id for cell in small.graded}
    assert result.remarks == ("ada.ipynb is not a Jupyter notebook.",)
    assert any("BEGIN HIDDEN TESTS" in cell["source"] for cell in result.cells)
