"""Landlock's rules: a process reads programs, writes to its own folder, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.isolation import bubblewrap, linux, seccomp

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or linux.landlock_version() < 1, reason="this kernel has no Landlock"
)

ENCLOSE = """
import json, os, signal, socket, sys
from pathlib import Path
from autograder.isolation import landlock
given = json.loads(sys.argv[1])
own, other = given["own"], given["other"]
os.chdir(own)
program = bytes.fromhex(given["program"])
landlock.enclose(Path(own), given["readable"], given["devices"], program, given["user"])
attempts = {
    "write own": lambda: Path("new").write_text("x"),
    "make own folder": lambda: os.makedirs("a/b"),
    "remove own": lambda: os.remove("new"),
    "import": lambda: __import__("colorsys"),
    "null": lambda: open("/dev/null", "w").write("x"),
    "zero": lambda: open("/dev/zero", "rb").read(1),
    "read other": lambda: Path(other, "theirs").read_text(),
    "list other": lambda: os.listdir(other),
    "write other": lambda: Path(other, "theirs").write_text("x"),
    "make in other": lambda: Path(other, "new").touch(),
    "move out": lambda: os.rename("a", os.path.join(other, "a")),
    "read password file": lambda: Path("/etc/passwd").read_text(),
    "look at its parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "look at itself": lambda: Path("/proc/self/status").read_text(),
    "network": lambda: socket.socket(),
}
said = []
for name, attempt in attempts.items():
    try:
        attempt()
        said.append(name)
    except OSError:
        pass
print(json.dumps([said, os.getuid(), os.getgroups()]))
"""
ALLOWED = ["write own", "make own folder", "remove own", "import", "null", "look at itself"]


def enclosed(tmp_path: Path, devices: tuple[str, ...] = (), user: int | None = None) -> list:
    """What an enclosed process can do, and who it is."""
    tmp_path.chmod(0o755)
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "other" / "theirs").write_text("theirs")
    if user is not None:
        os.chown(tmp_path / "own", user, user)
    given = {
        "own": str(tmp_path / "own"),
        "other": str(tmp_path / "other"),
        "program": seccomp.program(among_others=True).hex(),
        "readable": [*bubblewrap.programs(), *bubblewrap.SYSTEM],
        "devices": devices,
        "user": user,
    }
    ended = subprocess.run(
        [sys.executable, "-c", ENCLOSE, json.dumps(given)], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "other" / "theirs").read_text() == "theirs"
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["theirs"]
    return json.loads(ended.stdout)


def test_it_reads_programs_and_writes_to_its_own_folder_and_that_is_all(tmp_path) -> None:
    said, *_ = enclosed(tmp_path)
    assert said == ALLOWED


def test_a_device_is_open_if_it_is_named(tmp_path) -> None:
    said, *_ = enclosed(tmp_path, devices=("/dev/zero",))
    assert said == [*ALLOWED[:5], "zero", *ALLOWED[5:]]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_as_root_it_becomes_a_user_that_nobody_is(tmp_path) -> None:
    said, user, groups = enclosed(tmp_path, user=1_900_000_123)
    assert (user, groups) == (1_900_000_123, [])
    assert said == ALLOWED
