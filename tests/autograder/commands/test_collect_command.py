"""autograder collect: archives into submitted/, and what was refused."""

from __future__ import annotations

import json
import zipfile

import pytest


def test_collect_files_what_can_be_filed_and_says_what_was_refused(
    small_course, autograder
) -> None:
    with zipfile.ZipFile(small_course / "class.zip", "w") as archive:
        for name in ("alice/90_small.ipynb", "=SUM(A1)_90_small.ipynb", "../../[bold]x.ipynb"):
            archive.writestr(name, "{}")
    (small_course / "late.zip").write_bytes(b"Rar!\x1a\x07")
    command = ("collect", "90", "class.zip", "late.zip", "--json", "collected.json")
    dry = autograder(*command, "--dry-run", folder=small_course)
    assert dry.returncode == 1
    assert "90_small: 2 new, 0 replaced, 0 unchanged; 1 refused (dry run" in dry.stdout
    assert not (small_course / "submitted").exists()
    wet = autograder(*command, folder=small_course)
    assert wet.returncode == 1
    assert 'class.zip: ../../[bold]x.ipynb: its name leads out of its folder ("..")' in wet.stderr
    assert "late.zip is a RAR archive" in wet.stderr
    assert (small_course / "submitted" / "alice" / "90_small" / "90_small.ipynb").is_file()
    report = json.loads((small_course / "collected.json").read_text())
    first, second = report["archives"]
    assert [one["name"] for one in first["collected"]] == ["alice", "=SUM(A1)"]
    assert not first["collected"][1]["student"].startswith("=")
    assert first["refused"][0]["member"] == "../../[bold]x.ipynb"
    assert first["error"] is None and second["error"].startswith("late.zip is a RAR archive")


def test_collect_ends_well_when_nothing_was_refused(small_course, autograder) -> None:
    with zipfile.ZipFile(small_course / "class.zip", "w") as archive:
        archive.writestr("alice/90_small.ipynb", "{}")
    first = autograder("collect", "90_small", "class.zip", folder=small_course)
    assert first.returncode == 0, first.stderr
    again = autograder("collect", "90_small", "class.zip", folder=small_course)
    assert again.returncode == 0 and "0 new, 0 replaced, 1 unchanged" in again.stdout


@pytest.mark.parametrize("arguments", [("90", "nowhere.zip"), ("17", "class.zip"), ("90",)])
def test_collect_refuses_wrong_use(small_course, autograder, arguments) -> None:
    (small_course / "class.zip").touch()
    assert autograder("collect", *arguments, folder=small_course).returncode == 2
