"""What must hold between the cells of a lesson, and what its author is told if it does not."""

from __future__ import annotations

import pytest

from autograder.lessons import reading
from autograder.lessons.model import LessonError

TASK = """\
# %% solution="a"
### BEGIN SOLUTION
a = 1
### END SOLUTION

# %% tests="a" points=1
assert a
"""

FAULTS = [
    ('# %% shared="a"\nx = 1\n# %% shared="a"\ny = 1\n', "is named setup-a like cell 1"),
    (TASK + '# %% tests="a" points=1\nassert a\n', 'give one another name or part="…"'),
    ('# %% tests="b" points=1\nassert b\n', "there is no solution='b'"),
    ('# %% [markdown] hint="b"\n# Try it.\n', "there is no solution='b'"),
    (TASK.replace('n="a"', 'n="a" needs="b"', 1), "needs ('b',), but tasks are {'a'}"),
    (TASK.replace('"a"', f'"{"a" * 60}"'), "is longer than 64 characters; shorten the name"),
    ('# %% solution="a"\na = 1\n', "lacks ### BEGIN SOLUTION"),
    (TASK.replace("### END SOLUTION\n", ""), "has one of the solution markers only"),
    (TASK + "### BEGIN HIDDEN TESTS\n", "has one of the hidden tests markers only"),
    (TASK + "### END HIDDEN TESTS\n", "has one of the hidden tests markers only"),
    (
        '# %% [markdown] answer="w" points=1\n# ### BEGIN SOLUTION\n# ### BEGIN MARK SCHEME\n'
        "# One.\n# ### END SOLUTION\n",
        "has one of the mark scheme markers only",
    ),
    (
        TASK + "### BEGIN MARK SCHEME\n# One.\n### END MARK SCHEME\n",
        "a mark scheme belongs in an answer cell",
    ),
    (TASK + "assert (\n", "line 2 is not Python"),
    (TASK + "limit = 3\n@probe\ndef p():\n    return limit\n", "the probe p uses limit"),
    (TASK + "import math\n@probe\ndef p():\n    return math.pi\n", "import it inside the probe"),
]


@pytest.mark.parametrize(("cells", "says"), FAULTS, ids=[says for _, says in FAULTS])
def test_cells_that_do_not_go_together_are_named(make_lesson, cells, says):
    with pytest.raises(LessonError) as caught:
        make_lesson(cells)
    assert says in str(caught.value)
    assert "91_made/lesson.py: " in str(caught.value)


@pytest.mark.parametrize(("cells", "says"), FAULTS, ids=[says for _, says in FAULTS])
def test_of_a_lesson_in_sections_the_one_with_the_cell_is_named(tmp_path, cells, says):
    folder = tmp_path / "lesson"
    folder.mkdir()
    front = "# ---\n# title: T\n# minutes: 1\n# ---\n"
    (folder / "00_start.py").write_text(front + "# %% [markdown]\n# # Title\n")
    # "Cell 1" of the file is cell 2 of the lesson.
    (folder / "01_part.py").write_text(cells)
    with pytest.raises(LessonError) as caught:
        reading.load(tmp_path)
    assert says.replace("cell 1", "cell 2") in str(caught.value)
    assert "lesson/01_part.py: " in str(caught.value)


def test_a_hint_may_help_with_an_answer_in_words(make_lesson):
    made = make_lesson(
        '# %% [markdown] hint="w"\n# Look.\n\n'
        '# %% [markdown] answer="w" points=1\n# ### BEGIN SOLUTION\n# ### END SOLUTION\n'
    )
    assert [cell.kind for cell in made.cells] == ["hint", "answer"]


def test_a_probe_may_use_other_probes_its_arguments_and_the_notebooks_names(make_lesson):
    make_lesson(
        TASK + "@probe\ndef one(x):\n    import math\n    return [math.pi * k * a for k in x]\n"
        "@probe\ndef two(x):\n    return one(x)\nassert two([1])\n"
    )


def test_a_test_may_use_its_own_names_outside_of_probes(make_lesson):
    make_lesson(TASK + "limit = 3\ndef p():\n    return limit\nassert p() == 3\n")
