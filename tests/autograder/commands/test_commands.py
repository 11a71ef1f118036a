"""Every command: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.build import build
from autograder.authoring.proof import answers
from autograder.lessons import reading


def autograder(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder.commands.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.fixture
def notebook(tmp_path: Path, small) -> Path:
    """A student's notebook in a folder of its own: one task wrong, one open, two right."""
    made = nbformat.reads(build(small).release, as_version=4)
    sources = answers(small) | {"solution-double": "def double(x):\n    return x**2"}
    del sources["solution-update"]
    for cell in made.cells:
        cell.source = sources.get(cell.id, cell.source)
    path = tmp_path / "elsewhere" / "my notebook.ipynb"
    path.parent.mkdir()
    nbformat.write(made, path)
    return path


def test_build_writes_both_notebooks_and_check_tells_when_they_are_stale(small_course) -> None:
    assert autograder("build", "--check", folder=small_course).returncode == 1
    built = autograder("build", folder=small_course)
    assert built.returncode == 0, built.stderr
    assert (small_course / "release" / "90_small" / "90_small.ipynb").exists()
    assert autograder("build", "--check", "90", folder=small_course / "assignments").returncode == 0
    path = small_course / "assignments" / "90_small" / "lesson.py"
    path.write_text(path.read_text().replace("A small lesson", "Another lesson"))
    stale = autograder("build", "--check", folder=small_course)
    assert stale.returncode == 1
    assert "90_small.ipynb: is stale" in stale.stderr
    assert "run 'autograder build'" in stale.stderr


def test_build_refuses_a_lesson_that_leaks(small_course) -> None:
    path = small_course / "assignments" / "90_small" / "lesson.py"
    secret = 'raise ValueError("x is negative")'
    path.write_text(path.read_text().replace("# What is x + x?", f"# `{secret}`\n# {secret}"))
    ended = autograder("build", folder=small_course)
    assert ended.returncode == 1
    assert "the release holds a line of the solution of double" in ended.stderr
    assert not (small_course / "release").exists()


def test_prove_shows_a_row_a_claim_and_fails_when_a_misconception_survives(small_course) -> None:
    report = small_course / "proof.json"
    good = autograder("prove", "--quick", "--json", str(report), folder=small_course)
    assert good.returncode == 0, good.stderr
    assert "12 rows: 6 misconceptions, 4 alternatives; all hold" in good.stdout
    assert all(row["holds"] for row in json.loads(report.read_text())["rows"])
    path = small_course / "assignments" / "90_small" / "misconceptions.py"
    path.write_text(
        path.read_text()
        + '\nmisconception("largest", "Right, really.", source="largest = 16", id="none")\n'
        + 'alternative("largest", source="largest = 15", id="wrong")\n'
        + '\n\n@misconception("double", "Breaks another task.")\ndef double(x):\n'
        + "    return -x\n\n\nLine = None\n"
    )
    bad = autograder("prove", "--quick", "--json", str(report), folder=small_course)
    assert bad.returncode == 1
    problems = {
        r["name"]: r["problem"] for r in json.loads(report.read_text())["rows"] if not r["holds"]
    }
    assert set(problems) == {"none", "wrong"}
    assert "survives with 1 of 1" in problems["none"]
    assert "largest loses 1" in problems["wrong"]


def test_check_says_a_line_a_task_in_any_folder(notebook) -> None:
    ended = autograder("check", notebook.name, folder=notebook.parent)
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("✗ double: double(3) returned 9, expected 6")
    assert lines[1] == "· update: update is not written yet."
    assert lines[2] == "~ Line: its visible tests give 2 of 4 points"
    assert lines[3] == "✓ largest: passes its visible tests"
    assert lines[-1].startswith("1 of 4 pass, 1 in part, 1 not written yet.")


def test_check_tells_of_a_test_that_was_changed(notebook) -> None:
    text = notebook.read_text().replace("double(3.0), 6.0", "double(3.0), 9.0")
    notebook.write_text(text)
    ended = autograder("check", str(notebook), folder=notebook.parent)
    assert "✓ double: passes its visible tests (the test in your notebook is not" in ended.stdout


def test_grade_writes_marks_and_goes_on_where_it_was(small_course, notebook) -> None:
    target = small_course / "submitted" / "ada" / "90_small"
    target.mkdir(parents=True)
    (target / "90_small.ipynb").write_bytes(notebook.read_bytes())
    report = small_course / "marks.json"
    first = autograder("grade", "90", "--jobs", "1", "--json", str(report), folder=small_course)
    assert first.returncode == 0, first.stderr
    assert "1 graded" in first.stdout
    assert json.loads(report.read_text())["assignments"][0]["students"][0]["points"] == 5.0
    again = autograder("grade", "90", folder=small_course)
    assert "0 graded" in again.stdout
    assert "1 unchanged" in again.stdout


def test_grade_runs_on_a_dask_cluster(small_course, notebook) -> None:
    distributed = pytest.importorskip("distributed")
    target = small_course / "submitted" / "ada" / "90_small"
    target.mkdir(parents=True)
    (target / "90_small.ipynb").write_bytes(notebook.read_bytes())
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        address = cluster.scheduler_address
        ended = autograder("grade", "90", "--dask", address, folder=small_course)
    assert ended.returncode == 0, ended.stderr
    assert "ada      5" in ended.stdout


CLAIM = """
from autograder.authoring.claims import claim


@claim("Twice the seed is even")
def twice_the_seed_is_even(lesson, seed):
    return lesson.double(seed) % 2 == 0
"""


