"""An honest class gets the same mark in every cell from stock nbgrader and from autograder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import grading  # noqa: E402  a script, not a package

from autograder.authoring import demo_class  # noqa: E402
from autograder.lessons import model, reading  # noqa: E402
from autograder.lessons.released import SUFFIX  # noqa: E402

#: Students of the small lesson: what they changed in the reference, by task.
SMALL_CLASS = {
    "right": {},
    "wrong": {"double": "def double(x):\n    return 3 * x", "largest": "largest = 9"},
    "partly-right": {
        "Line": "class Line(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.a = torch.nn.Parameter(torch.zeros(()))\n"
        "        self.b = torch.nn.Parameter(torch.zeros(()))\n"
        "    def forward(self, x):\n"
        "        return self.a * x + 0 * self.b",
    },
    "erroring": {
        "double": "def double(x:\n    return 2 * x",
        "update": "def update(state, function):\n    return state['nowhere']",
        "largest": "largest = undefined + 1",
    },
    "other-kernel-features": {
        "double": "%time None\n!true\ndef double(x):\n    print('doubling', x)\n"
        "    if np.min(x) < 0:\n        raise ValueError\n    return 2 * x",
    },
    "empty": None,
}


#: Seconds that nothing takes but what hangs, however busy the machine is.
AGES = 7200
#: nbgrader gives a cell 30 seconds (the course: 120), its output 4, and a kernel 60 to start.
PATIENCE = f"""
c = get_config()
for _preprocessor in (c.Execute, c.ExecutePreprocessor):
    _preprocessor.timeout = _preprocessor.startup_timeout = _preprocessor.iopub_timeout = {AGES}
"""


def run(*command: str, folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]


def graded_both_ways(course: Path, assignment: str) -> tuple[dict, dict]:
    """The marks of nbgrader and of autograder for what is in the course's submitted/."""
    return graded_by_nbgrader(course, assignment), graded_by_autograder(course, assignment)


def graded_by_nbgrader(course: Path, assignment: str) -> dict:
    stock = course.with_name("stock")
    shutil.copytree(course, stock)
    with (stock / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(PATIENCE)
    run("nbgrader", "generate_assignment", "--force", assignment, folder=stock)
    # nbgrader's own release has what autograder check judges by.
    released = Path("release", assignment, f"{assignment}{SUFFIX}")
    assert (stock / released).read_bytes() == (course / released).read_bytes()
    run("nbgrader", "autograde", assignment, folder=stock)
    return grading.marks_in(stock, assignment)


def graded_by_autograder(course: Path, assignment: str) -> dict:
    limits = (f"{what}_seconds={AGES}" for what in ("cell", "test", "notebook"))
    options = [word for limit in limits for word in ("--limit", limit)]
    run("autograder.commands.cli", "grade", assignment, *options, folder=course)
    return grading.marks_in(course, assignment)


def hand_in(course: Path, one: model.Lesson, students: dict[str, dict[str, str] | None]) -> None:
    import nbformat

    from autograder.authoring.build import build, write
    from autograder.authoring.proof import answers

    built = build(one)
    write(built, course)
    for student, changed in students.items():
        notebook = nbformat.reads(built.release, as_version=4)
        sources = {} if changed is None else answers(one)
        sources |= {f"solution-{task}": source for task, source in (changed or {}).items()}
        for cell in notebook.cells:
            cell.source = sources.get(cell.id, cell.source)
        folder = course / "submitted" / student / one.name
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{one.name}.ipynb")


def test_every_kind_of_honest_submission_gets_nbgraders_marks(small_course: Path) -> None:
    small = reading.load(small_course / "assignments" / "90_small")
    hand_in(small_course, small, SMALL_CLASS)
    stock, ours = graded_both_ways(small_course, "90_small")
    assert len(ours) == len(SMALL_CLASS) * len(small.graded)
    assert ours == stock
    assert {mark for (who, _), mark in ours.items() if who == "empty"} == {0.0}
    assert ours["partly-right", "test-Line"] == 3.0


@pytest.mark.parametrize("name", [one.name for one in reading.find(ROOT)])
def test_a_mixed_class_of_a_lesson_gets_nbgraders_marks(name: str, tmp_path: Path) -> None:
    (one,) = reading.find(ROOT, [name])
    course = tmp_path / "course"
    demo_class.prepare_folder(ROOT, course)
    shutil.copytree(one.folder, course / "assignments" / name)
    known = demo_class.make_class(course, one, 3, seed=7)
    stock, ours = graded_both_ways(course, name)
    assert ours.keys() == stock.keys()
    # Ours are the right ones in any case; so what nbgrader marks otherwise is its own.
    for student in known:
        for task in one.tasks:
            got = sum(ours[student.student, cell.id] or 0.0 for cell in task.tests)
            assert got == pytest.approx(student.tasks[task.name]), (student.student, task.name)
    for (student_id, cell), mark in ours.items():
        if stock[student_id, cell] != mark:
            # A wrong answer may warn of an overflow, and nbgrader marks what warns with 0.
            assert stock[student_id, cell] == 0
            assert "stderr" in streams(course.with_name("stock"), student_id, name, cell)


def streams(course: Path, student: str, assignment: str, cell: str) -> set[str]:
    """The streams that a cell of nbgrader's autograded notebook wrote to."""
    path = course / "autograded" / student / assignment / f"{assignment}.ipynb"
    cells = {one["id"]: one for one in json.loads(path.read_text())["cells"]}
    return {output.get("name", "") for output in cells[cell]["outputs"]}


ODD_LESSON = """# ---
# title: What nbgrader marks otherwise
# minutes: 1
# ---

# %% shared="imports"
from nnlab.testing import check_close

# %% solution="loud" title="Loud"
def loud():
    ### BEGIN SOLUTION
    import sys
    print("working on it", file=sys.stderr)
    return 1
    ### END SOLUTION

# %% tests="loud" points=1
check_close("loud()", loud(), 1)
### BEGIN HIDDEN TESTS
check_close("a second loud()", loud() + loud(), 2)
### END HIDDEN TESTS

# %% solution="share" title="Share"
def share():
    ### BEGIN SOLUTION
    return float("nan")
    ### END SOLUTION

# %% tests="share" points=2
points = share()
### BEGIN HIDDEN TESTS
points = points + 0
### END HIDDEN TESTS
points
"""


def test_stderr_and_nan_are_where_nbgrader_is_wrong(tmp_path: Path) -> None:
    course = tmp_path / "course"
    (course / "assignments" / "92_odd").mkdir(parents=True)
    (course / "assignments" / "92_odd" / "lesson.py").write_text(ODD_LESSON)
    (course / "nbgrader_config.py").touch()
    one = reading.load(course / "assignments" / "92_odd")
    hand_in(course, one, {"student": {}})
    theirs = graded_by_nbgrader(course, "92_odd")
    command = [sys.executable, "-m", "autograder.commands.cli", "grade", "92_odd"]
    ended = subprocess.run(command, cwd=course, capture_output=True, text=True)
    ours = grading.marks_in(course, "92_odd")
    # A right answer that prints to stderr: nothing there, full marks here.
    assert theirs["student", "test-loud"] == 0.0
    assert ours["student", "test-loud"] == 1.0
    # A partial credit of NaN: full marks there; here a fault of the test, told to the instructor.
    assert theirs["student", "test-share"] == 2.0
    assert ours["student", "test-share"] == 0.0
    assert ended.returncode == 1
    assert "fault of the test test-share: its last line is nan" in ended.stderr
