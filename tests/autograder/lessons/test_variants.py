"""autograder.misconceptions: other answers, read from a file and put in a solution's place."""

from __future__ import annotations

import pytest

from autograder.lessons.model import LessonError
from autograder.lessons.variants import Variant, alternative, misconception, variants

LESSON = '''\
# %% solution="triple"
LIMIT = 3
def helper(x):
    """Kept."""
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION

@staticmethod
def triple(x):
    ### BEGIN SOLUTION
    return 3 * helper(x)
    ### END SOLUTION

# %% tests="triple" points=3
assert triple(1) == 3
### BEGIN HIDDEN TESTS
assert triple(2) == 6
### END HIDDEN TESTS

# %% solution="best"
# Type a number.
unit = 10
### BEGIN SOLUTION
best = 3 * unit
### END SOLUTION
print(best)

# %% tests="best" points=1
assert best == 30
'''


@pytest.fixture
def read(make_lesson):
    """The variants that a misconceptions.py of this text registers."""
    return lambda text: variants(make_lesson(LESSON, misconceptions=text))


def run(source):
    names = {}
    exec(source, names)
    return names


def test_the_small_lessons_variants_are_read_in_order(small):
    found = [(one.kind, one.task, one.name, one.earns) for one in variants(small)]
    assert found[:3] == [
        ("misconception", "double", "double_of_anything", 0),
        ("misconception", "double", "double_that_squares", 0),
        ("alternative", "double", "double_by_adding", 2),
    ]
    assert ("misconception", "Line", "LineWithAFixedOffset", 3) in found
    assert found[-1] == ("alternative", "largest", "computed", 1)


def test_a_lesson_without_the_file_has_none(make_lesson):
    assert variants(make_lesson(LESSON)) == []


def test_a_misconception_says_what_is_wrong_and_what_to_do(read):
    (one,) = read(
        '@misconception("triple", "It doubles.", hint="Three times.", earns=1)\n'
        "def doubling(x):\n    return 2 * x\n"
    )
    assert isinstance(one, Variant)
    assert (one.says, one.hint, one.earns) == ("It doubles.", "Three times.", 1.0)


def test_a_function_takes_the_place_of_the_tasks_definition_and_nothing_else(read):
    (one,) = read('@alternative("triple")\ndef other(x):\n    # so\n    return x + x + helper(x)\n')
    assert one.source == (
        'LIMIT = 3\ndef helper(x):\n    """Kept."""\n    return x\n\n'
        "def triple(x):\n    # so\n    return x + x + helper(x)"
    )


def test_replaces_chooses_among_several_definitions(read):
    (one,) = read(
        '@misconception("triple", "Off.", replaces="helper")\ndef off(x):\n    return x + 1\n'
    )
    names = run(one.source.replace("@staticmethod\n", ""))
    assert names["triple"](1) == 6
    assert "off" not in names


def test_a_function_that_calls_itself_calls_itself_under_the_new_name(read):
    (one,) = read(
        '@alternative("triple")\ndef é(x, é=None):\n    "é"; return 0 if x == 0 else é(x - 1) + 3\n'
        .replace(", é=None", "")
    )  # fmt: skip
    assert '"é"; return 0 if x == 0 else triple(x - 1) + 3' in one.source
    assert run(one.source)["triple"](4) == 12


@pytest.mark.parametrize("name", ["d", "e", "f", "de"])
def test_a_name_that_stands_in_the_word_def_is_replaced_after_it(read, name):
    (one,) = read(f'@alternative("triple")\ndef {name}(x):\n    return 3 * x\n')
    assert run(one.source)["triple"](2) == 6


def test_a_class_is_renamed_in_its_header_and_in_super(read):
    (one,) = read(
        '@alternative("triple")\nclass Threefold(int):\n'
        "    def __new__(cls, x):\n        return super(Threefold, cls).__new__(cls, 3 * x)\n"
    )
    assert "class triple(int):" in one.source
    assert "Threefold" not in one.source
    assert run(one.source)["triple"](2) == 6


def test_an_answer_that_is_no_function_stands_in_the_solutions_lines(read):
    (one,) = read('misconception("best", "Too large.", source="best = 99 * unit", name="large")')
    assert one.source == "# Type a number.\nunit = 10\nbest = 99 * unit\nprint(best)"
    assert (one.name, one.says) == ("large", "Too large.")


def test_the_file_is_read_and_never_run(read):
    (one,) = read(
        'raise SystemExit("never")\n@alternative("triple")\ndef other(x):\n    return 3 * x\n'
    )
    assert one.name == "other"


def test_the_decorators_change_nothing_where_the_file_is_imported():
    def function():
        return 1

    assert misconception("a", "b")(function) is function
    assert alternative("a")(function) is function


BODY = "def other(x):\n    return x\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def (", "line 1: is not Python"),
        (f'@alternative("none")\n{BODY}', "has no task 'none'"),
        (f"@alternative()\n{BODY}", "alternative wants a task"),
        (f'@alternative("triple", "why")\n{BODY}', "alternative wants a task"),
        (f'@misconception("triple")\n{BODY}', "misconception wants a task and a sentence"),
        (f'@misconception("triple", "so", earn=1)\n{BODY}', "misconception knows no earn"),
        (f'@alternative("triple", hint="so")\n{BODY}', "alternative knows no hint"),
        (f'@misconception("triple", "so", **more)\n{BODY}', "wants literal arguments only"),
        (f'@misconception("triple", WHY)\n{BODY}', "wants literal arguments only"),
        (f'@alternative("triple", replaces="quad")\n{BODY}', "defines ['helper', 'triple']"),
        (f'@alternative("best")\n{BODY}', "say replaces=, one of []"),
        ('alternative("best", source="best = 30")', "give source= and name="),
        ('alternative("best", name="thirty")', "give source= and name="),
        (f'@alternative("triple")\n{BODY}' * 2, "is registered twice for the task triple"),
    ],
)
def test_a_registration_that_cannot_be_used_is_named(read, text, says):
    with pytest.raises(LessonError) as caught:
        read(text)
    assert says in str(caught.value)
    assert "misconceptions.py" in str(caught.value) or "no task" in says
