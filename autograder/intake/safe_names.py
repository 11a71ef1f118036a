"""Names of files in archives: which are safe on every system."""

from __future__ import annotations

import re
import unicodedata

from autograder.intake.archive_limits import ArchiveLimits, MemberError

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.I | re.S)


def same_name_key(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Equal for paths that some file system takes for the same one."""
    return tuple(unicodedata.normalize("NFC", part.casefold()) for part in parts)


def safe_parts(name: str, limits: ArchiveLimits) -> tuple[str, ...]:
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


def _check_part(part: str, limits: ArchiveLimits) -> None:
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
