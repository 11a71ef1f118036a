"""What a lesson says of itself: cells, tasks, points, limits, and what depends on what."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from autograder.lessons.model import (
    ID_PREFIXES,
    PURPOSE_KINDS,
    Cell,
    LimitError,
    Limits,
    without_markers,
)

TASK = """\
# %% solution="a"
### BEGIN SOLUTION
a = 1
### END SOLUTION

# %% tests="a" points=1
assert a
"""


def test_a_lesson_has_a_name_a_title_and_what_it_takes(small):
    assert (small.name, small.title, small.minutes) == (
        "90_small",
        "A small lesson for the tests",
        5,
    )
    assert small.points == 2 + 3 + 4 + 1 + 2
    assert (small.limits.test_seconds, small.limits.memory_mb) == (3, 3072)


@pytest.mark.parametrize(
    ("name", "number"),
    [("06_optimizers", "06"), ("123", "123"), ("optimizers", "optimizers"), ("a1", "a1")],
)
def test_a_lessons_number_is_the_digits_that_its_name_begins_with(small, name, number):
    assert replace(small, name=name).number == number


def test_each_cell_has_a_kind_and_an_id_of_its_own(small):
    kinds = {cell.id: cell.kind for cell in small.cells if cell.kind not in ("text", "hint")}
    assert kinds == {
        "install": "install",
        "setup-imports": "shared",
        "given-square": "sandboxed",
        "solution-double": "solution",
        "test-double": "tests",
        "solution-update": "solution",
        "test-update": "tests",
        "solution-Line": "solution",
        "test-Line": "tests",
        "experiment-squares": "experiment",
        "solution-largest": "solution",
        "test-largest": "tests",
        "answer-why": "answer",
    }
    assert [small.by_id[name].id for name in kinds] == list(kinds)


def test_cells_without_a_name_are_called_by_their_place():
    assert Cell("text", "Prose.", 7).id == "text-7"
    assert Cell("hint", "Try it.", 8, "double").id == "hint-8"


def test_the_ids_of_one_kind_are_never_those_of_another():
    ids = [Cell(kind, "", 1, "a").id for kind in PURPOSE_KINDS]
    assert len(set(ids)) == len(ids)
    assert set(ID_PREFIXES) <= set(PURPOSE_KINDS)


@pytest.mark.parametrize(
    ("kind", "is_code", "is_lessons_code", "is_graded", "is_students"),
    [
        ("text", False, False, False, False),
        ("hint", False, False, False, False),
        ("shared", True, True, False, False),
        ("sandboxed", True, True, False, False),
        ("solution", True, False, False, True),
        ("tests", True, False, True, False),
        ("experiment", True, False, False, False),
        ("answer", False, False, True, True),
    ],
)
def test_a_kind_says_who_writes_a_cell_and_whether_it_is_graded(
    kind, is_code, is_lessons_code, is_graded, is_students
):
    cell = Cell(kind, "", 1, "a")
    assert cell.is_code is is_code
    assert cell.is_lessons_code is is_lessons_code
    assert cell.is_graded is is_graded
    assert cell.is_students is is_students


def test_a_task_is_a_solution_with_its_tests_and_hints(small):
    double = small.task("double")
    assert double.points == 2
    assert double.defines == ("double",)
    assert [cell.id for cell in double.tests] == ["test-double"]
    assert [cell.source for cell in double.hints] == ["What is x + x?", "Multiply by two."]


def test_a_task_is_called_by_its_title_and_without_one_by_its_name(small, make_lesson):
    assert small.task("double").title == "Doubling"
    assert make_lesson(TASK).task("a").title == "a"


def test_an_unknown_task_is_answered_with_those_there_are(small):
    with pytest.raises(KeyError, match=r"no task 'triple'; it has \['double', 'update'"):
        small.task("triple")


def test_several_tests_of_a_task_are_told_apart_by_their_parts(make_lesson):
    made = make_lesson(TASK + '# %% tests="a" points=2.5 part="b"\nassert a\n')
    assert [(cell.id, cell.points) for cell in made.graded] == [("test-a", 1), ("test-a-b", 2.5)]
    assert made.task("a").points == 3.5


def test_hidden_lines_are_those_from_marker_to_marker(small):
    cell = small.by_id["test-largest"]
    hidden = [cell.source.splitlines()[n - 1] for n in sorted(cell.hidden_lines)]
    assert hidden == [
        "### BEGIN HIDDEN TESTS",
        'check_equal("largest", largest, 16)',
        "### END HIDDEN TESTS",
    ]


def test_an_answer_has_its_mark_scheme(small):
    assert small.by_id["answer-why"].rubric == "2 points for a word about growth."
    assert small.by_id["test-double"].rubric == ""


def task(name: str, needs: str = "") -> str:
    return TASK.replace('"a"', f'"{name}"').replace(f'n="{name}"', f'n="{name}"{needs}', 1)


def test_dependents_are_found_through_other_tasks(make_lesson):
    made = make_lesson(task("a") + task("b", ' needs="a"') + task("c", ' needs="b, d"') + task("d"))
    assert made.dependents("a") == {"b", "c"}
    assert made.dependents("d") == {"c"}
    assert made.dependents("c") == set()


def test_what_a_task_needs_is_found_through_other_tasks(make_lesson):
    made = make_lesson(task("a") + task("b", ' needs="a"') + task("c", ' needs="b, d"') + task("d"))
    assert made.needed_by("c") == {"a", "b", "d"}
    assert made.needed_by("b") == {"a"}
    assert made.needed_by("a") == set()


def test_tasks_that_need_each_other_depend_on_each_other(make_lesson):
    first = TASK.replace('n="a"', 'n="a" needs="b"', 1)
    second = TASK.replace('"a"', '"b"').replace('n="b"', 'n="b" needs="a"', 1)
    assert make_lesson(first + second).dependents("a") == {"a", "b"}


def test_each_name_has_the_task_that_makes_it(small):
    assert small.made_by == {
        "double": "double",
        "update": "update",
        "Line": "Line",
        "largest": "largest",
    }


def test_the_digest_changes_with_the_text(make_lesson):
    assert make_lesson(TASK).digest != make_lesson(TASK.replace("1", "2")).digest


def test_markers_are_removed_and_nothing_else():
    source = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n# end"
    assert without_markers(source) == "def f():\n    return 1\n# end"


# -- limits ---------------------------------------------------------------------------------------


def test_single_limits_are_changed_and_the_others_stay():
    changed = Limits().changed({"test_seconds": 3, "memory_mb": 512})
    assert changed == replace(Limits(), test_seconds=3, memory_mb=512)


def test_an_unknown_limit_is_answered_with_those_there_are():
    with pytest.raises(LimitError, match="'seconds' is no limit; there are cell_seconds, test_s"):
        Limits().changed({"seconds": 3})


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan, True, "3", None])
def test_a_limit_is_a_positive_number(value):
    with pytest.raises(LimitError, match=r"memory_mb is .*, no positive number"):
        Limits().changed({"memory_mb": value})
