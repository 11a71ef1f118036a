"""Snapshots: arguments are put back as they were, and answers are not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.judging.result import Result
from autograder.judging.snapshots import Snapshot, detached_copy


def test_everything_a_function_was_given_holds_again_what_it_held() -> None:
    array, tensor = np.arange(6.0).reshape(2, 3), torch.ones(3, requires_grad=True)
    given = {"a": [array[:, 1:], {1, 2}], "t": (tensor, {"deep": [3]})}
    kept = Snapshot(given)
    array[:] = 7
    with torch.no_grad():
        tensor.zero_()
    given["a"][1].add(9)
    given["t"][1]["deep"].append(4)
    given["new"] = 1
    inner = given["a"]
    inner.clear()
    kept.restore()
    assert list(given) == ["a", "t"]
    assert given["a"] is inner
    np.testing.assert_array_equal(array, [[7, 1, 2], [7, 4, 5]])  # only the view was given
    assert inner[1] == {1, 2}
    assert given["t"][1] == {"deep": [3]}
    assert tensor.tolist() == [1, 1, 1]


def test_a_read_only_array_and_a_cycle_are_kept_too() -> None:
    array = np.ones(2)
    array.flags.writeable = False
    cycle: list = [array]
    cycle.append(cycle)
    kept = Snapshot(cycle)
    cycle.pop()
    kept.restore()
    assert cycle[1] is cycle


def test_a_tensor_whose_elements_are_one_in_memory_stops_nothing() -> None:
    expanded = torch.ones(1).expand(3)
    kept = Snapshot([expanded, torch.ones(2)])
    kept.restore()
    assert expanded.tolist() == [1, 1, 1]


def test_an_answer_is_set_apart_from_the_arguments_it_holds() -> None:
    array = np.ones(2)
    answer = {"same": [array, array], "tuple": (array, 1, None), "set": {1}, "t": torch.ones(2)}
    answer["itself"] = answer
    copy = detached_copy(answer)
    array[:] = 0
    assert copy["same"][0].tolist() == [1, 1]
    assert copy["same"][0] is copy["same"][1] is copy["tuple"][0]
    assert copy["tuple"][1:] == (1, None)
    assert copy["itself"] is copy
    assert copy["t"] is not answer["t"]


LESSON = """# %% shared="imports"
import numpy as np
from nnlab.testing import check, check_close

# %% solution="relu"
### BEGIN SOLUTION
def relu(x):
    return np.maximum(x, 0)
### END SOLUTION

# %% tests="relu" points=1 CHANGES
x = np.array([-1.0, 2.0])
check_close("relu(x)", relu(x), [0.0, 2.0])
### BEGIN HIDDEN TESTS
x = np.array([-1.0, 2.0, 5.0])
y = relu(x)
check_close("relu(x)", y, np.where(x > 0, x, 0))
### END HIDDEN TESTS
"""
ZEROES = """def relu(x):
    if len(x) == 2:
        return np.array([0.0, 2.0])
    x[:] = 0
    return x
"""
IN_PLACE = "def relu(x):\n    x[x < 0] = 0\n    return x"


@pytest.mark.parametrize(("answer", "points"), [(ZEROES, 0.0), (IN_PLACE, 1.0)])
def test_who_changes_the_question_does_not_change_the_answer(
    grade, make_lesson, answer, points
) -> None:
    lesson = make_lesson(LESSON.replace(" CHANGES", ""))
    result: Result = grade(lesson=lesson, relu=answer)
    assert result.mark("test-relu").points == points


def test_a_test_that_asks_for_it_sees_what_was_done_in_place(grade, make_lesson) -> None:
    looks = LESSON.replace("CHANGES", 'changes="shown"').replace(
        'check_close("relu(x)", y, np.where(x > 0, x, 0))',
        "check('x', y is not x and x[0] == -1, 'must stay as it was')",
    )
    lesson = make_lesson(looks)
    assert grade(lesson=lesson, relu=IN_PLACE).mark("test-relu").points == 0.0
    assert grade(lesson=lesson).mark("test-relu").points == 1.0


def test_an_argument_that_a_failing_function_changed_is_put_back(grade, make_lesson) -> None:
    caught = LESSON.replace(" CHANGES", "").replace(
        "y = relu(x)\n", "try:\n    y = relu(x)\nexcept ValueError:\n    y = np.maximum(x, 0)\n"
    )
    spoils = ZEROES.replace("return x\n", "raise ValueError\n")
    result = grade(lesson=make_lesson(caught), relu=spoils)
    assert result.mark("test-relu").points == 1.0
