"""The table of ways to grade a class, and the word about who gave which points."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import checkouts  # noqa: E402  scripts, not packages
import clock  # noqa: E402
import comparison  # noqa: E402
import ways  # noqa: E402

KNOWN = {("ada", "01"): 3.0, ("bo", "01"): 1.5}


def measured(
    name: str, kind: str, seconds: float, points: comparison.Points, experiments: bool = False
) -> comparison.Measured:
    way = ways.Way(name, name, kind, experiments, commands=lambda course: [])
    return comparison.Measured(way, clock.Taken(seconds, 100.0), points)


def test_ratios_are_to_the_first_stock_way_and_to_the_floor_of_the_same_cells() -> None:
    rows = comparison.rows_of(
        [
            measured("stock", "stock", 100.0, KNOWN, experiments=True),
            measured("stock, two", "stock", 60.0, KNOWN, experiments=True),
            measured("grade", "ours", 10.0, KNOWN),
            measured("grade all", "ours", 20.0, KNOWN, experiments=True),
            measured("floor", "floor", 8.0, {}),
        ],
        submissions=2,
    )
    assert [row.against_stock for row in rows] == [1.0, pytest.approx(100 / 60), 10.0, 5.0, 12.5]
    # There is no floor here that ran the experiments, and stock nbgrader runs other cells.
    assert [row.against_floor for row in rows] == [None, None, 1.25, None, None]
    assert rows[2].cells == ("grade", "10.0", "5.00", "10.0×", "1.25×", "100")
    lines = comparison.markdown(rows).splitlines()
    assert lines[1] == "| --- | ---: | ---: | ---: | ---: | ---: |"
    assert lines[4] == "| grade | 10.0 | 5.00 | 10.0× | 1.25× | 100 |"


def test_without_stock_there_is_no_ratio_to_it() -> None:
    (row,) = comparison.rows_of([measured("grade", "ours", 10.0, KNOWN)], 2)
    assert row.cells[3:5] == ("–", "–")


def test_other_points_are_named_and_a_floor_gives_none() -> None:
    ways_measured = [
        measured("grade", "ours", 1.0, KNOWN),
        measured("odd", "ours", 1.0, {("ada", "01"): 3.0}),
        measured("floor", "floor", 1.0, {}),
    ]
    says = comparison.what_was_given(ways_measured, KNOWN)
    assert "what each of the 2 submissions must get, from *grade*." in says
    assert "*odd* gave 1 of 2 submissions other points (bo in 01: 0, not 1.5)." in says
    assert "floor" not in says


def test_a_checkout_is_known_by_its_command_and_imports_from_itself() -> None:
    ours = checkouts.checkout(ROOT)
    assert (ours.root, ours.module) == (ROOT, "autograder.commands.cli")
    (command,) = ways.our_way(ours, ["06"], experiments=True).commands(ROOT)
    assert command.words[1:] == (
        "-m", ours.module, "grade", "--jobs", "2", "06", "--run-experiments",
    )  # fmt: skip
    assert command.environment["PYTHONPATH"].startswith(str(ROOT))


def test_an_older_layout_is_known_too_and_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(checkouts.CheckoutError, match="has none of"):
        checkouts.checkout(tmp_path)
    package = tmp_path / "autograder"
    package.mkdir()
    (package / "cli.py").touch()
    (package / "__init__.py").write_text("__version__ = '0.0.9'\n")
    old = checkouts.checkout(tmp_path)
    assert (old.version, old.module) == ("0.0.9", "autograder.cli")
    assert ways.other_way(old, 1, ["06"], False).label == "autograder grade, 0.0.9"
    (package / "__init__.py").write_text("raise ImportError('broken')\n")
    with pytest.raises(checkouts.CheckoutError, match="cannot be imported from"):
        checkouts.checkout(tmp_path)


def test_a_command_that_fails_is_shown_with_the_end_of_its_log(tmp_path: Path) -> None:
    words = (sys.executable, "-c", "print('why'); raise SystemExit(3)")
    with pytest.raises(clock.CommandFailed, match=r"ended with 3:\nwhy"):
        clock.run([clock.Command(words, tmp_path)])
    assert clock.run([clock.Command((sys.executable, "-c", ""), tmp_path)]).peak_mb >= 0


def test_the_script_names_every_option_and_refuses_what_is_no_checkout(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "benchmarks" / "grading.py")]
    shown = subprocess.run([*script, "--help"], capture_output=True, text=True)
    for option in ("--students", "--beside", "--keep", "--skip-stock", "--no-write"):
        assert option in shown.stdout
    ended = subprocess.run([*script, "--beside", str(tmp_path)], capture_output=True, text=True)
    assert ended.returncode != 0
    assert "has none of" in ended.stderr
