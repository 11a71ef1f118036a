"""The cells of the autograded notebook: the lesson's, with what the student wrote and outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from nbgrader.utils import determine_grade, is_grade

from autograder.authoring.proof import reference
from autograder.intake.submission import Extra, Submission
from autograder.judging.mark import OUTCOMES, Mark
from autograder.judging.notebook import cells_of
from autograder.judging.options import Options
from autograder.judging.outputs import error_output
from autograder.judging.plan import Step, TestStep, plan
from autograder.judging.result import Result
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import master_cells

Grade = Callable[..., Result]


def valid(cells: list[dict[str, Any]]) -> None:
    """Whether these are cells of a notebook that a file can hold."""
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    nbformat.validate(nbformat.from_dict(notebook))
    json.dumps(notebook, ensure_ascii=False, allow_nan=False).encode("utf-8")


@pytest.fixture
def steps(small: Lesson) -> Callable[..., list[Step]]:
    """The steps of the small lesson's reference; its tests have this verdict."""

    def make(
        extras: tuple[Extra, ...] = (), outputs: tuple[dict[str, Any], ...] = (), **mark: Any
    ) -> list[Step]:
        planned = plan(small, Submission(reference(small).sources, extras, ()), Options())
        for step in planned:
            if isinstance(step, TestStep):
                cell = step.cell
                fields = {"points": cell.points, "outcome": "passed", **mark}
                made = Mark(cell.id, cell.name, max_points=cell.points, **fields)
                step.verdict = Verdict(made, list(outputs))
        return planned

    return make


def notebook(small: Lesson, steps: list[Step]) -> dict[str, dict[str, Any]]:
    """The cells, by id."""
    marks = {s.cell.id: s.verdict.mark for s in steps if isinstance(s, TestStep)}
    cells = cells_of(small, steps, marks)
    valid(cells)
    return {cell["id"]: cell for cell in cells}


def test_the_lessons_cells_are_the_masters_and_the_answers_the_students(small, steps) -> None:
    cells = notebook(small, steps())
    for master in master_cells(small):
        cell = cells[master["id"]]
        if not small.by_id[master["id"]].is_students:
            assert cell["source"] == master["source"]
        assert cell["metadata"].get("nbgrader") == master["metadata"].get("nbgrader")
    assert "SCALE * x" in cells["solution-double"]["source"]
    assert "BEGIN HIDDEN TESTS" in cells["test-double"]["source"]


def test_the_lessons_own_cells_stay_as_they_are(small, steps) -> None:
    before = json.dumps(master_cells(small))
    notebook(small, steps(outputs=(error_output("E", "x"),), outcome="failed", points=0.0))
    assert json.dumps(master_cells(small)) == before


def test_a_test_cell_keeps_the_record_of_its_mark(small, steps) -> None:
    cells = notebook(small, steps(outcome="failed", points=0.0, says="no", detail="why"))
    record = cells["test-double"]["metadata"]["autograder"]
    assert Mark.from_dict(record) == Mark("test-double", "double", 0.0, 2.0, "failed", "no", "why")


def test_what_was_missing_stays_as_it_was_handed_out(small) -> None:
    planned = plan(small, Submission({"solution-double": "double = 1"}, (), ()), Options())
    cells = {cell["id"]: cell for cell in cells_of(small, planned, {})}
    assert cells["solution-double"]["source"] == "double = 1"
    assert "raise NotImplementedError()" in cells["solution-update"]["source"]


def test_added_cells_have_ids_that_are_free_and_that_a_notebook_takes(small, steps) -> None:
    extras = tuple(
        Extra(name, "code", f"'{name[:9]}'", "solution-double")
        for name in ("mine", "mine", "test-double", "no name", "x" * 100, "", "setup_imports")
    )
    cells = notebook(small, steps(extras))
    sources = [cell["source"] for cell in cells.values()]
    assert [s for s in sources if s.startswith("'")] == [f"'{e.id[:9]}'" for e in extras]
    assert "check_close" in cells["test-double"]["source"]


