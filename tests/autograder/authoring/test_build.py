"""Both notebooks of a lesson: what nbgrader takes, what stops the build, which files are stale."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import nbformat
import pytest
from nbgrader import nbgraderformat
from nbgrader.utils import compute_checksum
from nbgrader.validator import Validator

from autograder.authoring import build as building
from autograder.authoring.build import build, stale, write
from autograder.course.nbgrader import BuildError
from autograder.lessons import reading
from autograder.lessons.released import released_lesson

SOLUTION = '# %% solution="a" title="A"\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\n\n'
TESTS = """\
# %% tests="a" points=1
assert a
### BEGIN HIDDEN TESTS
assert a == 1
### END HIDDEN TESTS
"""


@pytest.fixture(scope="module")
def built(small):
    return build(small)


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
    again = build(reading.load(small.folder))
    assert again == building.Built(again.lesson, built.source, built.release, built.released_lesson)


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


# -- what stops the build -------------------------------------------------------------------------


def test_what_an_author_forgot_stops_the_build_with_all_of_it(make_lesson):
    made = make_lesson(SOLUTION.replace(' title="A"', "") + "# %% [markdown]\n# ![](plot.png)\n")
    with pytest.raises(BuildError) as caught:
        build(made)
    assert str(caught.value).splitlines() == [
        f"{made.folder}:",
        '  solution-a: lacks a title for pages and reports: title="…"',
        "  solution-a: the task has no tests; add # %% tests='a'",
        "  text-2: the image plot.png has no alt text: write ![what it shows](plot.png)",
    ]


def test_misconceptions_that_cannot_be_read_stop_the_build(make_lesson):
    made = make_lesson(SOLUTION + TESTS, misconceptions='alternative("b", source="b", id="n")\n')
    with pytest.raises(BuildError, match="has no task 'b'"):
        build(made)


def test_a_region_inside_brackets_that_leaves_no_python_stops_the_build(make_lesson):
    made = make_lesson(
        '# %% solution="a" title="A"\na = dict(\n    ### BEGIN SOLUTION\n    b=1,\n'
        "    ### END SOLUTION\n)\n\n" + TESTS
    )
    with pytest.raises(BuildError, match=r"solution-a: what students get is no Python \(line 3"):
        build(made)


def test_what_nbgrader_refuses_is_passed_on_with_its_reason(make_lesson):
    nested = TESTS.replace("assert a == 1\n", "### BEGIN HIDDEN TESTS\n")
    with pytest.raises(BuildError, match=r"nbgrader says: .*[Nn]ested begin hidden tests"):
        build(make_lesson(SOLUTION + nested))


def test_a_release_that_submissions_could_not_be_held_against_stops_the_build(
    small, built, monkeypatch
):
    other = json.loads(built.release)
    other["cells"][0]["source"] = "# Another text"
    other["cells"][-1]["id"] = "answer-another"
    monkeypatch.setattr(building, "released_by_nbgrader", lambda lesson: json.dumps(other))
    with pytest.raises(BuildError) as caught:
        build(small)
    assert str(caught.value).splitlines()[1:] == [
        f"  {name}: nbgrader releases another text of this cell than the grader expects"
        for name in ("text-1", "answer-why", "answer-another")
    ]


# -- files ----------------------------------------------------------------------------------------


def test_what_was_written_is_not_stale_and_is_not_written_again(built, tmp_path):
    paths = write(built, tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        "source/90_small/90_small.ipynb",
        "source/90_small/90_small.lesson.json",
        "release/90_small/90_small.ipynb",
        "release/90_small/90_small.lesson.json",
    ]
    assert stale(built, tmp_path) == []
    assert write(built, tmp_path) == []


def test_a_missing_and_a_changed_notebook_are_stale(built, tmp_path):
    source, _, release, _ = write(built, tmp_path)
    source.unlink()
    release.write_text(built.release.replace("A small lesson", "A larger lesson"), encoding="utf-8")
    missing, changed = stale(built, tmp_path)
    assert missing == f"{source}: is missing"
    assert changed.startswith(f"{release}: is stale, for instance -")
    assert "A larger lesson" in changed
    assert write(built, tmp_path) == [source, release]
    assert stale(built, tmp_path) == []


def test_a_stranger_in_a_built_folder_is_stale_and_is_removed(built, tmp_path):
    _, _, release, _ = write(built, tmp_path)
    reference = release.parent / "misconceptions.py"
    reference.write_text("answers")
    folder = release.parent / "data"
    folder.mkdir()
    assert sorted(stale(built, tmp_path)) == [
        f"{folder}: belongs to no lesson",
        f"{reference}: belongs to no lesson",
    ]
    assert sorted(write(built, tmp_path)) == [folder, reference]
    assert {one.name for one in release.parent.iterdir()} == {
        "90_small.ipynb",
        "90_small.lesson.json",
    }


def test_a_released_lesson_that_is_missing_or_changed_is_stale(built, tmp_path):
    _, beside_source, _, beside_release = write(built, tmp_path)
    beside_source.unlink()
    beside_release.write_text("{}", encoding="utf-8")
    missing, changed = stale(built, tmp_path)
    assert missing == f"{beside_source}: is missing"
    assert changed.startswith(f"{beside_release}: is stale")


def test_the_released_lesson_passes_the_leak_gate(small, monkeypatch):
    leaking = replace(
        released_lesson(small), title="numbers = hidden_rng('double').uniform(1, 2, size=(2, 3))"
    )
    monkeypatch.setattr(building, "released_lesson", lambda lesson: leaking)
    monkeypatch.setattr(
        building, "leaks", lambda lesson, cells: [c["id"] for c in cells if "rng('d" in c["source"]]
    )
    with pytest.raises(BuildError, match="the released lesson, its fields"):
        build(small)


def test_a_solution_in_the_released_lesson_stops_the_build(small, monkeypatch):
    shown = released_lesson(small)
    solved = '    if np.any(np.asarray(x) < 0):\n        raise ValueError("x is negative")\n'
    cells = tuple(
        replace(cell, source=cell.source + solved) if cell.id == "solution-double" else cell
        for cell in shown.cells
    )
    monkeypatch.setattr(building, "released_lesson", lambda lesson: replace(shown, cells=cells))
    with pytest.raises(
        BuildError, match=r"the released lesson, solution-double: .*of the solution"
    ):
        build(small)
