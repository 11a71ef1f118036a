"""Isolation tiers: what is chosen and why, and the same marks in each."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring import demo_class, proof
from autograder.classes.run import grade_class
from autograder.classes.workers import WorkerPool
from autograder.course.folders import Course
from autograder.intake.submission import Submission
from autograder.isolation import linux, seatbelt, seccomp, tiers
from autograder.isolation.tiers import Isolation, Probed, TierError
from autograder.judging import grade, scripts
from autograder.judging.sandbox_client import Sandbox
from autograder.lessons import reading
from autograder.protocol.messages import Call, Describe, Described, receive, send

ROOT = Path(__file__).parents[3]


def test_the_strongest_that_works_is_chosen(monkeypatch) -> None:
    works = {"strong": False, "fallback": True}
    monkeypatch.setattr(tiers, "probe", lambda one: Probed(one.tier, works[one.tier], "no bwrap"))
    assert tiers.choose().tier == "fallback"
    works["strong"] = True
    assert tiers.choose() == Isolation("strong")
    assert tiers.choose("fallback").tier == "fallback"


def test_where_nothing_works_the_reasons_and_the_way_out_are_named(monkeypatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(linux, "landlock_version", lambda: 0)
    with pytest.raises(TierError, match=r"apt-get install bubblewrap.*Landlock.*--sandbox none"):
        tiers.choose()
    assert tiers.choose("none").tier == "none"


def test_an_environment_that_holds_a_course_is_refused(monkeypatch, tmp_path) -> None:
    (tmp_path / "nbgrader_config.py").touch()
    monkeypatch.setattr(tiers, "programs", lambda: [str(tmp_path)])
    probed = tiers.probe(Isolation("fallback"))
    assert not probed.works
    assert "keep the two in two folders" in probed.reason


@pytest.mark.parametrize(
    ("version", "user", "may"), [(5, 1000, False), (6, 1000, True), (5, 0, True)]
)
def test_an_old_landlock_leaves_signals_to_the_filter(monkeypatch, version, user, may) -> None:
    asked = {}
    monkeypatch.setattr(linux, "landlock_version", lambda: version)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(seccomp, "program", lambda **how: asked.update(how) or b"")
    Isolation("fallback").confinement()
    assert asked["may_signal"] is may


def test_a_test_that_hangs_ends_where_nobody_may_signal(small, monkeypatch, usable) -> None:
    usable("fallback")
    program = seccomp.program(among_others=True, may_signal=False)
    monkeypatch.setattr(seccomp, "program", lambda **how: program)
    with Sandbox(Isolation("fallback")) as sandbox:
        sources = dict(proof.reference(small).sources)
        sources["solution-double"] = "def double(x):\n    while True:\n        pass"
        lesson = replace(small, limits=small.limits.changed({"test_seconds": 8}))
        result = grade.grade(lesson, Submission(sources, (), ()), sandbox, scripts.prepare(small))
        assert result.mark("test-double").outcome == "not_run"
        assert result.points == 8.0
        with sandbox.submission({}) as one:
            one.run("import os\ndef stuck():\n    while True: pass", 60, 1000)
            test = one.test()
            send(test.channel, Describe(["stuck"]))
            number = receive(test.channel, Described, seconds=60).names["stuck"][1]
            send(test.channel, Call(number, [], {}, [], 1000))
            children = "open(f'/proc/self/task/{os.getpid()}/children').read().split()"
            # A cell runs once the process of the test is there: it is made first.
            assert one.run(f"print(len({children}))", 60, 1000).outputs[0]["text"] == "1\n"
            test.close()
            assert one.run(f"print(len({children}))", 60, 1000).outputs[0]["text"] == "0\n"


def test_on_macos_a_seatbelt_is_around_the_warm_parent(monkeypatch, tmp_path) -> None:
    """What can be seen of it elsewhere; no Mac has run it."""
    monkeypatch.setattr(tiers, "MACOS", True)
    monkeypatch.setattr(sys, "platform", "darwin")
    isolation = Isolation("fallback")
    with tiers.command(isolation, ["-m", "x"], str(tmp_path)) as (words, files):
        assert words[:2] == [seatbelt.PROGRAM, "-p"]
        assert words[3:] == [sys.executable, "-m", "x"]
        assert files == ()
    assert f'(subpath "{Path(sys.prefix).resolve()}")' in words[2]
    assert isolation.confinement().program == b""
    assert "leaving processes behind" in tiers.not_kept("fallback")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(TierError, match=r"needs Linux.*there is no /usr/bin/sandbox-exec"):
        tiers.choose()


def test_with_a_gpu_the_address_space_is_not_limited() -> None:
    cell = "import resource\nprint(resource.getrlimit(resource.RLIMIT_AS)[0])"
    for gpu, expected in ((True, "-1\n"), (False, f"{3072 << 20}\n")):
        with (
            Sandbox(Isolation("none", gpu)) as sandbox,
            sandbox.submission({"memory_mb": 3072}) as one,
        ):
            assert one.run(cell, 60, 1000).outputs[0]["text"] == expected


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
        with WorkerPool(2, Isolation(tier)) as pool:
            found = marks.setdefault(tier, {})
            for one in lessons:
                run = grade_class(Course(source), one, pool, force=True)
                assert demo_class.differences(known[one.name], run) == []
                for entry in run.entries:
                    assert entry.result.tier == tier
                    for mark in entry.result.marks:
                        found[one.name, entry.student, mark.cell] = mark.points
    assert len(marks) > 1, "no tier but none works here"
    assert all(found == marks["none"] for found in marks.values())
