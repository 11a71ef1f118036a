"""autograder.build: both notebooks of a lesson, and what must not be in the one for students."""

from __future__ import annotations

import copy
import re

import nbformat
import pytest
from nbgrader import nbgraderformat
from nbgrader.utils import compute_checksum
from nbgrader.validator import Validator

from autograder.authoring import build, leaks, lint
from autograder.course.nbgrader import BuildError
from autograder.lessons import notebooks, reading, variants

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

# %% solution="step"
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

# %% solution="halves"
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

# %% [markdown] answer="why" points=2
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
from autograder.misconceptions import alternative, misconception

@misconception("step", "The sign is wrong.")
def uphill(velocity, momentum, learning_rate, dw):
    velocity = learning_rate * dw - momentum * velocity
    return velocity

@alternative("step")
def plain(velocity, momentum, learning_rate, dw):
    return velocity - learning_rate * (dw - 0.0)
"""


@pytest.fixture(scope="module")
def built(small):
    return build.build(small)


@pytest.fixture(scope="module")
def source(built):
    return nbformat.reads(built.source, as_version=4)


@pytest.fixture(scope="module")
def release(built):
    return nbformat.reads(built.release, as_version=4)


def cell(notebook, name):
    return next(one for one in notebook.cells if one.id == name)


# -- the two notebooks ----------------------------------------------------------------------------


def test_built_twice_a_lesson_gives_the_same_bytes(small, built):
    again = build.build(reading.load(small.path.parent))
    assert (again.source, again.release) == (built.source, built.release)


@pytest.mark.parametrize("kind", ["source", "release"])
def test_the_notebooks_are_valid_nbformat_and_nbgrader_schema_3(built, kind):
    text = getattr(built, kind)
    assert text.endswith("}\n")
    nbformat.validate(nbformat.reads(text, as_version=4))
    notebook = nbgraderformat.reads(text, as_version=4)  # raises what is invalid
    metas = [one.metadata.nbgrader for one in notebook.cells if "nbgrader" in one.metadata]
    assert len(metas) == 12
    assert {meta.schema_version for meta in metas} == {3}
    assert {meta.grade_id: meta.points for meta in metas if meta.grade} == {
        "test-double": 2,
        "test-update": 3,
        "test-Line": 4,
        "test-largest": 1,
        "answer-why": 2,
    }


def test_only_what_students_write_is_unlocked(release):
    open_cells = [
        one.id for one in release.cells if not one.metadata.get("nbgrader", {}).get("locked", True)
    ]
    assert open_cells == [
        "solution-double",
        "solution-update",
        "solution-Line",
        "solution-largest",
        "answer-why",
    ]


def test_students_get_the_signature_and_a_blank_in_place_of_the_solution(source, release):
    assert "return SCALE * x" in cell(source, "solution-double").source
    assert cell(release, "solution-double").source == (
        'def double(x):\n    """Twice ``x``. A negative ``x`` is a ValueError."""\n'
        "    # YOUR CODE HERE\n    raise NotImplementedError()"
    )


def test_students_get_the_visible_tests_only(source, release):
    assert "hidden_rng" in cell(source, "test-double").source
    assert cell(release, "test-double").source.splitlines() == [
        'check_close("double(3)", double(3.0), 6.0, look="Read the first line of its docstring.")'
    ]


def test_an_answer_loses_its_model_and_its_mark_scheme(source, release):
    model = cell(source, "answer-why").source
    assert model.index("largest square here") < model.index("**Marks:**") < model.index("growth")
    assert model.rstrip().endswith("### END SOLUTION")
    assert cell(release, "answer-why").source == "**Why?**\n\nYOUR ANSWER HERE"


def test_consecutive_hints_are_one_cell_of_collapsed_rungs(small, release):
    (ladder,) = [one for one in release.cells if "<details>" in one.source]
    assert ladder.id == small.task("double").hints[0].id
    assert re.findall(r"<summary>(.*?)</summary>\n\n(.*?)\n", ladder.source) == [
        ("Hint 1 of 2", "What is x + x?"),
        ("Hint 2 of 2", "Multiply by two."),
    ]


def test_an_experiment_is_tagged(release):
    assert cell(release, "experiment-squares").metadata.tags == ["experiment"]


def test_points_may_be_halves(make_lesson):
    made = make_lesson(
        '# %% [markdown] answer="w" points=1.5\n# ### BEGIN SOLUTION\n# ### END SOLUTION\n'
    )
    assert notebooks.source_notebook(made).cells[0].metadata.nbgrader.points == 1.5


def test_the_master_has_blanks_hidden_tests_and_checksums(small):
    master = nbformat.from_dict({"cells": list(notebooks.master_cells(small))})
    assert "raise NotImplementedError()" in cell(master, "solution-double").source
    assert "hidden_rng" in cell(master, "test-double").source
    assert cell(master, "test-double").metadata.nbgrader.checksum
    assert not cell(master, "test-double").metadata.editable


def test_nbgraders_validator_passes_the_instructors_notebook(built, tmp_path):
    path = tmp_path / "source.ipynb"
    path.write_text(built.source, encoding="utf-8")
    validator = Validator()
    validator.timeout = 120
    assert validator.validate(str(path)) == {}


def test_a_read_only_cell_that_a_student_changed_does_not_fit_its_checksum(release):
    for one in release.cells:
        if one.metadata.get("nbgrader", {}).get("locked"):
            assert compute_checksum(one) == one.metadata.nbgrader.checksum
    changed = copy.deepcopy(cell(release, "test-double"))
    changed.source = "pass"
    assert compute_checksum(changed) != changed.metadata.nbgrader.checksum


# -- the leak gate --------------------------------------------------------------------------------


def test_an_honest_lesson_leaks_nothing(small, release):
    assert lint.lint(small) == []
    assert leaks.leaks(small, release) == []


@pytest.fixture(scope="module")
def leaks(tmp_path_factory):
    """What the gate says about the lesson that leaks."""
    folder = tmp_path_factory.mktemp("course") / "assignments" / "92_leaky"
    folder.mkdir(parents=True)
    (folder / "lesson.py").write_text(LEAKY, encoding="utf-8")
    (folder / "misconceptions.py").write_text(LEAKY_VARIANTS, encoding="utf-8")
    with pytest.raises(BuildError) as caught:
        build.build(reading.load(folder))
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
def test_a_secret_that_a_lesson_tells_elsewhere_is_found(leaks, leak):
    assert any(line.strip().startswith(leak) for line in leaks), "\n".join(leaks)


def test_nothing_else_is_taken_for_a_leak(leaks):
    # The eight above, and the second line of the solution of ``halves``.
    assert leaks[0].endswith("lesson.py:")
    assert len(leaks) == 1 + 8 + 1, "\n".join(leaks)


def test_a_common_line_in_given_code_is_no_leak(make_lesson):
    made = make_lesson(
        '# %% shared="given"\nrng = np.random.default_rng(seed)\n\n'
        '# %% solution="draw"\n### BEGIN SOLUTION\nrng = np.random.default_rng(seed)\n'
        "draw = rng.normal(size=(3, 4)).mean()\n### END SOLUTION\n"
    )
    assert leaks.leaks(made, list(notebooks.master_cells(made))) == []


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        ('        raise ValueError("x is negative")', "solution of double"),
        ('numbers = hidden_rng("double").uniform(1, 2, size=(2, 3))', "hidden tests of double"),
        ("2 points for a word about growth.", "mark scheme of why"),
        ("        return self.a * x + self.b * 0", "misconception of LineWithAFixedOffset"),
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
        (problem,) = leaks.leaks(small, doctored)
        assert problem.startswith(f"{name}: the release holds a line of the {kind}")


@pytest.mark.parametrize("what", ["SOLUTION", "HIDDEN TESTS", "MARK SCHEME"])
@pytest.mark.parametrize("edge", ["BEGIN", "END"])
def test_a_marker_that_stripping_left_in_is_found(small, release, edge, what):
    doctored = copy.deepcopy(release)
    cell(doctored, "given-square").source += f"\n### {edge} {what}"
    assert leaks.leaks(small, doctored) == [
        f"given-square: the release holds the marker ### {edge} {what}"
    ]


def test_outputs_and_execution_counts_are_found(small, release):
    doctored = copy.deepcopy(release)
    cell(doctored, "given-square").execution_count = 3
    cell(doctored, "setup-imports").outputs = [nbformat.v4.new_output("stream", text="16")]
    assert sorted(leaks.leaks(small, doctored)) == [
        "given-square: the release holds an execution count",
        "setup-imports: the release holds outputs",
    ]


# -- what an author forgot ------------------------------------------------------------------------

SOLUTION = '# %% solution="a"\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\n\n'
TESTS = """\
# %% tests="a" points=1
assert a
### BEGIN HIDDEN TESTS
assert a == 1
### END HIDDEN TESTS
"""


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
    (problem,) = lint.lint(make_lesson(cells))
    assert says in problem


def test_images_with_alt_text_are_fine(make_lesson):
    made = make_lesson(
        '# %% [markdown]\n# ![A valley](v.png) <img src="x.png" alt="A hill">\n'
        "# <svg role='img' aria-label='Two lines'></svg>\n"
    )
    assert lint.lint(made) == []


def test_misconceptions_that_cannot_be_read_stop_the_build(make_lesson):
    made = make_lesson(SOLUTION + TESTS, misconceptions='alternative("b", source="b", name="n")\n')
    with pytest.raises(BuildError, match="has no task 'b'"):
        build.build(made)


def test_a_region_inside_brackets_that_leaves_no_python_stops_the_build(make_lesson):
    made = make_lesson(
        '# %% solution="a"\na = dict(\n    ### BEGIN SOLUTION\n    b=1,\n'
        "    ### END SOLUTION\n)\n\n" + TESTS
    )
    with pytest.raises(BuildError, match=r"solution-a: what students get is no Python \(line 3"):
        build.build(made)


def test_what_nbgrader_refuses_is_passed_on_with_its_reason(make_lesson):
    nested = TESTS.replace("assert a == 1\n", "### BEGIN HIDDEN TESTS\n")
    with pytest.raises(BuildError, match=r"nbgrader says: .*[Nn]ested begin hidden tests"):
        build.build(make_lesson(SOLUTION + nested))


# -- files ----------------------------------------------------------------------------------------


def test_what_was_written_is_not_stale_and_is_not_written_again(built, tmp_path):
    paths = build.write(built, tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        "source/90_small/90_small.ipynb",
        "release/90_small/90_small.ipynb",
    ]
    assert build.stale(built, tmp_path) == []
    assert build.write(built, tmp_path) == []


def test_a_missing_and_a_changed_notebook_are_stale(built, tmp_path):
    source, release = build.write(built, tmp_path)
    source.unlink()
    release.write_text(built.release.replace("A small lesson", "A larger lesson"), encoding="utf-8")
    missing, changed = build.stale(built, tmp_path)
    assert missing == f"{source}: is missing"
    assert changed.startswith(f"{release}: is stale, for instance -")
    assert "A larger lesson" in changed
    assert build.write(built, tmp_path) == [source, release]
    assert build.stale(built, tmp_path) == []


def test_a_stranger_in_a_built_folder_is_stale_and_is_removed(built, tmp_path):
    _, release = build.write(built, tmp_path)
    reference = release.parent / "misconceptions.py"
    reference.write_text("answers")
    folder = release.parent / "data"
    folder.mkdir()
    assert sorted(build.stale(built, tmp_path)) == [
        f"{folder}: belongs to no lesson",
        f"{reference}: belongs to no lesson",
    ]
    assert sorted(build.write(built, tmp_path)) == [folder, reference]
    assert [one.name for one in release.parent.iterdir()] == ["90_small.ipynb"]


def test_the_variants_are_secrets_too(small):
    assert any(v.kind == "misconception" for v in variants.variants(small))
    kinds = {secret.kind for secret in leaks._secrets(small)}
    assert {"misconception", "alternative", "solution", "hidden tests", "mark scheme"} <= kinds
