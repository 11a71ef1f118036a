"""What an author forgot, cell by cell: titles, tests, hidden tests, alt texts, whole statements."""

from __future__ import annotations

import pytest

from autograder.authoring.lint import lint, unreadable_code
from autograder.lessons.notebooks import master_cells

SOLUTION = '# %% solution="a" title="A"\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\n\n'
TESTS = """\
# %% tests="a" points=1
assert a
### BEGIN HIDDEN TESTS
assert a == 1
### END HIDDEN TESTS
"""
ANSWER = (
    '# %% [markdown] answer="w" title="Why" points=1\n# ### BEGIN SOLUTION\n# ### END SOLUTION\n'
)


def test_of_an_honest_lesson_nothing_is_said(small):
    assert lint(small) == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (SOLUTION, "solution-a: the task has no tests; add # %% tests='a'"),
        (
            SOLUTION + '# %% tests="a" points=1\nassert a\n',
            "solution-a: the task has no hidden tests; add ### BEGIN HIDDEN TESTS",
        ),
        ("# %% [markdown]\n# ![](plot.png)\n", "the image plot.png has no alt text"),
        ("# %% [markdown]\n# ![ ](plot.png)\n", "the image plot.png has no alt text"),
        ('# %% [markdown]\n# <img src="plot.png">\n', "an image has no alt text: <img"),
        ('# %% [markdown]\n# <img alt="" src="x.png">\n', "an image has no alt text: <img"),
        ("# %% [markdown]\n# <svg width='3'></svg>\n", "an image has no alt text: <svg"),
        (
            SOLUTION + TESTS + '# %% [markdown] hint="a"\n# ![](hint.png)\n',
            "hint-3: the image hint.png has no alt text",
        ),
        (
            '# %% shared="s"\n### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS\n',
            "setup-s: hidden tests belong in a tests cell",
        ),
        (
            '# %% sandboxed="g"\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n',
            "given-g: a solution belongs in a solution or answer cell",
        ),
    ],
)
def test_what_an_author_forgot_is_named(make_lesson, cells, says):
    (problem,) = lint(make_lesson(cells))
    assert says in problem


def test_images_with_alt_text_are_fine(make_lesson):
    made = make_lesson(
        '# %% [markdown]\n# ![A valley](v.png) <img src="x.png" alt="A hill">\n'
        "# <svg role='img' aria-label='Two lines'></svg>\n"
    )
    assert lint(made) == []


def test_a_solution_and_an_answer_want_a_title(make_lesson):
    assert lint(make_lesson(SOLUTION + TESTS + ANSWER)) == []
    untitled = (SOLUTION + TESTS + ANSWER).replace(' title="A"', "").replace(' title="Why"', "")
    assert lint(make_lesson(untitled)) == [
        'solution-a: lacks a title for pages and reports: title="…"',
        'answer-w: lacks a title for pages and reports: title="…"',
    ]


def test_an_empty_title_is_none(make_lesson):
    (problem,) = lint(make_lesson((SOLUTION + TESTS).replace('title="A"', 'title=""')))
    assert problem.startswith("solution-a: lacks a title")


def test_misconceptions_that_cannot_be_read_are_named(make_lesson):
    made = make_lesson(SOLUTION + TESTS, misconceptions="def (")
    (problem,) = lint(made)
    assert "misconceptions.py: line 1: is not Python" in problem


# -- code that is no Python once the solutions are gone -------------------------------------------


def test_a_cell_that_is_no_python_without_its_solution_is_named(make_lesson):
    made = make_lesson(
        '# %% solution="a" title="A"\na = dict(\n    ### BEGIN SOLUTION\n    b=1,\n'
        "    ### END SOLUTION\n)\n\n" + TESTS
    )
    (problem,) = unreadable_code(list(master_cells(made)))
    assert problem.startswith("solution-a: what students get is no Python (line 3: ")
    assert problem.endswith("; put the markers around whole statements")


def test_magics_and_text_are_no_python_and_need_not_be(make_lesson):
    made = make_lesson(
        '# %% shared="m"\n# %matplotlib inline\n# !ls\n\n# %% [markdown]\n# Not (Python\n'
    )
    cells = list(master_cells(made))
    assert [cell["source"] for cell in cells[1:]] == ["%matplotlib inline\n!ls", "Not (Python"]
    assert unreadable_code(cells) == []


def test_source_may_be_a_list_of_lines_as_in_a_file():
    cells = [{"id": "a", "cell_type": "code", "source": ["a = (\n", "1)"]}]
    assert unreadable_code(cells) == []
