"""What Python source says without being run: names bound and read, probes, imports."""

from __future__ import annotations

import ast

import pytest

from autograder.lessons.python_source import (
    dotted_name,
    free_names,
    import_aliases,
    parses,
    probes_in,
    top_level_names,
    walk,
)

#: Sources on which Python's parser gives up, each with another error.
NO_PYTHON = ["%matplotlib inline", "print(squares", "x = '\0'", "(" * 500 + ")" * 500]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = b = 1", ("a", "b")),
        ("a, (b, *c) = x", ("a", "b", "c")),
        ("a: int = 1\na += 1", ("a",)),
        ("def f(x):\n    y = 1", ("f",)),
        ("async def f(): pass\nclass C:\n    z = 1", ("f", "C")),
        ("import a.b, c as d\nfrom e import f as g", ("a", "d", "g")),
        ("for i in x:\n    j = [k for k in i]", ("i", "j")),
        ("with open(p) as f:\n    pass", ("f",)),
        ("if x:\n    import a\n    def g(): pass", ("a", "g")),
        ("try:\n    b = lambda c: (d := c)\nfinally:\n    e = 1", ("b", "e")),
        ("print((n := 3))", ("n",)),
        ("x.y = 1; x[0] = 2", ()),
        ("%matplotlib inline", ()),
    ],
)
def test_top_level_names_are_those_that_a_cell_binds(source, names):
    assert sorted(top_level_names(source)) == sorted(names)


def test_names_come_in_the_order_in_which_they_are_first_bound():
    assert top_level_names("b = 1\na = 2\nb = 3\nc = 4") == ("b", "a", "c")


def test_free_names_are_those_that_a_cell_reads():
    assert free_names("def f(x):\n    k = 1\n    return g(x) + y + k\nz = f") == {"g", "y", "f"}


def test_free_names_of_what_is_no_python_are_all_words_in_it():
    assert {"inline", "squares"} <= free_names("%matplotlib inline\nprint(squares")


@pytest.mark.parametrize("source", NO_PYTHON)
def test_what_is_no_python_binds_nothing_and_has_no_nodes(source):
    assert not parses(source)
    assert top_level_names(source) == ()
    assert list(walk(source)) == []
    assert import_aliases([source, "import math"]) == {"math": "math"}


def test_what_parses_is_python_however_strange():
    assert parses("'\\d'")  # a warning of the parser's, which nobody asked for
    assert parses("")
    assert not parses("1\n" * 600_000)  # too long to be worth the time


def test_probes_are_decorated_functions_at_the_top_level():
    tree = ast.parse(
        "@probe\ndef one(): pass\n\n@other\ndef two(): pass\n\ndef three():\n"
        "    @probe\n    def four(): pass\n\n@other\n@probe\ndef five(): pass\n"
    )
    assert [(name, node.name) for name, node in probes_in(tree)] == [
        ("one", "one"),
        ("five", "five"),
    ]


def test_aliases_are_what_the_names_of_imports_mean():
    assert import_aliases(
        [
            "import torch.nn.functional as F\nimport torch.nn",
            "def f():\n    from nnlab import data as d, testing",
            "from . import here\nfrom .there import it",
        ]
    ) == {
        "F": "torch.nn.functional",
        "torch": "torch",
        "d": "nnlab.data",
        "testing": "nnlab.testing",
    }


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("F.relu", "torch.nn.functional.relu"),
        ("torch.nn.functional.relu", "torch.nn.functional.relu"),
        ("F", "torch.nn.functional"),
        ("other.relu", ""),
        ("F.relu().T", ""),
        ("layers[0].relu", ""),
    ],
)
def test_a_dotted_name_is_followed_to_its_import(expression, name):
    aliases = {"F": "torch.nn.functional", "torch": "torch"}
    assert dotted_name(ast.parse(expression, mode="eval").body, aliases) == name
