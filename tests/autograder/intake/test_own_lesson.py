"""autograder.intake.own_lesson: a student's own notebook as the lesson that it is held against."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest
from small_notebooks import case, cell

from autograder.authoring import build
from autograder.intake.own_lesson import read_own
from autograder.intake.submission import SubmissionError
from autograder.lessons.notebooks import released_cells


@pytest.fixture(scope="module")
def built(small):
    return nbformat.reads(build.build(small).release, as_version=4)


@pytest.fixture
def release(built):
    """The small lesson's notebook as students get it; a test may change it."""
    return copy.deepcopy(built)


@pytest.fixture
def own(tmp_path):
    """Write a notebook to a file and read it without its lesson."""

    def write_and_read(notebook):
        path = tmp_path / "mine.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return read_own(path)

    return write_and_read


def remove(notebook, name):
    notebook.cells.remove(cell(notebook, name))


def test_a_notebook_as_it_was_handed_out_is_its_own_lesson(small, own, release, tmp_path):
    found = own(release)
    lesson = found.lesson
    assert (lesson.name, lesson.folder, lesson.title) == ("mine", tmp_path, "A small lesson")
    theirs = [one for one in small.cells if one.kind not in ("text", "hint")]
    facts = [(one.id, one.kind, one.name, one.part, one.points) for one in lesson.cells]
    assert facts == [(one.id, one.kind, one.name, one.part, one.points) for one in theirs]
    assert [task.name for task in lesson.tasks] == [task.name for task in small.tasks]
    assert lesson.worked_on == found.altered == frozenset()
    assert (found.submission.remarks, found.submission.flags) == ((), ())


def test_its_tests_are_the_visible_ones(own, release):
    found = own(release)
    for one in found.lesson.cells:
        assert one.source == cell(release, one.id).source
        assert not one.hidden_lines


def test_what_the_student_worked_on_is_told_by_its_checksum(own, release):
    cell(release, "solution-largest").source = "largest = 16"
    cell(release, "answer-why").source = "Because."
    found = own(release)
    assert found.lesson.worked_on == {"solution-largest", "answer-why"}
    assert found.submission.sources["solution-largest"] == "largest = 16"
    # How it was handed out is not known any more.
    known = released_cells(found.lesson)
    assert known.keys() == found.lesson.by_id.keys() - found.lesson.worked_on


def test_a_test_that_was_changed_is_altered_and_other_cells_are_not(own, release):
    for name in ("setup-imports", "given-square", "experiment-squares", "test-double"):
        cell(release, name).source += "\n# Mine."
    found = own(release)
    assert found.altered == {"test-double"}
    assert found.lesson.by_id["test-double"].source.endswith("# Mine.")


def test_of_a_test_without_a_checksum_nobody_can_tell(own, release):
    test = cell(release, "test-double")
    test.source += "\n# Mine."
    del test.metadata.nbgrader["checksum"]
    assert own(release).altered == frozenset()


def test_a_solution_that_was_deleted_is_known_from_its_test_and_missing(own, release):
    remove(release, "solution-double")
    found = own(release)
    names = list(found.lesson.by_id)
    assert names.index("solution-double") == names.index("test-double") - 1
    assert "double" in [task.name for task in found.lesson.tasks]
    assert "solution-double" in found.lesson.worked_on
    assert "solution-double" not in found.submission.sources
    assert found.submission.remarks == ("The cell solution-double is missing from the notebook.",)


def test_a_solution_that_stands_behind_its_test_is_run_before_it(own, release):
    solution = cell(release, "solution-double")
    solution.source = "def double(x):\n    return 2 * x"
    release.cells.remove(solution)
    release.cells.append(solution)
    found = own(release)
    names = list(found.lesson.by_id)
    assert names.index("solution-double") < names.index("test-double")
    assert found.lesson.by_id["solution-double"].source == solution.source
    assert found.submission.sources["solution-double"] == solution.source


@pytest.mark.parametrize("work_first", [True, False])
def test_of_copies_the_one_with_work_counts(own, release, work_first):
    blank = cell(release, "solution-largest")
    done = copy.deepcopy(blank)
    done.update(source="largest = 16", id="done")
    release.cells.insert(release.cells.index(blank) + (not work_first), done)
    found = own(release)
    assert found.submission.sources["solution-largest"] == "largest = 16"
    assert "solution-largest" in found.lesson.worked_on


def test_a_test_of_several_parts_is_told_by_its_id(own, release):
    second = copy.deepcopy(cell(release, "test-double"))
    second.metadata.nbgrader.update(grade_id="test-double-large_numbers", points=0.5)
    second.id = "second"
    release.cells.insert(release.cells.index(cell(release, "test-double")) + 1, second)
    one = own(release).lesson.by_id["test-double-large_numbers"]
    assert (one.name, one.part, one.points) == ("double", "large_numbers", 0.5)


@pytest.mark.parametrize("points", ["two", None, [2], {"a": 2}])
def test_points_that_are_no_number_are_none(own, release, points):
    cell(release, "test-double").metadata.nbgrader["points"] = points
    assert own(release).lesson.by_id["test-double"].points == 0


def test_its_title_is_the_first_heading_or_the_files_name(own, release):
    cell(release, "solution-largest").source = "largest = 16"  # it begins with a comment
    cell(release, "text-1").source = "Not yet.\n# A title"
    assert own(release).lesson.title == "mine"
    cell(release, "text-4").source = "# \n## Mine"
    cell(release, "text-9").source = "# Too late"
    assert own(release).lesson.title == "mine"
    cell(release, "text-4").source = "# A title\n# and more"
    assert own(release).lesson.title == "A title"


def test_its_digest_changes_with_any_letter_of_a_cell_and_not_with_notes(own, release):
    first = own(release).lesson.digest
    release.cells.append(nbformat.v4.new_markdown_cell("My notes."))
    assert own(release).lesson.digest == first
    cell(release, "solution-largest").source = "largest = 16"
    second = own(release).lesson.digest
    cell(release, "solution-largest").source = "largest = 17"
    assert len({first, second, own(release).lesson.digest}) == 3


def test_a_notebook_that_is_cut_off_is_read_as_far_as_it_goes(own):
    found = read_own(case("cut_off"))
    assert "test-double" in found.lesson.by_id
    assert "test-largest" not in found.lesson.by_id


@pytest.mark.parametrize("name", ["stripped_metadata_new_ids", "stripped_metadata"])
def test_a_notebook_without_tests_is_none_of_the_course(name):
    says = r"^90_small\.ipynb holds no tests: it is no notebook of this course\.$"
    with pytest.raises(SubmissionError, match=says):
        read_own(case(name))


@pytest.mark.parametrize("name", ["web_page", "python_script", "no_cells"])
def test_a_file_that_is_no_notebook_is_named(name):
    with pytest.raises(SubmissionError, match=r"^90_small\.ipynb "):
        read_own(case(name))
