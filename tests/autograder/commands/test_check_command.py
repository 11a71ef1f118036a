"""autograder check: a line a test, in any folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from autograder.lessons.model import Lesson
from autograder.lessons.released import SUFFIX, released_lesson


@pytest.fixture
def handed_out(notebook: Path, small: Lesson) -> Path:
    """The notebook, with the released lesson beside it."""
    text = released_lesson(small).to_text()
    notebook.with_name(f"{small.name}{SUFFIX}").write_text(text, encoding="utf-8")
    return notebook


def test_check_says_a_line_a_task_in_any_folder(handed_out, autograder) -> None:
    ended = autograder("check", handed_out.name, folder=handed_out.parent)
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("✗ double: double(3) returned 9, expected 6")
    assert lines[1:5] == [
        "· update: update is not written yet.",
        "~ Line: its visible tests give 2 of 4 points",
        "✓ largest: passes its visible tests",
        "✓ Why: answered; a person marks it",
    ]
    assert lines[5].startswith("1 of 4 pass, 1 in part, 1 not written yet; 3 of 10 points so far.")
    assert len(lines) == 6


def test_what_is_missing_is_said_and_all_tasks_are_counted(handed_out, autograder) -> None:
    cells = json.loads(handed_out.read_text())
    gone = ("test-double", "solution-update", "answer-why")
    cells["cells"] = [one for one in cells["cells"] if one["id"] not in gone]
    handed_out.write_text(json.dumps(cells))
    ended = autograder("check", str(handed_out))
    assert "✗ Why: its cell is missing from the notebook" in ended.stdout
    assert "! The cell solution-update is missing from the notebook." in ended.stdout
    assert "! Put back, because missing from the notebook: test-double." in ended.stdout
    assert "1 of 4 pass" in ended.stdout


def test_check_writes_json_and_takes_single_tasks(handed_out, autograder, tmp_path) -> None:
    ended = autograder(
        "check", str(handed_out), "--task", "largest", "--task", "Line", "--json", "found.json"
    )
    assert ended.returncode == 0, ended.stderr
    (found,) = json.loads((tmp_path / "found.json").read_text())["notebooks"]
    assert [line["task"] for line in found["lines"]] == ["Line", "largest"]
    assert (found["points"], found["max_points"], found["path"]) == (3, 5, str(handed_out))


def test_a_task_that_is_none_is_named(handed_out, autograder) -> None:
    ended = autograder("check", str(handed_out), "--task", "adam")
    assert ended.returncode == 2
    assert "90_small has no task 'adam'; choose from double" in " ".join(ended.stderr.split())


def test_without_the_released_lesson_check_says_what_it_does_not_know(notebook, autograder) -> None:
    ended = autograder("check", str(notebook))
    assert ended.returncode == 1
    assert "✗ double: double(3) returned 9" in ended.stdout
    assert "! What was handed out was not found (NAME.lesson.json" in ended.stdout


def test_a_folder_is_checked_once_and_remembered(handed_out, autograder, tmp_path) -> None:
    folder = handed_out.parent
    (folder / "other.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "1"}]}')
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = autograder("check", str(folder), "--json", "found.json", **cache)
    assert first.returncode == 1, first.stderr
    (row, last) = first.stdout.splitlines()
    assert row.startswith("my notebook.ipynb  █▁▁▁  1 of 4 pass  3 of 10 points  next: Doubling")
    assert last.startswith("3 of 10 points so far; 0 of 1 unchanged; left out, because they are of")
    assert len(json.loads((tmp_path / "found.json").read_text())["notebooks"]) == 1
    second = autograder("check", str(folder), **cache)
    assert "1 of 1 unchanged" in second.stdout
    assert second.stdout.splitlines()[0] == row


@pytest.mark.parametrize("options", [("--watch",), ("--task", "double")])
def test_a_folder_has_neither_tasks_nor_saves(notebook, autograder, options) -> None:
    ended = autograder("check", str(notebook.parent), *options)
    assert ended.returncode == 2
    assert "want one notebook" in ended.stderr


def test_a_folder_without_a_notebook_of_the_course_is_named(tmp_path, autograder) -> None:
    ended = autograder("check", str(tmp_path))
    assert ended.returncode == 2
    assert "holds no notebook of the course" in " ".join(ended.stderr.split())


def test_watch_checks_again_when_the_file_is_saved_and_ends_with_ctrl_c(
    handed_out, tmp_path
) -> None:
    command = [sys.executable, "-m", "autograder.commands.cli", "check", "--watch"]
    with subprocess.Popen(
        [*command, str(handed_out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.readline().startswith("✗ double: double(3) returned 9")
        _read_until(running.stdout, "Waiting for my notebook.ipynb to be saved")
        text = handed_out.read_text().replace("return x**2", "return 2 * x")
        handed_out.write_text(text)
        assert running.stdout.readline() == "\n"
        assert running.stdout.readline() == "✓ double: passes its visible tests\n"
        _read_until(running.stdout, "Waiting for my notebook.ipynb to be saved")
        handed_out.write_text("half of a notebo")
        _read_until(running.stdout, "Waiting for my notebook.ipynb to be saved")
        running.send_signal(signal.SIGINT)
        assert running.wait() == 0
        (said,) = running.stderr.read().splitlines()
        assert said.startswith("✗ my notebook.ipynb is not a Jupyter notebook")


def test_watch_ends_at_once_if_there_is_no_such_task(handed_out, autograder) -> None:
    ended = autograder("check", str(handed_out), "--watch", "--task", "adam")
    assert ended.returncode == 2
    assert "has no task 'adam'" in " ".join(ended.stderr.split())


def _read_until(stream: IO[str], words: str) -> None:
    assert any(words in line for line in iter(stream.readline, ""))


@pytest.fixture
def blocked(notebook):
    """The notebook, with an answer that calls the wrong one."""
    cells = json.loads(notebook.read_text())
    (cell,) = [one for one in cells["cells"] if one["id"] == "solution-largest"]
    cell["source"] = "largest = double(9)"
    notebook.write_text(json.dumps(cells))
    return notebook


def test_an_answer_that_waits_for_another_has_a_sign_and_a_count_of_its_own(
    blocked, autograder
) -> None:
    ended = autograder("check", str(blocked))
    assert "↑ largest: First put double right: this answer calls it." in ended.stdout
    assert "1 wait for another" in ended.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_signs_that_an_encoding_has_not_become_plain(blocked, autograder, encoding) -> None:
    ended = autograder("check", str(blocked), PYTHONIOENCODING=encoding)
    assert "Traceback" not in ended.stderr
    signs = [line[0] for line in ended.stdout.splitlines()]
    assert signs[0] == "x"
    assert signs[1] == ("." if encoding == "ascii" else "·")


def test_no_sign_becomes_a_question_mark(blocked, autograder) -> None:
    ended = autograder("check", str(blocked), PYTHONIOENCODING="ascii")
    assert "?" not in ended.stdout


def test_check_tells_of_a_test_that_was_changed(notebook, autograder) -> None:
    text = notebook.read_text().replace("double(3.0), 6.0", "double(3.0), 9.0")
    notebook.write_text(text)
    ended = autograder("check", str(notebook), folder=notebook.parent)
    assert (
        "✓ double: passes its visible tests (the test in your notebook was changed; it is not the "
        "one handed out)" in ended.stdout
    )


def test_a_test_that_was_changed_is_not_the_one_that_is_used(handed_out, autograder) -> None:
    text = handed_out.read_text().replace("double(3.0), 6.0", "double(3.0), 9.0")
    handed_out.write_text(text.replace("SCALE = 2.0", "SCALE = 3.0"))
    ended = autograder("check", str(handed_out))
    assert "✗ double: double(3) returned 9" in ended.stdout
    assert "(the test in your notebook was changed; the one handed out was used)" in ended.stdout
    assert "! Changed in your notebook: setup-imports; the lesson's own was used." in ended.stdout


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("none.ipynb", "none.ipynb cannot be read (No such file or directory)"),
        ("nbgrader_config.py", "is not a Jupyter notebook"),
    ],
)
def test_what_is_no_notebook_is_named(small_course, autograder, file, says) -> None:
    ended = autograder("check", file, folder=small_course)
    assert ended.returncode == 2
    assert says in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_the_same_is_said_without_forks_as_with_them(notebook, autograder) -> None:
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(root / "tests" / "without_forks"), str(root)])
    forked = autograder("check", notebook.name, folder=notebook.parent)
    spawned = autograder("check", notebook.name, folder=notebook.parent, PYTHONPATH=path)
    assert (spawned.stdout, spawned.returncode) == (forked.stdout, forked.returncode)
    assert spawned.stderr == ""
