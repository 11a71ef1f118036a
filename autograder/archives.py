"""Reads zip archives that strangers made: each member within limits, or the reason why not.

The standard library's ``zipfile`` is not enough here. One name that it cannot decode makes it give
up the whole archive; it reads the table of contents before anything is counted; a member that is
longer than its header says is cut without a word; bzip2 and LZMA are expanded without a bound.
So the format (PKWARE's APPNOTE.TXT 6.3) is read here, and of it only what an LMS writes: stored
and deflated members, ZIP64, no encryption.
"""

from __future__ import annotations

import os
import re
import struct
import unicodedata
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from stat import S_IFDIR, S_IFMT, S_IFREG
from typing import IO

_ENTRY = struct.Struct("<4s4B4HL2L5H2L")  # of the table of contents (the central directory)
_LOCAL = struct.Struct("<4s2B4HL2L2H")  # before a member's data
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")

_ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # the member, strongly, or the table of contents
_UTF_8 = 0x0800
_STORED, _DEFLATED, _AES = 0, 8, 99
_WINDOWS_DIRECTORY, _WINDOWS_DEVICE, _WINDOWS_LINK = 0x10, 0x40, 0x400

_CHUNK = 64 << 10
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.I | re.S)

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


class ArchiveError(Exception):
    """An archive that cannot be used at all. The message says what to do."""


class MemberError(Exception):
    """A member that is not read to its end. The message is the reason."""


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold.

    Bytes are counted as they are read, for a header may say anything. ``ratio`` is of unpacked to
    packed bytes, and counts after the first ``ratio_free`` bytes: an honest notebook that printed
    one line for ever is packed as tightly as a bomb. ``part_bytes`` is for the name of one folder
    or file, ``name_bytes`` for all of them together.
    """

    members: int = 50_000
    directory_bytes: int = 64 << 20
    total_bytes: int = 8 << 30
    student_bytes: int = 256 << 20
    student_files: int = 2_000
    member_bytes: int = 100 << 20
    ratio: int = 200
    ratio_free: int = 16 << 20
    name_bytes: int = 1_000
    part_bytes: int = 200
    depth: int = 16


@dataclass(frozen=True)
class Refused:
    """A member that is not taken, under a name that is safe to print, and the reason."""

    member: str
    reason: str


@dataclass(frozen=True)
class Member:
    """A file in an archive, with a name that is safe: its folders and itself, none of them "..".

    ``time`` is None if the archive has none. ``problem`` is why the file is not to be read, if so.
    """

    name: str
    parts: tuple[str, ...]
    time: datetime | None
    problem: str
    size: int
    packed: int
    crc: int
    method: int
    data_at: int


class Budget:
    """Bytes that may still be unpacked; what is taken is taken from ``within`` as well."""

    def __init__(self, size: int, whose: str, within: Budget | None = None) -> None:
        self._size = self._left = size
        self._whose = whose
        self._within = within

    def take(self, count: int) -> None:
        """Count bytes that were unpacked.

        Raises:
            MemberError: it is more than there was left.
        """
        if self._within is not None:
            self._within.take(count)
        self._left -= count
        if self._left < 0:
            raise MemberError(f"{self._whose} unpacks to more than {in_bytes(self._size)}")


class Archive:
    """A zip archive's table of contents, and its members' bytes.

    ``members`` are the files with safe names, in order; ``refused`` are those without.

    Raises:
        ArchiveError: it is no zip archive, is damaged, or has more members than the limits allow.
    """

    def __init__(self, file: IO[bytes], name: str, limits: Limits) -> None:
        self._file, self._limits = file, limits
        self.members: list[Member] = []
        self.refused: list[Refused] = []
        directory, starts = _directory(file, name, limits)
        entries = list(_entries(directory, name, limits))
        found = [(entry, *_located(file, entry, starts)) for entry in entries]
        heads = sorted(entry.offset for entry, data_at, _ in found if data_at is not None)
        for entry, data_at, problem in found:
            if data_at is not None and not problem:
                # Of members that share bytes, each but the innermost holds the head of another.
                end = data_at + entry.packed
                if bisect_left(heads, end) - bisect_left(heads, entry.offset) > 1:
                    problem = "its data overlap with another member's"
            self._add(entry, data_at or 0, problem)

    def _add(self, entry: _Entry, data_at: int, problem: str) -> None:
        try:
            text = _decoded(entry)
            parts = safe_parts(text, self._limits)
        except MemberError as error:
            self.refused.append(Refused(shown(entry.raw_name), str(error)))
            return
        problem = _unusable(entry) or problem
        if not problem and _is_directory(entry, text):
            if not entry.size:
                return
            problem = "it is marked as a folder and has data"
        self.members.append(
            Member(
                shown(text), parts, _time(entry), problem, entry.size, entry.packed,
                entry.crc, entry.method, data_at,
            )
        )  # fmt: skip

    def read(self, member: Member, budget: Budget) -> Iterator[bytes]:
        """The bytes of a member in small pieces, counted and checked on the way.

        Raises:
            MemberError: a limit was passed, the data are damaged, or not what their header says.
                The pieces up to there have been given out, and are to be thrown away.
        """
        if member.problem:
            raise MemberError(member.problem)
        limits = self._limits
        count = crc = 0
        for piece, packed in self._unpacked(member):
            count += len(piece)
            crc = zlib.crc32(piece, crc)
            if count > limits.member_bytes:
                raise MemberError(f"it unpacks to more than {in_bytes(limits.member_bytes)}")
            if count > limits.ratio_free + limits.ratio * packed:
                raise MemberError(f"it unpacks to more than {limits.ratio} times its size")
            if count > member.size:
                raise MemberError(f"it is larger than the {member.size} bytes that its header says")
            budget.take(len(piece))
            yield piece
        if count != member.size:
            raise MemberError(f"it has {count} bytes, and its header says {member.size}")
        if crc != member.crc:
            raise MemberError("it is damaged: its checksum (CRC-32) is wrong")

    def _unpacked(self, member: Member) -> Iterator[tuple[bytes, int]]:
        """Pieces of at most ``_CHUNK`` bytes, each with how many packed bytes were read so far."""
        if not member.packed and not member.size:
            return
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        read = 0
        while read < member.packed:
            # Others read from the same file in between.
            self._file.seek(member.data_at + read)
            packed = self._file.read(min(_CHUNK, member.packed - read))
            if not packed:
                raise MemberError("it is cut off")
            read += len(packed)
            if member.method == _STORED:
                yield packed, read
                continue
            while packed and not unpack.eof:
                yield _inflated(unpack, packed), read
                packed = unpack.unconsumed_tail
            if unpack.unused_data or (unpack.eof and read < member.packed):
                raise MemberError("it is damaged: there are bytes after the end of its data")
        if member.method == _DEFLATED:
            # zlib may hold back what did not fit into the last piece.
            while not unpack.eof:
                piece = _inflated(unpack, b"")
                if not piece:
                    raise MemberError("it is cut off")
                yield piece, read


def _inflated(unpack: zlib._Decompress, packed: bytes) -> bytes:
    try:
        return unpack.decompress(packed, _CHUNK)
    except zlib.error as error:
        raise MemberError("it is damaged: its data cannot be unpacked") from error


def in_bytes(count: int) -> str:
    """A number of bytes for people."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"


