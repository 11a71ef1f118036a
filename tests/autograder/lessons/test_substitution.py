"""Another answer in the place of a solution: lines, a definition, edits of single places."""

from __future__ import annotations

import ast

import pytest

from autograder.lessons.substitution import (
    SubstitutionError,
    definitions,
    with_definition,
    with_edits,
    with_lines,
)

CELL = '''\
LIMIT = 3

def keep(x):
    """Kept, whatever it returns."""
    return x

@staticmethod
def step(w, dw):
    """One step."""
    ### BEGIN SOLUTION
    if dw is None:
        return w
    rate = 0.1
    return w - rate * dw
    ### END SOLUTION
'''
HANDED_IN = "".join(line for line in CELL.splitlines(keepends=True) if "###" not in line).rstrip()


# -- lines ----------------------------------------------------------------------------------------


def test_lines_stand_in_the_place_of_the_solution():
    cell = "# Type a number.\n### BEGIN SOLUTION\nbest = 3\n### END SOLUTION\nprint(best)"
    assert with_lines(cell, "best = 4\nbest += 1") == (
        "# Type a number.\nbest = 4\nbest += 1\nprint(best)"
    )


def test_lines_stand_in_the_place_of_several_solutions_and_all_between():
    cell = (
        "### BEGIN SOLUTION\na = 1\n### END SOLUTION\nb = 2\n"
        "### BEGIN SOLUTION\nc = 3\n### END SOLUTION\nd = 4"
    )
    assert with_lines(cell, "a = c = 9") == "a = c = 9\nd = 4"


# -- definitions ----------------------------------------------------------------------------------


def test_definitions_are_the_functions_and_classes_at_the_top_level():
    found = definitions(CELL + "\nclass Line:\n    def step(self): ...\n\nf = lambda: 0\n")
    assert list(found) == ["keep", "step", "Line"]


def replaced(text: str, name: str = "step") -> str:
    (definition,) = ast.parse(text).body
    assert isinstance(definition, (ast.FunctionDef, ast.ClassDef))
    return with_definition(CELL, name, text, definition)


def test_a_definition_is_replaced_with_its_decorators_and_nothing_else():
    assert replaced("@alternative('step')\ndef other(w, dw):\n    return w\n") == (
        'LIMIT = 3\n\ndef keep(x):\n    """Kept, whatever it returns."""\n    return x\n\n'
        "def step(w, dw):\n    return w"
    )


def test_another_definition_of_the_cell_may_be_replaced():
    source = replaced("def other(x):\n    return 2 * x\n", name="keep")
    assert "def keep(x):\n    return 2 * x\n" in source
    assert "###" not in source
    assert "return w - rate * dw" in source


def test_a_definition_calls_itself_by_its_new_name_and_words_that_hold_it_stay():
    source = replaced("def d(w, dw):\n    'd'\n    return d(w, dw) + dw.d + dd\n")
    assert source.endswith("def step(w, dw):\n    'd'\n    return step(w, dw) + dw.d + dd")


def test_places_are_counted_in_letters_and_not_in_bytes():
    source = replaced("def é(w, dw):\n    'é'; é(w, 'é'); return é\n")
    assert source.endswith("def step(w, dw):\n    'é'; step(w, 'é'); return step")


# -- edits ----------------------------------------------------------------------------------------


def test_an_edit_changes_its_place_and_nothing_else():
    assert with_edits(CELL, (("0.1", "0.2"),)) == HANDED_IN.replace("0.1", "0.2")


def test_an_edit_may_take_a_part_of_a_line():
    assert with_edits(CELL, (("rate * ", ""),)) == HANDED_IN.replace("rate * ", "")


def test_whole_lines_without_anything_in_their_place_go_away():
    source = with_edits(CELL, (("if dw is None:\n    return w", ""),))
    assert source == HANDED_IN.replace("    if dw is None:\n        return w\n", "")


def test_an_edit_of_several_lines_is_indented_like_the_line_it_begins_on():
    edit = (
        "rate = 0.1\nreturn w - rate * dw",
        "rate = 0.1\n\nif rate:\n    w = w - rate\nreturn w",
    )
    assert with_edits(CELL, (edit,)) == HANDED_IN.replace(
        "    rate = 0.1\n    return w - rate * dw",
        "    rate = 0.1\n\n    if rate:\n        w = w - rate\n    return w",
    )


def test_several_edits_are_made_in_any_order():
    edits = (("return w - rate * dw", "return w + rate * dw"), ("0.1", "0.2"))
    wanted = HANDED_IN.replace("0.1", "0.2").replace("w - rate", "w + rate")
    assert with_edits(CELL, edits) == wanted
    assert with_edits(CELL, edits[::-1]) == wanted


def test_edits_that_touch_do_not_overlap():
    edits = (("return w - ", "return w + "), ("rate * dw", "dw"))
    assert with_edits(CELL, edits).endswith("return w + dw")


def test_a_text_that_students_keep_may_be_edited_if_the_solution_does_not_hold_it():
    assert "return 2 * x" in with_edits(CELL, (("return x", "return 2 * x"),))


def test_of_a_text_that_stands_in_both_the_one_in_the_solution_is_meant():
    cell = CELL.replace("LIMIT = 3", "rate = 0.1")
    source = with_edits(cell, (("rate = 0.1", "rate = 4"),))
    assert source == HANDED_IN.replace("rate = 0.1", "rate = 4").replace("LIMIT = 3", "rate = 0.1")


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ((), "there is no edit to make"),
        ((("  \n", "x"),), "replace= is empty"),
        ((("rate = 0.3", "x"),), "the solution holds no 'rate = 0.3'; write it as it stands"),
        ((("dw", "x"),), "'dw' occurs 2 times in the solution; give it more of the text around"),
        ((("def ", "x"),), "'def ' occurs 2 times in the cell"),
        ((("rate = 0.1", "a = 1"), ("0.1", "0.2")), "two of its edits overlap; make them one"),
        ((("rate = 0.1", "rate = ("),), "the edited solution is no Python"),
        ((("rate = 0.1", "rate  =  0.1  # so"),), "changes nothing of what the solution does"),
        ((("return w - rate * dw", "return w - rate * dw"),), "changes nothing"),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused_with_the_reason(edits, says):
    with pytest.raises(SubstitutionError) as caught:
        with_edits(CELL, edits)
    assert says in str(caught.value)


def test_lines_are_found_however_deep_they_stand():
    cell = "if True:\n    if True:\n        ### BEGIN SOLUTION\n        a = 1\n        b = 2\n"
    cell += "        ### END SOLUTION\n"
    assert with_edits(cell, (("a = 1\nb = 2", "a = 2\nb = 1"),)) == (
        "if True:\n    if True:\n        a = 2\n        b = 1"
    )
