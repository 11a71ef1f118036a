"""The zip file for students: what is in it, the same bytes each time, nothing that is hidden."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from autograder.authoring import public_files
from autograder.authoring.build import build, write
from autograder.authoring.handout import handout, write_handout
from autograder.authoring.public_files import PublicFilesError
from autograder.lessons import reading
from autograder.lessons.model import Lesson

pytestmark = pytest.mark.xdist_group("one hand-out")  # what is made once is made in one worker


@pytest.fixture(scope="module")
def course(tmp_path_factory, small: Lesson) -> Path:
    """The small course with its release, which tests leave as it is."""
    root = tmp_path_factory.mktemp("handout")
    write(build(small), root)
    return root


@pytest.fixture(scope="module")
def made(course: Path, small: Lesson) -> bytes:
    return handout(course, [small], [small], "90_small")


def opened(made: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(made))


def test_it_holds_the_notebook_what_it_imports_and_how_to_begin(made, course) -> None:
    with opened(made) as archive:
        names = set(archive.namelist())
        notebook = archive.read("90_small/90_small.ipynb")
        start = archive.read("90_small/START_HERE.md").decode()
    assert {name.partition("/")[0] for name in names} == {"90_small"}
    top = {name.split("/")[1] for name in names}
    assert top == {
        "90_small.ipynb", "90_small.lesson.json", "START_HERE.md", "nnlab", "autograder",
        "pyproject.toml",
        "constraints.txt", "environment.yml", "LICENSE", "LICENSE-PROSE.md", "NOTICE",
        "CITATION.cff",
    }  # fmt: skip
    assert notebook == (course / "release" / "90_small" / "90_small.ipynb").read_bytes()
    assert "`autograder check 90_small.ipynb`" in start
    assert "Upload `90_small.zip` beside it first." in start
    assert "{" not in start
    assert "90_small/autograder/commands/check.py" in names
    assert "90_small/autograder/pages/templates/class_page.html" in names
    assert not [name for name in names if "__pycache__" in name or "new-course" in name]


def test_how_to_begin_is_ten_lines_and_a_command(made) -> None:
    start = opened(made).read("90_small/START_HERE.md").decode()
    before = start[: start.index("## Other ways")].splitlines()
    assert len([line for line in before if line.strip() and "```" not in line]) <= 10


@pytest.mark.parametrize("damage", ["missing", "stale"])
def test_what_check_judges_by_is_what_the_lesson_builds(course, small, tmp_path, damage) -> None:
    root = tmp_path / "course"
    shutil.copytree(course, root)
    facts = root / "release" / "90_small" / "90_small.lesson.json"
    with opened(handout(root, [small], [small], "90_small")) as archive:
        assert archive.read("90_small/90_small.lesson.json") == facts.read_bytes()
    facts.unlink() if damage == "missing" else facts.write_text(json.dumps({"name": "90_small"}))
    with pytest.raises(
        PublicFilesError, match=rf"lesson\.json: is {damage}; run 'autograder build"
    ):
        handout(root, [small], [small], "90_small")


def test_the_same_files_make_the_same_bytes_whatever_the_time(course, small, made) -> None:
    path = course / "release" / "90_small" / "90_small.ipynb"
    path.write_bytes(path.read_bytes())  # touched
    assert handout(course, [small], [small], "90_small") == made
    with opened(made) as archive:
        entries = archive.infolist()
    assert [one.filename for one in entries] == sorted(one.filename for one in entries)
    assert {one.date_time for one in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {one.external_attr >> 16 for one in entries} == {0o100644}


@pytest.mark.parametrize("damage", ["missing", "stale", "broken"])
def test_a_release_that_is_not_what_the_lesson_builds_is_not_handed_out(
    course, small, tmp_path, damage
) -> None:
    path = tmp_path / "release" / "90_small" / "90_small.ipynb"
    if damage != "missing":
        path.parent.mkdir(parents=True)
        text = (course / "release" / "90_small" / "90_small.ipynb").read_text()
        path.write_text(text.replace("A small lesson", "Older") if damage == "stale" else "[]")
    with pytest.raises(PublicFilesError, match="run 'autograder build 90_small'"):
        handout(tmp_path, [small], [small], "90_small")


@pytest.mark.parametrize(
    ("secret", "whose"),
    [
        ('check_raises("double(-1.0)", ValueError, double, -1.0)', "hidden tests of double"),
        ("2 points for a word about growth.", "mark scheme of why"),
        ('        raise ValueError("x is negative")', "solution of double"),
    ],
)
def test_a_hidden_line_in_any_file_stops_it(course, small, monkeypatch, secret, whose) -> None:
    packages = {**public_files.package_files(), "nnlab/more.py": f"# x\n{secret}\n".encode()}
    monkeypatch.setattr(public_files, "package_files", lambda: packages)
    if whose.startswith("solution"):  # of three telling lines
        packages["nnlab/more.py"] += b"if np.any(np.asarray(x) < 0):\n    return SCALE * x\n"
    with pytest.raises(PublicFilesError, match=rf"nnlab/more\.py: holds lines of the {whose}"):
        handout(course, [small], [small], "90_small")


#: An assignment whose hidden test quotes a line of LICENSE.
QUOTING = '''\
# %% solution="a" title="A"
### BEGIN SOLUTION
a = 1
### END SOLUTION

# %% tests="a" points=1
assert a
### BEGIN HIDDEN TESTS
assert "of this software" in """
of this software and associated documentation files (the "Software"), to deal
"""
### END HIDDEN TESTS
'''


def test_the_secrets_of_assignments_that_stay_behind_count_too(course, small, make_lesson) -> None:
    other = make_lesson(QUOTING)
    with pytest.raises(PublicFilesError, match=r"LICENSE: holds lines of the hidden tests of a"):
        handout(course, [small], [small, other], "90_small")


def test_an_older_hand_out_gives_way_and_another_file_does_not(made, tmp_path) -> None:
    path = tmp_path / "90.zip"
    write_handout(made, path)
    write_handout(made, path)
    assert path.read_bytes() == made
    path.write_bytes(b"my thesis")
    with pytest.raises(PublicFilesError, match="is no hand-out, and is not overwritten"):
        write_handout(made, path)
    assert path.read_bytes() == b"my thesis"


def test_several_notebooks_go_into_one(small_course: Path, tmp_path: Path) -> None:
    home = small_course / "assignments"
    shutil.copytree(home / "90_small", home / "91_again")
    lessons = reading.find(small_course)
    for one in lessons:
        write(build(one), small_course)
    with opened(handout(small_course, lessons, lessons, "all")) as archive:
        assert {"all/90_small.ipynb", "all/91_again.ipynb"} <= set(archive.namelist())
