"""The plan of a notebook: its cells in order, whose each is, and which of them run."""

from __future__ import annotations

from autograder.authoring.proof import reference
from autograder.intake.submission import Extra, Submission
from autograder.judging.options import Options
from autograder.judging.plan import ExtraStep, LessonStep, Step, TestStep, plan
from autograder.lessons.model import Lesson


def step_of(steps: list[Step], cell: str) -> LessonStep:
    return next(one for one in steps if isinstance(one, LessonStep) and one.cell.id == cell)


def running(steps: list[Step]) -> list[str]:
    return [step.name for step in steps if step.runs]


def test_the_lessons_cells_come_in_order_with_the_students_sources(small: Lesson) -> None:
    submission = Submission({"solution-double": "double = 1", "setup-imports": "evil = 1"}, (), ())
    steps = plan(small, submission, Options())
    assert [step.cell.id for step in steps] == [cell.id for cell in small.cells]
    assert step_of(steps, "solution-double").source == "double = 1"
    # Only what is the student's to write is taken from the student.
    assert "import numpy" in step_of(steps, "setup-imports").source


def test_a_students_cell_that_is_not_there_is_missing_and_does_not_run(small: Lesson) -> None:
    steps = plan(small, Submission({"solution-double": ""}, (), ()), Options())
    assert step_of(steps, "solution-update").missing
    assert not step_of(steps, "solution-update").runs
    assert not step_of(steps, "solution-double").missing
    assert step_of(steps, "solution-double").runs


def test_added_cells_stand_behind_the_cell_that_was_before_them(small: Lesson) -> None:
    extras = (
        Extra("first", "code", "a = 1", ""),
        Extra("one", "code", "b = 1", "solution-double"),
        Extra("two", "markdown", "prose", "solution-double"),
    )
    steps = plan(small, Submission({}, extras, ()), Options())
    assert isinstance(steps[0], ExtraStep) and steps[0].source == "a = 1"
    place = steps.index(step_of(steps, "solution-double"))
    assert [step.source for step in steps[place + 1 : place + 3]] == ["b = 1", "prose"]
    assert [step.runs for step in steps[place + 1 : place + 3]] == [True, False]


def test_whose_a_cell_is_is_told_to_who_runs_it(small: Lesson) -> None:
    extras = (Extra("mine", "code", "a = 1", "solution-double"),)
    steps = plan(small, Submission({}, extras, ()), Options())
    given, answer = step_of(steps, "given-square"), step_of(steps, "solution-double")
    (added,) = [step for step in steps if isinstance(step, ExtraStep)]
    assert (given.is_given, given.task) == (True, None)
    assert (answer.is_given, answer.task) == (False, "double")
    # It may belong to any task.
    assert (added.is_given, added.task, added.name) == (False, "", "a cell that was added")


def test_the_tests_of_tasks_that_were_not_asked_for_are_left_out(small: Lesson) -> None:
    steps = plan(small, reference(small), Options(tasks=("Line",)))
    assert [step.cell.name for step in steps if isinstance(step, TestStep)] == ["Line"]
    assert step_of(steps, "solution-double").runs


def test_tests_do_not_run_in_the_sandbox(small: Lesson) -> None:
    steps = plan(small, reference(small), Options())
    assert not any(step.runs for step in steps if isinstance(step, TestStep))


def test_an_experiment_runs_if_asked_for_or_if_the_student_reads_what_it_alone_binds(
    small: Lesson,
) -> None:
    def runs(largest: str, extras: tuple[Extra, ...] = (), **options: bool) -> bool:
        sources = {**reference(small).sources, "solution-largest": largest}
        steps = plan(small, Submission(sources, extras, ()), Options(**options))
        return step_of(steps, "experiment-squares").runs

    assert not runs("largest = 16")
    assert runs("largest = 16", run_experiments=True)
    assert runs("largest = max(squares)")
    assert runs("def largest():\n    return plt.gcf()")
    assert runs("largest = 16", (Extra("mine", "code", "print(squares)", "test-largest"),))
    # Who binds the name as well reads what is their own.
    assert not runs("squares = [16]\nlargest = max(squares)")
    # Not Python as such: any word may be a name.
    assert runs("%time largest = max(squares)")
