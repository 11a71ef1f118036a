"""Zip archives as an LMS or a stranger makes them, and a course into which they are collected."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.course.folders import Course
from autograder.intake.archive_limits import ArchiveLimits
from autograder.intake.collect import Report, collect_archive

NAME = "90_small"
NOTEBOOK = f"{NAME}.ipynb"
BOB = f"bob/{NOTEBOOK}"
TEXT = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
#: Small enough to pass in a test.
SMALL = ArchiveLimits(
    members=40, total_bytes=24 << 20, student_bytes=6 << 20, student_files=10,
    member_bytes=4 << 20, ratio_free=1 << 20,
)  # fmt: skip


#: Byte offsets in an entry of the table of contents, and in the header before a member's data.
_ENTRY = {"flags": (8, "H"), "method": (10, "H"), "crc": (16, "I"), "packed": (20, "I"),
          "size": (24, "I"), "attributes": (38, "I"), "offset": (42, "I")}  # fmt: skip
_LOCAL = {"flags": (6, "H"), "method": (8, "H"), "crc": (14, "I"), "packed": (18, "I"),
          "size": (22, "I")}  # fmt: skip


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


def zeros(size: int, name: str = "alice/zeros.bin") -> Packed:
    """A member that packs to almost nothing."""
    return Packed(name, bytes(size))


def noise(size: int, name: str, seed: int = 0) -> Packed:
    """A member whose bytes do not pack well."""
    words = [struct.pack("<I", zlib.crc32(struct.pack("<II", seed, i))) for i in range(size // 4)]
    return Packed(name, b"".join(words))


def nth(raw: bytes, signature: bytes, index: int) -> int:
    """Where a signature stands in an archive for the ``index``-th time."""
    at = -1
    for _ in range(index + 1):
        at = raw.index(signature, at + 1)
    return at


def patch(raw: bytearray, index: int, *, local: bool = False, **values: int) -> bytearray:
    """Change fields of a member in the table of contents, or in its own header."""
    at = nth(raw, b"PK\x03\x04" if local else b"PK\x01\x02", index)
    for field, value in values.items():
        offset, kind = (_LOCAL if local else _ENTRY)[field]
        struct.pack_into(f"<{kind}", raw, at + offset, value)
    return raw


def rename(raw: bytearray, old: str, new: bytes) -> bytearray:
    """Write other bytes, as many, over a member's name wherever it stands."""
    assert len(old.encode()) == len(new) and old.encode() in raw
    return bytearray(bytes(raw).replace(old.encode(), new))


def reasons(report: Report) -> dict[str, str]:
    """Why each member was refused, of a report in which none was refused twice."""
    found = {one.member: one.reason for one in report.refused}
    assert len(found) == len(report.refused)
    return found


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

    def collect(self, raw: bytes, limits: ArchiveLimits = SMALL, **options) -> Report:
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
