"""The adapter to nbgrader: its converter, its gradebook, and the version of its tables."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import nbformat
import nbgrader
import pytest
from alembic.script import ScriptDirectory
from nbgrader.api import Gradebook

from autograder.course.nbgrader import (
    BuildError,
    OldGradebookError,
    check_schema_version,
    current_schema_version,
    generate_assignment,
    note_schema_version,
    register,
    released_by_nbgrader,
)
from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import master_cells

#: A version of the tables that nbgrader had once.
OLD = "167914646830"


@pytest.fixture
def url(tmp_path) -> str:
    """Where a gradebook may be; there is none yet."""
    return f"sqlite:///{tmp_path / 'gradebook.db'}"


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def execute(url: str, *statements: str) -> list[tuple]:
    """Run some SQL on a gradebook; the rows of the last."""
    with contextlib.closing(sqlite3.connect(path_of(url))) as database:
        rows = [database.execute(statement).fetchall() for statement in statements]
        database.commit()
    return rows[-1]


# -- the version of the tables --------------------------------------------------------------------


def test_the_current_version_is_the_head_of_nbgraders_migrations():
    migrations = Path(nbgrader.__file__).parent / "alembic"
    assert current_schema_version() == ScriptDirectory(migrations).get_current_head()


def test_an_empty_gradebook_gets_the_current_version_and_nbgrader_makes_its_tables(url):
    note_schema_version(url)
    assert execute(url, "SELECT * FROM alembic_version") == [(current_schema_version(),)]
    with Gradebook(url, "nets") as book:
        assert book.students == []
    check_schema_version(url)


def test_a_version_is_noted_once_and_never_over_another(url):
    note_schema_version(url)
    execute(url, f"UPDATE alembic_version SET version_num = '{OLD}'")
    note_schema_version(url)
    assert execute(url, "SELECT * FROM alembic_version") == [(OLD,)]


def test_a_gradebook_that_has_tables_already_gets_no_version(url):
    execute(url, "CREATE TABLE student (id VARCHAR(128))")
    note_schema_version(url)
    assert execute(url, "SELECT name FROM sqlite_master") == [("student",)]


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.db", "sqlite://", "postgresql://marks@db/nets"]
)
def test_without_a_gradebook_in_a_file_there_is_nothing_to_check(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_schema_version(url)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_a_gradebook_to_be_and_stays_empty(url):
    path_of(url).touch()
    check_schema_version(url)
    assert path_of(url).read_bytes() == b""


def test_an_old_gradebook_is_refused_with_the_way_out(url):
    note_schema_version(url)
    Gradebook(url, "nets").close()
    execute(url, f"UPDATE alembic_version SET version_num = '{OLD}'")
    before = path_of(url).read_bytes()
    with pytest.raises(OldGradebookError) as caught:
        check_schema_version(url)
    says = str(caught.value)
    assert says.startswith(f"{path_of(url)} was made by another nbgrader")
    assert f"version {OLD}, and this one wants {current_schema_version()}" in says
    assert "Run 'nbgrader db upgrade'" in says
    assert path_of(url).read_bytes() == before
    assert [path.name for path in path_of(url).parent.iterdir()] == ["gradebook.db"]


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE student (id VARCHAR(128))"],
        ["CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"],
    ],
    ids=["no table of versions", "an empty table of versions"],
)
def test_a_gradebook_without_a_version_is_older_than_any(url, statements):
    execute(url, *statements)
    with pytest.raises(OldGradebookError, match="its tables have no version, and this one wants"):
        check_schema_version(url)


@pytest.mark.parametrize("content", [b"student,points\nada,12\n" * 100, b"SQLite format 3\0" * 9])
def test_a_file_that_is_no_database_is_named_and_left_alone(url, content):
    path_of(url).write_bytes(content)
    with pytest.raises(OldGradebookError, match=r"gradebook\.db is no gradebook \(.*\); move it"):
        check_schema_version(url)
    assert path_of(url).read_bytes() == content


@pytest.mark.parametrize("name", ["Net's #1", "what?", "100%", "100%20", "größe", "a b"])
def test_a_course_may_have_any_name(tmp_path, name):
    (tmp_path / name).mkdir()
    url = f"sqlite:///{tmp_path / name / 'gradebook.db'}"
    note_schema_version("sqlite:///" + str(tmp_path / "made.db"))
    (tmp_path / "made.db").rename(path_of(url))
    check_schema_version(url)
    execute(url, f"UPDATE alembic_version SET version_num = '{OLD}'")
    with pytest.raises(OldGradebookError, match=f"have version {OLD}"):
        check_schema_version(url)


def test_a_gradebook_may_be_named_from_the_working_folder(url, monkeypatch):
    note_schema_version(url)
    monkeypatch.chdir(path_of(url).parent)
    check_schema_version("sqlite:///gradebook.db")
    execute(url, f"UPDATE alembic_version SET version_num = '{OLD}'")
    with pytest.raises(OldGradebookError, match=f"have version {OLD}"):
        check_schema_version("sqlite:///gradebook.db")


# -- the converter --------------------------------------------------------------------------------


def test_a_release_is_the_text_of_a_notebook_and_the_same_every_time(small):
    text = released_by_nbgrader(small)
    assert text.endswith("}\n")
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert released_by_nbgrader(small) == text


def test_nbgrader_needs_no_active_environment_and_says_nothing(small, monkeypatch, capfd):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    released_by_nbgrader(small)
    assert capfd.readouterr() == ("", "")


def test_a_course_gets_source_release_and_gradebook(small, tmp_path):
    generate_assignment(tmp_path, small, f"sqlite:///{tmp_path / 'gradebook.db'}")
    for step in ("source", "release"):
        assert (tmp_path / step / small.name / f"{small.name}.ipynb").is_file()
    check_schema_version(f"sqlite:///{tmp_path / 'gradebook.db'}")


def test_what_nbgrader_refuses_is_passed_on_with_its_reason(make_lesson):
    made = make_lesson(
        '# %% solution="a"\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\n\n'
        '# %% tests="a" points=1\nassert a\n'
        "### BEGIN HIDDEN TESTS\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n"
    )
    with pytest.raises(BuildError) as caught:
        released_by_nbgrader(made)
    assert str(caught.value).startswith(f"{made.folder}: nbgrader says: ")
    assert "ested begin hidden tests" in str(caught.value)


# -- the gradebook's record of an assignment ------------------------------------------------------


def recorded(url: str, lesson: Lesson) -> dict[str, tuple]:
    """What a gradebook knows of the cells of a lesson: type, checksum, text, points."""
    with Gradebook(url, "") as book:
        notebook = book.find_notebook(lesson.name, lesson.name)
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        return {
            cell.name: (cell.cell_type, cell.checksum, cell.source, points.get(cell.name))
            for cell in notebook.source_cells
        }


def expected(lesson: Lesson) -> dict[str, tuple]:
    return {
        cell["id"]: (
            cell["cell_type"],
            cell["metadata"]["nbgrader"]["checksum"],
            cell["source"],
            cell["metadata"]["nbgrader"].get("points"),
        )
        for cell in master_cells(lesson)
        if "nbgrader" in cell["metadata"]
    }


def with_points(lesson: Lesson, factor: float) -> Lesson:
    cells = tuple(replace(cell, points=factor * cell.points) for cell in lesson.cells)
    return replace(lesson, cells=cells)


def test_a_gradebook_knows_the_master_cells_of_a_registered_lesson(small, url):
    register(small, url)
    assert recorded(url, small) == expected(small)


def test_a_lesson_that_changed_is_registered_anew(small, url):
    register(small, url)
    harder = with_points(small, 1.5)
    register(harder, url)
    assert recorded(url, harder) == expected(harder) != expected(small)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of nbgrader's own making
def test_cells_that_went_after_students_were_graded_are_refused(small, url):
    register(small, url)
    with Gradebook(url, "") as book:
        book.add_student("ada")
        book.add_submission(small.name, "ada")
    shorter = replace(small, cells=tuple(c for c in small.cells if c.id != "given-square"))
    with pytest.raises(BuildError, match=r"nbgrader says: .*Cannot add or remove cells"):
        register(shorter, url)
    assert recorded(url, small) == expected(small)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of nbgrader's own making
def test_a_class_that_was_graded_before_there_was_an_install_cell_goes_on(small, url):
    register(replace(small, cells=tuple(c for c in small.cells if c.kind != "install")), url)
    with Gradebook(url, "") as book:
        book.add_student("ada")
        book.add_submission(small.name, "ada")
    register(small, url)
    assert recorded(url, small) == expected(small)


def test_nothing_is_written_beside_the_gradebook(small, url):
    register(small, url)
    assert [path.name for path in path_of(url).parent.iterdir()] == ["gradebook.db"]
