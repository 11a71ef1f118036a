"""Control groups: the kernel limits a submission's memory. Wants root, and memory in version 2."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.isolation import cgroup

ROOT = Path(__file__).parents[3]
HIERARCHY = Path("/sys/fs/cgroup")

#: Five processes that hold 600 MB each, which is less than each one may have; it says how the
#: first of them ended.
MANY = """
import os, time
for _ in range(5):
    if os.fork() == 0:
        block = b"x" * (600 << 20)
        time.sleep(600)
        os._exit(0)
print(os.wait()[1])
"""
#: One file of 400 MB; in namespaces of its own, a submission has its disk in memory.
FILE = """
with open("large", "wb") as file:
    for _ in range(400):
        file.write(b"x" * (1 << 20))
print("not noticed")
"""
#: What all processes may use, in MB. A fork of the warm parent has more addresses than FILE's.
MEMORY = {MANY: 2500, FILE: 300}


@dataclass
class Place:
    """A control group to start programs in."""

    folder: Path

    def run(self, code: str, *arguments: str, user: int = 0) -> subprocess.CompletedProcess[str]:
        join = f'echo 0 > {self.folder}/cgroup.procs && exec "$@"'
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        return subprocess.run(
            ["sh", "-c", join, "sh", *become, sys.executable, "-c", code, *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=600,
            env={**os.environ, "HOME": f"/home/{user}" if user else os.environ["HOME"]},
        )  # fmt: skip


@pytest.fixture
def place() -> Iterator[Callable[[str], Place]]:
    """Make a group; it and what is in it is gone after the test."""
    made: list[Path] = []

    def make(name: str, owner: int = 0, delegated: bool = False) -> Place:
        folder = HIERARCHY / f"autograder-test-{name}"
        folder.mkdir()
        made.append(folder)
        for path in (folder, folder / "cgroup.procs", folder / "cgroup.subtree_control"):
            os.chown(path, owner, owner)
        if delegated:
            os.setxattr(folder, "user.delegate", b"1")
        return Place(folder)

    controllers = HIERARCHY / "cgroup.controllers"
    if os.geteuid() != 0 or not controllers.exists() or "memory" not in controllers.read_text():
        pytest.skip("wants root, and control groups of version 2 with memory")
    (HIERARCHY / "cgroup.subtree_control").write_text("+memory")
    yield make
    for folder in made:
        (folder / "cgroup.kill").write_text("1")
        while "populated 1" in (folder / "cgroup.events").read_text():
            time.sleep(0.05)
        for group in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
            group.rmdir()
        folder.rmdir()


RUN = """
import json, sys
from autograder.isolation import tiers
from autograder.judging.sandbox_client import Sandbox, SubmissionDied
said = {}
isolation, memory_mb = tiers.choose(sys.argv[1]), int(sys.argv[3])
said["groups"] = tiers.probe(isolation).groups
with Sandbox(isolation) as sandbox:
    with sandbox.submission({"memory_mb": memory_mb, "disk_mb": 1000, "processes": 30}) as one:
        try:
            said["ran"] = one.run(sys.argv[2], 300, 10_000).outputs
        except SubmissionDied as error:
            said["died"], said["killed"] = str(error), error.killed
    with sandbox.submission({"memory_mb": memory_mb, "disk_mb": 64, "processes": 30}) as one:
        said["next"] = one.run("print(1 + 1)", 300, 10_000).outputs[0]["text"]
print(json.dumps(said))
"""


def said(ended: subprocess.CompletedProcess[str]) -> dict:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def left_in(place: Place) -> list[str]:
    return [path.name for path in place.folder.glob("autograder-*")]


@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize(
    ("tier", "code"),
    [
        pytest.param("strong", MANY, id="strong-processes"),
        pytest.param("strong", FILE, id="strong-file"),
        pytest.param("fallback", MANY, id="fallback-processes"),
        pytest.param("none", MANY, id="none-processes"),
    ],
)
def test_more_memory_than_all_processes_may_have_ends_them(place, code, tier, user) -> None:
    group = place("limit", owner=user, delegated=True)
    found = said(group.run(RUN, tier, code, str(MEMORY[code]), user=user))
    assert found["groups"] or tier == "none"
    if "died" in found:
        assert found["died"] == f"its processes used more than {MEMORY[code]} MB of memory"
        assert not found["killed"]
    else:  # the kernel took what used most, and the notebook's own process went on
        assert code == MANY
        assert found["ran"][0]["text"] == f"{signal.SIGKILL.value}\n"
    assert found["next"] == "2\n"
    assert left_in(group) == []


def test_a_group_that_others_are_in_is_left_as_it_is(place) -> None:
    group = place("shared")
    with subprocess.Popen(["sleep", "60"]) as other:
        (group.folder / "cgroup.procs").write_text(str(other.pid))
        ended = group.run("from autograder.isolation import cgroup; cgroup.find()")
        assert "GroupsError: other programs are in the control group" in ended.stderr
        assert (group.folder / "cgroup.procs").read_text().split() == [str(other.pid)]
        other.kill()


def test_what_is_in_a_delegated_group_is_moved_aside(place) -> None:
    group = place("delegated", delegated=True)
    with subprocess.Popen(["sleep", "60"]) as other:
        (group.folder / "cgroup.procs").write_text(str(other.pid))
        found = group.run("from autograder.isolation import cgroup; print(cgroup.find())")
        assert found.stdout.strip() == str(group.folder)
        aside = group.folder / "autograder" / "cgroup.procs"
        assert aside.read_text().split() == [str(other.pid)]
        # The next command is started from there.
        again = Place(aside.parent).run("from autograder.isolation import cgroup; cgroup.find()")
        assert again.returncode == 0, again.stderr
        other.kill()


def test_a_grader_that_is_killed_leaves_groups_that_can_be_removed(place) -> None:
    group = place("killed", delegated=True)
    code = (
        "import os; from autograder.judging.sandbox_client import Sandbox\n"
        "sandbox = Sandbox(); sandbox.wait_until_warm(); os.kill(os.getpid(), 9)"
    )
    assert group.run(code).returncode == -9
    assert len(left_in(group)) == 1


def test_where_there_are_none_the_reason_is_said() -> None:
    try:
        cgroup.find()
    except cgroup.GroupsError as error:
        assert "control group" in str(error)
        with cgroup.of_run(os.geteuid()) as folder:
            assert folder == ""
