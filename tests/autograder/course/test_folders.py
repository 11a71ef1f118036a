"""A course's configuration and folders: the same as nbgrader's, and what students handed in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import PyFileConfigLoader

from autograder.course.folders import (
    CONFIG_FILE,
    MAX_FILES,
    MAX_FILES_MB,
    Course,
    CourseError,
    files_beside,
)
from nnlab.testing import SEED_VARIABLE

NAME = "90_small"


def course_with(root, lines: str) -> Course:
    root.mkdir(parents=True, exist_ok=True)
    (root / CONFIG_FILE).write_text(f"c = get_config()\n{lines}\n", encoding="utf-8")
    return Course(root)


# -- the same as nbgrader's -----------------------------------------------------------------------

CONFIGURATIONS = {
    "default": "",
    "course id": "c.CourseDirectory.course_id = 'nets-2026'",
    "course id with blanks": "c.CourseDirectory.course_id = ' nets 2026  '",
    "another database": "c.CourseDirectory.db_url = 'postgresql://marks@db/nets'",
    "a database in the working folder": "c.CourseDirectory.db_url = 'sqlite:///book.db'",
    "another folder of submissions": "c.CourseDirectory.submitted_directory = 'handed_in'",
    "nested steps": (
        "c.CourseDirectory.submitted_directory = 'in/2026'\n"
        "c.CourseDirectory.autograded_directory = 'out/by machine'"
    ),
    "a folder outside": "c.CourseDirectory.submitted_directory = '../submitted'",
    "assignment first": (
        "c.CourseDirectory.directory_structure = '{assignment_id}/{nbgrader_step}/{student_id}'"
    ),
    "student first": (
        "c.CourseDirectory.directory_structure = '{student_id}/{nbgrader_step}/{assignment_id}'"
    ),
    "more folders": (
        "c.CourseDirectory.directory_structure = "
        "'2026/{nbgrader_step}/of {student_id}/{assignment_id}/'"
    ),
    "all at once": (
        "import os\nc.CourseDirectory.course_id = os.path.basename('/courses/nets')\n"
        "c.CourseDirectory.submitted_directory = 'in'\n"
        "c.CourseDirectory.directory_structure = "
        "os.path.join('{assignment_id}', '{student_id}', '{nbgrader_step}')"
    ),
    "a root that is not this one": "c.CourseDirectory.root = '/nowhere'",
    "other classes": "c.ExecutePreprocessor.timeout = 120\nc.Exchange.root = '/srv/exchange'",
}


@pytest.mark.parametrize("folder", ["course", "Net's #1 {2026} 100%"])
@pytest.mark.parametrize("lines", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_course_is_what_nbgrader_sees(tmp_path, folder, lines) -> None:
    root = tmp_path / folder
    course = course_with(root, lines)
    config = PyFileConfigLoader(CONFIG_FILE, path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    nbgraders = CourseDirectory(config=config)
    assert course.course_id == nbgraders.course_id
    assert course.db_url == nbgraders.db_url
    assert course.structure == nbgraders.directory_structure
    for step in ("submitted", "autograded"):
        named = getattr(nbgraders, f"{step}_directory")
        path = nbgraders.format_path(named, "ada", NAME)
        assert os.path.normpath(course.folder(step, "ada", NAME)) == os.path.normpath(path)


def test_a_course_without_a_configuration_is_what_nbgrader_sees(tmp_path) -> None:
    course = Course(tmp_path)
    nbgraders = CourseDirectory(root=str(tmp_path))
    assert (course.course_id, course.db_url) == ("", nbgraders.db_url)
    path = nbgraders.format_path("submitted", "ada", NAME)
    assert str(course.folder("submitted", "ada", NAME)) == path


def test_nbgrader_takes_the_configuration_as_the_course_has_it(tmp_path) -> None:
    course = course_with(tmp_path, CONFIGURATIONS["all at once"])
    nbgraders = CourseDirectory(config=course.config)
    assert nbgraders.root == str(tmp_path)
    assert nbgraders.submitted_directory == "in"


def test_a_course_is_read_without_importing_nbgrader(tmp_path) -> None:
    script = (
        "import sys; from pathlib import Path; from autograder.course.folders import Course\n"
        "Course(Path(sys.argv[1])).handed_in('90_small'); print('nbgrader' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("c = get_config(\n", "SyntaxError"),
        ("raise RuntimeError('no disk')\n", "RuntimeError: no disk"),
        ("course.root = 3\n", "NameError"),
    ],
)
def test_a_configuration_that_cannot_be_loaded_is_named(tmp_path, text, says) -> None:
    (tmp_path / CONFIG_FILE).write_text(text)
    with pytest.raises(CourseError, match=rf"nbgrader_config\.py: {says}"):
        Course(tmp_path)


# -- the seed of the hidden tests -----------------------------------------------------------------


def test_the_seed_is_the_environments_or_the_configurations(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(SEED_VARIABLE, "7")
    assert Course(tmp_path).hidden_seed == 7
    monkeypatch.delenv(SEED_VARIABLE)
    assert Course(tmp_path).hidden_seed == 0
    monkeypatch.setenv(SEED_VARIABLE, "")  # so that what the configuration sets goes again
    course = course_with(tmp_path, f"import os\nos.environ['{SEED_VARIABLE}'] = '2026'")
    assert course.hidden_seed == 2026


def test_a_seed_that_is_no_whole_number_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(SEED_VARIABLE, "soon")
    with pytest.raises(CourseError, match=f"{SEED_VARIABLE} is 'soon', not a whole number"):
        _ = Course(tmp_path).hidden_seed


# -- what students handed in ----------------------------------------------------------------------


def hand_in(root: Path, student: str, *names: str) -> Path:
    folder = root / "submitted" / student / NAME
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_submissions_are_found_by_student_in_order(tmp_path) -> None:
    hand_in(tmp_path, "bo", f"{NAME}.ipynb")
    hand_in(tmp_path, "ada", f"{NAME}.ipynb")
    hand_in(tmp_path, ".snapshots", f"{NAME}.ipynb")
    (tmp_path / "submitted" / "cy").mkdir()  # handed in nothing for this assignment
    (tmp_path / "submitted" / "dee").mkdir()
    (tmp_path / "submitted" / "dee" / NAME).write_text("a file in the place of the folder")
    found = Course(tmp_path).handed_in(NAME)
    assert [one.student for one in found] == ["ada", "bo"]
    assert found[0].folder == tmp_path / "submitted" / "ada" / NAME
    assert found[0].notebook == found[0].folder / f"{NAME}.ipynb"
    assert (found[0].remark, found[0].files) == ("", ())


@pytest.mark.parametrize(
    "lines",
    [
        CONFIGURATIONS["another folder of submissions"],
        CONFIGURATIONS["nested steps"],
        CONFIGURATIONS["assignment first"],
        CONFIGURATIONS["student first"],
        CONFIGURATIONS["all at once"],
    ],
)
def test_submissions_are_found_where_the_configuration_puts_them(tmp_path, lines) -> None:
    course = course_with(tmp_path / "[course]", lines)
    for student in ("ada", "bo"):
        course.folder("submitted", student, NAME).mkdir(parents=True)
    found = course.handed_in(NAME)
    assert [(one.student, one.folder) for one in found] == [
        (student, course.folder("submitted", student, NAME)) for student in ("ada", "bo")
    ]


def test_single_students_may_be_asked_for_and_missing_ones_are_named(tmp_path) -> None:
    for student in ("ada", "bo", "cy"):
        hand_in(tmp_path, student, f"{NAME}.ipynb")
    course = Course(tmp_path)
    assert [one.student for one in course.handed_in(NAME, ["cy", "ada"])] == ["ada", "cy"]
    says = f"no submission for {NAME} by dee, eve under {tmp_path / 'submitted'}"
    with pytest.raises(CourseError, match=says):
        course.handed_in(NAME, ["eve", "ada", "dee"])


def test_a_course_without_submissions_has_none(tmp_path) -> None:
    assert Course(tmp_path).handed_in(NAME) == []


@pytest.mark.parametrize(
    ("names", "notebook", "remark"),
    [
        (["a.ipynb"], "a.ipynb", ""),
        ([f"{NAME}.ipynb", "a.ipynb", "b.ipynb"], f"{NAME}.ipynb", ""),
        (["data.csv"], None, f"No notebook was handed in: {NAME}.ipynb is missing."),
        (["in/a.ipynb"], None, f"No notebook was handed in: {NAME}.ipynb is missing."),
        (
            ["b.ipynb", "a.ipynb"],
            None,
            f"Several notebooks were handed in (a.ipynb, b.ipynb), and none is {NAME}.ipynb.",
        ),
    ],
)
def test_the_notebook_is_the_one_with_the_name_or_the_only_one(
    tmp_path, names, notebook, remark
) -> None:
    hand_in(tmp_path, "ada", *names)
    (one,) = Course(tmp_path).handed_in(NAME)
    assert (one.notebook and one.notebook.name, one.remark) == (notebook, remark)


def test_a_link_is_never_followed(tmp_path) -> None:
    hand_in(tmp_path, "ada", "note.txt")
    secret = tmp_path / "secret.ipynb"
    secret.write_text("another's work")
    folder = tmp_path / "submitted" / "ada" / NAME
    (folder / "other.ipynb").symlink_to(secret)
    (folder / "data.csv").symlink_to(secret)
    (one,) = Course(tmp_path).handed_in(NAME)
    assert (one.notebook, one.files) == (None, ("note.txt",))
    (folder / f"{NAME}.ipynb").symlink_to(secret)
    (one,) = Course(tmp_path).handed_in(NAME)
    assert one.notebook is None
    assert one.remark == f"{NAME}.ipynb is a link to another file, which is not followed."


def test_the_files_beside_the_notebook_come_along(tmp_path) -> None:
    hand_in(
        tmp_path, "ada",
        f"{NAME}.ipynb", "old.ipynb", "timestamp.txt", "b.csv", "in/a.csv", "in/timestamp.txt",
        ".hidden", ".cache/a.csv",
    )  # fmt: skip
    (one,) = Course(tmp_path).handed_in(NAME)
    assert one.files == ("b.csv", "in/a.csv", "in/timestamp.txt")


def test_more_files_than_anybody_needs_are_left_out(tmp_path) -> None:
    hand_in(tmp_path, "ada", *(f"{number:04}.csv" for number in range(MAX_FILES + 3)))
    (one,) = Course(tmp_path).handed_in(NAME)
    assert one.files == tuple(f"{number:04}.csv" for number in range(MAX_FILES))


def test_files_that_are_too_large_together_are_left_out(tmp_path) -> None:
    hand_in(tmp_path, "ada", "a.bin", "b.bin", "c.bin")
    folder = tmp_path / "submitted" / "ada" / NAME
    os.truncate(folder / "a.bin", (MAX_FILES_MB << 20) - 5)
    (one,) = Course(tmp_path).handed_in(NAME)
    assert one.files == ("a.bin", "b.bin")


def test_the_released_lesson_beside_a_notebook_does_not_go_with_it(tmp_path):
    folder = hand_in(tmp_path, "ada", "90_small.ipynb", "90_small.lesson.json", "data.csv")
    assert list(files_beside(folder)) == ["data.csv"]


def test_of_a_folder_with_very_much_in_it_only_the_beginning_is_looked_at(tmp_path, monkeypatch):
    folder = hand_in(tmp_path, "ada", *(f"{number:04}.csv" for number in range(MAX_FILES)))
    (folder / "z" / "deep").mkdir(parents=True)
    listed = []
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: listed.append(self.name) or iterdir(self))
    assert len(list(files_beside(folder))) == MAX_FILES
    assert listed == [folder.name]


def test_a_folder_that_cannot_be_read_holds_nothing(tmp_path):
    assert list(files_beside(tmp_path / "nowhere")) == []
