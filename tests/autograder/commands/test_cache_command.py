"""autograder cache, and the folder that grade --cache fills."""

from __future__ import annotations

from pathlib import Path

from small_class import NAME


def test_a_cache_is_filled_shown_and_cleared(autograder, handed_in: Path, tmp_path: Path) -> None:
    store = tmp_path / "shared results"
    ended = autograder("grade", "90", "--cache", str(store), folder=handed_in)
    assert ended.returncode == 0, ended.stderr
    shown = autograder("cache", AUTOGRADER_CACHE=str(store))
    assert "1 results" in shown.stdout
    (handed_in / "gradebook.db").unlink()
    (handed_in / "autograded" / "ada" / NAME / f"{NAME}.ipynb").unlink()
    again = autograder("grade", "90", "--cache", str(store), folder=handed_in)
    assert "1 graded" in again.stdout
    (note := store / "note.txt").write_text("mine")
    assert "1 results removed" in autograder("cache", str(store), "--clear").stdout
    assert "0 results, 0.0 MB, 1 other files" in autograder("cache", str(store)).stdout
    assert note.exists()


def test_a_cache_that_is_not_there_is_named(autograder, tmp_path: Path) -> None:
    ended = autograder("cache", str(tmp_path / "nowhere"))
    assert ended.returncode == 2
    assert "is no folder; 'autograder grade --cache" in " ".join(ended.stderr.split())
    ended = autograder("cache")
    assert ended.returncode == 2
    assert "AUTOGRADER_CACHE" in ended.stderr


def test_a_cache_that_cannot_be_made_is_said_before_the_work(
    autograder, handed_in: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ended = autograder("grade", "90", "--cache", str(tmp_path / "file"), folder=handed_in)
    assert ended.returncode == 2
    assert "no such folder can be made" in " ".join(ended.stderr.split())
    assert not (handed_in / "gradebook.db").exists()
