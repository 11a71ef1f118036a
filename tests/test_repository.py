"""What holds of the repository as a whole: set-up, generated files, documents."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

from autograder.authoring.build import build, stale
from autograder.lessons import reading
from autograder.lessons.model import Lesson
from autograder.lessons.variants import variants

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
def test_the_committed_notebooks_are_what_the_lesson_builds(one: Lesson) -> None:
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
    assert pip == ["--constraint constraints.txt", "--editable .[class,dask]"]
    assert '--editable ".[class,dask]"' in (ROOT / "Makefile").read_text()


def test_every_dependency_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {normal(line): line for line in lines if line and not line.startswith("#")}
    extras = PROJECT["optional-dependencies"]
    own = f"{PROJECT['name']}[class,dask]"
    assert own in extras["test"]
    wanted = [*PROJECT["dependencies"], *extras["class"], *extras["dask"], *extras["test"]]
    wanted.remove(own)
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


def test_imports_keep_their_contracts() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-3000:]


def test_the_version_stands_in_one_place() -> None:
    from autograder import __version__

    places = [
        path.relative_to(ROOT)
        for path in tracked()
        if path.suffix in (".py", ".toml", ".yml", ".cfg")
        and re.search(rf"""["']{re.escape(__version__)}["']""", path.read_text(encoding="utf-8"))
    ]
    assert places == [Path("autograder/__init__.py")]
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def sections(folder: str) -> list[Path]:
    return sorted((ROOT / "assignments").glob(f"*/{folder}/*.py"))


def test_a_section_of_a_lesson_is_short_and_its_lines_too() -> None:
    for path in sections("lesson") + sections("misconceptions"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 450, f"{path}: {len(lines)} lines; split it at a heading"
        long = [number for number, line in enumerate(lines, start=1) if len(line) > 100]
        assert long == [], f"{path}: more than 100 characters in lines {long}"


def test_misconceptions_have_the_names_of_the_sections_that_hold_their_tasks() -> None:
    assert len(sections("misconceptions")) > 50
    for path in sections("misconceptions"):
        section = path.parents[1] / "lesson" / path.name
        assert section.exists(), f"{path} is about no section of the lesson"
        tasks = set(re.findall(r'^# %% solution="(\w+)"', section.read_text(), re.MULTILINE))
        text = path.read_text(encoding="utf-8")
        about = set(re.findall(r'^@?(?:misconception|alternative)\(\s*"(\w+)"', text, re.MULTILINE))
        assert about <= tasks, f"{path}: {about - tasks} are tasks of another section"


@pytest.mark.parametrize("one", LESSONS, ids=lambda one: one.name)
def test_every_task_has_a_title_and_every_variant_an_id_of_its_own(one: Lesson) -> None:
    titles = [task.title for task in one.tasks]
    assert all(task.solution.title for task in one.tasks)
    assert len(set(titles)) == len(titles)
    ids = [variant.id for variant in variants(one)]
    assert len(set(ids)) == len(ids) > 100
    assert all(re.fullmatch(rf"{one.number}/\w+/[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)


def test_only_the_gradebook_module_writes_marks() -> None:
    for path in (ROOT / "autograder").rglob("*.py"):
        writes = re.search(r"auto_score\s*=|\.commit\(\)", path.read_text())
        assert writes is None or path.name == "gradebook.py", path
