"""Which released lesson a notebook was made from: by its metadata, its name, or its cells."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from small_notebooks import case

from autograder.intake.find_lesson import find_lesson
from autograder.intake.submission import recover
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import EDITION_KEY, release_id
from autograder.lessons.released import SUFFIX, ReleasedLesson, from_text, released_lesson

ROOT = Path(__file__).parents[3]
COURSE = ROOT / "tests" / "course"


@pytest.fixture(scope="module")
def shown(small: Lesson) -> ReleasedLesson:
    return released_lesson(small)


@pytest.fixture(scope="module")
def later(small: Lesson) -> ReleasedLesson:
    """A later edition of the small lesson."""
    cells = tuple(
        replace(cell, source=cell.source + "\nMore.") if cell.id == "text-1" else cell
        for cell in small.cells
    )
    return released_lesson(replace(small, cells=cells))


@pytest.fixture(scope="module")
def other() -> ReleasedLesson:
    """Another lesson."""
    path = ROOT / "release" / "02_activations" / f"02_activations{SUFFIX}"
    return from_text(path.read_text(encoding="utf-8"))


@pytest.fixture
def put(tmp_path: Path):
    """Put a released lesson into a folder."""

    def write(lesson: ReleasedLesson, *folder: str) -> Path:
        path = tmp_path.joinpath(*folder, f"{lesson.name}{SUFFIX}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(lesson.to_text(), encoding="utf-8")
        return path

    return write


@pytest.fixture
def find(tmp_path: Path):
    """Find the lesson of a notebook with a student's work, in the folder work/deep."""

    def run(
        name: str = "mine",
        metadata: dict[str, str] | None = None,
        made: str = "whole",
        here: str = "elsewhere",
    ):
        path = tmp_path / "work" / "deep" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(case(made), path)
        if metadata is not None:
            notebook = json.loads(path.read_text())
            notebook["metadata"][EDITION_KEY] = metadata
            path.write_text(json.dumps(notebook))
        return find_lesson(path, recover(path), tmp_path / here)

    return run


@pytest.mark.parametrize(
    "folder",
    [("work", "deep"), ("work", "release", "90_small"), ("elsewhere", "release", "90_small")],
)
def test_it_lies_beside_the_notebook_or_in_release_further_up(find, put, shown, folder) -> None:
    put(shown, *folder)
    found, problem = find(metadata={"assignment": "90_small", "release": shown.release})
    assert (found.lesson, problem) == (shown.lesson(found.lesson.folder), "")
    assert not found.is_other_edition


def test_where_nothing_lies_nothing_is_found(find, put, shown) -> None:
    put(shown, "work", "another")
    assert find("90_small") == (None, "")


def test_of_editions_the_one_that_the_metadata_name_is_taken(find, put, shown, later) -> None:
    put(shown, "work", "deep")
    put(later, "work", "release", "90_small")
    for edition in (shown, later):
        found, _ = find(metadata={"assignment": "90_small", "release": edition.release})
        assert release_id(found.lesson) == edition.release
        assert not found.is_other_edition


def test_without_its_edition_the_nearest_is_taken_and_known_to_be_another(
    find, put, shown, later
) -> None:
    put(shown, "work", "deep")
    put(later, "work", "release", "90_small")
    found, _ = find(metadata={"assignment": "90_small", "release": "0" * 12})
    assert release_id(found.lesson) == shown.release
    assert found.is_other_edition


@pytest.mark.parametrize("name", ["90_small", "90_small (1)", "90_small-Copy1", "90_small_ada"])
def test_without_metadata_the_files_name_names_it(find, put, shown, other, name) -> None:
    put(shown, "work", "deep")
    put(other, "work", "deep")
    found, _ = find(name, made="stripped_metadata_new_ids")
    assert found.lesson.name == "90_small"
    assert not found.is_other_edition


def test_a_longer_name_is_another(find, put, shown) -> None:
    put(replace(shown, name="9"), "work", "deep")
    found, problem = find("90_small")
    assert found is None or found.lesson.name != "9"
    assert "was changed" in problem  # the name is part of the edition


@pytest.mark.parametrize("made", ["whole", "stripped_metadata_new_ids", "cut_off"])
def test_without_a_name_its_cells_tell(find, put, shown, other, made) -> None:
    put(shown, "work", "deep")
    put(other, "work", "deep")
    found, _ = find("homework", made=made)
    assert found.lesson.name == "90_small"


def test_where_two_lessons_can_be_meant_none_is(find, put, shown, small) -> None:
    put(shown, "work", "deep")
    put(released_lesson(replace(small, name="91_same")), "work", "deep")
    assert find("homework")[0] is None


def test_a_notebook_of_nothing_that_is_there_has_none(find, put, other) -> None:
    put(other, "work", "deep")
    assert find("homework")[0] is None


def test_an_authors_lesson_is_taken_in_its_released_form(find, tmp_path, small) -> None:
    shutil.copytree(COURSE / "assignments", tmp_path / "work" / "assignments")
    found, problem = find(metadata={"assignment": "90_small", "release": release_id(small)})
    assert problem == ""
    assert found.lesson.cells == released_lesson(small).cells
    assert not any(cell.hidden_lines for cell in found.lesson.cells)


def test_an_authors_lesson_is_nearer_than_a_release_of_another_edition(
    find, put, tmp_path, small, later
) -> None:
    shutil.copytree(COURSE / "assignments", tmp_path / "work" / "assignments")
    put(later, "work", "release", "90_small")
    found, _ = find(metadata={"assignment": "90_small", "release": "0" * 12})
    assert release_id(found.lesson) == release_id(small)


def test_a_lesson_that_cannot_be_used_is_named(find, put, shown, tmp_path) -> None:
    path = put(shown, "work", "deep")
    path.write_text("{}", encoding="utf-8")
    found, problem = find("90_small")
    assert found is None
    assert problem.startswith(f"{path} is no released lesson of version 1")
    path.write_bytes(b"\xff")
    assert find("90_small") == (None, f"{path} is not UTF-8.")
    path.unlink()
    path.mkdir()
    assert "cannot be read" in find("90_small")[1]
    (tmp_path / "work" / "assignments" / "90_small").mkdir(parents=True)
    (tmp_path / "work" / "assignments" / "90_small" / "lesson.py").write_text("x = 1\n")
    found, problem = find("90_small")
    assert found is None
    assert "want a header" in problem
