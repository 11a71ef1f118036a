"""Without forks: the same marks and words as with them, on a Python without what Windows lacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import forkless_cases as cases
import pytest

from autograder.classes.spawned_pool import SPAWN_VARIABLE, SpawnedPool, open_pool
from autograder.classes.workers import WorkerPool

ROOT = Path(__file__).parents[3]
WITHOUT_FORKS = ROOT / "tests" / "without_forks"
#: All cases take a minute: they are judged in one worker of pytest, not in each.
all_cases = pytest.mark.xdist_group("all cases without forks")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python as on Windows."""
    path = os.pathsep.join([str(WITHOUT_FORKS), str(ROOT)])
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": path, **environment},
    )


@pytest.fixture(scope="module")
def without() -> dict[str, Any]:
    """What is said of all cases without forks, and how many processes they took."""
    ended = run(str(WITHOUT_FORKS / "judge.py"))
    assert ended.returncode == 0, ended.stderr
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


@pytest.fixture(scope="module")
def with_forks(pool: WorkerPool) -> dict[str, Any]:
    """What is said of all cases with forks."""
    return {job.key: cases.words_of((job, result)) for job, result in pool.run(cases.jobs())}


@all_cases
@pytest.mark.parametrize("case", ["untouched", *cases.CASES])
def test_marks_remarks_and_errors_are_those_of_forks(case: str, without, with_forks) -> None:
    assert without["said"][case] == with_forks[case]


@all_cases
def test_the_cases_are_what_they_are_meant_to_be(with_forks) -> None:
    outcomes = {name: [mark[1] for mark in said["marks"][:4]] for name, said in with_forks.items()}
    assert outcomes["right"] == ["passed"] * 4
    assert outcomes["untouched"] == ["not_written"] * 4
    # Each test but the hidden lines of the first begins with no call made.
    assert outcomes["a test that changes the notebook"] == ["failed", "passed", "passed", "passed"]
    assert outcomes["functions that end and hang"][:2] == ["not_run", "not_run"]
    assert "CellTimeout" in with_forks["cells that fail"]["errors"]
    assert any(
        "ended the process" in one for one in with_forks["a cell that ends the process"]["remarks"]
    )


@all_cases
def test_a_process_is_replaced_only_where_a_test_has_changed_something(without) -> None:
    processes = without["processes"]
    assert processes["untouched"] == processes["right"] == 1
    # One for each of the two tests that call the function that counts.
    assert processes["a test that changes the notebook"] == 3


def test_doctor_says_what_works_and_has_no_failure() -> None:
    ended = run("-m", "autograder.commands.cli", "doctor")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "[OK]   autograder check: works, in new processes" in ended.stdout
    assert "[no]   autograder grade: needs Linux or macOS. On Windows use WSL 2" in ended.stdout
    assert "sandbox" not in ended.stdout


@pytest.mark.parametrize("words", ["grade 90", "prove 90", "demo made", "claims 90"])
def test_what_needs_forks_points_to_wsl_before_anything_slow(words: str) -> None:
    code = (
        "import sys\n"
        "from autograder.commands import cli\n"
        f"sys.argv = ['autograder', *{words.split()!r}]\n"
        "try:\n    cli.main()\n"
        "finally:\n    print(sorted({'torch', 'numpy', 'nbgrader'} & set(sys.modules)))\n"
    )
    ended = run("-c", code)
    assert ended.returncode == 2
    assert f"autograder {words.split()[0]} needs Linux or macOS" in ended.stderr
    assert "wsl --install" in ended.stderr
    assert ended.stdout == "[]\n"


def test_the_simulation_hides_what_windows_lacks_from_the_grader_alone() -> None:
    code = (
        "import os, sys\nassert hasattr(os, 'fork') and sys.platform == 'linux'\n"
        "import types\nown = types.ModuleType('autograder.own')\n"
        "exec('import os, sys\\nfork = hasattr(os, \"fork\")\\nplatform = sys.platform\\n'\n"
        "     'try:\\n import fcntl\\nexcept ModuleNotFoundError:\\n fcntl = None', vars(own))\n"
        "print(own.fork, own.platform, own.fcntl)\n"
    )
    assert run("-c", code).stdout == "False win32 None\n"


def test_a_pool_is_of_forks_where_there_are_some(monkeypatch) -> None:
    monkeypatch.delenv(SPAWN_VARIABLE, raising=False)
    assert isinstance(open_pool(), WorkerPool)
    monkeypatch.setenv(SPAWN_VARIABLE, "1")
    assert isinstance(open_pool(), SpawnedPool)
    monkeypatch.delenv(SPAWN_VARIABLE)
    monkeypatch.delattr(os, "fork")
    assert isinstance(open_pool(), SpawnedPool)
