"""A folder in the place of another: the old one or the new one is there, whatever happens."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course.atomic import ASIDE, replace


def make(folder: Path, text: str) -> Path:
    (folder / "in").mkdir(parents=True)
    (folder / "a.txt").write_text(text)
    (folder / "in" / "b.txt").write_text(text)
    return folder


def says(folder: Path) -> str:
    """What a folder of ``make`` says, if it is whole."""
    texts = {(folder / "a.txt").read_text(), (folder / "in" / "b.txt").read_text()}
    (text,) = texts
    return text


@pytest.fixture(params=["in one step", "in two steps"])
def steps(request, monkeypatch) -> str:
    """With and without renameat2."""
    if request.param == "in two steps":
        monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    return request.param


def test_where_nothing_was_the_folder_is_put(tmp_path, steps) -> None:
    replace(make(tmp_path / ".staged", "new"), tmp_path / "target")
    assert says(tmp_path / "target") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_what_was_there_is_removed(tmp_path, steps) -> None:
    target = make(tmp_path / "target", "old")
    (target / "only_in_the_old_one").mkdir()
    replace(make(tmp_path / ".staged", "new"), target)
    assert says(target) == "new"
    assert sorted(path.name for path in target.iterdir()) == ["a.txt", "in"]
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_what_was_there_is_kept_under_the_name_that_is_asked_for(tmp_path, steps) -> None:
    target, kept = make(tmp_path / "target", "old"), tmp_path / ".replaced-target-1"
    replace(make(tmp_path / ".staged", "new"), target, keep=kept)
    assert (says(target), says(kept)) == ("new", "old")
    assert len(list(tmp_path.iterdir())) == 2


def test_with_nothing_there_nothing_is_kept(tmp_path, steps) -> None:
    replace(make(tmp_path / ".staged", "new"), tmp_path / "target", keep=tmp_path / ".kept")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_if_the_new_one_cannot_be_put_there_the_old_one_comes_back(tmp_path, monkeypatch) -> None:
    target, staged = make(tmp_path / "target", "old"), make(tmp_path / ".staged", "new")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    rename = Path.rename

    def refuse(self: Path, other: Path) -> Path:
        if self == staged and other == target:
            raise OSError("disk full")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="disk full"):
        replace(staged, target)
    assert (says(target), says(staged)) == ("old", "new")


# -- killed in between ----------------------------------------------------------------------------

#: Replaces a folder and is killed before its n-th change of the file system.
KILLED = """
import ctypes, os, shutil, signal, sys, tempfile
from pathlib import Path
from autograder.course.atomic import replace
staged, target, keep, steps, last = sys.argv[1:]
if steps == "in two steps":
    ctypes.CDLL = lambda name: object()
done = []

def watch(event, arguments):
    if event in ("os.rename", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree"):
        if len(done) == int(last):
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(event)

sys.addaudithook(watch)
replace(Path(staged), Path(target), Path(keep) if keep else None)
print(done.count("os.rename"))
"""


def state(folder: Path) -> str:
    return says(folder) if folder.exists() else "missing"


@pytest.mark.parametrize("keeps", [False, True], ids=["old one removed", "old one kept"])
@pytest.mark.parametrize("steps", ["in one step", "in two steps"])
def test_whenever_a_run_is_killed_the_old_or_the_new_folder_is_whole(tmp_path, steps, keeps):
    seen = []
    for last in range(100):
        home = tmp_path / str(last)
        target, staged = make(home / "target", "old"), make(home / ".staged", "new")
        kept = home / ".kept"
        command = [sys.executable, "-c", KILLED, str(staged), str(target), str(kept) * keeps]
        ended = subprocess.run([*command, steps, str(last)], capture_output=True, text=True)
        seen.append(state(target))
        aside = [kept] if keeps else list(home.glob(f"{ASIDE}target-*"))
        if ended.returncode == 0:
            break
        assert ended.returncode == -9, ended.stderr
        if seen[-1] == "missing":
            assert [state(folder) for folder in aside] == ["old"]
            assert state(staged) == "new"
        if keeps:  # neither of the two is ever lost
            assert {"old", "new"} <= {seen[-1], state(kept), state(staged)}
    assert ended.returncode == 0, "never came to its end"
    assert (seen[0], seen[-1]) == ("old", "new")
    swapped = ended.stdout == "1\n"
    if steps == "in one step" and not swapped:
        pytest.skip("this file system cannot exchange two folders")
    assert ("missing" in seen) is (not swapped)
