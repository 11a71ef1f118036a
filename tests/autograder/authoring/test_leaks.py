"""The leak gate: what a release holds that students must not see."""

from __future__ import annotations

import copy

import nbformat
import pytest

from autograder.authoring.build import build
from autograder.authoring.leaks import hidden_lines_of, leaks, open_lines
from autograder.course.nbgrader import BuildError
from autograder.lessons import reading
from autograder.lessons.model import BEGIN_SOLUTION, END_SOLUTION
from autograder.lessons.notebooks import master_cells
from autograder.lessons.variants import variants

#: A lesson that tells each of its secrets somewhere, in a text cell or in a code cell.
LEAKY = """\
# ---
# title: A lesson that leaks
# minutes: 1
# ---

# %% [markdown]
# # The answer is
#     velocity = momentum * velocity - learning_rate * dw

# %% shared="told"
check_that_it_is_five_hundred = 500
def given_away(x):
    halves = [x / 2 for _ in range(2)]
    return sum(halves) + 0 * len(halves)

# %% solution="step" title="A step"
def step(velocity, momentum, learning_rate, dw):
    '''One step of the velocity, as in the lecture.'''
    ### BEGIN SOLUTION
    velocity = momentum * velocity - learning_rate * dw
    ### END SOLUTION
    return velocity

# %% [markdown] hint="step"
# The opposite is wrong:
# ```python
#     velocity = learning_rate * dw - momentum * velocity
# ```

# %% tests="step" points=1
assert step(1.0, 0.5, 1.0, 1.0) == -0.5
assert abs(step(2.0, 0.5, 1.0, 3.0) + 2.0) < 1e-12
### BEGIN HIDDEN TESTS
assert abs(step(2.0, 0.5, 1.0, 3.0) + 2.0) < 1e-12
### END HIDDEN TESTS

# %% solution="halves" title="Halves"
def same(x):
    ### BEGIN SOLUTION
    halves = [x / 2 for _ in range(2)]
    return sum(halves) + 0 * len(halves)
    ### END SOLUTION

# %% tests="halves" points=1
assert same(1.0) == 1.0
### BEGIN HIDDEN TESTS
assert same(37.125) == 37.125, "the second number"
### END HIDDEN TESTS

# %% [markdown]
#     assert same(37.125) == 37.125, "the second number"

# %% [markdown] answer="why" title="Why" points=2
# ### BEGIN SOLUTION
# Because the errors of both sides cancel.
# ### END SOLUTION
# ### BEGIN MARK SCHEME
# Two points for a word about symmetry.
# ### END MARK SCHEME

# %% [markdown]
# Because the errors of both sides cancel.
# Two points for a word about symmetry.
# The other way: return velocity - learning_rate * (dw - 0.0)
# return velocity - learning_rate * (dw - 0.0)
"""

LEAKY_VARIANTS = """\
from autograder.lessons.variants import alternative, misconception

@misconception("step", "The sign is wrong.")
def uphill(velocity, momentum, learning_rate, dw):
    velocity = learning_rate * dw - momentum * velocity
    return velocity

@alternative("step")
def plain(velocity, momentum, learning_rate, dw):
    return velocity - learning_rate * (dw - 0.0)
"""


@pytest.fixture(scope="module")
def release(small):
    return nbformat.reads(build(small).release, as_version=4)


def cell(notebook, name):
    return next(one for one in notebook.cells if one.id == name)


