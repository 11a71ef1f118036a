"""The adapter to nbgrader's own pipeline: its converter, and the version of its tables."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import re
import sqlite3
import tempfile
from pathlib import Path

from autograder.lessons.model import Lesson
from autograder.lessons.notebooks import source_notebook, to_text


class BuildError(Exception):
    """Notebooks that cannot or must not be built. The message says which cell and why."""


class OldGradebookError(Exception):
    """A gradebook whose tables are of another version of nbgrader. The message says what to do."""


def released_by_nbgrader(lesson: Lesson) -> str:
    """The release of a lesson, as the text of a notebook file, made by nbgrader's own converter
    in a throwaway course.

    Raises:
        BuildError: with nbgrader's reason.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-build-") as folder:
        course = Path(folder)
        generate_assignment(course, lesson, f"sqlite:///{course / 'gradebook.db'}")
        released = course / "release" / lesson.name / f"{lesson.name}.ipynb"
        text = released.read_text(encoding="utf-8")
    return text if text.endswith("\n") else text + "\n"


def register(lesson: Lesson, db_url: str) -> None:
    """Have nbgrader write what it knows of an assignment into a gradebook.

    Raises:
        BuildError: nbgrader refuses: cells came or went after students had been graded.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-register-") as folder:
        generate_assignment(Path(folder), lesson, db_url)


def generate_assignment(course: Path, lesson: Lesson, db_url: str) -> None:
    """Write a lesson's notebook into ``course``/source and run ``nbgrader generate_assignment``.

    Raises:
        BuildError: with nbgrader's reason.
    """
    # nbgrader takes seconds to import.
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    path = course / "source" / lesson.name / f"{lesson.name}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(to_text(source_notebook(lesson)), encoding="utf-8")
    note_schema_version(db_url)
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.assignment_id = lesson.name
    config.CourseDirectory.db_url = db_url
    converter = GenerateAssignment(
        coursedir=CourseDirectory(config=config), config=config, force=True
    )
    log = _Collected()
    converter.log = logging.Logger("nbgrader")
    converter.log.addHandler(log)
    try:
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
            converter.start()
    except (NbGraderException, SystemExit, RuntimeError) as error:
        reasons = log.errors or [str(error)]
        raise BuildError(f"{lesson.folder}: nbgrader says: " + " ".join(reasons)) from error


def note_schema_version(db_url: str) -> None:
    """Note the version of nbgrader's tables in an empty database.

    nbgrader would start a process to find it, by a name that it finds only in an active
    environment, and that takes seconds.
    """
    import sqlalchemy

    engine = sqlalchemy.create_engine(db_url)
    try:
        if sqlalchemy.inspect(engine).get_table_names():
            return
        with engine.begin() as connection:
            connection.execute(
                sqlalchemy.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            )
            connection.execute(
                sqlalchemy.text("INSERT INTO alembic_version VALUES (:head)"),
                {"head": current_schema_version()},
            )
    finally:
        engine.dispose()


def check_schema_version(db_url: str) -> None:
    """Check that a gradebook in a file, if there is one, has the tables of this nbgrader.

    Raises:
        OldGradebookError: it has not.
    """
    if not db_url.startswith("sqlite:///"):
        return
    path = Path(db_url.removeprefix("sqlite:///"))
    if not path.exists():
        return
    # As a proper URI: a course's folder may have "#", "?" or "%" in its name.
    readable = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(readable, uri=True)) as database:
            names = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            if not names:
                return
            found = (
                database.execute("SELECT version_num FROM alembic_version").fetchone()
                if "alembic_version" in names
                else None
            )
    except sqlite3.OperationalError as error:
        raise OldGradebookError(f"{path} cannot be read ({error}); nothing was done") from error
    except sqlite3.DatabaseError as error:
        raise OldGradebookError(f"{path} is no gradebook ({error}); move it away") from error
    wanted = current_schema_version()
    if found is None or found[0] != wanted:
        has = "no version" if found is None else f"version {found[0]}"
        raise OldGradebookError(
            f"{path} was made by another nbgrader: its tables have {has}, and this one wants "
            f"{wanted}. Nothing was done. Run 'nbgrader db upgrade' in the course's folder, which "
            "keeps a copy of the old file, and then this command again"
        )


def current_schema_version() -> str:
    """The version of the tables of the nbgrader that is installed.

    Read off its migrations as text: importing nbgrader or alembic takes seconds.
    """
    spec = importlib.util.find_spec("nbgrader")
    assert spec is not None and spec.origin is not None
    revisions: set[str] = set()
    replaced: set[str] = set()
    for path in (Path(spec.origin).parent / "alembic" / "versions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        revisions |= set(re.findall(r"^revision\b.*=\s*['\"](\w+)['\"]", text, re.MULTILINE))
        replaced |= set(re.findall(r"^down_revision\b.*=\s*['\"](\w+)['\"]", text, re.MULTILINE))
    (head,) = revisions - replaced
    return head


class _Collected(logging.Handler):
    """Keeps the errors that nbgrader logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(record.getMessage().strip().splitlines()[-1])