def test_who_marks_free_text_finds_the_mark_scheme_behind_it(small, steps) -> None:
    cells = notebook(small, steps())
    ids = list(cells)
    assert ids.index("rubric-why") == ids.index("answer-why") + 1
    assert "2 points for a word about growth." in cells["rubric-why"]["source"]


def test_code_that_ran_is_counted_in_order_and_the_rest_is_not(small, steps) -> None:
    planned = steps()
    ran = [step for step in planned if step.runs][:2]
    for step in ran:
        step.done = True
    result = {"output_type": "execute_result", "data": {}, "metadata": {}, "execution_count": 77}
    ran[1].outputs = [result]
    cells = notebook(small, planned)
    assert cells["setup-imports"]["execution_count"] == 1
    assert cells["given-square"]["execution_count"] == 2
    assert cells["given-square"]["outputs"][0]["execution_count"] == 2
    assert cells["solution-double"]["execution_count"] is None
    assert cells["test-double"]["execution_count"] == 3


def test_a_cell_that_ended_the_process_says_so(small, steps) -> None:
    planned = steps()
    next(step for step in planned if step.name == "solution-double").fatal = "it called exit"
    (output,) = notebook(small, planned)["solution-double"]["outputs"]
    assert (output["ename"], output["evalue"]) == (
        "ProcessEnded",
        "Running this cell ended the process: it called exit",
    )


OF_TESTS = [one for one in OUTCOMES if one not in ("to_be_marked", "not_answered")]


@pytest.mark.parametrize("outcome", OF_TESTS)
def test_nbgrader_reads_every_outcome_as_it_is_meant(small, steps, outcome) -> None:
    points = {"passed": None, "partial": 0.5}.get(outcome, 0.0)
    mark = {} if points is None else {"points": points}
    warned = {"output_type": "stream", "name": "stderr", "text": "a warning\n"}
    shown = ()
    if outcome == "partial":
        value = {"data": {"text/plain": "0.5"}, "metadata": {}, "execution_count": None}
        shown = ({"output_type": "execute_result", **value},)
    cells = notebook(small, steps(outputs=(warned, *shown), outcome=outcome, **mark))
    for cell in nbformat.from_dict({"cells": list(cells.values())}).cells:
        if cell.id.startswith("test-"):
            worth = small.by_id[cell.id].points
            assert determine_grade(cell) == (worth if points is None else points, worth)


# -- of a graded submission -----------------------------------------------------------------------


def test_nbgrader_reads_the_same_marks_off_the_autograded_notebook(grade: Grade) -> None:
    for result in (grade(), grade(blank=True), grade(double="def double(x):\n    return x")):
        for cell in nbformat.from_dict({"cells": result.cells}).cells:
            if is_grade(cell):
                mark = result.mark(cell.metadata.nbgrader.grade_id)
                assert determine_grade(cell) == (mark.points, mark.max_points)


def test_outputs_of_cells_land_in_the_autograded_notebook(grade: Grade) -> None:
    result = grade(double="print('hello')\n1 / 0")
    (cell,) = [cell for cell in result.cells if cell["id"] == "solution-double"]
    assert [output["output_type"] for output in cell["outputs"]] == ["stream", "error"]
    assert cell["outputs"][1]["ename"] == "ZeroDivisionError"
    valid(result.cells)


def test_cells_that_the_student_added_run_at_their_place(grade: Grade) -> None:
    helper = Extra("mine", "code", "factor = 2", after="given-square")
    double = (
        "def double(x):\n    if np.min(x) < 0:\n        raise ValueError\n    return factor * x"
    )
    result = grade(double=double, extras=(helper,))
    assert result.mark("test-double").points == 2.0
    ids = [cell["id"] for cell in result.cells]
    assert ids.index("mine") == ids.index("given-square") + 1


def test_outputs_that_no_file_could_hold_are_made_harmless(grade: Grade) -> None:
    odd = (
        "from IPython.display import display\n"
        r"display({'text/plain': ['a'], 'text/html': '\ud800', '\ud801': 'x',"
        "\n         'application/json': {'k': float('nan')}}, raw=True)\nprint('\\udfff')"
    )
    valid(grade(double=odd).cells)
