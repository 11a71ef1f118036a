"""Zip archives as an LMS makes them, and a course into which they are collected."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.course.folders import Course
from autograder.intake.archive_limits import ArchiveLimits
from autograder.intake.collect import Report, collect_archive

NAME = "90_small"
NOTEBOOK = f"{NAME}.ipynb"
TEXT = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
#: Small enough to pass in a test.
SMALL = ArchiveLimits(
    members=40, total_bytes=24 << 20, student_bytes=6 << 20, student_files=10,
    member_bytes=4 << 20, ratio_free=1 << 20,
)  # fmt: skip


@dataclass(frozen=True)
class Packed:
    """A member to be put into a test's archive."""

    name: str
    data: bytes = TEXT
    mode: int = 0
    time: tuple[int, int, int, int, int, int] = (2026, 3, 1, 10, 30, 20)
    method: int = zipfile.ZIP_DEFLATED
    extra: bytes = b""


def packed(*members: Packed | str) -> bytearray:
    """A zip archive of these members; a plain name is a notebook."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for one in members:
            one = Packed(one) if isinstance(one, str) else one
            info = zipfile.ZipInfo(one.name, one.time)
            info.compress_type, info.extra = one.method, one.extra
            info.external_attr = one.mode << 16
            archive.writestr(info, one.data)
    return bytearray(raw.getvalue())


def tree(root: Path) -> dict[str, tuple[int, bytes | str]]:
    """Every file, folder and link under a folder, with its rights and what is in it."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(root.rglob("*")):
        what = str(path.readlink()) if path.is_symlink() else ""
        content = path.read_bytes() if path.is_file() and not what else what
        found[str(path.relative_to(root))] = (path.lstat().st_mode, content)
    return found


class Class:
    """A course in a folder, beside files that no archive may touch."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self.root = room / "outer" / "course"
        (self.root / "assignments").mkdir(parents=True)
        (self.root / "gradebook.db").write_text("marks")
        (room / "secret.txt").write_text("secret")
        self.submitted = self.root / "submitted"
        self.archive = room / "class.zip"
        self.course = Course(self.root)

    @contextmanager
    def nothing_else_changes(self) -> Iterator[None]:
        """Check that only students' folders in submitted/ changed, and hold plain files only."""
        before = self._outside()
        yield
        assert self._outside() == before
        for name, (mode, _) in tree(self.submitted).items() if self.submitted.exists() else ():
            assert not name.startswith(".")
            rights = 0o755 if stat.S_ISDIR(mode) else 0o644
            assert stat.S_ISDIR(mode) or stat.S_ISREG(mode)
            assert stat.S_IMODE(mode) == rights, name

    def _outside(self) -> dict[str, tuple[int, bytes | str]]:
        inside = self.submitted.relative_to(self.room)
        return {k: v for k, v in tree(self.room).items() if not Path(k).is_relative_to(inside)}

    def collect_archive(self, raw: bytes, limits: ArchiveLimits = SMALL, **options) -> Report:
        self.archive.write_bytes(raw)
        with self.nothing_else_changes():
            return collect_archive(self.course, NAME, self.archive, limits=limits, **options)

    def files(self, student: str) -> dict[str, bytes]:
        folder = self.submitted / student / NAME
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path.name != "timestamp.txt"
        }

    def students(self) -> set[str]:
        return {path.parent.name for path in self.submitted.glob(f"*/{NAME}")}