# -- names -----------------------------------------------------------------------------------


def shown(name: str | bytes) -> str:
    """A name from an archive that is safe to print: one line, no control codes, not too long."""
    if isinstance(name, bytes):
        name = name.decode("utf-8", "backslashreplace")
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    return text if len(text) <= 200 else text[:199] + "…"


def same_name_key(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Equal for paths that some file system takes for the same one."""
    return tuple(unicodedata.normalize("NFC", part.casefold()) for part in parts)


def safe_parts(name: str, limits: Limits) -> tuple[str, ...]:
    """The folders and the file of a member's name, in Unicode's form NFC.

    Raises:
        MemberError: the name could lead out of a folder, or is none on some system.
    """
    if not name:
        raise MemberError("its name is empty")
    if len(name.encode("utf-8", "replace")) > limits.name_bytes:
        raise MemberError(f"its name is longer than {limits.name_bytes} bytes")
    if "\0" in name:
        raise MemberError("its name holds a NUL")
    # Control codes, invisible marks and changes of direction, halves of characters, no characters.
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp") for char in name):
        raise MemberError("its name holds a character that cannot be seen")
    if "\\" in name:
        raise MemberError("its name holds a backslash")
    if name.startswith("/"):
        raise MemberError("its name is absolute")
    if ":" in name:
        raise MemberError("its name holds a colon, as of a Windows drive")
    parts = unicodedata.normalize("NFC", name.removesuffix("/")).split("/")
    parts = [part for part in parts if part != "."]
    if not parts:
        raise MemberError("its name is empty")
    if len(parts) > limits.depth:
        raise MemberError(f"it is in more than {limits.depth - 1} folders")
    for part in parts:
        _check_part(part, limits)
    return tuple(parts)


def _check_part(part: str, limits: Limits) -> None:
    if part == "..":
        raise MemberError('its name leads out of its folder ("..")')
    if not part:
        raise MemberError("a part of its name is empty")
    if part != part.strip() or part.endswith("."):
        raise MemberError("a part of its name begins or ends with a space, or ends with a dot")
    if is_device(part):
        raise MemberError(f"{part} is a device on Windows")
    if len(part.encode("utf-8")) > limits.part_bytes:
        raise MemberError(f"a part of its name is longer than {limits.part_bytes} bytes")


def is_device(part: str) -> bool:
    """Whether Windows takes a file's name for a device, such as NUL or com1.txt."""
    return _DEVICE.fullmatch(part) is not None


def _decoded(entry: _Entry) -> str:
    if entry.flags & _UTF_8:
        try:
            return entry.raw_name.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MemberError("its name is marked as UTF-8 and is not") from error
    try:
        # macOS and Linux write UTF-8 without saying so; hardly any other text happens to be valid.
        return entry.raw_name.decode("utf-8")
    except UnicodeDecodeError:
        return entry.raw_name.decode("cp437")


# -- the format ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
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


def _directory(file: IO[bytes], name: str, limits: Limits) -> tuple[bytes, int]:
    """The table of contents, and where it starts."""
    file.seek(0, os.SEEK_END)
    length = file.tell()
    tail_at = max(length - _END.size - 0xFFFF, 0)
    file.seek(tail_at)
    tail = file.read()
    at = _end_record(tail)
    if at is None:
        raise ArchiveError(f"{shown(name)} {_what_else(file, length)}")
    _, disk, disk_of_directory, _, _, size, offset, _ = _END.unpack_from(tail, at)
    end_at = tail_at + at
    wide = _end_64(file, end_at)
    if wide is not None:
        end_at, disk, disk_of_directory, size, offset = wide
    if disk or disk_of_directory:
        raise ArchiveError(f"{shown(name)} is one part of several; join them and collect again")
    if size > limits.directory_bytes:
        most = in_bytes(limits.directory_bytes)
        raise ArchiveError(f"the table of contents of {shown(name)} is larger than {most}")
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


def _entries(directory: bytes, name: str, limits: Limits) -> Iterator[_Entry]:
    at = count = 0
    while at < len(directory):
        count += 1
        if count > limits.members:
            raise ArchiveError(f"{shown(name)} has more than {limits.members} members")
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
        entry = _Entry(
            raw_name, flags, method, time, date, crc, packed, size, attributes, offset, None, True
        )
        yield _with_extra(entry, directory[at + name_size : at + name_size + extra_size])
        at = after


def _with_extra(entry: _Entry, extra: bytes) -> _Entry:
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


def _located(file: IO[bytes], entry: _Entry, directory_at: int) -> tuple[int | None, str]:
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
    elif method != entry.method or (flags ^ entry.flags) & _ENCRYPTED:
        problem = "the archive says in two different ways how it is packed"
    return data_at, problem


def _unusable(entry: _Entry) -> str:
    """Why a member is not to be read, whatever its data are."""
    kind = S_IFMT(entry.attributes >> 16)
    if kind not in (0, S_IFREG, S_IFDIR) or entry.attributes & (_WINDOWS_DEVICE | _WINDOWS_LINK):
        return "it is a link or a device, no file"
    if entry.flags & _ENCRYPTED or entry.method == _AES:
        return "it is encrypted"
    if entry.method not in (_STORED, _DEFLATED):
        return f"it is packed by a method (number {entry.method}) that is not read; use deflate"
    return ""


def _is_directory(entry: _Entry, name: str) -> bool:
    is_marked = S_IFMT(entry.attributes >> 16) == S_IFDIR or (
        S_IFMT(entry.attributes >> 16) == 0 and entry.attributes & _WINDOWS_DIRECTORY
    )
    return name.endswith("/") or bool(is_marked)


def _time(entry: _Entry) -> datetime | None:
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


def _damaged(name: str) -> str:
    return f"the table of contents of {shown(name)} is damaged; download it again"
