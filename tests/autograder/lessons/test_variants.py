"""Other answers: read from files beside the lesson, named, and put in a solution's place."""

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
        ("misconception", "double", "of-anything", 0),
        ("misconception", "double", "that-squares", 0),
        ("alternative", "double", "by-adding", 2),
    ]
    assert ("misconception", "Line", "with-a-fixed-offset", 3) in found
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
        '@alternative("triple", id="by-recursion")\n'
        'def é(x):\n    "é"; return 0 if x == 0 else é(x - 1) + 3\n'
    )
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
    (one,) = read('misconception("best", "Too large.", source="best = 99 * unit", id="large")')
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
        ('alternative("best", source="best = 30")', "give id= and either source= or replace="),
        ('alternative("best", id="thirty")', "give id= and either source= or replace= and by="),
        ('alternative("best", id="a", replace="3")', "give id= and either source= or replace="),
        ('alternative("best", id="a", by="3")', "give id= and either source= or replace= and"),
        ('alternative("best", id="a", source="b", replace="3", by="4")', "and either source= or"),
        (f'@alternative("triple", source="x")\n{BODY}', "source goes with no definition"),
        (f'@alternative("triple", replace="3", by="4")\n{BODY}', "by, replace goes with no def"),
        ('alternative("best", id="Thirty", source="b")', "the id 'Thirty' is not lowercase words"),
        ('alternative("best", id="a_b", source="b")', "the id 'a_b' is not lowercase words joined"),
        (
            'alternative("best", id="a", replace="4", by="5")',
            "alternative a of best): the solution",
        ),
        ('alternative("best", id="a", replace=("3", "u"), by="5")', "has 2 texts, by= has 1"),
        ('alternative("best", id="a", replace=3, by="5")', "want a text each, or a tuple of texts"),
        (f'@alternative("triple")\n{BODY}' * 2, "is registered twice for the task triple"),
    ],
)
def test_a_registration_that_cannot_be_used_is_named(read, text, says):
    with pytest.raises(LessonError) as caught:
        read(text)
    assert says in str(caught.value)
    assert "misconceptions.py" in str(caught.value) or "no task" in says


# -- the three forms ------------------------------------------------------------------------------


def test_a_function_a_source_and_an_edit_may_say_the_same(read):
    found = read(
        '@alternative("triple")\ndef triple_by_adding(x):\n    return x + 2 * helper(x)\n\n'
        'alternative("triple", id="by-hand", replace="return 3 * helper(x)",\n'
        '            by="return x + 2 * helper(x)")\n'
        'alternative("best", id="typed", source="best = 30")\n'
        'alternative("best", id="typed-in", replace="3 * unit", by="30")\n'
    )
    assert [run(one.source.replace("@staticmethod\n", ""))[one.task] for one in found[2:]] == [
        30,
        30,
    ]
    by_name = {one.name: one for one in found}
    assert list(by_name) == ["by-adding", "by-hand", "typed", "typed-in"]
    assert by_name["by-hand"].source.endswith("def triple(x):\n    return x + 2 * helper(x)")
    assert by_name["by-adding"].source.endswith("def triple(x):\n    return x + 2 * helper(x)")


def test_an_edit_leaves_the_rest_of_the_cell_as_it_is(read):
    (one,) = read(
        'misconception("triple", "It doubles.", id="doubling", earns=1, hint="Three times.",\n'
        '              replace="3 * helper(x)", by="2 * helper(x)")\n'
    )
    assert one.source == (
        'LIMIT = 3\ndef helper(x):\n    """Kept."""\n    return x\n\n'
        "@staticmethod\ndef triple(x):\n    return 2 * helper(x)"
    )
    assert (one.kind, one.earns, one.says, one.hint) == (
        "misconception",
        1.0,
        "It doubles.",
        "Three times.",
    )


def test_an_edit_in_several_places_has_a_pair_for_each(read):
    (one,) = read(
        'misconception("triple", "Off.", id="off", replace=("return x", "return 3"),\n'
        '              by=("return x + 1", "return 2"))\n'
    )
    assert one.edits == (("return x", "return x + 1"), ("return 3", "return 2"))
    assert run(one.source.replace("@staticmethod\n", ""))["triple"](1) == 4


def test_only_an_edit_has_edits(read):
    found = read(
        f'@alternative("triple")\n{BODY}alternative("best", id="typed", source="best = 30")\n'
    )
    assert [one.edits for one in found] == [(), ()]


def test_an_alternative_earns_everything(read):
    first, second = read(
        f'@alternative("triple")\n{BODY}alternative("best", id="typed", source="best = 30")\n'
    )
    assert (first.earns, second.earns) == (3.0, 1.0)


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "slug"),
    [
        ("def triple_by_adding(x): ...", "by-adding"),
        ("def doubling(x): ...", "doubling"),
        ("def triple_(x): ...", "triple"),
        ("def tripled(x): ...", "tripled"),
        ("def Triple_by_hand(x): ...", "by-hand"),
        ("class TripleThatTakesNaN: ...", "that-takes-nan"),
        ("class CounterIsAFloat: ...", "counter-is-a-float"),
    ],
)
def test_a_definition_is_called_by_its_own_name_without_the_tasks(read, definition, slug):
    (one,) = read(f'@alternative("triple")\n{definition}\n')
    assert (one.name, one.id) == (slug, f"91/triple/{slug}")


def test_an_id_takes_the_place_of_a_definitions_name(read):
    (one,) = read(f'@alternative("triple", id="by-hand-2")\n{BODY}')
    assert (one.name, one.id) == ("by-hand-2", "91/triple/by-hand-2")


def test_tasks_may_have_variants_of_the_same_name(read):
    found = read(
        f'@alternative("triple")\n{BODY}alternative("best", id="other", source="best = 30")\n'
    )
    assert [one.id for one in found] == ["91/triple/other", "91/best/other"]


def test_a_misconception_and_an_alternative_of_a_task_need_two_names(read):
    with pytest.raises(
        LessonError, match=r"line 4 \(misconception other of triple\): is registered"
    ):
        read(f'@alternative("triple")\n{BODY}@misconception("triple", "Off.")\n{BODY}')


# -- files ----------------------------------------------------------------------------------------


def write_files(lesson, **files):
    folder = lesson.folder / "misconceptions"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


def test_a_folder_of_files_is_read_in_the_order_of_their_names(make_lesson):
    made = make_lesson(LESSON)
    write_files(
        made,
        b_10=f'@alternative("triple", id="third")\n{BODY}',
        b_02=f'@alternative("triple", id="second")\n{BODY}',
        a_99=f'@alternative("triple", id="first")\n{BODY}',
    )
    assert [one.name for one in variants(made)] == ["first", "second", "third"]


def test_of_several_files_the_one_with_the_fault_is_named(make_lesson):
    made = make_lesson(LESSON)
    write_files(
        made,
        a=f'@alternative("triple")\n{BODY}',
        b=f'\n\n@alternative("triple")\n{BODY}',
    )
    with pytest.raises(LessonError, match=r"misconceptions/b\.py: line 3 .* is registered twice"):
        variants(made)
