"""Reads zip archives that strangers made: each member within limits, or the reason why not.

The standard library's ``zipfile`` is not enough here. One name that it cannot decode makes it give
up the whole archive; it reads the table of contents before anything is counted; a member that is
longer than its header says is cut without a word; bzip2 and LZMA are expanded without a bound.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from autograder.intake.archive_limits import ArchiveLimits, MemberError
from autograder.intake.safe_names import safe_parts
from autograder.intake.zip_format import (
    DEFLATED,
    STORED,
    Entry,
    decoded_name,
    directory_of,
    entries_of,
    is_directory,
    located,
    time_of,
    unusable,
)
from autograder.protocol.plain_text import in_bytes, on_one_line

_CHUNK = 64 << 10


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

    def __init__(self, file: IO[bytes], name: str, limits: ArchiveLimits) -> None:
        self._file, self._limits = file, limits
        self.members: list[Member] = []
        self.refused: list[Refused] = []
        directory, starts = directory_of(file, name, limits)
        entries = list(entries_of(directory, name, limits))
        found = [(entry, *located(file, entry, starts)) for entry in entries]
        heads = sorted(entry.offset for entry, data_at, _ in found if data_at is not None)
        for entry, data_at, problem in found:
            if data_at is not None and not problem:
                # Of members that share bytes, each but the innermost holds the head of another.
                end = data_at + entry.packed
                if bisect_left(heads, end) - bisect_left(heads, entry.offset) > 1:
                    problem = "its data overlap with another member's"
            self._add(entry, data_at or 0, problem)

    def _add(self, entry: Entry, data_at: int, problem: str) -> None:
        try:
            text = decoded_name(entry)
            parts = safe_parts(text, self._limits)
        except MemberError as error:
            self.refused.append(Refused(on_one_line(entry.raw_name), str(error)))
            return
        problem = unusable(entry) or problem
        if not problem and is_directory(entry, text):
            if not entry.size:
                return
            problem = "it is marked as a folder and has data"
        self.members.append(
            Member(
                on_one_line(text), parts, time_of(entry), problem, entry.size, entry.packed,
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
            if member.method == STORED:
                yield packed, read
                continue
            while packed and not unpack.eof:
                yield _inflated(unpack, packed), read
                packed = unpack.unconsumed_tail
            if unpack.unused_data or (unpack.eof and read < member.packed):
                raise MemberError("it is damaged: there are bytes after the end of its data")
        if member.method == DEFLATED:
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
