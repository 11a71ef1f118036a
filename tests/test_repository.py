"""What holds of the repository as a whole: set-up, generated files, documents."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from autograder.lessons import model, reading

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

from autograder.authoring.build import build, stale

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LESSONS = reading.find(ROOT)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines()]


def normal(requirement: str) -> str:
    name = re.split(r"[<>=!~\[ ;]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("one", LESSONS, ids=lambda one: one.name)
def test_the_committed_notebooks_are_what_the_lesson_builds(one: model.Lesson) -> None:
    assert stale(build(one), ROOT) == []


def test_no_notebook_belongs_to_no_lesson() -> None:
    names = {one.name for one in LESSONS}
    for folder in ("source", "release"):
        assert {path.name for path in (ROOT / folder).iterdir()} == names


def test_environment_yml_agrees_with_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert environment["name"] == PROJECT["name"]
    assert f"python{PROJECT['requires-python']}" in environment["dependencies"]
    assert pip == ["--constraint constraints.txt", "--editable ."]


def test_every_dependency_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {normal(line): line for line in lines if line and not line.startswith("#")}
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    assert [name for name in map(normal, wanted) if name not in pinned] == []
    assert all("==" in line for line in pinned.values())


def test_the_environment_has_the_pinned_versions_of_what_decides_marks() -> None:
    from importlib.metadata import version

    pinned = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for name in ("nbgrader", "nbformat", "numpy", "msgpack"):
        assert version(name) == pinned[name], f"{name}: run make test, which installs the pins"


def test_the_documents_link_to_files_that_exist() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        prose = re.sub(r"`[^`]*`", "", path.read_text())  # what is in code is no link
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_table_of_topics_names_every_task_and_experiment_and_no_cell_that_is_not() -> None:
    sections = re.split(r"^## ", (ROOT / "docs" / "topics.md").read_text(), flags=re.MULTILINE)[1:]
    named = {part.split("\n", 1)[0]: set(re.findall(r"`(\w+-\w+)`", part)) for part in sections}
    lessons = reading.find(ROOT)
    assert set(named) == {one.name for one in lessons}
    for one in lessons:
        ids = {cell.id for cell in one.cells}
        work = {cell.id for cell in one.cells if cell.kind in ("solution", "experiment")}
        assert named[one.name] - ids == set(), f"{one.name}: no such cells"
        assert work - named[one.name] == set(), f"{one.name}: not in the table"


def test_the_readme_names_commands_that_exist() -> None:
    text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "instructors.md").read_text()
    targets = set(re.findall(r"^make (\w+)", text, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text()
    assert targets >= {"demo", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    shown = subprocess.run(
        [sys.executable, "-m", "autograder.commands.cli", "--help"], capture_output=True, text=True
    ).stdout
    for command in set(re.findall(r"(?:^|`)autograder (\w+)", text, re.MULTILINE)):
        assert command in shown, command


def test_no_file_names_a_path_of_one_machine() -> None:
    pattern = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w")
    for path in tracked():
        if path.suffix in (".py", ".md", ".yml", ".toml", ".ipynb", ".txt", ""):
            found = pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
            assert found is None or path == Path(__file__), f"{path}: {found and found[0]}"


def test_nnlab_knows_nothing_of_the_grader_and_the_sandbox_nothing_of_lessons() -> None:
    for path in (ROOT / "nnlab").glob("*.py"):
        assert "autograder" not in re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.M)
    for path in (ROOT / "autograder" / "sandbox").glob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(), re.M)
        assert not [name for name in imported if name.startswith(("nbgrader", "autograder.lesson"))]


def test_only_the_gradebook_module_writes_marks() -> None:
    for path in (ROOT / "autograder").rglob("*.py"):
        writes = re.search(r"auto_score\s*=|\.commit\(\)", path.read_text())
        assert writes is None or path.name == "gradebook.py", path
