"""The format of zip archives (PKWARE's APPNOTE.TXT 6.3), as far as learning systems write it:
stored and deflated members, ZIP64, no encryption. Everything here reads what a stranger wrote, and
believes none of it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from stat import S_IFDIR, S_IFMT, S_IFREG
from typing import IO

from autograder.intake.archive_limits import ArchiveError, ArchiveLimits, MemberError
from autograder.protocol.plain_text import in_bytes, on_one_line

_ENTRY = struct.Struct("<4s4B4HL2L5H2L")  # of the table of contents (the central directory)
_LOCAL = struct.Struct("<4s2B4HL2L2H")  # before a member's data
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # the member, strongly, or the table of contents
UTF_8 = 0x0800
STORED, DEFLATED, AES = 0, 8, 99
WINDOWS_DIRECTORY, WINDOWS_DEVICE, WINDOWS_LINK = 0x10, 0x40, 0x400


_OTHER_KINDS = (
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\x1f\x8b", "a gzip file, perhaps a tar.gz archive"),
    (0, b"BZh", "a bzip2 file, perhaps a tar.bz2 archive"),
    (0, b"\xfd7zXZ", "an xz file, perhaps a tar.xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (257, b"ustar", "a tar archive"),
    (0, b"%PDF", "a PDF file"),
)


@dataclass(frozen=True)
class Entry:
    """An entry of the table of contents, as it stands there."""

    raw_name: bytes
    flags: int
    method: int
    dos_time: int
    dos_date: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int
    unix_time: int | None
    extra_is_sound: bool


def directory_of(file: IO[bytes], name: str, limits: ArchiveLimits) -> tuple[bytes, int]:
    """The table of contents, and where it starts.

    Raises:
        ArchiveError: it is no zip archive, or the table is damaged or too large.
    """
    file.seek(0, os.SEEK_END)
    length = file.tell()
    tail_at = max(length - _END.size - 0xFFFF, 0)
    file.seek(tail_at)
    tail = file.read()
    at = _end_record(tail)
    if at is None:
        raise ArchiveError(f"{on_one_line(name)} {_what_else(file, length)}")
    _, disk, disk_of_directory, _, _, size, offset, _ = _END.unpack_from(tail, at)
    end_at = tail_at + at
    wide = _end_64(file, end_at)
    if wide is not None:
        end_at, disk, disk_of_directory, size, offset = wide
    if disk or disk_of_directory:
        raise ArchiveError(
            f"{on_one_line(name)} is one part of several; join them and collect again"
        )
    if size > limits.directory_bytes:
        most = in_bytes(limits.directory_bytes)
        raise ArchiveError(f"the table of contents of {on_one_line(name)} is larger than {most}")
    if offset + size != end_at:
        raise ArchiveError(_damaged(name))
    file.seek(offset)
    return file.read(size), offset


def _end_record(tail: bytes) -> int | None:
    """Where the record is that ends an archive; a comment may follow, up to the file's last byte.

    Only there: an archive that is cut off would be taken for a student's own zip within it.
    """
    at = len(tail)
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        if at + _END.size <= len(tail):
            comment_size = _END.unpack_from(tail, at)[-1]
            if at + _END.size + comment_size == len(tail):
                return at
    return None


def _end_64(file: IO[bytes], end_at: int) -> tuple[int, int, int, int, int] | None:
    at = end_at - _LOCATOR_64.size - _END_64.size
    if at < 0:
        return None
    file.seek(at)
    raw = file.read(_LOCATOR_64.size + _END_64.size)
    if raw[:4] != b"PK\x06\x06" or raw[_END_64.size :][:4] != b"PK\x06\x07":
        return None
    _, _, _, _, disk, disk_of_directory, _, _, size, offset = _END_64.unpack_from(raw)
    return at, disk, disk_of_directory, size, offset


def entries_of(directory: bytes, name: str, limits: ArchiveLimits) -> Iterator[Entry]:
    """The entries of a table of contents, in order.

    Raises:
        ArchiveError: it is damaged, or has more entries than the limits allow.
    """
    at = count = 0
    while at < len(directory):
        count += 1
        if count > limits.members:
            raise ArchiveError(f"{on_one_line(name)} has more than {limits.members} members")
        if directory[at : at + 4] != b"PK\x01\x02" or at + _ENTRY.size > len(directory):
            raise ArchiveError(_damaged(name))
        fields = _ENTRY.unpack_from(directory, at)
        flags, method, time, date, crc, packed, size, name_size, extra_size, comment_size = fields[
            5:15
        ]
        attributes, offset = fields[17:]
        at += _ENTRY.size
        after = at + name_size + extra_size + comment_size
        if after > len(directory):
            raise ArchiveError(_damaged(name))
        raw_name = directory[at : at + name_size]
        entry = Entry(
            raw_name, flags, method, time, date, crc, packed, size, attributes, offset, None, True
        )
        yield _with_extra(entry, directory[at + name_size : at + name_size + extra_size])
        at = after


def _with_extra(entry: Entry, extra: bytes) -> Entry:
    """The entry with what its extra fields say: sizes over 4 GB, and the time in UTC."""
    try:
        while len(extra) >= 4:
            kind, length = struct.unpack_from("<HH", extra)
            data, extra = extra[4 : 4 + length], extra[4 + length :]
            if len(data) != length:
                return replace(entry, extra_is_sound=False)
            if kind == 0x0001:
                for field in ("size", "packed", "offset"):
                    if getattr(entry, field) == 0xFFFFFFFF:
                        entry = replace(entry, **{field: struct.unpack_from("<Q", data)[0]})
                        data = data[8:]
            elif kind == 0x5455 and length >= 5 and data[0] & 1:
                entry = replace(entry, unix_time=struct.unpack_from("<l", data, 1)[0])
    except struct.error:
        return replace(entry, extra_is_sound=False)
    return entry


def located(file: IO[bytes], entry: Entry, directory_at: int) -> tuple[int | None, str]:
    """Where a member's data start, if it is anywhere, and what is wrong with the header there."""
    if not entry.extra_is_sound or entry.offset + _LOCAL.size > directory_at:
        return None, "it is damaged: the table of contents does not say where it is"
    file.seek(entry.offset)
    raw = file.read(_LOCAL.size + len(entry.raw_name))
    if raw[:4] != b"PK\x03\x04" or len(raw) < _LOCAL.size:
        return None, "it is damaged: there is no member where it should be"
    _, _, _, flags, method, _, _, _, _, _, name_size, extra_size = _LOCAL.unpack_from(raw)
    data_at = entry.offset + _LOCAL.size + name_size + extra_size
    problem = ""
    if data_at + entry.packed > directory_at:
        problem = "it is cut off, or its header says more bytes than there are"
    elif raw[_LOCAL.size :] != entry.raw_name or name_size != len(entry.raw_name):
        problem = "the archive gives it two different names"
    elif method != entry.method or (flags ^ entry.flags) & ENCRYPTED:
        problem = "the archive says in two different ways how it is packed"
    return data_at, problem


