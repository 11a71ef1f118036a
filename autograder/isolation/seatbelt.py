"""macOS: a seatbelt around the warm parent and its submissions. Written by the book, untested.

``sandbox-exec`` is deprecated, and has been kept by Apple for years because its own programs use
it. The trial in :mod:`autograder.isolation.tiers` decides on each machine whether this one holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PROGRAM = "/usr/bin/sandbox-exec"
#: Where people and programs keep what is theirs; what a notebook needs is opened again below.
_PRIVATE = (
    "/Users", "/Volumes", "/Network", "/private/etc", "/private/tmp", "/private/var",
    "/Library/Keychains", "/Library/Preferences", "/cores",
)  # fmt: skip
#: System services without which Python cannot name its user, log, or tell the time.
_SERVICES = (
    "com.apple.system.opendirectoryd.libinfo",
    "com.apple.system.logger",
    "com.apple.system.notification_center",
    "com.apple.logd",
)
_WRITABLE_DEVICES = ("/dev/null", "/dev/dtracehelper")


def command(python: list[str], readable: Iterable[str], folder: str) -> list[str]:
    """The command that runs ``python`` in the seatbelt.

    Args:
        readable: folders with the programs that it needs.
        folder: the only one that it may write to.
    """
    return [PROGRAM, "-p", profile(readable, folder), *python]


def profile(readable: Iterable[str], folder: str) -> str:
    """The rules, of which the last that fits holds."""
    # A rule is compared with where a file is, not with the links that lead to it.
    programs = sorted({str(Path(path).resolve()) for path in readable})
    own = str(Path(folder).resolve())
    rules = [
        "(version 1)",
        "(allow default)",
        "(deny network*)",
        "(deny file-write*)",
        f"(deny file-read* {_words('subpath', _PRIVATE)})",
        # A path is looked up folder by folder.
        "(allow file-read-metadata)",
        f"(allow file-read* {_words('subpath', [*programs, '/private/etc/localtime'])})",
        f"(allow file-read* file-write* {_words('subpath', [own])})",
        f"(allow file-write* {_words('literal', _WRITABLE_DEVICES)})",
        # What others do on its behalf: other programs, the clipboard, the keychain.
        "(deny mach-lookup)",
        f"(allow mach-lookup {_words('global-name', _SERVICES)})",
        "(deny appleevent-send)",
        "(deny iokit-open)",
        "(deny mach-priv-task-port)",
        "(deny ipc-posix-shm*)",
        "(deny signal)",
        "(allow signal (target same-sandbox))",
        "(deny process-info*)",
        "(allow process-info* (target same-sandbox))",
    ]
    return "\n".join(rules)


def _words(kind: str, words: Iterable[str]) -> str:
    """``(kind "word")`` for each, quoted as Scheme does."""
    quoted = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return " ".join(f'({kind} "{word}")' for word in quoted)