def test_an_honest_lesson_leaks_nothing(small, release):
    assert leaks(small, release.cells) == []


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the gate says about the lesson that leaks."""
    folder = tmp_path_factory.mktemp("course") / "assignments" / "92_leaky"
    folder.mkdir(parents=True)
    (folder / "lesson.py").write_text(LEAKY, encoding="utf-8")
    (folder / "misconceptions.py").write_text(LEAKY_VARIANTS, encoding="utf-8")
    with pytest.raises(BuildError) as caught:
        build(reading.load(folder))
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    "leak",
    [
        "text-1: the release holds a line of the solution of step: velocity = momentum * velocity",
        "setup-told: the release holds a line of the solution of halves: halves = [x / 2 for",
        "hint-4: the release holds a line of the misconception of uphill: velocity = learning_rate",
        "test-step: the release holds a line of the hidden tests of step: assert abs(step(2.0",
        "text-8: the release holds a line of the hidden tests of halves: assert same(37.125)",
        "text-10: the release holds a line of the solution of why: Because the errors of both",
        "text-10: the release holds a line of the mark scheme of why: Two points for a word",
        "text-10: the release holds a line of the alternative of plain: return velocity - lear",
    ],
)
def test_a_secret_that_a_lesson_tells_elsewhere_is_found(said, leak):
    assert any(line.strip().startswith(leak) for line in said), "\n".join(said)


def test_nothing_else_is_taken_for_a_leak(said):
    # The eight above, and the second line of the solution of ``halves``.
    assert said[0].endswith("92_leaky:")
    assert len(said) == 1 + 8 + 1, "\n".join(said)


def test_a_common_line_in_given_code_is_no_leak(make_lesson):
    made = make_lesson(
        '# %% shared="given"\nrng = np.random.default_rng(seed)\n\n'
        '# %% solution="draw"\n### BEGIN SOLUTION\nrng = np.random.default_rng(seed)\n'
        "draw = rng.normal(size=(3, 4)).mean()\n### END SOLUTION\n"
    )
    assert leaks(made, list(master_cells(made))) == []


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        ('        raise ValueError("x is negative")', "solution of double"),
        ('numbers = hidden_rng("double").uniform(1, 2, size=(2, 3))', "hidden tests of double"),
        ("2 points for a word about growth.", "mark scheme of why"),
        ("        return self.a * x + self.b * 0", "misconception of with-a-fixed-offset"),
        (
            "    state.update(y=function(state['x']), x=state['x'] + 1)".replace("'", '"'),
            "alternati",
        ),
    ],
)
def test_a_secret_that_stripping_left_in_is_found_in_any_cell(small, release, secret, kind):
    for name in ("solution-largest", "answer-why"):
        doctored = copy.deepcopy(release)
        cell(doctored, name).source += f"\n{secret}"
        (problem,) = leaks(small, doctored.cells)
        assert problem.startswith(f"{name}: the release holds a line of the {kind}")


@pytest.mark.parametrize("what", ["SOLUTION", "HIDDEN TESTS", "MARK SCHEME"])
@pytest.mark.parametrize("edge", ["BEGIN", "END"])
def test_a_marker_that_stripping_left_in_is_found(small, release, edge, what):
    doctored = copy.deepcopy(release)
    cell(doctored, "given-square").source += f"\n### {edge} {what}"
    assert leaks(small, doctored.cells) == [
        f"given-square: the release holds the marker ### {edge} {what}"
    ]


def test_outputs_and_execution_counts_are_found(small, release):
    doctored = copy.deepcopy(release)
    cell(doctored, "given-square").execution_count = 3
    cell(doctored, "setup-imports").outputs = [nbformat.v4.new_output("stream", text="16")]
    assert sorted(leaks(small, doctored.cells)) == [
        "given-square: the release holds an execution count",
        "setup-imports: the release holds outputs",
    ]


def test_every_variant_of_a_lesson_is_a_secret(small, release):
    for variant in variants(small):
        kept = set(open_lines(small.task(variant.task).solution))
        added = [line for line in variant.source.splitlines() if line not in kept]
        doctored = copy.deepcopy(release)
        cell(doctored, "text-1").source += "\n" + "\n".join(added)
        found = leaks(small, doctored.cells)
        telling = [line for line in added if len(" ".join(line.split())) >= 24]
        wanted = f"text-1: the release holds a line of the {variant.kind} of {variant.name}: "
        assert bool(telling) == any(problem.startswith(wanted) for problem in found)


def test_source_may_be_a_list_of_lines_as_in_a_file(small, release):
    lines = ["import numpy as np\n", "        return self.a * x + self.b * 0"]
    (problem,) = leaks(small, [{"id": "a", "cell_type": "markdown", "source": lines}])
    assert problem.startswith("a: the release holds a line of the misconception of with-a-fixed-")


def test_the_lines_of_a_cell_are_open_or_hidden(small):
    solution, answer = small.by_id["solution-double"], small.by_id["answer-why"]
    assert open_lines(solution)[0] == "def double(x):"
    assert hidden_lines_of(solution)["solution"][-1] == "    return SCALE * x"
    assert open_lines(answer) == ["**Why?**", ""]
    assert list(hidden_lines_of(answer)) == ["solution", "mark scheme"]
    markers = (BEGIN_SOLUTION, END_SOLUTION)
    count = len(open_lines(solution)) + len(hidden_lines_of(solution)["solution"]) + len(markers)
    assert count == len(solution.source.splitlines())
