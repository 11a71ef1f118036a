"""autograder refresh: a new file, and nothing overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from autograder.authoring.build import build
from autograder.commands.refresh import refresh


@pytest.fixture
def newer(small, tmp_path: Path) -> Path:
    path = tmp_path / "newer.ipynb"
    path.write_text(build(small).release, encoding="utf-8")
    return path


def test_it_writes_a_new_file_and_says_what_came_of_the_cells(
    notebook: Path, newer: Path, capsys
) -> None:
    texts = notebook.read_bytes(), newer.read_bytes()
    refresh(notebook, newer)
    written = notebook.with_name("my notebook.refreshed.ipynb")
    said = capsys.readouterr().out
    assert f"✓ {written}: 5 answers moved, 0 cells of your own kept in place, 0 at the end" in said
    cells = {cell["id"]: cell for cell in json.loads(written.read_text("utf-8"))["cells"]}
    assert "return x**2" in "".join(cells["solution-double"]["source"])
    assert (notebook.read_bytes(), newer.read_bytes()) == texts


def test_nothing_is_overwritten(notebook: Path, newer: Path, tmp_path: Path, capsys) -> None:
    for output in (notebook, newer):
        before = output.read_bytes()
        with pytest.raises(typer.Exit) as caught:
            refresh(notebook, newer, output)
        assert caught.value.exit_code == 2
        assert output.read_bytes() == before
    assert "is there already; name another file with -o" in capsys.readouterr().err
    refresh(notebook, newer, tmp_path / "out.ipynb")
    assert (tmp_path / "out.ipynb").exists()


def test_what_found_no_place_and_what_is_new_is_said(notebook: Path, newer: Path, capsys) -> None:
    made = json.loads(notebook.read_text())
    (cell,) = [one for one in made["cells"] if one["id"] == "setup-imports"]
    cell["source"] = "SCALE = 5"
    made["cells"] = [one for one in made["cells"] if one["id"] != "solution-largest"]
    notebook.write_text(json.dumps(made))
    refresh(notebook, newer)
    said = capsys.readouterr().out
    assert "! no place was found for setup-imports: see the end" in said
    assert "new in this edition: solution-largest" in said


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_cannot_be_used_is_named(notebook: Path, newer: Path, capsys, which) -> None:
    files = [notebook, newer]
    files[which] = notebook.with_name("none.ipynb")
    with pytest.raises(typer.Exit) as caught:
        refresh(*files)
    assert caught.value.exit_code == 2
    assert "none.ipynb cannot be read" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(notebook: Path, newer: Path, tmp_path, capsys) -> None:
    with pytest.raises(typer.Exit):
        refresh(notebook, newer, tmp_path / "no" / "out.ipynb")
    assert "cannot be written" in capsys.readouterr().err
