"""The public tree: what is in it, how it is brought up to date, and what stays untouched."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from autograder.authoring.public_files import PublicFilesError
from autograder.authoring.publish import LIST, public_tree, publish
from autograder.lessons import reading

ROOT = Path(__file__).parents[3]
LESSONS = reading.find(ROOT)


pytestmark = pytest.mark.xdist_group("one public tree")  # what is made once is made in one worker


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The public tree of this course."""
    return public_tree(ROOT, LESSONS, "training-neural-networks")


@pytest.fixture
def tree(tmp_path: Path, files) -> Path:
    target = tmp_path / "public"
    publish(files, target)
    return target


def test_it_holds_what_students_need_and_no_folder_of_the_instructors(tree) -> None:
    assert {path.name for path in tree.iterdir()} == {
        "README.md", "release", "nnlab", "autograder", "pyproject.toml", "constraints.txt",
        "environment.yml", "LICENSE", "LICENSE-PROSE.md", "NOTICE", "CITATION.cff", ".gitignore",
        ".devcontainer", "binder", LIST,
    }  # fmt: skip
    assert {path.name for path in (tree / "release").iterdir()} == {one.name for one in LESSONS}


def test_no_hidden_line_of_any_lesson_is_in_it(files) -> None:
    """Asked in another way than the gate asks: every line between markers, searched for."""
    text = {name: data.decode() for name, data in files.items()}
    for name in [name for name in text if name.endswith(".ipynb")]:
        cells = json.loads(text[name])["cells"]
        text[name] = "\n".join("".join(cell["source"]) for cell in cells)
    lines = {" ".join(line.split()) for one in text.values() for line in one.splitlines()}
    shown, hidden = set(), set()
    for cell in [cell for lesson in LESSONS for cell in lesson.cells]:
        for number, line in enumerate(cell.source.splitlines(), start=1):
            (hidden if number in cell.hidden_lines else shown).add(" ".join(line.split()))
    assert len(hidden) > 1000
    assert [line for line in hidden - shown if len(line) >= 24 and line in lines] == []


def test_the_readme_names_every_notebook_and_only_files_that_are_there(tree) -> None:
    text = (tree / "README.md").read_text(encoding="utf-8")
    for one in LESSONS:
        assert f"[{one.title}](release/{one.name}/{one.name}.ipynb) | {one.minutes} |" in text
    for target in re.findall(r"\]\(([^)]+)\)", text) + re.findall(r"`([\w/.-]+\.\w+)`", text):
        assert (tree / target).exists(), target
    assert "{" not in text


def test_one_begins_with_the_tree_as_with_a_hand_out(tree, files) -> None:
    start = files["autograder/authoring/public/START_HERE.md"].decode()
    readme = (tree / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^ *```sh\n.*?^ *```", start, re.MULTILINE | re.DOTALL)
    assert block in readme
    notebook = f"release/{LESSONS[0].name}/{LESSONS[0].name}.ipynb"
    for command in ("jupyter lab", "autograder check"):
        assert f"`{command} {notebook}`" in readme


def test_environment_container_and_binder_agree_with_what_is_there(tree) -> None:
    environment = yaml.safe_load((tree / "environment.yml").read_text())
    (pip,) = [one["pip"] for one in environment["dependencies"] if isinstance(one, dict)]
    assert pip == ["--constraint constraints.txt", "."]
    container = json.loads((tree / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"] == "bash binder/postBuild"
    assert container["image"].endswith(":3.11")
    assert (tree / "binder" / "runtime.txt").read_text() == "python-3.11\n"
    script = tree / "binder" / "postBuild"
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert "--constraint constraints.txt ." in script.read_text()
    assert os.name == "nt" or os.access(script, os.X_OK)


def test_pyproject_keeps_what_an_installation_needs_and_no_more(tree) -> None:
    text = (tree / "pyproject.toml").read_text()
    sections = re.findall(r"^\[(.*)\]$", text, re.MULTILINE)
    assert {"build-system", "project", "project.scripts", "tool.setuptools"} <= set(sections)
    assert not [name for name in sections if name.startswith("tool.") and "setuptools" not in name]
    named = re.search(r"share/.*?\[(.*?)\]", text, re.DOTALL)
    assert named is not None
    for name in re.findall(r'"([^"]+)"', named[1]):
        assert (tree / name).is_file(), name


def test_the_second_time_only_what_changed_is_written(tree, files) -> None:
    (tree / "README.md").write_text("mine")
    (tree / ".git").mkdir()
    (tree / "notes.txt").write_text("theirs")
    fewer = {name: data for name, data in files.items() if "07_transfer" not in name}
    old = "release/07_transfer_learning/07_transfer_learning.ipynb"
    changed = publish(fewer, tree)
    assert [name for name in changed if not name.startswith("release/07_transfer")] == ["README.md"]
    assert not (tree / old).parent.exists()
    assert (tree / "notes.txt").read_text() == "theirs"
    assert (tree / ".git").is_dir()


def test_a_folder_that_no_publication_made_is_left_alone(tmp_path, files) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(PublicFilesError, match="made by no 'autograder publish'"):
        publish(files, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_repository_without_files_yet_may_be_filled(tmp_path) -> None:
    (tmp_path / ".git").mkdir()
    assert publish({"README.md": b"x"}, tmp_path) == ["README.md"]


def test_a_list_that_leads_out_of_the_folder_removes_nothing_there(tmp_path) -> None:
    target = tmp_path / "public"
    target.mkdir()
    outside = tmp_path / "precious"
    outside.write_text("x")
    names = ["../precious", str(outside)]
    (target / LIST).write_text(json.dumps({"schema": 1, "files": names}))
    publish({"README.md": b"x"}, target)
    assert outside.read_text() == "x"


@pytest.mark.parametrize("list_of_files", ["{", "[]", '{"files": 1}'])
def test_a_list_that_cannot_be_read_stops_it(tmp_path, list_of_files) -> None:
    (tmp_path / LIST).write_text(list_of_files)
    with pytest.raises(PublicFilesError, match="cannot be read"):
        publish({"README.md": b"x"}, tmp_path)


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path) -> None:
    (tmp_path / "public").write_text("mine")
    with pytest.raises(PublicFilesError, match="is a file"):
        publish({}, tmp_path / "public")