def write_claims(course: Path, text: str) -> None:
    (course / "assignments" / "90_small" / "claims.py").write_text(text, encoding="utf-8")


def test_a_claim_that_holds_on_every_seed(small_course) -> None:
    write_claims(small_course, CLAIM)
    report = small_course / "claims.json"
    ended = autograder("claims", "--seeds", "4", "--json", str(report), folder=small_course)
    assert ended.returncode == 0, ended.stderr
    assert "4 of 4" in ended.stdout
    (claim,) = json.loads(report.read_text())["claims"]
    assert claim["held"] == [0, 1, 2, 3]
    assert claim["holds"] is True


def test_a_claim_that_fails_names_the_seeds_and_one_that_raises_the_error(small_course) -> None:
    write_claims(
        small_course,
        CLAIM
        + '@claim("small")\ndef small(lesson, seed):\n    return seed < 2\n'
        + '@claim("broken")\ndef broken(lesson, seed):\n    return lesson.no_such_name\n',
    )
    ended = autograder("claims", "--seeds", "3", folder=small_course)
    assert ended.returncode == 1
    assert "not on seed 2" in ended.stdout
    assert "no_such_name" in ended.stdout
    assert "3 claims, 3 seeds; 2 do not hold" in ended.stdout


def test_demo_grades_a_class_and_compares(small_course) -> None:
    ended = autograder("demo", "made", "--students", "4", folder=small_course)
    assert ended.returncode == 0, ended.stderr
    assert "Marks against the known ones: 16 of 16 tasks agree (100.0%)" in ended.stdout
    page = (small_course / "made" / "report" / "90_small.html").read_text()
    assert "4 submissions" in page
    (small_course / "made" / ".autograder-demo").unlink()
    refused = autograder("demo", "made", folder=small_course)
    assert refused.returncode == 2
    assert "made is not empty" in refused.stderr
    assert (small_course / "made" / "gradebook.db").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["build", "77"], "'77': is no assignment; choose from 90_small"),
        (["prove", "90", "--course", "nowhere"], "nowhere is no course"),
        (["grade", "90", "--student", "nobody"], "no submission for 90_small by nobody"),
        (["check", "none.ipynb"], "none.ipynb cannot be read (No such file or directory)"),
        (["check", "nbgrader_config.py"], "is not a Jupyter notebook"),
        (["grade"], "Missing argument"),
        (["sing"], "No such command"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(small_course, arguments, says) -> None:
    ended = autograder(*arguments, folder=small_course)
    assert ended.returncode == 2, ended.stderr
    assert says in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_a_dask_scheduler_that_does_not_answer_is_named(small_course, notebook) -> None:
    target = small_course / "submitted" / "ada" / "90_small"
    target.mkdir(parents=True)
    (target / "90_small.ipynb").write_bytes(notebook.read_bytes())
    ended = autograder("grade", "90", "--dask", "tcp://127.0.0.1:1", folder=small_course)
    assert ended.returncode == 2, ended.stderr
    assert "no Dask scheduler answers" in ended.stderr


def test_outside_a_course_the_way_out_is_named(tmp_path) -> None:
    ended = autograder("build", folder=tmp_path)
    assert ended.returncode == 2
    assert "go to the course's folder or give --course" in " ".join(ended.stderr.split())


def test_a_json_file_that_cannot_be_written_is_named_before_hours_of_work(small_course) -> None:
    ended = autograder("prove", "--json", "no/such/folder.json", folder=small_course)
    assert ended.returncode == 2
    assert "no/such/folder.json cannot be written" in " ".join(ended.stderr.split())


def test_a_lesson_with_a_mistake_is_named_with_file_cell_and_way_out(small_course) -> None:
    path = small_course / "assignments" / "90_small" / "lesson.py"
    path.write_text(path.read_text().replace('# %% sandboxed="square"', "# %%"))
    ended = autograder("build", folder=small_course)
    assert ended.returncode == 2
    words = " ".join(ended.stderr.split())
    assert "lesson.py: cell 3 (def square(x):): a code cell needs a purpose and a name" in words


def test_help_of_every_command_names_its_options() -> None:
    folder = Path(__file__).parent
    for command in ("build", "prove", "claims", "check", "grade", "collect", "demo", "doctor"):
        shown = autograder(command, "--help", folder=folder)
        assert shown.returncode == 0
        assert "Usage" in shown.stdout


def test_find_lists_all_when_no_name_is_given(small_course) -> None:
    assert [one.name for one in reading.find(small_course)] == ["90_small"]


def test_collect_files_what_can_be_filed_and_says_what_was_refused(small_course) -> None:
    (small_course / "nbgrader_config.py").touch()
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


def test_collect_ends_well_when_nothing_was_refused(small_course) -> None:
    with zipfile.ZipFile(small_course / "class.zip", "w") as archive:
        archive.writestr("alice/90_small.ipynb", "{}")
    first = autograder("collect", "90_small", "class.zip", folder=small_course)
    assert first.returncode == 0, first.stderr
    again = autograder("collect", "90_small", "class.zip", folder=small_course)
    assert again.returncode == 0 and "0 new, 0 replaced, 1 unchanged" in again.stdout


@pytest.mark.parametrize("arguments", [("90", "nowhere.zip"), ("17", "class.zip"), ("90",)])
def test_collect_refuses_wrong_use(small_course, arguments) -> None:
    (small_course / "class.zip").touch()
    assert autograder("collect", *arguments, folder=small_course).returncode == 2
