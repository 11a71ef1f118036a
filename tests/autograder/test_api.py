"""The functions that other programs call, as the module's docstring shows them."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder import api
from autograder.authoring.build import build
from autograder.authoring.proof import answers
from autograder.classes.workers import WorkerPool
from autograder.isolation import tiers
from autograder.lessons.model import Lesson, LessonError
from autograder.lessons.released import released_lesson

SMALL = Path(__file__).parents[1] / "course" / "assignments" / "90_small"


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(1) as opened:
        yield opened


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    small = api.load_lesson(SMALL)
    limits = {"cell_seconds": 600, "test_seconds": 600, "notebook_seconds": 3600}
    return replace(small, limits=small.limits.changed(limits))


@pytest.fixture
def notebook(tmp_path: Path, lesson: Lesson) -> Path:
    """The reference, with one wrong answer."""
    made = nbformat.reads(build(lesson).release, as_version=4)
    sources = answers(lesson) | {"solution-double": "def double(x):\n    return x**2"}
    for cell in made.cells:
        cell.source = sources.get(cell.id, cell.source)
    path = tmp_path / "ada.ipynb"
    nbformat.write(made, path)
    return path


def test_the_example_of_the_docstring_runs(notebook: Path, monkeypatch, capsys) -> None:
    example = api.__doc__.partition("::\n")[2].partition("\nEach starts")[0]
    code = inspect.cleandoc(example)
    code = re.sub(r'Path\("assignments/\w+"\)', f"Path({str(SMALL)!r})", code)
    code = code.replace('Path("ada.ipynb")', f"Path({str(notebook)!r})")
    assert code.count("Path(") == 2
    exec(code, {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "8.0 of 12.0"
    assert lines[1].startswith("test-double failed double(3) returned 9, expected 6")
    assert lines[2] == "test-update passed "


def test_everything_in_all_is_there_and_documented() -> None:
    for name in api.__all__:
        assert getattr(api, name).__doc__, name
    for name in ("load_lesson", "grade_notebook", "check_notebook", "prove_lesson", "read_marks"):
        assert name in api.__all__
        assert "Raises:" in getattr(api, name).__doc__


def test_a_lesson_that_cannot_be_used_is_an_error_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match=re.escape(str(tmp_path))):
        api.load_lesson(tmp_path)


def test_a_notebook_is_graded_with_hidden_tests_and_nothing_is_written(
    notebook: Path, lesson: Lesson, pool
) -> None:
    before = sorted(notebook.parent.iterdir())
    result = api.grade_notebook(notebook, lesson, pool=pool)
    assert isinstance(result, api.Result)
    assert result.points == 8.0
    assert result.mark("test-double").outcome == "failed"
    assert result.mark("test-Line").is_full
    assert result.tier == "none"
    assert sorted(notebook.parent.iterdir()) == before


def test_by_itself_it_isolates_as_strongly_as_it_can(notebook: Path, lesson: Lesson) -> None:
    result = api.grade_notebook(notebook, lesson)
    assert result.tier == tiers.choose().tier
    assert {mark.tier for mark in result.marks} == {result.tier}
    assert api.grade_notebook(notebook, lesson, sandbox="none").tier == "none"


def test_a_hidden_seed_decides_what_hidden_tests_try(notebook: Path, lesson: Lesson, pool) -> None:
    made = nbformat.read(notebook, as_version=4)
    (cell,) = [cell for cell in made.cells if cell.id == "solution-double"]
    # What it was called with is in the instructor's detail, as it is in no answer for a student.
    cell.source = (
        "def double(x):\n    if np.size(x) > 1:\n        raise ValueError(str(x.sum()))\n"
        "    return 2 * x"
    )
    nbformat.write(made, notebook)
    details = [
        api.grade_notebook(notebook, lesson, hidden_seed=seed, pool=pool).mark("test-double").detail
        for seed in (1, 1, 2)
    ]
    assert details[0] == details[1] != details[2]


def test_a_tier_that_is_none_is_refused(notebook: Path, lesson: Lesson, monkeypatch) -> None:
    monkeypatch.setattr(tiers.shutil, "which", lambda name: None)
    with pytest.raises(tiers.TierError, match="bubblewrap is not installed"):
        api.grade_notebook(notebook, lesson, sandbox="strong")


@pytest.mark.parametrize("name", ["none.ipynb", "torn.ipynb"])
def test_what_is_no_notebook_is_an_error_before_anything_is_started(
    lesson: Lesson, tmp_path: Path, monkeypatch, name: str
) -> None:
    (tmp_path / "torn.ipynb").write_text("no notebook")
    monkeypatch.setattr(api, "WorkerPool", None)
    with pytest.raises(api.SubmissionError, match=name):
        api.grade_notebook(tmp_path / name, lesson, sandbox="none")


def test_a_student_checks_a_notebook(notebook: Path, lesson: Lesson, pool) -> None:
    text = released_lesson(lesson).to_text()
    notebook.with_name("90_small.lesson.json").write_text(text, encoding="utf-8")
    found = api.check_notebook(notebook, pool=pool)
    assert isinstance(found, api.Check)
    assert [line.task for line in found.lines] == ["double", "update", "Line", "largest"]
    assert isinstance(found.lines[0], api.Line)
    assert found.lines[0].outcome == "failed"
    assert found.lines[0].says.startswith("double(3) returned 9, expected 6")
    assert found.lines[3].outcome == "passed"
    (one,) = api.check_notebook(notebook, tasks=["largest"], pool=pool).lines
    assert one.task == "largest"
    with pytest.raises(api.UnknownTaskError):
        api.check_notebook(notebook, tasks=["smallest"], pool=pool)


def test_a_lesson_is_proven_row_by_row(lesson: Lesson, pool) -> None:
    rows = api.prove_lesson(lesson, seeds=1, variant_seeds=1, pool=pool)
    assert len(rows) == 12
    assert all(isinstance(row, api.Row) and row.holds for row in rows)
    assert [row.kind for row in rows[:2]] == ["reference", "blank"]


def test_marks_are_read_back_from_an_autograded_notebook(
    notebook: Path, lesson: Lesson, pool, tmp_path: Path
) -> None:
    result = api.grade_notebook(notebook, lesson, pool=pool)
    path = tmp_path / "autograded.ipynb"
    path.write_text(json.dumps({"cells": result.cells}), encoding="utf-8")
    marks = api.read_marks(path)
    # In the notebook's order; free text waits for a person, and has no record.
    assert marks == [mark for mark in result.marks if mark.cell.startswith("test-")]


def test_marks_of_another_version_and_what_is_no_notebook_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "autograded.ipynb"
    with pytest.raises(OSError):
        api.read_marks(path)
    path.write_text("no notebook")
    with pytest.raises(ValueError):
        api.read_marks(path)
    cell = {"metadata": {"autograder": {"schema": 1, "outcome": "passed"}}}
    path.write_text(json.dumps({"cells": [cell]}))
    with pytest.raises(ValueError, match="version 1; this grader reads 2"):
        api.read_marks(path)


@pytest.mark.xfail(strict=True, reason="a KeyError comes out of JSON that is no notebook")
def test_json_that_is_no_notebook_is_a_value_error(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"marks": []}')
    with pytest.raises(ValueError):
        api.read_marks(path)
