"""Check, grade and an ordinary kernel say the same of every answer, as far as students can see;
and a mark that is made again is the mark of before.

Some variants of each lesson are tried in a run, others every day; ``--all-variants`` tries all.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from ordinary_kernel import cells_that_raise

from autograder.authoring.proof import answers, reference
from autograder.classes.jobs import Job, NotGraded
from autograder.classes.self_check import check
from autograder.intake.submission import Submission, SubmissionError, read
from autograder.judging.earlier import Earlier
from autograder.judging.options import Options
from autograder.judging.plan import TestStep, plan
from autograder.judging.result import Result
from autograder.lessons import reading
from autograder.lessons.model import Lesson
from autograder.lessons.preloads import preloads
from autograder.lessons.released import SUFFIX, released_lesson
from autograder.lessons.variants import Variant, variants

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "submissions"
NAMES = [folder.name for folder in reading.folders(ROOT)]
#: How many variants of each lesson are tried in a run.
EACH = 2
#: No verdict hangs on how busy the machine is.
AGES = {"cell_seconds": 1200, "test_seconds": 1200, "notebook_seconds": 7200}


@pytest.fixture(scope="module", params=NAMES)
def lesson(request) -> Lesson:
    (found,) = reading.find(ROOT, [request.param])
    return replace(found, limits=found.limits.changed(AGES))


def chosen(request, lesson: Lesson) -> list[Variant]:
    """The variants of a lesson that are tried in this run."""
    all_of_it = variants(lesson)
    if request.config.getoption("--all-variants"):
        return all_of_it
    seed = os.environ.get("VARIANTS_SEED", str(date.today().toordinal()))
    return random.Random(f"{lesson.name} {seed}").sample(all_of_it, EACH)


def passes_in_kernel(shown: Lesson, submission: Submission, options: Options) -> dict[str, bool]:
    """Whether the visible lines of each test run to their end in an ordinary kernel."""
    steps = [
        step for step in plan(shown, submission, options) if step.runs or isinstance(step, TestStep)
    ]
    names = [step.cell.id if isinstance(step, TestStep) else "" for step in steps]
    raised = cells_that_raise((name, step.source) for name, step in zip(names, steps))
    return {name: name not in raised for name in names if name}


def passes_visibly(result: Result | NotGraded) -> dict[str, bool]:
    """Whether the visible lines of each test that was judged went well."""
    assert isinstance(result, Result), result
    return {
        mark.cell: mark.outcome in ("passed", "partial") or mark.hidden
        for mark in result.marks
        if mark.cell.startswith("test-")
    }


def test_of_every_variant_all_three_say_the_same(request, lesson: Lesson, pool) -> None:
    shown = released_lesson(lesson).lesson(lesson.folder)
    exec(preloads(lesson), {})  # once, not in every fork
    differing = {}
    for variant in chosen(request, lesson):
        near = lesson.with_dependents(variant.task)
        options = Options(tasks=near)
        submission = reference(lesson, {variant.task: variant.source})
        jobs = [
            Job("grade", lesson, submission, "", 7, options),
            Job("check", shown, submission, options=options),
        ]
        results = {job.key: result for job, result in pool.run(jobs)}
        said = {name: passes_visibly(result) for name, result in results.items()}
        said["kernel"] = passes_in_kernel(shown, submission, options)
        if not said["grade"] == said["check"] == said["kernel"]:
            differing[variant.id] = _differences(said)
    assert differing == {}


def test_of_every_variant_a_mark_that_is_made_again_is_the_same(
    request, lesson: Lesson, pool
) -> None:
    differing = {}
    for variant in chosen(request, lesson):
        near = lesson.with_dependents(variant.task)
        submission = reference(lesson, {variant.task: variant.source})
        job = Job(variant.id, lesson, submission, "", 7, Options(tasks=near))
        ((_, before),) = pool.run([job])
        if before.earlier is None:  # it ended a process: everything is always made again
            continue
        again = random.Random(variant.id).choice(near)
        earlier = without_the_tests_of(again, before, lesson)
        ((_, after),) = pool.run([replace(job, earlier=earlier)])
        both = zip(before.marks, after.marks, strict=True)
        if found := [pair for pair in both if pair[0] != replace(pair[1], seconds=pair[0].seconds)]:
            differing[variant.id] = (again, found)
    assert differing == {}


def without_the_tests_of(task: str, result: Result, lesson: Lesson) -> Earlier:
    """What a grading came to, if the tests of one task are others now."""
    keys = dict.fromkeys(result.earlier.verdicts, "before")
    earlier = Earlier.from_notebook(result.earlier.to_dict(), keys, result.cells, lesson)
    left = earlier.only(keys | {cell.id: "now" for cell in lesson.task(task).tests})
    assert len(left.verdicts) < len(earlier.verdicts)
    return left


def _differences(said: dict[str, dict[str, bool]]) -> dict[str, dict[str, bool | None]]:
    """What each says of the tests on which they differ."""
    tests = sorted(set().union(*said.values()))
    by_test = {test: {who: of.get(test) for who, of in said.items()} for test in tests}
    return {test: answers for test, answers in by_test.items() if len(set(answers.values())) > 1}


@pytest.mark.parametrize("handed_out", [True, False], ids=["by its release", "by itself"])
def test_the_reference_passes_everything_in_check(
    lesson: Lesson, pool, tmp_path: Path, handed_out: bool
) -> None:
    release = ROOT / "release" / lesson.name
    notebook = nbformat.read(release / f"{lesson.name}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = answers(lesson).get(cell.id, cell.source)
    nbformat.write(notebook, tmp_path / f"{lesson.name}.ipynb")
    if handed_out:
        shutil.copy(release / f"{lesson.name}{SUFFIX}", tmp_path)
    found = check(tmp_path / f"{lesson.name}.ipynb", pool, here=tmp_path)
    assert [line for line in found.lines if line.outcome not in ("passed", "partial")] == []
    assert found.found == handed_out
    assert (found.remarks, found.missing, found.altered) == ((), (), ())
    assert len(found.lines) == sum(len(task.tests) for task in lesson.tasks)
    assert len(found.notes) == (not handed_out)


@pytest.mark.parametrize(
    "case", sorted(path.parent.name for path in CASES.glob("*/90_small.ipynb"))
)
def test_check_and_grade_remark_the_same_of_every_submission(
    small: Lesson, pool, tmp_path: Path, case: str
) -> None:
    path = tmp_path / "90_small.ipynb"
    shutil.copy(CASES / case / path.name, path)
    text = released_lesson(small).to_text()
    (tmp_path / f"90_small{SUFFIX}").write_text(text, encoding="utf-8")
    try:
        submission = read(small, path)
    except SubmissionError as error:
        with pytest.raises(SubmissionError) as caught:
            check(path, pool, here=tmp_path)
        assert str(caught.value) == str(error)
        return
    ((_, graded),) = pool.run([Job("grade", small, submission)])
    checked = check(path, pool, here=tmp_path)
    assert checked.remarks == graded.remarks
    assert {line.cell: line.outcome in ("passed", "partial") for line in checked.lines} == (
        passes_visibly(graded)
    )


# -- the ordinary kernel --------------------------------------------------------------------------

ODD_CELLS = [
    ("fine", "x = 1"),
    ("magic", "%time None\n!true\nx += 1"),
    ("raises", "1 / 0"),
    ("syntax", "def f(:"),
    ("exits", "import sys\nsys.exit(1)"),
    ("goes on", "assert x == 2"),
    ("class", "import pickle\nclass A: pass\nassert type(pickle.loads(pickle.dumps(A()))) is A"),
    ("awaits", "import asyncio\nawait asyncio.sleep(0)"),
]  # fmt: skip


def in_jupyters_kernel(cells: Iterable[tuple[str, str]], folder: Path) -> set[str]:
    """The names of the cells that raise in a kernel that Jupyter starts."""
    from nbclient import NotebookClient

    names, sources = zip(*cells)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    client = NotebookClient(
        notebook, timeout=None, startup_timeout=7200, allow_errors=True,
        kernel_name="python3", resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    client.execute()
    return {
        name
        for name, cell in zip(names, notebook.cells)
        if any(output.output_type == "error" for output in cell.outputs)
    }


def test_the_ordinary_kernel_says_what_jupyters_kernel_says(small: Lesson, tmp_path: Path) -> None:
    cells = list(ODD_CELLS)
    shown = released_lesson(small).lesson(tmp_path)
    for number, variant in enumerate(variants(small)):
        submission = reference(small, {variant.task: variant.source})
        cells += [
            (f"{number} {step.cell.id if isinstance(step, TestStep) else ''}", step.source)
            for step in plan(shown, submission, Options())
            if step.runs or isinstance(step, TestStep)
        ]
    raised = cells_that_raise(cells)
    assert {"raises", "syntax", "exits"} <= raised
    assert not {"fine", "magic", "goes on", "class", "awaits"} & raised
    assert raised == in_jupyters_kernel(cells, tmp_path)
