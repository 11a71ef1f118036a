"""autograder new: a course that builds, proves, grades and hands out; its README says how."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("a new course")  # what is made once is made in one worker


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("new") / "averages"
    command = [sys.executable, "-m", "autograder.commands.cli", "new", str(root)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Next: cd " in ended.stdout
    return root


@pytest.fixture(scope="module")
def said(course: Path) -> dict[str, str]:
    """Every command of the new course's README, as it stands there, and what it printed."""
    text = (course / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line]
    said = {}
    binaries = str(Path(sys.executable).parent)
    path = os.pathsep.join([binaries, os.environ["PATH"]])
    for command in commands:
        words = command.partition("#")[0].strip()
        if words == "autograder grade 01":
            # The students of the demo hand in here.
            shutil.copytree(course / "demo" / "submitted", course / "submitted")
        ended = subprocess.run(
            words, shell=True, cwd=course, capture_output=True, text=True,
            env={**os.environ, "PATH": path},
        )  # fmt: skip
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        said[words] = ended.stdout
    return said


def test_every_command_of_its_readme_works(said: dict[str, str]) -> None:
    assert list(said) == [
        "autograder build", "autograder prove --quick", "autograder claims",
        "autograder demo --students 8",
        "autograder handout 01", "autograder publish public", "autograder grade 01",
    ]  # fmt: skip


def test_its_class_gets_the_marks_that_are_known(said: dict[str, str]) -> None:
    assert "16 of 16 tasks agree (100.0%)" in said["autograder demo --students 8"]
    assert "8 graded" in said["autograder grade 01"]


def test_its_hand_out_holds_the_notebook(said: dict[str, str], course: Path) -> None:
    with zipfile.ZipFile(course / "01_averages.zip") as archive:
        notebook = json.loads(archive.read("01_averages/01_averages.ipynb"))
    ids = [cell["id"] for cell in notebook["cells"]]
    assert "install" in ids and "solution-memory" in ids
    assert (course / "public" / "release" / "01_averages" / "01_averages.ipynb").is_file()


def test_a_folder_that_is_not_empty_is_left_alone(course: Path, autograder) -> None:
    refused = autograder("new", str(course))
    assert refused.returncode == 2
    assert "is not empty; name another folder" in " ".join(refused.stderr.split())
