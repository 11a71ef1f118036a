"""How much an archive may hold, and the errors of one that holds more or is broken."""

from __future__ import annotations

from dataclasses import dataclass


class ArchiveError(Exception):
    """An archive that cannot be used at all. The message says what to do."""


class MemberError(Exception):
    """A member that is not read to its end. The message is the reason."""


@dataclass(frozen=True)
class ArchiveLimits:
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
