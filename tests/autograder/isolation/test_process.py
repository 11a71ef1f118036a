"""The process of one submission: how it starts, how it is watched, and that nothing is left."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil
import pytest

#: Starts a process that does what ``work`` says, in a program of its own: it would end all
#: processes below the one that runs the tests. ``look`` is called until the work has ended it.
START = """
import json, os, sys, time
from autograder.isolation.confinement import Confinement
from autograder.isolation.process import StartError, SubmissionProcess
given = json.loads(sys.argv[1])
reading, writing = os.pipe()
def work():
    said = lambda words: os.write(writing, json.dumps(words).encode())
    exec(given["work"])
files = [(name, text.encode()) for name, text in given.get("files", {}).items()]
try:
    one = SubmissionProcess(Confinement(), given.get("limits", {}), files, work)
except StartError as error:
    print(json.dumps(["", str(error), False]))
    sys.exit()
os.close(writing)
exec(given.get("meanwhile", ""))
while not one.how_it_ended():
    one.look()
    time.sleep(0.01)
said = json.loads(os.read(reading, 65536) or b"null")
one.end()
print(json.dumps([said, one.how_it_ended(), one.was_killed]))
"""


def run(work: str, **given: object) -> tuple[object, str, bool]:
    """What the process said, how it ended, and whether somebody killed it."""
    words = json.dumps({"work": work, **given})
    ended = subprocess.run([sys.executable, "-c", START, words], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    said, how, killed = json.loads(ended.stdout)
    return said, how, killed


def test_it_works_in_a_folder_of_its_own_with_its_files() -> None:
    work = (
        "from pathlib import Path\n"
        "said([os.getcwd(), os.environ['HOME'], sys.path[-1], Path('in/it.txt').read_text()])"
    )
    (folder, home, path, content), how, _ = run(work, files={"in/it.txt": "here"})
    assert folder == home == path
    assert content == "here"
    assert how == "it called exit"


def test_its_folder_is_gone_with_it_whatever_modes_it_has() -> None:
    work = (
        "os.makedirs('a/b'); open('a/b/c', 'w').close()\n"
        "for path in ('a/b', 'a', '.'): os.chmod(path, 0)\nsaid(os.environ['HOME'])"
    )
    folder, _, _ = run(work)
    assert subprocess.run(["test", "-e", folder]).returncode == 1


def test_how_it_ended_is_said() -> None:
    for work, how in (
        ("os._exit(0)", "it called exit"),
        ("os._exit(7)", "it exited with code 7"),
        ("os.abort()", "it was ended by SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", "it was ended by SIGSEGV"),
    ):
        assert run(work) == (None, how, False)


def test_a_kill_from_outside_is_told_from_a_limit() -> None:
    kill = "import signal; os.kill(one.pid, signal.SIGKILL)"
    assert run("time.sleep(600)", meanwhile=kill) == (None, "it was ended by SIGKILL", True)
    spin = "while True: pass"
    ended = run(spin, limits={"cpu_seconds": 1})
    assert ended == (None, "it used more than 1 s of processor time", False)
    large = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
    large += "open('x', 'wb').write(bytes(2 << 20))"
    ended = run(large, limits={"file_mb": 1})
    assert ended == (None, "it wrote a file of more than 1 MB", False)


def test_what_uses_too_much_itself_is_ended() -> None:
    many = "[open(str(number), 'wb').write(bytes(1 << 20)) for number in range(4)]\n"
    ended = run(many + "time.sleep(600)", limits={"disk_mb": 2})
    assert ended == (None, "it wrote more than 2 MB of files", False)


@pytest.mark.parametrize(
    ("limits", "work"),
    [
        ({"processes": 3}, "time.sleep(600)"),
        # Less than each of them may have.
        ({"memory_mb": 400}, "block = b'x' * (150 << 20); time.sleep(600)"),
    ],
    ids=["processes", "memory"],
)
def test_if_all_together_use_too_much_the_first_goes_on_without_the_others(limits, work) -> None:
    children = f"""
children = []
for _ in range(5):
    children.append(os.fork())
    if children[-1] == 0:
        {work}
        os._exit(0)
said([os.waitpid(child, 0)[1] for child in children])
"""
    assert run(children, limits=limits) == ([9] * 5, "it called exit", False)


def test_it_can_be_interrupted_only_while_it_listens() -> None:
    work = (
        "import signal\nos.kill(os.getpid(), signal.SIGINT)\n"  # ignored
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    said('interrupted')"
    )
    wait = "while not one.how_it_ended():\n    one.interrupt()\n    time.sleep(0.05)"
    assert run(work, meanwhile=wait)[0] == "interrupted"


def test_nothing_that_it_started_outlives_it() -> None:
    work = """
import subprocess
pids = [subprocess.Popen(["sleep", "600"], start_new_session=True).pid]
reading, writing = os.pipe()
if not os.fork():
    os.setsid()
    if not os.fork():
        os.write(writing, str(os.getpid()).encode())
        time.sleep(600)
    os._exit(0)
said([*pids, int(os.read(reading, 20))])
"""
    adopt = "from autograder.isolation import linux; linux.adopt_orphans()"
    pids, _, _ = run(work, meanwhile=adopt)
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_one_that_cannot_start_says_why() -> None:
    said, why, _ = run("", files={"taken": "a file", "taken/below": "another"})
    assert said == ""
    assert why.startswith("FileExistsError")
