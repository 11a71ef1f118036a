"""Remembers what a student's own check found, so that nothing runs where nothing has changed."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import platformdirs

import autograder
import nnlab
from autograder.classes.jobs import Job
from autograder.classes.self_check import Check, OwnWork
from autograder.course.atomic import write_text
from autograder.judging.key import submission_digest


class RememberedChecks:
    """The last check of each notebook, in the user's cache folder; a file a notebook.

    An entry that cannot be read is none, and one that cannot be written is not kept: then the
    notebook is checked again.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(platformdirs.user_cache_dir("autograder")) / "checks"

    def get(self, work: OwnWork, job: Job) -> Check | None:
        """What was found the last time, if nothing that it depends on has changed since."""
        try:
            record = json.loads(self._file(work).read_text(encoding="utf-8"))
            if record["key"] == key(work, job):
                return Check.from_dict(record["check"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None

    def put(self, work: OwnWork, job: Job, check: Check) -> None:
        """Remember what was found, in place of the last time."""
        text = json.dumps({"key": key(work, job), "check": check.to_dict()})
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_text(self._file(work), text)

    def _file(self, work: OwnWork) -> Path:
        path = os.fsencode(work.path.absolute())
        return self.folder / f"{hashlib.sha256(path).hexdigest()[:32]}.json"


def key(work: OwnWork, job: Job) -> str:
    """A digest of all that a check depends on. A notebook's outputs are nothing of it."""
    digest = hashlib.sha256()
    facts = (work.lesson.digest, work.found, work.notes, sorted(work.altered), asdict(job.options))
    written = submission_digest(work.submission)
    for fact in (*facts, written, job.hidden_seed, _judge(), _installed()):
        digest.update(f"{fact!r}\n".encode("utf-8", "surrogateescape"))
    for name, content in work.files:
        digest.update(f"{name!r} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


@functools.cache
def _judge() -> str:
    """A digest of the code that judges, and of what notebooks import."""
    digest = hashlib.sha256()
    for package in (autograder, nnlab):
        home = Path(package.__path__[0])
        for path in sorted(home.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(home)}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


@functools.cache
def _installed() -> str:
    """The versions of Python and of every installed package, which stand in the names of their
    folders."""
    folders = [Path(entry) for entry in sys.path if entry]
    names = {path.name for folder in folders for path in folder.glob("*.dist-info")}
    return f"{sys.version} {sys.platform} {sorted(names)}"
