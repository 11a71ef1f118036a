"""What a student does with the hand-out: install, open, write, check; and on Colab.

START_HERE.md is followed word by word. In the ordinary run of the tests pip installs the hand-out
itself, and the packages that it wants are those of this environment; with ``HANDOUT=whole``
(``make try-handout``) pip and uv install everything into empty environments, which takes minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import site
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jupyter_lab import (
    CHROMIUM,
    keep,
    new_page,
    open_notebook,
    running_browser,
    running_lab,
    wait_for,
    wait_for_kernel,
)

from autograder.authoring.handout import handout, write_handout
from autograder.lessons import reading
from autograder.lessons.model import without_markers

ROOT = Path(__file__).parents[1]
NAME = "06_optimizers"
WHOLE = os.environ.get("HANDOUT") == "whole"
#: One process has the installed hand-out: the tests below share it.
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="follows the commands for Linux and macOS"),
    pytest.mark.xdist_group("handout"),
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("archive") / f"{NAME}.zip"
    lessons = reading.find(ROOT, [NAME])
    write_handout(handout(ROOT, lessons, lessons, NAME), path)
    return path


@pytest.fixture(scope="module")
def folder(archive: Path, tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(home)
    return home / NAME


@pytest.fixture(scope="module")
def commands(folder: Path) -> list[str]:
    """The commands of START_HERE.md before its other ways, in order."""
    return commands_in((folder / "START_HERE.md").read_text(encoding="utf-8"))


def commands_in(text: str) -> list[str]:
    text = text[: text.index("## Other ways")]
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"`((?:jupyter|autograder) [^`]*)`", text)


def bash(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run lines in a student's shell, which knows nothing of this project."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, capture_output=True, text=True,
        env={**kept, **environment}, encoding="utf-8",
    )  # fmt: skip


def install(folder: Path, made: str, filled: str) -> float:
    """Make and fill an environment by the two commands, and return the seconds it took."""
    begin = time.monotonic()
    ended = bash(made, folder)
    assert ended.returncode == 0, ended.stderr
    if WHOLE:
        ended = bash(f"source .venv/bin/activate\n{filled}", folder)
    else:
        # What the hand-out wants is this environment's; the hand-out itself is not.
        (packages,) = (folder / ".venv" / "lib").glob("python*/site-packages")
        for old in (*packages.glob("setuptools*"), *packages.glob("pkg_resources")):
            shutil.rmtree(old)
        (packages / "of_the_tests.pth").write_text("\n".join(site.getsitepackages()) + "\n")
        ended = bash(
            f"source .venv/bin/activate\n{filled}", folder,
            PIP_NO_DEPS="1", PIP_NO_BUILD_ISOLATION="0", PIP_IGNORE_INSTALLED="1",
        )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return time.monotonic() - begin


@pytest.fixture(scope="module")
def installed(folder: Path, commands: list[str]) -> Path:
    """The hand-out's folder, once its commands to install have run as they stand there."""
    made, activate, filled = commands[:3]
    assert activate == "source .venv/bin/activate"
    seconds = install(folder, made, filled)
    if WHOLE:
        report("pip", folder, seconds)
    return folder


def report(by: str, folder: Path, seconds: float) -> None:
    """Print what an installation took: the figures of ``start_here.MEASURED``."""
    packages = list((folder / ".venv").glob("lib/python*/site-packages/*.dist-info"))
    size = sum(path.lstat().st_size for path in (folder / ".venv").rglob("*"))
    print(f"\n{by}: {len(packages)} packages, {size / 1e9:.1f} GB, {seconds:.0f} seconds")


def test_the_steps_are_these(commands: list[str]) -> None:
    assert commands == [
        "python -m venv .venv",
        "source .venv/bin/activate",
        "python -m pip install --constraint constraints.txt .",
        f"jupyter lab {NAME}.ipynb",
        f"autograder check {NAME}.ipynb",
    ]


def test_conda_installs_by_the_same_command(folder: Path, commands: list[str]) -> None:
    environment = yaml.safe_load((folder / "environment.yml").read_text())
    (pip,) = [one["pip"] for one in environment["dependencies"] if isinstance(one, dict)]
    assert commands[2] == " ".join(["python -m pip install", *pip])
    text = (folder / "START_HERE.md").read_text(encoding="utf-8")
    assert f"`conda activate {environment['name']}`" in text


def test_it_is_installed_apart_from_the_folder_and_with_nothing_of_a_class(installed) -> None:
    script = (
        "source .venv/bin/activate\ncd /\n"
        "python -c 'import nnlab, autograder; print(nnlab.__file__, autograder.__file__)'\n"
        "autograder --version"
    )
    ended = bash(script, installed)
    assert ended.returncode == 0, ended.stderr
    places, version = ended.stdout.splitlines()
    assert all(f"{NAME}/.venv/lib/" in place for place in places.split())
    assert version.startswith("autograder ")
    if WHOLE:
        names = [path.name.lower() for path in installed.glob(".venv/lib/*/site-packages/*")]
        assert not [name for name in names if re.match("nbgrader|dask|alembic|sqlalchemy", name)]


