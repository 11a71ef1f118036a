"""Isolation tiers: what is chosen and why, and the same marks in each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from autograder.authoring import demo_class, proof
from autograder.classes.run import grade_class
from autograder.classes.workers import WorkerPool
from autograder.course.folders import Course
from autograder.intake.submission import Submission
from autograder.isolation import linux, seccomp, tiers, watchdog
from autograder.isolation.tiers import Isolation, Probed, TierError
from autograder.judging import grade, scripts
from autograder.judging.sandbox_client import Sandbox
from autograder.lessons import notebooks, reading

ROOT = Path(__file__).parents[2]


def autograder(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder.commands.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def usable(tier: str) -> Isolation:
    probed = tiers.probe(Isolation(tier))
    if not probed.works:
        pytest.skip(f"no {tier} tier here: {probed.reason}")
    return Isolation(tier)


def test_the_trial_says_what_a_submission_could_do_where_nothing_holds_it() -> None:
    walls = {**asdict(Isolation("none").walls()), "program": ""}
    ended = subprocess.run(
        [sys.executable, "-m", "autograder.isolation.trial"],
        input=json.dumps(walls), capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stdout.startswith("a submission could open a network socket")


@pytest.mark.parametrize("tier", ["strong", "fallback"])
def test_a_trial_that_leaves_out_a_wall_is_refused(tier, tmp_path) -> None:
    isolation = usable(tier)
    walls = asdict(isolation.walls())
    given = {**walls, "program": "", "tier": "none"}  # in the house, but in no room of its own
    trial = ["-m", "autograder.isolation.trial"]
    with tiers.command(isolation, trial, str(tmp_path)) as (words, files):
        ended = subprocess.run(
            words, input=json.dumps(given), pass_fds=files, capture_output=True, text=True
        )
    assert ended.returncode != 0


def test_the_strongest_that_works_is_chosen(monkeypatch) -> None:
    works = {"strong": False, "fallback": True}
    monkeypatch.setattr(tiers, "probe", lambda one: Probed(one.tier, works[one.tier], "no bwrap"))
    assert tiers.choose().tier == "fallback"
    works["strong"] = True
    assert tiers.choose() == Isolation("strong")
    assert tiers.choose("fallback").tier == "fallback"


def test_where_nothing_works_the_reasons_and_the_way_out_are_named(monkeypatch) -> None:
    monkeypatch.setattr(tiers.shutil, "which", lambda name: None)
    monkeypatch.setattr(linux, "landlock_version", lambda: 0)
    with pytest.raises(TierError, match=r"apt-get install bubblewrap.*Landlock.*--sandbox none"):
        tiers.choose()
    assert tiers.choose("none").tier == "none"


def test_a_missing_libseccomp_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(seccomp.FilterError, match="apt-get install libseccomp2"):
        seccomp.program(among_others=False)


#: Tries to reach its parent by every call that can, and its own group by the one that may.
SIGNALS = """
import ctypes, fcntl, os, signal, socket, sys
from autograder.sandbox import linux
linux.gain_no_privileges()
linux.filter_system_calls(bytes.fromhex(sys.argv[1]))
parent, said = os.getppid(), []
ours, _ = socket.socketpair()
call = ctypes.CDLL(None, use_errno=True).syscall
kill, tkill, tgkill = {"x86_64": (62, 200, 234), "aarch64": (129, 130, 131)}[os.uname().machine]
attempts = {
    "kill": lambda: os.kill(parent, 0),
    "kill all": lambda: os.kill(-1, 0),
    "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(parent), 0),
    "owner": lambda: fcntl.fcntl(ours, fcntl.F_SETOWN, parent),
    "own group": lambda: os.kill(0, 0),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except PermissionError:
        continue
    said.append(name)
for number, args in ((tkill, (parent, 0)), (tgkill, (parent, parent, 0))):
    if call(number, *args) == 0:
        said.append(number)
# The kernel looks at the lower half of this argument only.
if call({"x86_64": 72, "aarch64": 25}[os.uname().machine], ours.fileno(),
        ctypes.c_ulong(1 << 32 | fcntl.F_SETOWN), parent) == 0:
    said.append("owner, by a large number")
print(said)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")
@pytest.mark.parametrize("may_signal", [True, False])
def test_where_nothing_else_keeps_signals_in_the_filter_does(may_signal) -> None:
    program = seccomp.program(among_others=True, may_signal=may_signal).hex()
    ended = subprocess.run(
        [sys.executable, "-c", SIGNALS, program], capture_output=True, text=True, cwd=ROOT
    )
    assert ended.returncode == 0, ended.stderr
    reached = ended.stdout.strip()
    assert (reached == "['own group']") is not may_signal
    assert ("'kill'" in reached) is may_signal


@pytest.mark.parametrize(
    ("version", "user", "may"), [(5, 1000, False), (6, 1000, True), (5, 0, True)]
)
def test_an_old_landlock_leaves_signals_to_the_filter(monkeypatch, version, user, may) -> None:
    asked = {}
    monkeypatch.setattr(linux, "landlock_version", lambda: version)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(seccomp, "program", lambda **how: asked.update(how) or b"")
    Isolation("fallback").walls()
    assert asked["may_signal"] is may


def test_a_test_that_hangs_ends_where_nobody_may_signal(small, monkeypatch) -> None:
    usable("fallback")
    program = seccomp.program(among_others=True, may_signal=False)
    monkeypatch.setattr(seccomp, "program", lambda **how: program)
    with Sandbox(Isolation("fallback")) as sandbox:
        sources = dict(proof.reference(small).sources)
        sources["solution-double"] = "def double(x):\n    while True:\n        pass"
        result = grade.grade(small, Submission(sources, (), ()), sandbox, scripts.prepare(small))
        assert result.mark("test-double").outcome == "not run"
        assert result.points == 8.0
        with sandbox.submission({}) as one:
            one.run("import os\ndef stuck():\n    while True: pass", 5, 1000)
            test = one.test()
            test.channel.send({"op": "describe", "names": ["stuck"]})
            number = test.channel.receive(5)["names"]["stuck"][1]
            call = {"op": "call", "target": number, "args": [], "kwargs": {}, "changes": []}
            test.channel.send({**call, "output_bytes": 1000})
            time.sleep(0.3)
            me = "len(open(f'/proc/self/task/{os.getpid()}/children').read().split())"
            assert one.run(f"print({me})", 5, 1000).outputs[0]["text"] == "1\n"
            test.close()
            assert one.run(f"print({me})", 5, 1000).outputs[0]["text"] == "0\n"


def test_a_gpu_is_bound_into_the_house_only_when_asked_for(monkeypatch) -> None:
    monkeypatch.setattr(tiers, "_gpu_devices", lambda: ["/dev/nvidia0", "/dev/nvidiactl"])
    with tiers.command(Isolation("strong", gpu=True), [], "/tmp") as (words, _):
        assert "/dev/nvidia0" in words
    with tiers.command(Isolation("strong"), [], "/tmp") as (words, _):
        assert "/dev/nvidia0" not in words
    assert Isolation("fallback", gpu=True).walls().devices == ("/dev/nvidia0", "/dev/nvidiactl")
    assert Isolation("fallback").walls().devices == ()


def test_on_macos_a_seatbelt_is_around_the_warm_parent(monkeypatch, tmp_path) -> None:
    """What can be seen of it elsewhere: the words and the rules; no Mac has run them."""
    monkeypatch.setattr(tiers, "_MACOS", True)
    monkeypatch.setattr(tiers.sys, "platform", "darwin")
    own = tmp_path / 'a "folder"'
    isolation = Isolation("fallback")
    with tiers.command(isolation, ["-m", "x"], str(own)) as (words, files):
        assert words[:2] == ["/usr/bin/sandbox-exec", "-p"]
        assert words[3:] == [sys.executable, "-m", "x"]
        assert files == ()
    rules = words[2].splitlines()
    # The last rule that fits holds: what is opened comes after what is closed.
    for closed, opened in (
        ('(subpath "/Users")', f'(subpath "{Path(sys.prefix).resolve()}")'),
        ("(deny file-write*)", 'a \\"folder\\"")'),
    ):
        at = [next(n for n, rule in enumerate(rules) if part in rule) for part in (closed, opened)]
        assert at == sorted(at)
    assert not any("allow network" in rule for rule in rules)
    assert isolation.walls().program == b""
    assert "leaving processes behind" in tiers.not_kept("fallback")
    monkeypatch.setattr(tiers.shutil, "which", lambda name: None)
    with pytest.raises(TierError, match=r"needs Linux.*there is no /usr/bin/sandbox-exec"):
        tiers.choose()


def test_without_proc_the_watchdog_asks_psutil(monkeypatch) -> None:
    hungry = "import time\nx = b'x' * (300 << 20)\nprint(len(x), flush=True)\ntime.sleep(60)"
    monkeypatch.setattr(watchdog, "_HAS_PROC", False)
    with subprocess.Popen([sys.executable, "-c", hungry], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            assert process.pid in watchdog.below(os.getpid())
            one = watchdog.Watchdog({"memory_mb": 1}, None)
            one._own_kb = 0
            assert one.overrun() == "its processes used more than 1 MB of memory"
            assert watchdog.Watchdog({"memory_mb": 100_000}, None).overrun() == ""
            assert (
                watchdog.Watchdog({"processes": 0.5}, None).overrun().startswith("it had more than")
            )
        finally:
            process.kill()
    assert process.pid not in watchdog.below(os.getpid())


def test_with_a_gpu_the_address_space_is_not_limited() -> None:
    cell = "import resource\nprint(resource.getrlimit(resource.RLIMIT_AS)[0])"
    for gpu, expected in ((True, "-1\n"), (False, f"{3072 << 20}\n")):
        with (
            Sandbox(Isolation("none", gpu)) as sandbox,
            sandbox.submission({"memory_mb": 3072}) as one,
        ):
            assert one.run(cell, 20, 1000).outputs[0]["text"] == expected


def test_the_same_class_gets_the_same_marks_in_every_tier(tmp_path: Path) -> None:
    """The small lesson and one of the course's, each with right, wrong, open and odd answers."""
    source = tmp_path / "course"
    demo_class.prepare_folder(ROOT, source)
    lessons = [
        reading.load(ROOT / "tests" / "course" / "assignments" / "90_small"),
        *reading.find(ROOT, ["06"]),
    ]
    known = {
        one.name: demo_class.make_class(source, one, count) for one, count in zip(lessons, (12, 3))
    }
    marks: dict[str, dict[tuple[str, str, str], float | None]] = {}
    for tier in tiers.TIERS:
        if not tiers.probe(Isolation(tier)).works:
            continue
        with WorkerPool(2, Isolation(tier)) as classroom:
            found = marks.setdefault(tier, {})
            for one in lessons:
                marked = grade_class(Course(source), one, classroom, force=True)
                assert demo_class.differences(known[one.name], marked) == []
                for entry in marked.entries:
                    assert entry.result.tier == tier
                    for mark in entry.result.marks:
                        found[one.name, entry.student, mark.cell] = mark.points
    assert len(marks) > 1, "no tier but none works here"
    assert all(found == marks["none"] for found in marks.values())


def test_doctor_says_a_line_each_and_names_both_tiers(tmp_path: Path) -> None:
    ended = autograder("doctor", folder=tmp_path)
    lines = ended.stdout.splitlines()
    assert all(line.startswith(("[OK]", "[FAIL]")) for line in lines)
    assert any("sandbox, strong" in line for line in lines)
    assert any("sandbox, fallback" in line for line in lines)
    assert any("nbgrader: 0.9" in line for line in lines)
    assert ended.returncode == 0


def test_without_isolation_grade_warns_and_every_mark_says_so(small_course: Path) -> None:
    demo_class.make_class(small_course, reading.find(small_course)[0], 2)
    ended = autograder("grade", "90", "--sandbox", "none", "--json", "r.json", folder=small_course)
    assert ended.returncode == 0
    assert "with your own rights" in ended.stderr
    (assignment,) = json.loads((small_course / "r.json").read_text())["assignments"]
    tiers_of_marks = {mark["tier"] for one in assignment["students"] for mark in one["marks"]}
    assert tiers_of_marks == {"none"}


def test_a_limit_of_the_command_line_holds_and_grades_again(small_course: Path) -> None:
    (student,) = demo_class.make_class(small_course, reading.find(small_course)[0], 1)
    path = small_course / "submitted" / student.student / "90_small" / "90_small.ipynb"
    notebook = json.loads(path.read_text())
    slow = {"id": "slow", "cell_type": "code", "metadata": {}, "outputs": []}
    slow |= {"execution_count": None, "source": "import time\ntime.sleep(3)"}
    notebook["cells"].insert(2, slow)
    path.write_text(json.dumps(notebook))
    assert autograder("grade", "90", folder=small_course).returncode == 0
    graded = small_course / "autograded" / student.student / "90_small" / "90_small.ipynb"
    assert "was stopped after" not in graded.read_text()
    again = autograder("grade", "90", "--limit", "cell_seconds=1", folder=small_course)
    assert "1 graded" in again.stdout
    assert "The cell was stopped after 1 seconds" in graded.read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--sandbox", "steel"), "choose from auto, strong, fallback, none"),
        (("--limit", "patience=3"), "there are cell_seconds, test_seconds"),
        (("--limit", "memory_mb"), "write NAME=NUMBER"),
        (("--limit", "memory_mb=-1"), "no positive number"),
    ],
)
def test_wrong_tiers_and_limits_are_named(small_course: Path, arguments, says: str) -> None:
    ended = autograder("grade", "90", *arguments, folder=small_course)
    assert ended.returncode == 2
    assert says in " ".join(ended.stderr.split())
