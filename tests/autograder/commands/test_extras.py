"""What students install is enough for what they run; the rest says what it needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: What is in [class] and [dask]. (Jupyter brings some of it along, and may stop doing so.)
OF_CLASSES = (
    "alembic", "dask", "distributed", "filelock", "jinja2", "jupytext", "nbclient", "nbgrader",
    "pyseccomp", "sqlalchemy", "yaml",
)  # fmt: skip
#: Read by every Python at its start: these modules are as if they were not installed.
BLOCKING = """\
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, Missing())
"""


@pytest.fixture
def without(autograder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run the command as if some modules were not installed, in its children too."""

    def run(names: tuple[str, ...], *arguments: str, folder: Path = tmp_path):
        home = tmp_path / "blocking"
        home.mkdir(exist_ok=True)
        (home / "sitecustomize.py").write_text(BLOCKING.format(names=names), encoding="utf-8")
        path = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH", "")]))
        return autograder(*arguments, folder=folder, PYTHONPATH=path)

    return run


def test_check_needs_nothing_of_what_grading_a_class_takes(without, notebook: Path) -> None:
    ended = without(OF_CLASSES, "check", notebook.name, folder=notebook.parent)
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "double(3) returned 9" in " ".join(ended.stdout.split())


def test_doctor_says_that_only_grading_a_class_needs_nbgrader(without) -> None:
    ended = without(OF_CLASSES, "doctor")
    assert "Traceback" not in ended.stderr
    assert "[OK]   torch" in ended.stdout


@pytest.mark.parametrize("command", ["--help", "--version"])
def test_the_command_itself_starts(without, command: str) -> None:
    assert without(OF_CLASSES, command).returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ("new", "course"), ("build",), ("prove",), ("claims",), ("handout", "90"),
        ("publish", "public"), ("collect", "90", "a.zip"), ("grade", "90"), ("demo",),
    ],
)  # fmt: skip
def test_a_command_that_needs_more_says_what_and_how(without, small_course, words) -> None:
    ended = without(OF_CLASSES, *words, folder=small_course)
    assert ended.returncode == 2
    says = " ".join(ended.stderr.split())
    assert "needs packages that are not installed here (nbgrader, sqlalchemy," in says
    assert 'python -m pip install --constraint constraints.txt ".[class]"' in says


def test_grading_on_a_cluster_says_that_it_needs_dask(without, handed_in: Path) -> None:
    where = ("dask", "distributed")
    ended = without(where, "grade", "90", "--dask", "tcp://localhost:8786", folder=handed_in)
    assert ended.returncode == 2
    assert '".[dask]"' in ended.stderr


def test_without_dask_all_else_works(without, handed_in: Path) -> None:
    ended = without(("dask", "distributed"), "grade", "90", folder=handed_in)
    assert ended.returncode == 0, ended.stderr
    assert "1 graded" in ended.stdout