@pytest.fixture
def page(installed: Path, commands: list[str]) -> Iterator[object]:
    """The notebook in a browser, opened by the command of START_HERE.md."""
    binaries = str(installed / ".venv" / "bin")
    path = os.pathsep.join([binaries, os.environ["PATH"]])
    with (
        running_lab(installed, commands[3].split(), PATH=path, PYTHONPATH="") as address,
        running_browser() as browser,
    ):
        page = new_page(browser)
        open_notebook(page, address, f"{NAME}.ipynb")
        wait_for_kernel(page)
        yield page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
def test_the_first_task_is_wrong_then_right_and_check_says_so(
    page, installed: Path, commands: list[str]
) -> None:
    (lesson,) = reading.find(ROOT, [NAME])
    right = without_markers(lesson.tasks[0].solution.source)
    wrong = right.replace("w - config", "w + config")
    assert lesson.tasks[0].name == "sgd" and wrong != right
    keep(page, "handout-first-screen")

    write(page, wrong)
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Above Selected Cell", exact=True).click()
    run_from_the_answer_to_its_test(page)
    said = page.locator(".jp-OutputArea-output").filter(has_text="expected [0.95")
    wait_for(said.first, page, installed)
    keep(page, "handout-wrong")

    write(page, right)
    run_from_the_answer_to_its_test(page)
    said.first.wait_for(state="detached")
    keep(page, "handout-right")
    page.keyboard.press("Control+s")
    notebook = installed / f"{NAME}.ipynb"
    for _ in range(200):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        if any("".join(cell["source"]).strip() == right.strip() for cell in cells):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the notebook was not saved")

    ended = bash(f"source .venv/bin/activate\n{commands[4]}", installed)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 1, ended.stderr  # the other tasks are open
    assert re.search(r"^✓.*\bsgd\b", ended.stdout, re.MULTILINE | re.IGNORECASE)
    assert re.search(r"\b1 of \d+ pass", ended.stdout)


def write(page, source: str) -> None:
    """Put a text into the cell of the first task."""
    cell = page.locator(".jp-CodeCell").filter(has_text="def sgd(w, dw, config=None)").first
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)


def run_from_the_answer_to_its_test(page) -> None:
    """The answer, its hints, its test: Shift+Enter runs one and goes to the next."""
    for _ in range(3):
        page.keyboard.press("Shift+Enter")


#: Runs the first two code cells of a notebook as Colab's kernel would, and says where nnlab is.
AS_ON_COLAB = """
import importlib.util, json, sys
from IPython.core.interactiveshell import InteractiveShell

assert importlib.util.find_spec("nnlab") is None
import google.colab

shell = InteractiveShell.instance()
cells = json.load(open(sys.argv[1], encoding="utf-8"))["cells"]
for cell in [cell for cell in cells if cell["cell_type"] == "code"][:2]:
    print(cell["id"])
    shell.run_cell("".join(cell["source"])).raise_error()
import nnlab
print(nnlab.__file__)
"""


def test_on_colab_the_first_cell_installs_from_the_zip_file(
    archive: Path, folder: Path, tmp_path: Path
) -> None:
    content = tmp_path / "content"
    (content / "google" / "colab").mkdir(parents=True)
    (content / "google" / "colab" / "__init__.py").touch()
    shutil.copy(folder / f"{NAME}.ipynb", content)
    shutil.copy(archive, content)
    (content / "cells.py").write_text(AS_ON_COLAB, encoding="utf-8")
    install(content, "python -m venv .venv", "python -m pip install ipython")
    quick = {} if WHOLE else {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    script = f"source .venv/bin/activate\npython cells.py {NAME}.ipynb"
    ended = bash(script, content, **quick, MPLBACKEND="agg")
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    lines = ended.stdout.splitlines()
    assert lines[0] == "install" and "setup-imports" in lines
    assert "/content/.venv/lib/" in lines[-1]


@pytest.mark.skipif(not WHOLE, reason="takes minutes: make try-handout")
def test_uv_installs_it_too(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path)
    folder = tmp_path / NAME
    text = (folder / "START_HERE.md").read_text(encoding="utf-8")
    made, filled, for_the_cpu = re.findall(r"`(uv [^`]*)`", text)
    assert for_the_cpu == filled.replace("install", "install --torch-backend cpu")
    begin = time.monotonic()
    ended = bash(f"{made}\nsource .venv/bin/activate\n{filled}", folder)
    assert ended.returncode == 0, ended.stderr
    report("uv", folder, time.monotonic() - begin)
    ended = bash(f"source .venv/bin/activate\nautograder check {NAME}.ipynb", folder)
    assert ended.returncode == 1, ended.stderr
    assert "not written yet" in ended.stdout
