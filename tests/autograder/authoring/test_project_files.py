"""The project's own files, in a checkout and in an installation."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from autograder.authoring import project_files
from autograder.authoring.project_files import ProjectFileError, package_files, project_file

ROOT = Path(__file__).parents[3]


def test_in_a_checkout_they_are_those_beside_the_packages() -> None:
    for name in ("pyproject.toml", "constraints.txt", "LICENSE"):
        assert project_file(name) == (ROOT / name).read_bytes()


class Installed:
    """Stands for a file that pip has put somewhere."""

    def __init__(self, path: Path) -> None:
        self.path, self.parts = path, path.parts

    def locate(self) -> Path:
        return self.path


def test_elsewhere_they_are_where_pip_has_put_them(tmp_path, monkeypatch) -> None:
    shared = tmp_path / "share" / "training-neural-networks"
    shared.mkdir(parents=True)
    (shared / "pyproject.toml").write_text("[project]")
    monkeypatch.setattr(project_files.autograder, "__file__", str(tmp_path / "a" / "__init__.py"))
    files = [Installed(tmp_path / "a" / "b.py"), Installed(shared / "pyproject.toml")]
    monkeypatch.setattr(importlib.metadata, "files", lambda name: files)
    assert project_file("pyproject.toml") == b"[project]"
    with pytest.raises(ProjectFileError, match="has no constraints"):
        project_file("constraints.txt")


def test_without_any_installation_it_says_so(tmp_path, monkeypatch) -> None:
    def none(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(project_files.autograder, "__file__", str(tmp_path / "a" / "__init__.py"))
    monkeypatch.setattr(importlib.metadata, "files", none)
    with pytest.raises(ProjectFileError, match="install it again with pip"):
        project_file("LICENSE")


def test_students_get_both_packages_and_no_example_of_an_author() -> None:
    names = set(package_files())
    assert {"nnlab/data.py", "nnlab/py.typed", "autograder/commands/check.py"} <= names
    assert {"autograder/judging/mark.schema.json", "autograder/authoring/public/README.md"} <= names
    assert not [name for name in names if "new-course" in name or "__pycache__" in name]