def time_of(entry: Entry) -> datetime | None:
    """When a member was last changed.

    The format's own time has no zone; as every unzip program does, it is taken for local time.
    1980 at midnight is what programs write that know no time.
    """
    try:
        if entry.unix_time is not None:
            return datetime.fromtimestamp(entry.unix_time, timezone.utc)
        date, time = entry.dos_date, entry.dos_time
        if (date, time) == (0x21, 0):
            return None
        local = datetime(
            1980 + (date >> 9), date >> 5 & 15, date & 31,
            time >> 11, time >> 5 & 63, (time & 31) * 2,
        )  # fmt: skip
        return local.astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None  # no such day


def _damaged(name: str) -> str:
    return f"the table of contents of {on_one_line(name)} is damaged; download it again"


def decoded_name(entry: Entry) -> str:
    """The name of an entry as text.

    Raises:
        MemberError: it is not what it is marked as.
    """
    if entry.flags & UTF_8:
        try:
            return entry.raw_name.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MemberError("its name is marked as UTF-8 and is not") from error
    try:
        # macOS and Linux write UTF-8 without saying so; hardly any other text happens to be valid.
        return entry.raw_name.decode("utf-8")
    except UnicodeDecodeError:
        return entry.raw_name.decode("cp437")


def unusable(entry: Entry) -> str:
    """Why a member is not to be read, whatever its data are."""
    kind = S_IFMT(entry.attributes >> 16)
    if kind not in (0, S_IFREG, S_IFDIR) or entry.attributes & (WINDOWS_DEVICE | WINDOWS_LINK):
        return "it is a link or a device, no file"
    if entry.flags & ENCRYPTED or entry.method == AES:
        return "it is encrypted"
    if entry.method not in (STORED, DEFLATED):
        return f"it is packed by a method (number {entry.method}) that is not read; use deflate"
    return ""


def is_directory(entry: Entry, name: str) -> bool:
    """Whether an entry is a folder, by its name or its attributes."""
    is_marked = S_IFMT(entry.attributes >> 16) == S_IFDIR or (
        S_IFMT(entry.attributes >> 16) == 0 and entry.attributes & WINDOWS_DIRECTORY
    )
    return name.endswith("/") or bool(is_marked)


def _what_else(file: IO[bytes], length: int) -> str:
    if not length:
        return "is an empty file; download it again"
    file.seek(0)
    head = file.read(512)
    if head.startswith(b"PK\x03\x04"):
        return "is a zip archive that is cut off at its end; download it again"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a zip archive; log in to the LMS and download it again"
    for at, magic, kind in _OTHER_KINDS:
        if head.startswith(magic, at):
            return f"is {kind}, not a zip archive; pack its content as zip and collect again"
    return "is not a zip archive"
