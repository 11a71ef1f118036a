"""A folder: every notebook of the course in it, run only where something changed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from small_class import notebook_of

from autograder.classes import remembered as remembering
from autograder.classes.folder_check import check_folder, notebooks_in
from autograder.classes.jobs import Job, NotGraded
from autograder.classes.remembered import RememberedChecks, key
from autograder.classes.self_check import Check, OwnWork, read_work
from autograder.lessons.model import Lesson
from autograder.lessons.released import SUFFIX, released_lesson


@pytest.fixture(scope="module")
def notebooks(small: Lesson) -> dict[str, str]:
    """The texts of a right notebook and of a wrong one."""
    made = {"right": notebook_of(small), "wrong": notebook_of(small, double="double = None")}
    return {name: nbformat.writes(notebook) for name, notebook in made.items()}


@pytest.fixture
def folder(small: Lesson, notebooks: dict[str, str], tmp_path: Path) -> Path:
    """Two notebooks of the course, one that is none, one that cannot be read, and copies."""
    folder = tmp_path / "work"
    (folder / "b" / ".ipynb_checkpoints").mkdir(parents=True)
    (folder / f"{small.name}{SUFFIX}").write_text(released_lesson(small).to_text(), "utf-8")
    (folder / "release" / small.name).mkdir(parents=True)
    (folder / f"{small.name}{SUFFIX}").rename(
        folder / "release" / small.name / f"{small.name}{SUFFIX}"
    )
    (folder / "a.ipynb").write_text(notebooks["right"])
    (folder / "b" / "b.ipynb").write_text(notebooks["wrong"])
    (folder / "b" / ".ipynb_checkpoints" / "b-checkpoint.ipynb").write_text(notebooks["wrong"])
    (folder / "other.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "1"}]}')
    (folder / "torn.ipynb").write_text("no notebook")
    return folder


class Counting:
    """Processes that count what they are given to run."""

    def __init__(self, pool) -> None:
        self.pool = pool
        self.ran: list[str] = []
        self.opened = 0

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Counting]:
        self.opened += 1
        yield self

    def preload(self, lessons) -> None:
        list(lessons)

    def run(self, jobs):
        for job in jobs:
            self.ran.append(Path(job.key).name)
            yield from self.pool.run([job])


@pytest.fixture
def counting(pool) -> Counting:
    return Counting(pool)


@pytest.fixture
def memory(tmp_path: Path) -> RememberedChecks:
    return RememberedChecks(tmp_path / "cache")


def test_notebooks_are_found_below_and_copies_of_jupyterlab_are_none(folder: Path) -> None:
    found = [str(path.relative_to(folder)) for path in notebooks_in(folder)]
    assert found == ["a.ipynb", "b/b.ipynb", "other.ipynb", "torn.ipynb"]


def test_every_notebook_of_the_course_is_checked_and_others_are_counted(
    folder: Path, counting: Counting, memory: RememberedChecks
) -> None:
    told = []
    found = check_folder(folder, counting, memory, on_progress=lambda *step: told.append(step))
    right, wrong, torn = found.entries
    assert right.check is not None and right.check.is_good
    assert wrong.check is not None and wrong.check.next is not None
    assert wrong.check.next.task == "double"
    assert (torn.check, torn.path.name) == (None, "torn.ipynb")
    assert "is not a Jupyter notebook" in torn.problem
    assert (found.others, found.is_good) == (1, False)
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_where_nothing_changed_nothing_is_run(
    folder: Path, counting: Counting, memory: RememberedChecks, notebooks: dict[str, str]
) -> None:
    first = check_folder(folder, counting, memory)
    again = check_folder(folder, counting, memory)
    assert counting.opened == 1
    assert [entry.check for entry in again.entries] == [entry.check for entry in first.entries]
    assert [entry.remembered for entry in again.entries] == [True, True, False]
    (folder / "b" / "b.ipynb").write_text(notebooks["right"])
    third = check_folder(folder, counting, memory)
    assert counting.ran == ["a.ipynb", "b.ipynb", "b.ipynb"]
    assert third.entries[1].check is not None and third.entries[1].check.is_good


def test_what_could_not_be_run_is_told_and_not_remembered(
    folder: Path, memory: RememberedChecks
) -> None:
    class Failing(Counting):
        def run(self, jobs):
            yield from ((job, NotGraded("its process ended")) for job in jobs)

    found = check_folder(folder, Failing(None), memory)
    assert [entry.problem for entry in found.entries[:2]] == [
        "could not be run: its process ended"
    ] * 2
    assert not list(memory.folder.glob("*")) if memory.folder.exists() else True


# -- what is remembered, and by what it is known --------------------------------------------------


@pytest.fixture
def work(folder: Path) -> OwnWork:
    return read_work(folder / "a.ipynb", folder)


def test_outputs_of_a_notebook_change_nothing(folder: Path, work: OwnWork) -> None:
    notebook = nbformat.read(folder / "a.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="hello")]
            cell.execution_count = 7
    nbformat.write(notebook, folder / "a.ipynb")
    again = read_work(folder / "a.ipynb", folder)
    assert key(again, again.job()) == key(work, work.job())


def _with_a_source(work: OwnWork) -> OwnWork:
    sources = {**work.submission.sources, "solution-double": "double = 2"}
    return replace(work, submission=replace(work.submission, sources=sources))


@pytest.mark.parametrize(
    "change",
    [
        _with_a_source,
        lambda work: replace(work, submission=replace(work.submission, remarks=("Odd.",))),
        lambda work: replace(work, lesson=replace(work.lesson, digest="other")),
        lambda work: replace(work, files=(("data.csv", b"1"),)),
        lambda work: replace(work, notes=("Another edition.",)),
        lambda work: replace(work, found=False),
    ],
)
def test_a_key_changes_with_all_that_a_check_depends_on(work: OwnWork, change) -> None:
    other = change(work)
    assert key(other, other.job()) != key(work, work.job())


def test_a_key_changes_with_options_the_judge_and_packages(work: OwnWork, monkeypatch) -> None:
    keys = {key(work, work.job()), key(work, work.job(run_experiments=True))}
    for name in ("_judge", "_installed"):
        with monkeypatch.context() as patched:
            patched.setattr(remembering, name, lambda: "other")
            keys.add(key(work, work.job()))
    assert len(keys) == 4


def test_an_entry_that_is_broken_is_none(
    folder: Path, counting: Counting, memory: RememberedChecks, work: OwnWork
) -> None:
    check_folder(folder, counting, memory)
    job: Job = work.job()
    assert memory.get(work, job) is not None
    paths = list(memory.folder.iterdir())
    record = json.loads(paths[0].read_text())
    for broken in ("", "{}", "[]", json.dumps({**record, "key": key(work, job), "check": {}})):
        for path in paths:
            path.write_text(broken)
        assert memory.get(work, job) is None


def test_a_cache_that_cannot_be_written_is_done_without(work: OwnWork, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memory = RememberedChecks(tmp_path / "file" / "cache")
    memory.put(work, work.job(), Check("90_small", "Small", True, ()))
    assert memory.get(work, work.job()) is None
