"""autograder check: a line a test, in any folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from autograder.authoring.build import build


def test_check_says_a_line_a_task_in_any_folder(notebook, autograder) -> None:
    ended = autograder("check", notebook.name, folder=notebook.parent)
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("✗ double: double(3) returned 9, expected 6")
    assert lines[1] == "· update: update is not written yet."
    assert lines[2] == "~ Line: its visible tests give 2 of 4 points"
    assert lines[3] == "✓ largest: passes its visible tests"
    assert lines[-1].startswith("1 of 4 pass, 1 in part, 1 not written yet.")


def test_an_untouched_notebook_is_not_written_at_every_task(small, tmp_path, autograder) -> None:
    path = tmp_path / "open.ipynb"
    path.write_text(build(small).release, encoding="utf-8")
    ended = autograder("check", path.name)
    assert ended.returncode == 1
    *lines, last = ended.stdout.splitlines()
    assert lines == [
        f"· {task}: {task} is not written yet." for task in ("double", "update", "Line", "largest")
    ]
    assert last.startswith("0 of 4 pass, 4 not written yet.")


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
    assert "✓ double: passes its visible tests (the test in your notebook is not" in ended.stdout


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
