"""A made-up class whose right marks are known."""

from __future__ import annotations

import json

import nbformat
import pytest

from autograder.authoring.demo_class import Known, differences, make_class, prepare_folder
from autograder.classes.run import ClassRun, Entry
from autograder.course.folders import CONFIG_FILE, CourseError
from autograder.intake import submission
from autograder.lessons.variants import variants


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    """A class of twelve, and the folder it is in."""
    target = tmp_path_factory.mktemp("class")
    return target, make_class(target, small, 12, seed=1)


def notebook_of(target, lesson, student):
    return target / "submitted" / student / lesson.name / f"{lesson.name}.ipynb"


# -- the folder -----------------------------------------------------------------------------------


def test_a_new_folder_gets_the_courses_configuration(small_course, tmp_path):
    (small_course / CONFIG_FILE).write_text("# the seed\n")
    prepare_folder(small_course, tmp_path / "a" / "demo")
    assert (tmp_path / "a" / "demo" / CONFIG_FILE).read_text() == "# the seed\n"


def test_a_folder_of_an_earlier_demo_is_made_anew(small_course, tmp_path):
    target = tmp_path / "demo"
    prepare_folder(small_course, target)
    (target / "gradebook.db").write_text("old")
    prepare_folder(small_course, target)
    assert not (target / "gradebook.db").exists()


def test_a_folder_with_other_things_in_it_is_left_alone(small_course, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(CourseError, match="is not empty and was made by no demo"):
        prepare_folder(small_course, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "mine"


# -- the class ------------------------------------------------------------------------------------


def test_a_class_has_its_notebooks_and_every_student_one_submission(made, small):
    target, known = made
    assert len({one.student for one in known}) == 12
    for name in ("source", "release"):
        assert (target / name / small.name / f"{small.name}.ipynb").is_file()
    for one in known:
        found = submission.read(small, notebook_of(target, small, one.student))
        assert (found.extras, found.remarks) == ((), ())


def test_the_same_seed_makes_the_same_class_and_another_seed_another(made, small, tmp_path):
    target, known = made
    assert make_class(tmp_path, small, 12, seed=1) == known
    for one in known:
        texts = [
            notebook_of(folder, small, one.student).read_text() for folder in (target, tmp_path)
        ]
        assert texts[0] == texts[1]
    assert make_class(tmp_path, small, 12, seed=2) != known


def test_a_class_is_a_mixture(made, small):
    _, known = made
    answers = {answer for one in known for answer in one.answers.values()}
    wrong = {variant.name for variant in variants(small) if variant.kind == "misconception"}
    right = {variant.name for variant in variants(small) if variant.kind == "alternative"}
    assert {"reference", "blank"} <= answers
    assert answers & wrong
    assert answers & right
    totals = {sum(one.tasks.values()) for one in known}
    assert len(totals) > 4


def test_a_large_class_has_a_student_for_each_submission(small, tmp_path):
    known = make_class(tmp_path, small, 70)
    ids = [one.student for one in known]
    assert len(set(ids)) == 70
    assert ids[0] == "agnesi"
    assert {path.name for path in (tmp_path / "submitted").iterdir()} == set(ids)


def test_what_is_known_is_what_the_grader_finds(made, small, grade):
    target, known = made
    chosen = known[:4]
    entries = []
    for one in chosen:
        found = submission.read(small, notebook_of(target, small, one.student))
        entries.append(Entry(one.student, grade(submission=found)))
    marked = ClassRun(small, tuple(entries), 1.0)
    assert differences(chosen, marked) == []
    one = chosen[0]
    mistaken = Known(one.student, {**one.tasks, "double": 1.0}, one.answers)
    (sentence,) = differences([mistaken], marked)
    assert sentence == (
        f"{one.student}: double ({one.answers['double']}) got {one.tasks['double']:g}, not 1"
    )


def test_a_submission_that_was_not_graded_is_a_difference(made, small):
    _, known = made
    run = ClassRun(small, (Entry(known[0].student, None, "no worker is left"),), 1.0)
    assert differences(known[:1], run) == [f"{known[0].student}: was not graded"]


def test_an_answer_in_words_is_given_by_some(made, small):
    target, known = made
    answers = set()
    for one in known:
        notebook = json.loads(notebook_of(target, small, one.student).read_text())
        (cell,) = [cell for cell in notebook["cells"] if cell["id"] == "answer-why"]
        answers.add("YOUR ANSWER HERE" in "".join(cell["source"]))
    assert answers == {True, False}


CHAIN = """\
# %% solution="first" title="First"
def first():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% tests="first" points=1
assert first() == 1
### BEGIN HIDDEN TESTS
assert first() < 2
### END HIDDEN TESTS

# %% solution="second" needs="first" title="Second"
def second():
    ### BEGIN SOLUTION
    return first() + 1
    ### END SOLUTION

# %% tests="second" points=1
assert second() == 2
### BEGIN HIDDEN TESTS
assert second() < 3
### END HIDDEN TESTS
"""

WRONG = """\
from autograder.lessons.variants import misconception
misconception("first", "Off.", source="def first():\\n    return 0", id="off")
misconception("second", "Off.", source="def second():\\n    return 0", id="far-off")
"""


def test_what_other_tasks_need_is_right_or_open_and_then_they_are_open_too(make_lesson, tmp_path):
    known = make_class(tmp_path, make_lesson(CHAIN, WRONG), 40)
    answers = [(one.answers["first"], one.answers["second"]) for one in known]
    assert {first for first, _ in answers} == {"reference", "blank"}
    assert {second for first, second in answers if first == "blank"} == {"blank"}
    assert {second for first, second in answers if first == "reference"} >= {"reference", "far-off"}


def test_solutions_stand_in_the_release_as_students_would_type_them(made, small):
    target, known = made
    for one in known:
        notebook = nbformat.read(notebook_of(target, small, one.student), as_version=4)
        (cell,) = [cell for cell in notebook.cells if cell.id == "solution-double"]
        blank = "raise NotImplementedError()" in cell.source
        assert blank == (one.answers["double"] == "blank")
        assert "###" not in cell.source
        assert one.tasks["double"] in (0.0, 2.0)
