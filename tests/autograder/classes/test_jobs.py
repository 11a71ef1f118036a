"""Jobs: what of a student's files is graded, with which seed, and when it is graded again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_class import NAME, hand_in, lesson_of

from autograder.classes.jobs import inputs_digest, make_job
from autograder.course.folders import Course, CourseError, HandedIn
from autograder.intake.submission import MAX_NOTEBOOK_MB
from autograder.judging.environment import Environment
from autograder.judging.options import Options
from autograder.lessons.model import Lesson

HERE = Environment("code", (("python", "3.11"),), "strong", "cpu")


@pytest.fixture
def ada(small_course: Path) -> Callable[[], HandedIn]:
    """What ada has handed in now."""
    hand_in(small_course, "ada")

    def handed_in() -> HandedIn:
        (one,) = Course(small_course).handed_in(NAME, ["ada"])
        return one

    return handed_in


@pytest.fixture
def job(small_course: Path, ada):
    return lambda: make_job(Course(small_course), ada(), lesson_of(small_course), Options())


def test_a_job_holds_the_submission_and_the_files_beside_it(ada, job) -> None:
    ada().notebook.with_name("data.csv").write_text("1,2")
    made = job()
    assert made.key == "ada"
    assert "SCALE * x" in made.submission.sources["solution-double"]
    assert made.files == (("data.csv", b"1,2"),)
    assert "1,2" not in repr(made)


def test_what_cannot_be_read_is_a_job_with_a_reason(ada, job) -> None:
    ada().notebook.write_text("no notebook")
    assert job().submission is None
    assert "is not a Jupyter notebook" in job().reason
    ada().notebook.unlink()
    assert job().submission is None
    assert "No notebook was handed in" in job().reason


def test_another_notebook_or_another_year_meets_other_hidden_inputs(
    small_course, ada, job, monkeypatch
) -> None:
    first = job().hidden_seed
    assert job().hidden_seed == first
    monkeypatch.setenv("NNLAB_HIDDEN_SEED", "2027")
    other_year = job().hidden_seed
    monkeypatch.undo()
    hand_in(small_course, "ada", largest="largest = 9")
    assert len({first, other_year, job().hidden_seed}) == 3


def test_a_seed_that_is_no_number_is_named(ada, job, monkeypatch) -> None:
    monkeypatch.setenv("NNLAB_HIDDEN_SEED", "spring")
    with pytest.raises(CourseError, match="NNLAB_HIDDEN_SEED is 'spring'"):
        job()


def test_the_digest_of_the_inputs_changes_with_everything_that_a_mark_may_depend_on(
    small_course, ada, monkeypatch
) -> None:
    lesson = lesson_of(small_course)

    def now(
        one: HandedIn | None = None,
        of: Lesson = lesson,
        options: Options = Options(),  # noqa: B008
        environment: Environment = HERE,
    ) -> str:
        return inputs_digest(Course(small_course), one or ada(), of, options, environment)

    seen = {now()}
    assert now() in seen

    def differs(value: str) -> None:
        assert value not in seen
        seen.add(value)

    cells = [replace(one, points=9.0) if one.id == "test-double" else one for one in lesson.cells]
    differs(now(of=replace(lesson, cells=tuple(cells))))
    differs(now(environment=replace(HERE, tier="none")))
    differs(now(of=replace(lesson, limits=lesson.limits.changed({"cell_seconds": 1}))))
    differs(now(options=Options(run_experiments=True)))
    differs(now(options=Options(gpu=True)))
    differs(now(replace(ada(), remark="several notebooks")))
    monkeypatch.setenv("NNLAB_HIDDEN_SEED", "2027")
    differs(now())
    monkeypatch.undo()
    file = ada().notebook.with_name("data.csv")
    file.write_text("1,2")
    differs(now())
    file.write_text("1,3")
    differs(now())
    file.rename(file.with_name("other.csv"))
    differs(now())
    hand_in(small_course, "ada", largest="largest = 9")
    differs(now())
    ada().notebook.unlink()
    differs(now())


def test_a_notebook_that_is_too_large_to_be_read_has_a_digest_all_the_same(
    small_course, ada
) -> None:
    path = ada().notebook
    os.truncate(path, (MAX_NOTEBOOK_MB << 20) + 1)
    lesson = lesson_of(small_course)
    first = inputs_digest(Course(small_course), ada(), lesson, Options(), HERE)
    os.truncate(path, (MAX_NOTEBOOK_MB << 20) + 2)
    assert inputs_digest(Course(small_course), ada(), lesson, Options(), HERE) != first
