"""Before the work: what the command imports, how it is asked, and what it finds out at once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import __version__
from autograder.course.lock import LOCK_FILE, locked

COMMANDS = (
    "build", "prove", "claims", "check", "refresh", "grade", "collect", "demo", "cache", "doctor",
    "new", "handout", "publish",
)  # fmt: skip


def autograder(
    *arguments: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "autograder.commands.cli", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, timeout=300, env={**os.environ, **environment}
    )


def hand_in(course: Path, assignment: str = "90_small") -> None:
    folder = course / "submitted" / "ada" / assignment
    folder.mkdir(parents=True)
    (folder / f"{assignment}.ipynb").write_text("{}")


def test_the_command_starts_without_what_takes_long_to_import(tmp_path: Path) -> None:
    code = (
        "import sys, autograder.commands.cli; "
        "slow = {'torch', 'numpy', 'matplotlib', 'IPython', 'nbformat', 'nbgrader', 'jupytext'}; "
        "print(sorted(slow & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout == "[]\n", ended.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_nothing_slow_either(command: str, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from autograder.commands import cli\n"
        f"sys.argv = ['autograder', '{command}', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print('slow:', sorted({'torch', 'numpy', 'nbgrader', 'jupytext'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "Usage" in ended.stdout
    assert ended.stdout.endswith("slow: []\n")


def test_the_process_that_sends_submissions_to_workers_imports_nothing_slow(
    handed_in: Path,
) -> None:
    code = (
        "import sys\n"
        "from autograder.commands import cli\n"
        "sys.argv = ['autograder', 'grade', '90', '--jobs', '1']\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "found = {name for name in sys.modules if sys.modules[name]}\n"
        "print('slow:', sorted({'torch', 'matplotlib', 'rfc3987_syntax'} & found))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=handed_in, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert "1 graded" in ended.stdout
    assert ended.stdout.endswith("slow: []\n")


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert autograder("--version", folder=tmp_path).stdout.decode() == f"autograder {__version__}\n"


@pytest.mark.parametrize("name", ["90", "90_small", "90_s"])
def test_a_number_or_a_beginning_names_an_assignment(small_course: Path, name: str) -> None:
    ended = autograder("build", name, folder=small_course)
    assert ended.returncode == 0, ended.stderr
    assert "90_small:" in ended.stdout.decode()


def test_a_number_needs_no_zero_before_it(small_course: Path) -> None:
    (small_course / "assignments" / "90_small").rename(small_course / "assignments" / "04_small")
    (small_course / "assignments" / "40_other").mkdir()
    ended = autograder("build", "4", folder=small_course)
    assert "04_small:" in ended.stdout.decode()


@pytest.mark.parametrize(("typed", "offered"), [("9", "90_small"), ("x", "")])
def test_a_shell_completes_the_names_of_assignments(
    small_course: Path, typed: str, offered: str
) -> None:
    asked = {"_AUTOGRADER_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("autograder"))],
        cwd=small_course,
        env={**os.environ, **asked, "COMP_WORDS": f"autograder build {typed}"},
        capture_output=True,
        text=True,
    )
    assert ended.stdout.strip() == offered


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_signs_that_a_terminal_does_not_have_become_plain_ones(
    small_course: Path, encoding: str
) -> None:
    ended = autograder("build", folder=small_course, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert ended.returncode == 0, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert ended.stdout.decode(encoding).startswith("ok 90_small:")


def test_progress_is_told_in_lines_where_stderr_is_no_terminal(small_course: Path) -> None:
    ended = autograder("demo", "made", "--students", "2", folder=small_course)
    lines = ended.stderr.decode().splitlines()
    assert [line for line in lines if line.startswith("Grading")] == [
        "Grading 90_small: 1 of 2",
        "Grading 90_small: 2 of 2",
    ]
    assert "\x1b" not in ended.stderr.decode() + ended.stdout.decode()


class TestGradeFindsOutBeforeAnythingSlow:
    """No warm parent is started, and nothing is written, where the end is known at once."""

    @pytest.fixture(autouse=True)
    def no_warm_parent(self, small_course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # What would start one finds a module in its place that ends at once, and tells.
        fake = small_course / "fake"
        fake.mkdir()
        (fake / "sitecustomize.py").write_text(
            "import subprocess, pathlib\n"
            "original = subprocess.Popen.__init__\n"
            "def init(self, words, *args, **kwargs):\n"
            "    if any('warm_parent' in str(word) for word in words):\n"
            f"        pathlib.Path({str(small_course / 'started')!r}).touch()\n"
            "    original(self, words, *args, **kwargs)\n"
            "subprocess.Popen.__init__ = init\n"
        )
        self.course, self.fake = small_course, str(fake)

    def grade(self, *arguments: str) -> str:
        ended = autograder("grade", *arguments, folder=self.course, PYTHONPATH=self.fake)
        assert ended.returncode == 2, ended.stderr
        assert not (self.course / "started").exists()
        return " ".join(ended.stderr.decode().split())

    def test_that_another_command_holds_the_course(self) -> None:
        hand_in(self.course)
        with locked(self.course):
            assert LOCK_FILE in self.grade("90")

    def test_that_a_name_is_of_no_assignment(self) -> None:
        assert "'77': is no assignment; choose from 90_small" in self.grade("77")

    def test_that_nothing_was_handed_in(self) -> None:
        says = self.grade("90")
        assert "nothing was handed in for 90_small" in says
        assert "autograder collect 90_small ARCHIVE.zip" in says

    def test_that_the_gradebook_is_of_another_nbgrader(self) -> None:
        hand_in(self.course)
        with sqlite3.connect(self.course / "gradebook.db") as database:
            database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
            database.execute("INSERT INTO alembic_version VALUES ('0ld')")
        before = (self.course / "gradebook.db").read_bytes()
        assert "nbgrader db upgrade" in self.grade("90")
        assert (self.course / "gradebook.db").read_bytes() == before

    def test_a_warm_parent_would_be_noticed(self) -> None:
        hand_in(self.course)
        ended = autograder("grade", "90", folder=self.course, PYTHONPATH=self.fake)
        assert ended.returncode == 0, ended.stderr
        assert (self.course / "started").exists()


def test_the_doctor_fails_only_for_what_is_needed(tmp_path: Path) -> None:
    ended = autograder("doctor", folder=tmp_path, CUDA_VISIBLE_DEVICES="")
    lines = ended.stdout.decode().splitlines()
    assert ended.returncode == 0
    assert any(line.startswith("[OK]   Python: ") for line in lines)
    assert any(line.startswith("[no]   GPU: ") for line in lines)
    assert not any(line.startswith("[FAIL]") for line in lines)


def test_the_doctor_says_fail_where_a_needed_package_is_missing(tmp_path: Path) -> None:
    code = (
        "import importlib.metadata as m, sys\n"
        "original = m.version\n"
        "def version(name):\n"
        "    if name == 'matplotlib':\n        raise m.PackageNotFoundError(name)\n"
        "    return original(name)\n"
        "m.version = version\n"
        "from autograder.commands import cli\n"
        "sys.argv = ['autograder', 'doctor']\n"
        "cli.main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "[FAIL] matplotlib: is not installed: pip install matplotlib" in ended.stdout


def test_a_class_ends_with_mean_median_hardest_tasks_and_who_is_missing(
    small_course: Path,
) -> None:
    made = autograder("demo", "made", "--students", "5", folder=small_course)
    assert made.returncode == 0, made.stderr
    course = small_course / "made"
    gone = sorted((course / "submitted").iterdir())[0]
    gone.rename(small_course / gone.name)
    ended = autograder("grade", "90", "--force", folder=course)
    assert ended.returncode == 0, ended.stderr
    last = ended.stdout.decode().splitlines()[-4:]
    assert last[0].startswith("90_small: 4 graded in ")
    assert last[1].startswith("mean ") and last[1].endswith(" of 12 points")
    assert last[2].startswith("hardest: ") and "% right)" in last[2]
    assert last[3] == f"missing: {gone.name}"
