"""The watchdog: what all processes of a submission use together."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Holds so many MB in so many children, and says what the watchdog finds. Their memory is their
#: own, or (SHARED) inherited from this process before the watchdog began to look.
HOLD = """
import json, os, pathlib, signal, sys
import psutil  # before the platform is another
given = json.loads(sys.argv[1])
sys.platform = given.get("platform", sys.platform)
from autograder.isolation import watchdog
block = b"x" * (given["mb"] << 20) if given.get("inherited") else b""
folder = pathlib.Path(given["folder"]) if "folder" in given else None
watch = watchdog.Watchdog(given["limits"], folder)
reading, writing = os.pipe()
children = []
for _ in range(given.get("children", 0)):
    children.append(os.fork())
    if children[-1] == 0:
        block = block or b"x" * (given["mb"] << 20)
        os.write(writing, b"x")
        signal.pause()
for _ in children:
    os.read(reading, 1)
found = watchdog.below(os.getpid())
print(json.dumps([watch.overrun(), sorted(found) == sorted(children)]))
for child in children:
    os.kill(child, signal.SIGKILL)
"""


def overrun(limits: dict[str, float], **given: object) -> str:
    """What the watchdog says of the children that ``HOLD`` starts."""
    words = json.dumps({"limits": limits, **given})
    ended = subprocess.run([sys.executable, "-c", HOLD, words], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    said, sees_all = json.loads(ended.stdout)
    assert sees_all
    return said


PLATFORMS = pytest.mark.parametrize(
    "platform", [sys.platform, pytest.param("darwin", id="asks psutil, without /proc")]
)


@PLATFORMS
def test_memory_of_all_processes_counts_together(platform) -> None:
    given = {"children": 3, "mb": 100, "platform": platform}
    assert overrun({"memory_mb": 200}, **given) == "its processes used more than 200 MB of memory"
    assert overrun({"memory_mb": 1000}, **given) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="an exact count needs /proc")
def test_memory_that_forks_share_counts_once() -> None:
    assert overrun({"memory_mb": 200}, children=4, mb=150, inherited=True) == ""


@PLATFORMS
def test_processes_are_counted_with_room_for_the_tests_that_wait(platform) -> None:
    given = {"children": 3, "mb": 1, "platform": platform}
    assert overrun({"processes": 2}, **given) == "it had more than 2 processes"
    assert overrun({"processes": 2, "tests": 1}, **given) == ""


def test_a_folder_is_measured_where_its_file_system_has_no_size(tmp_path) -> None:
    folder = {"folder": str(tmp_path)}
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "file").write_bytes(bytes(3 << 20))
    assert overrun({"disk_mb": 2}, **folder) == "it wrote more than 2 MB of files"
    assert overrun({"disk_mb": 8}, **folder) == ""
    assert overrun({"disk_mb": 2}) == ""


def test_many_empty_files_are_a_size_too(tmp_path) -> None:
    for number in range(300):
        (tmp_path / str(number)).touch()
    assert overrun({"disk_mb": 1}, folder=str(tmp_path)) == "it wrote more than 1 MB of files"


def test_a_sparse_file_is_as_large_as_what_it_takes(tmp_path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    assert overrun({"disk_mb": 1}, folder=str(tmp_path)) == ""
