"""Grading again: only what a change can have changed, with the marks of a full regrade."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_class import NAME, book, grade, graded, hand_in

from autograder.classes import run as class_run
from autograder.classes.cache import ResultCache
from autograder.classes.jobs import Job
from autograder.classes.workers import WorkerPool

WRONG = "def double(x):\n    return 7"
#: Answers of a class that depend on each other and on the notebook in many ways.
CLASS: dict[str, dict[str, str]] = {
    "ada": {},
    "bo": {"double": WRONG},
    "cy": {"largest": "largest = round(4.0) * 4"},
    "di": {"largest": "largest = int(double(8.0))"},
    "ed": {"double": "SCALE = 3.0\ndef double(x):\n    if np.any(x < 0): raise ValueError\n"
                     "    return 2 * x", "largest": "largest = 9"},
    "fi": {"double": "np.random.seed(0)\nfactor = np.random.randint(2, 3)\n"
                     "def double(x):\n    if np.min(x) < 0: raise ValueError\n"
                     "    return factor * x"},
    "gu": {"double": "def double(x): return y\ny = ("},
    "hy": {"update": "import sys\nsys.exit()"},
    "io": {"double": "def double(x):\n    global calls\n    calls = 1\n    return 2 * x",
           "largest": "largest = 16 if 'calls' not in globals() else 4"},
    "ka": {"largest": "import os\nos._exit(3)"},
    "lu": {"largest": "raise NotImplementedError()"},
}  # fmt: skip


class Watched:
    """A pool that notes what it is given."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self.jobs: list[Job] = []

    def __getattr__(self, name: str):
        return getattr(self._pool, name)

    def run(self, jobs):
        def noted():
            for job in jobs:
                self.jobs.append(job)
                yield job

        return self._pool.run(noted())

    def judged(self) -> dict[str, set[str]]:
        """The tests that have to be judged, by student."""
        every = {"test-double", "test-update", "test-Line", "test-largest"}
        return {
            job.key: every - set(job.earlier.verdicts if job.earlier else ()) for job in self.jobs
        }


@pytest.fixture
def watched(pool: WorkerPool) -> Watched:
    return Watched(pool)


def change(course: Path, before: str, after: str) -> None:
    path = course / "assignments" / NAME / "lesson.py"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def marks_of(run: class_run.ClassRun) -> dict[str, dict[str, object]]:
    return {
        entry.student: {
            mark.cell: (mark.points, mark.outcome, mark.says, mark.blocked_by, mark.key)
            for mark in entry.result.marks
        }
        for entry in run.entries
        if entry.result is not None
    }


def cells_of(course: Path, student: str) -> list[object]:
    """The autograded notebook, but for what says how long something took."""
    path = course / "autograded" / student / NAME / f"{NAME}.ipynb"
    cells = json.loads(path.read_text())["cells"]
    for cell in cells:
        cell["metadata"].get("autograder", {}).pop("seconds", None)
        cell.pop("execution_count", None)
        for output in cell.get("outputs", ()):
            output.pop("execution_count", None)
            if output["output_type"] == "error":
                output.pop("traceback")  # it names temporary files
    return cells


CHANGES = {
    "a hidden line": (
        'check_equal("largest", largest, 16)', 'check_equal("largest", largest, 9)'
    ),
    "a visible line": (
        'check_close("double(3)", double(3.0), 6.0', 'check_close("double(3)", double(3.0), 7.0'
    ),
    "a given cell": ("SCALE = 2.0", "SCALE = 2.5"),
}  # fmt: skip


def test_marks_after_a_change_are_those_of_a_full_regrade(small_course, watched) -> None:
    for student, answers in CLASS.items():
        hand_in(small_course, student, **answers)
    grade(small_course, watched)
    for what, (before, after) in CHANGES.items():
        change(small_course, before, after)
        watched.jobs.clear()
        partly = grade(small_course, watched)
        assert graded(partly) == set(CLASS), what
        by_need = {student: cells_of(small_course, student) for student in CLASS}
        wholly = grade(small_course, watched, force=True)
        assert marks_of(partly) == marks_of(wholly), what
        assert by_need == {student: cells_of(small_course, student) for student in CLASS}, what


def test_after_a_change_to_one_test_that_test_alone_is_judged(small_course, watched) -> None:
    for student in ("ada", "bo"):
        hand_in(small_course, student, **CLASS[student])
    grade(small_course, watched)
    change(small_course, *CHANGES["a hidden line"])
    watched.jobs.clear()
    assert graded(grade(small_course, watched)) == {"ada", "bo"}
    assert watched.judged() == {"ada": {"test-largest"}, "bo": {"test-largest"}}
    watched.jobs.clear()
    change(small_course, *CHANGES["a given cell"])
    grade(small_course, watched)
    assert watched.judged()["ada"] >= {"test-double"}


