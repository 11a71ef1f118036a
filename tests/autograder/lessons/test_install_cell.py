"""The cell that installs on Colab and Kaggle: where it stands, what it binds, what it does."""

from __future__ import annotations

import inspect
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.authoring.build import build
from autograder.intake.own_lesson import read_own
from autograder.intake.submission import read
from autograder.judging.options import Options
from autograder.judging.plan import plan
from autograder.lessons import reading
from autograder.lessons.model import Lesson, LessonError
from autograder.lessons.notebooks import master_cells, released_cells
from autograder.lessons.python_source import top_level_names

ADDRESS = "https://example.org/90_small.zip"


class Shell:
    """Stands for IPython's: keeps the magics that are called, names filled in."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def run_line_magic(self, name: str, line: str) -> None:
        caller = inspect.currentframe()
        assert caller is not None and caller.f_back is not None
        self.called.append(f"{name} {line.format(**caller.f_back.f_locals)}")


@pytest.fixture
def run(small: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Run the cell in ``tmp_path``/working; what it asked IPython to do."""
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    monkeypatch.delenv("KAGGLE_KERNEL_RUN_TYPE", raising=False)

    def run_in(where: str = "", lesson: Lesson = small) -> list[str]:
        if where == "colab":
            monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
        elif where == "kaggle":
            monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
        shell = Shell()
        names: dict[str, Any] = {"get_ipython": lambda: shell}
        exec(TransformerManager().transform_cell(lesson.by_id["install"].source), names)
        return shell.called

    return run_in


def hand_out(path: Path, member: str = "90_small/nnlab/__init__.py") -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "")


def with_address(small_course: Path, settings: str) -> Lesson:
    (small_course / "assignments" / "course.yml").write_text(settings, encoding="utf-8")
    return reading.load(small_course / "assignments" / "90_small")


def test_it_stands_before_the_first_code_cell_and_changes_no_other_id(small: Lesson) -> None:
    ids = [cell.id for cell in small.cells]
    assert ids[:4] == ["text-1", "install", "setup-imports", "given-square"]
    assert [cell.number for cell in small.cells if cell.id != "install"] == list(range(1, len(ids)))


def test_everybody_gets_it_read_only_and_nbgrader_does_not_count_it(
    small: Lesson,
) -> None:
    assert released_cells(small)["install"].source == small.by_id["install"].source
    (cell,) = [cell for cell in master_cells(small) if cell["id"] == "install"]
    assert cell["cell_type"] == "code"
    assert not cell["metadata"]["editable"] and not cell["metadata"]["deletable"]
    assert cell["metadata"]["jupyter"]["source_hidden"]
    assert cell["metadata"]["cellView"] == "form"
    assert "nbgrader" not in cell["metadata"]


def test_it_binds_one_name_so_that_no_answer_comes_to_depend_on_it(small: Lesson) -> None:
    source = TransformerManager().transform_cell(small.by_id["install"].source)
    assert top_level_names(source) == ("install_on_colab_or_kaggle",)


def test_a_lesson_without_code_has_none(make_lesson) -> None:
    made = make_lesson("# %% [markdown]\n# # Words\n")
    assert [cell.kind for cell in made.cells] == ["text"]


def test_elsewhere_it_does_nothing_though_the_zip_file_lies_beside(run) -> None:
    hand_out(Path("90_small.zip"))
    assert run() == []


@pytest.mark.parametrize("where", ["colab", "kaggle"])
def test_it_installs_the_hand_out_that_lies_beside_and_no_other_zip_file(run, where) -> None:
    hand_out(Path("a data set.zip"), "data/digits.csv")
    Path("broken.zip").write_bytes(b"PK")
    hand_out(Path("my hand-out.zip"))
    assert run(where) == ['pip install --quiet "my hand-out.zip"']


def test_on_kaggle_it_installs_a_copy_of_what_was_unpacked_there(run, tmp_path: Path) -> None:
    package = tmp_path / "input" / "handout" / "90_small" / "nnlab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package.parent / "pyproject.toml").write_text("[project]")
    (called,) = run("kaggle")
    copied = Path(called.removeprefix('pip install --quiet "').removesuffix('"'))
    assert (copied / "pyproject.toml").read_text() == "[project]"
    assert tmp_path not in copied.parents or "input" not in copied.parts


def test_without_the_zip_file_it_installs_from_the_address_that_the_course_names(
    run, small_course: Path
) -> None:
    lesson = with_address(small_course, f"install_from: {ADDRESS}\n")
    assert lesson.install_from == ADDRESS
    assert run("colab", lesson) == [f'pip install --quiet "{ADDRESS}"']
    hand_out(Path("newer.zip"))
    assert run("colab", lesson) == ['pip install --quiet "newer.zip"']


def test_with_neither_it_says_which_file_to_upload(run) -> None:
    with pytest.raises(FileNotFoundError, match=r"Upload 90_small\.zip"):
        run("colab")


def test_a_course_without_settings_has_no_address(small_course: Path) -> None:
    assert with_address(small_course, "# nothing yet\n").install_from == ""


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("install: x\n", "may say install_from: ADDRESS, and nothing else"),
        ("- a\n", "may say install_from: ADDRESS, and nothing else"),
        ("install_from: [", "is not YAML"),
        ("install_from: 06.zip\n", "'06.zip' is no address that pip can install from"),
        ("install_from: 'https://a/\"); evil(\"'\n", "is no address that pip can install from"),
    ],
)
def test_settings_that_cannot_be_used_are_named(small_course: Path, settings, says) -> None:
    with pytest.raises(LessonError, match=r"course\.yml") as caught:
        with_address(small_course, settings)
    assert says in str(caught.value)


class TestWhenGraded:
    """It is no student's cell, and is not run, whatever somebody made of it."""

    @pytest.fixture
    def handed_in(self, small: Lesson, tmp_path: Path) -> Path:
        """The release, with the cell changed so that running it would show."""
        notebook = json.loads(build(small).release)
        (cell,) = [cell for cell in notebook["cells"] if cell["id"] == "install"]
        cell["source"] = "stolen = 1\nprint('it ran')"
        path = tmp_path / "mine.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return path

    def test_it_is_recognized_and_neither_run_nor_remarked_upon(self, small, handed_in, grade):
        submission = read(small, handed_in)
        assert (submission.extras, submission.remarks, submission.flags) == ((), (), ())
        result = grade(submission=submission)
        (cell,) = [cell for cell in result.cells if cell["id"] == "install"]
        assert cell["source"] == small.by_id["install"].source
        assert (cell["outputs"], cell["execution_count"]) == ([], None)

    def test_without_the_lesson_too(self, handed_in: Path) -> None:
        own = read_own(handed_in)
        assert [one for one in own.submission.extras if one.cell_type == "code"] == []
        steps = plan(own.lesson, own.submission, Options())
        (step,) = [step for step in steps if step.name == "install"]
        assert not step.runs

    def test_its_absence_from_an_older_notebook_is_no_finding(self, small, handed_in) -> None:
        notebook = json.loads(handed_in.read_text(encoding="utf-8"))
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "install"]
        handed_in.write_text(json.dumps(notebook), encoding="utf-8")
        submission = read(small, handed_in)
        assert (submission.extras, submission.remarks, submission.flags) == ((), (), ())