def test_only_the_cells_that_the_test_needs_run_again(small_course, pool) -> None:
    told = "import time\nprint(time.perf_counter_ns())\n"
    hand_in(small_course, "ada", double="print(lambda: 0)\n" + WRONG)
    noisy = "def update(state, function):\n    return 1"
    hand_in(small_course, "bo", update=told + noisy)
    grade(small_course, pool)
    before = {one: cells_of(small_course, one) for one in ("ada", "bo")}
    change(small_course, *CHANGES["a hidden line"])
    grade(small_course, pool)

    def shown(cells: list, cell_id: str) -> object:
        (cell,) = (cell for cell in cells if cell["id"] == cell_id)
        return cell["outputs"]

    after = {one: cells_of(small_course, one) for one in ("ada", "bo")}
    assert shown(after["ada"], "solution-double") == shown(before["ada"], "solution-double") != []
    # Of this cell nothing can be told (it prints the time), so all of the notebook runs again.
    assert shown(after["bo"], "solution-update") != shown(before["bo"], "solution-update")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("It asks for one thing", "It wants one thing"),
        ("What is x + x?", "What is x plus x?"),
        ("# 2 points for a word", "# 1 point for a word"),
        ('title="Doubling"', 'title="Twice"'),
        ("title: A small lesson", "title: A smaller lesson"),
        ("minutes: 5", "minutes: 6"),
    ],
)
def test_prose_hints_schemes_and_titles_grade_nobody_again(
    small_course, watched, before, after
) -> None:
    hand_in(small_course, "ada")
    grade(small_course, watched)
    watched.jobs.clear()
    change(small_course, before, after)
    assert graded(grade(small_course, watched)) == set()
    assert watched.jobs == []


def test_what_judges_and_what_lies_beside_is_seen(small_course, watched, monkeypatch) -> None:
    path = hand_in(small_course, "ada")

    def is_graded_again() -> bool:
        return graded(grade(small_course, watched)) == {"ada"}

    assert is_graded_again()
    assert not is_graded_again()
    path.with_name("data.csv").write_text("1")
    assert is_graded_again()
    monkeypatch.setenv("NNLAB_HIDDEN_SEED", "7")
    assert is_graded_again()
    monkeypatch.setattr(WorkerPool, "tier", "strong")
    assert is_graded_again()
    monkeypatch.undo()
    hand_in(small_course, "ada", largest="largest = 15 + 1")
    assert is_graded_again()
    assert not is_graded_again()


def test_who_gains_and_who_loses_is_told_before_it_is_written(small_course, pool) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo", largest="largest = 9")
    grade(small_course, pool)
    change(small_course, *CHANGES["a hidden line"])
    hand_in(small_course, "cy")
    seen = []

    def note(changes: list[class_run.Change]) -> None:
        with book(small_course) as marks:
            score = marks.find_grade("test-largest", NAME, NAME, "ada").auto_score
        seen.append((changes, score))

    run = grade(small_course, pool, on_changes=note)
    changes = [
        class_run.Change("ada", "test-largest", 1.0, 0.0),
        class_run.Change("bo", "test-largest", 0.0, 1.0),
    ]
    assert seen == [(changes, 1.0)]
    assert run.to_dict()["changes"][0] == {
        "student": "ada", "cell": "test-largest", "before": 1.0, "after": 0.0,
    }  # fmt: skip
    with book(small_course) as marks:
        assert marks.find_grade("test-largest", NAME, NAME, "ada").auto_score == 0.0


def test_a_dry_run_writes_nothing_at_all(small_course, pool) -> None:
    hand_in(small_course, "ada")
    grade(small_course, pool)

    def everything() -> dict[str, bytes]:
        files = (path for path in small_course.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if "-journal" not in path.name}

    change(small_course, *CHANGES["a hidden line"])
    hand_in(small_course, "bo")
    before = everything()
    run = grade(small_course, pool, dry_run=True)
    assert [one.student for one in run.changes] == ["ada"]
    assert graded(run) == {"ada", "bo"}
    assert run.to_dict()["dry_run"]
    assert everything() == before


def test_an_interruption_leaves_the_marks_of_before_a_regrade(small_course, pool) -> None:
    for student in ("ada", "bo"):
        hand_in(small_course, student)
    grade(small_course, pool)
    change(small_course, *CHANGES["a hidden line"])

    def stop(done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(small_course, pool, on_progress=stop)
    with book(small_course) as marks:
        assert marks.find_submission(NAME, "ada").score == 10.0
    assert not list(small_course.glob("autograded/*/.90*"))
    with WorkerPool(1) as fresh:
        assert graded(grade(small_course, fresh)) == {"ada", "bo"}


def test_what_a_cache_knows_is_not_run(small_course, watched, tmp_path) -> None:
    hand_in(small_course, "ada")
    hand_in(small_course, "bo", double=WRONG)
    cache = ResultCache(tmp_path / "cache", "0")
    first = grade(small_course, watched, cache=cache)
    (small_course / "gradebook.db").unlink()
    for folder in ("ada", "bo"):
        path = small_course / "autograded" / folder / NAME / f"{NAME}.ipynb"
        path.unlink()
    watched.jobs.clear()
    told = []
    again = grade(
        small_course, watched, cache=ResultCache(tmp_path / "cache", "0"),
        on_progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert watched.jobs == []
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert marks_of(again) == marks_of(first)
    assert cells_of(small_course, "bo")
    assert graded(grade(small_course, watched, cache=cache, force=True)) == {"ada", "bo"}
    assert len(watched.jobs) == 2
