"""autograder.intake.collect: what is filed of an archive, and that nothing else ever is."""

from __future__ import annotations

import os
import stat
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest
from lms_archives import (
    BOB,
    NAME,
    NOTEBOOK,
    SMALL,
    TEXT,
    Packed,
    noise,
    packed,
    patch,
    reasons,
    tree,
    zeros,
)
from nbgrader.coursedir import CourseDirectory

from autograder.course import atomic
from autograder.course.folders import Course
from autograder.intake import collect
from autograder.intake.archive_limits import ArchiveError
from autograder.intake.collect import collect_archive
from autograder.lms.layouts import Place

# -- whose file it is, and where it goes -----------------------------------------------------


def test_a_folder_a_student_is_filed_with_its_extra_files(a_class) -> None:
    report = a_class.collect(
        packed(f"alice/{NOTEBOOK}", Packed("alice/data/x.csv", b"1,2"), Packed("bob/", b""), BOB)
    )
    assert a_class.files("alice") == {NOTEBOOK: TEXT, "data/x.csv": b"1,2"}
    assert a_class.files("bob") == {NOTEBOOK: TEXT}
    assert not report.refused
    alice = report.collected[0]
    assert (alice.student, alice.name, alice.action) == ("alice", "alice", "new")
    assert (alice.files, alice.size) == ((NOTEBOOK, "data/x.csv"), len(TEXT) + 3)


def test_the_folder_that_holds_the_notebook_becomes_the_top(a_class) -> None:
    report = a_class.collect(
        packed(
            f"alice/{NAME}/week/{NOTEBOOK}", Packed(f"alice/{NAME}/week/x.csv", b"in"),
            Packed("alice/x.csv", b"outer"), Packed("alice/notes.txt", b"n"),
            f"alice/{NAME}/week/old/{NOTEBOOK}",
        )
    )  # fmt: skip
    assert a_class.files("alice") == {
        NOTEBOOK: TEXT, "x.csv": b"in", "notes.txt": b"n", f"old/{NOTEBOOK}": TEXT,
    }  # fmt: skip
    assert "x.csv" in reasons(report)["alice/x.csv"]


@pytest.mark.parametrize("name", [f"alice_{NOTEBOOK}", f"alice-{NOTEBOOK}", f"alice {NOTEBOOK}"])
def test_in_a_flat_archive_the_student_stands_before_the_assignment(a_class, name) -> None:
    report = a_class.collect(packed(name, f"bob_{NOTEBOOK}", "unknown.ipynb", NOTEBOOK))
    assert a_class.files("alice") == a_class.files("bob") == {NOTEBOOK: TEXT}
    assert set(reasons(report)) == {"unknown.ipynb", NOTEBOOK}
    assert "no student's folder" in reasons(report)["unknown.ipynb"]


@pytest.mark.parametrize("name", ["alice.zip", f"alice_{NAME}.ZIP", "alice/hand in.zip"])
@pytest.mark.parametrize("inner", [NOTEBOOK, f"work/{NOTEBOOK}"])
def test_a_students_own_zip_is_unpacked_at_its_place(a_class, name, inner) -> None:
    own = packed(inner, Packed(inner.replace(NOTEBOOK, "x.csv"), b"1"), "__MACOSX/._x")
    report = a_class.collect(packed(Packed(name, bytes(own)), BOB))
    assert a_class.files("alice") == {NOTEBOOK: TEXT, "x.csv": b"1"}
    assert a_class.files("bob") and not report.refused


def test_a_renamed_notebook_is_filed_and_found_by_the_course(a_class, small) -> None:
    a_class.collect(packed("alice/my work/Untitled.ipynb"))
    (found,) = a_class.course.handed_in(small.name)
    assert found.student == "alice"
    assert found.notebook is not None and found.notebook.name == "Untitled.ipynb"


def test_another_layout_can_be_given(a_class) -> None:
    def by_number(parts: tuple[str, ...], assignment: str) -> Place:
        return Place(parts[0].split("_")[1], (f"{assignment}.ipynb",))

    a_class.collect(packed("doe_123_submission.ipynb"), layout=by_number)
    assert a_class.files("123") == {NOTEBOOK: TEXT}


def test_what_systems_leave_in_folders_is_ignored_in_silence(a_class) -> None:
    clutter = [
        "__MACOSX/alice/._x", "alice/.DS_Store", f"alice/.ipynb_checkpoints/{NOTEBOOK}",
        "alice/.git/config", ".DS_Store", "alice/__pycache__/x.pyc", "alice/Thumbs.db",
    ]  # fmt: skip
    report = a_class.collect(packed(*clutter, f"alice/{NOTEBOOK}"))
    assert not report.refused
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


def test_a_student_without_a_notebook_is_not_filed(a_class) -> None:
    report = a_class.collect(packed(Packed("alice/essay.pdf", b"%PDF"), BOB))
    assert reasons(report) == {
        "alice/": f"nothing was filed for alice: there is no notebook; {NOTEBOOK} is missing"
    }
    assert a_class.students() == {"bob"}


def test_two_folders_with_the_notebook_are_not_chosen_between(a_class) -> None:
    report = a_class.collect(packed(f"all/alice/{NOTEBOOK}", f"all/bob/{NOTEBOOK}", BOB))
    assert "2 folders hold 90_small.ipynb (alice, bob, …)" in reasons(report)["all/"]
    assert a_class.students() == {"bob"}


# -- files for one place ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "first, second",
    [(f"alice/{NOTEBOOK}", f"alice/{NOTEBOOK}"), ("alice/a.ipynb", "alice/A.ipynb"),
     ("alice/Stra\u00dfe.ipynb", "alice/strasse.ipynb"),
     ("alice/\u00e9.ipynb", "alice/e\u0301.ipynb"),
     (f"alice/{NOTEBOOK}", f"alice_{NOTEBOOK}"), (f"alice/{NOTEBOOK}", f"alice/{NOTEBOOK}/x"),
     (f"alice/{NOTEBOOK}", f"alice/{NAME}.IPYNB")],
    ids=ascii,
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_for_one_place_the_second_is_refused(a_class, first, second) -> None:
    report = a_class.collect(packed(first, Packed(second, b"other"), BOB))
    (refused,) = report.refused
    assert refused.member == second and "its place is taken by" in refused.reason
    (data,) = a_class.files("alice").values()
    assert data == TEXT
    assert a_class.students() == {"alice", "bob"}


def test_a_file_has_no_place_in_another_file(a_class) -> None:
    report = a_class.collect(packed(f"alice/{NOTEBOOK}", "alice/x/y.txt", "alice/X", BOB))
    assert "its place is taken by alice/x/y.txt" in reasons(report)["alice/X"]
    assert a_class.students() == {"alice", "bob"}


def test_a_notebook_whose_place_is_taken_by_a_folder_is_not_filed_without(a_class) -> None:
    report = a_class.collect(packed(f"alice/{NOTEBOOK}/x.txt", f"alice/{NOTEBOOK}", BOB))
    assert reasons(report)["alice/"] == "nothing was filed for alice: its notebook was refused"
    assert a_class.students() == {"bob"}


def test_two_students_whose_folders_are_one_on_some_system_are_not_mixed(a_class) -> None:
    report = a_class.collect(packed(f"alice/{NOTEBOOK}", Packed("Alice/x.csv", b"1"), BOB))
    assert "spelt in another way" in reasons(report)["Alice/x.csv"]
    assert a_class.students() == {"alice", "bob"}
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


def test_a_file_in_a_linked_folder_does_not_follow_the_link(a_class) -> None:
    link = Packed("alice/out", b"../../../..", stat.S_IFLNK | 0o777)
    report = a_class.collect(
        packed(f"alice/{NOTEBOOK}", link, Packed("alice/out/secret.txt", b"!"), BOB)
    )
    assert "its place is taken" in reasons(report)["alice/out/secret.txt"]
    assert a_class.students() == {"alice", "bob"}


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_neither_rights_in_the_archive_nor_the_umask_count(a_class, umask) -> None:
    mode = stat.S_IFREG | 0o6777
    notebook = Packed(f"alice/{NOTEBOOK}", mode=stat.S_IFREG)
    raw = packed(Packed("alice/d/run.sh", b"#!", mode), notebook)
    a_class.submitted.mkdir(mode=0o755)
    before = os.umask(umask)
    try:
        a_class.collect(raw)
    finally:
        os.umask(before)
    for folder in ("alice", f"alice/{NAME}", f"alice/{NAME}/d"):
        assert stat.S_IMODE((a_class.submitted / folder).stat().st_mode) == 0o755
    for name in ("d/run.sh", NOTEBOOK, "timestamp.txt"):
        path = a_class.submitted / "alice" / NAME / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


# -- limits ----------------------------------------------------------------------------------


def test_what_one_student_hands_in_has_a_limit_that_costs_no_other(a_class) -> None:
    parts = [replace(noise(2 << 20, f"alice/{i}.bin", i), method=zipfile.ZIP_STORED)
             for i in range(4)]  # fmt: skip
    report = a_class.collect(packed(f"alice/{NOTEBOOK}", *parts, BOB))
    assert set(reasons(report).values()) == {"what alice handed in unpacks to more than 6 MB"}
    assert set(reasons(report)) == {"alice/2.bin", "alice/3.bin"}
    assert a_class.students() == {"alice", "bob"}


def test_a_students_own_zip_counts_for_the_student(a_class) -> None:
    inner = packed(NOTEBOOK, noise(3 << 20, "x.bin"))
    report = a_class.collect(packed(Packed("alice.zip", bytes(inner)), BOB))
    assert "what alice handed in" in reasons(report)["alice.zip: x.bin"]
    assert a_class.students() == {"alice", "bob"}


def test_the_whole_archive_has_a_limit(a_class) -> None:
    names = [f"s{i}" for i in range(8)]
    members = [noise(3 << 20, f"{name}/{NOTEBOOK}") for name in names]
    report = a_class.collect(packed(*members), replace(SMALL, total_bytes=10 << 20))
    assert a_class.students() == set(names[:3])
    assert "the archive unpacks to more than 10 MB" in reasons(report)[f"s7/{NOTEBOOK}"]


def test_a_student_with_too_many_files_costs_no_other(a_class) -> None:
    many = [Packed(f"alice/{i}.txt", b"") for i in range(10)]
    report = a_class.collect(packed(f"alice/{NOTEBOOK}", *many, BOB))
    says = "nothing was filed for alice: there are more than 10 files"
    assert reasons(report) == {"alice/": says}
    assert a_class.students() == {"bob"}


def test_a_students_zip_with_too_many_files_is_refused(a_class) -> None:
    own = packed(*(f"{i}.txt" for i in range(11)))
    report = a_class.collect(packed(Packed("alice/x.zip", bytes(own)), f"alice/{NOTEBOOK}", BOB))
    assert "members" in reasons(report)["alice/x.zip"]
    assert a_class.students() == {"alice", "bob"}


def test_the_files_in_all_zips_of_a_student_count_together(a_class) -> None:
    zips = [Packed(f"alice/{i}.zip", bytes(packed(*(f"{i}-{k}.txt" for k in range(4)))))
            for i in range(3)]  # fmt: skip
    report = a_class.collect(packed(*zips, f"alice/{NOTEBOOK}", BOB))
    assert "more than 10 files" in reasons(report)["alice/"]
    assert a_class.students() == {"bob"}


def test_a_zip_in_a_students_own_zip_is_not_opened(a_class) -> None:
    inner = packed("deep.ipynb")
    own = packed(Packed("more.zip", bytes(inner)), NOTEBOOK)
    report = a_class.collect(packed(Packed("alice.zip", bytes(own)), BOB))
    assert reasons(report) == {"alice.zip: more.zip": "a zip in a zip in the archive"}
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


def test_a_bomb_in_a_students_own_zip_costs_no_other(a_class) -> None:
    own = packed(zeros(64 << 20, NOTEBOOK))
    report = a_class.collect(packed(Packed("alice.zip", bytes(own)), BOB))
    assert reasons(report)[f"alice.zip: {NOTEBOOK}"] == "it unpacks to more than 4 MB"
    assert a_class.students() == {"bob"}


def test_a_damaged_zip_of_a_student_costs_no_other(a_class) -> None:
    own = bytes(packed(NOTEBOOK))[:-10]
    report = a_class.collect(packed(Packed("alice.zip", own), Packed("carol.zip", b"7z"), BOB))
    assert "alice.zip is a zip archive that is cut off" in reasons(report)["alice.zip"]
    assert "carol.zip is not a zip archive" in reasons(report)["carol.zip"]
    assert a_class.students() == {"bob"}


def test_an_empty_archive_says_so(a_class) -> None:
    with pytest.raises(ArchiveError, match=r"class\.zip holds no files"):
        a_class.collect(packed())


def test_a_missing_archive_is_an_archive_error(a_class) -> None:
    with pytest.raises(ArchiveError, match=r"nowhere\.zip: No such file"):
        collect_archive(a_class.course, NAME, a_class.room / "nowhere.zip")


# -- time ------------------------------------------------------------------------------------


def test_the_members_time_is_the_submissions_as_nbgrader_reads_it(a_class, in_berlin) -> None:
    summer = Packed(f"alice/{NOTEBOOK}", time=(2026, 7, 1, 10, 30, 20))
    report = a_class.collect(packed(summer, Packed(BOB, time=(2026, 1, 1, 10, 30, 20))))
    folder = a_class.submitted / "alice" / NAME
    assert (folder / "timestamp.txt").read_text() == "2026-07-01 08:30:20 UTC\n"
    read = CourseDirectory(root=str(a_class.root)).get_existing_timestamp(str(folder))
    assert read == datetime(2026, 7, 1, 8, 30, 20)
    bobs = report.collected[1].submitted
    assert bobs == datetime(2026, 1, 1, 9, 30, 20, tzinfo=timezone.utc)
    assert report.to_dict()["collected"][1]["submitted"] == "2026-01-01T09:30:20+00:00"


def test_a_student_cannot_set_the_time(a_class) -> None:
    own = packed(
        Packed(NOTEBOOK, time=(1999, 1, 1, 0, 0, 0)), Packed("TimeStamp.TXT", b"1999-01-01")
    )
    inner = Packed("alice.zip", bytes(own), time=(2026, 3, 3, 3, 3, 4))
    report = a_class.collect(packed(inner, Packed("bob/timestamp.txt", b"1999-01-01"), BOB))
    assert set(reasons(report)) == {"alice.zip: TimeStamp.TXT", "bob/timestamp.txt"}
    for student in ("alice", "bob"):
        text = (a_class.submitted / student / NAME / "timestamp.txt").read_text()
        assert text.startswith("2026-03-")


# -- what is there already -------------------------------------------------------------------


def test_a_submission_that_is_there_already_keeps_its_time(a_class) -> None:
    a_class.collect(packed(f"alice/{NOTEBOOK}"))
    hidden = a_class.submitted / "alice" / NAME / ".ipynb_checkpoints"
    hidden.mkdir()
    before = tree(a_class.submitted)
    report = a_class.collect(packed(Packed(f"alice/{NOTEBOOK}", time=(2027, 1, 1, 1, 1, 2))))
    assert report.collected[0].action == "unchanged"
    assert tree(a_class.submitted) == before


@pytest.mark.parametrize("swap", [True, False])
@pytest.mark.parametrize(
    "changed",
    [
        [Packed(f"alice/{NOTEBOOK}", TEXT.upper())],
        [f"alice/{NOTEBOOK}", Packed("alice/x.csv", b"1")],
    ],
)
def test_another_submission_takes_the_place_and_the_old_one_is_kept(
    a_class, changed, swap, monkeypatch
) -> None:
    if not swap:
        # As where the system has no call that exchanges two folders.
        monkeypatch.setattr(atomic.ctypes, "CDLL", lambda name: SimpleNamespace())
    a_class.collect(packed(f"alice/{NOTEBOOK}", BOB))
    old = tree(a_class.submitted / "alice" / NAME)
    report = a_class.collect(packed(*changed, BOB))
    assert [one.action for one in report.collected] == ["replaced", "unchanged"]
    kept = a_class.submitted / "alice" / f".replaced-{NAME}-1"
    assert tree(kept) == old
    assert len(a_class.files("alice")) == len(changed)
    a_class.collect(packed(Packed(f"alice/{NOTEBOOK}", b"newer")))
    assert tree(kept) == old
    assert (kept.parent / f".replaced-{NAME}-2").is_dir()
    assert a_class.files("alice") == {NOTEBOOK: b"newer"}


def test_a_student_whose_new_notebook_is_refused_keeps_the_old_one(a_class) -> None:
    a_class.collect(packed(f"alice/{NOTEBOOK}"))
    before = tree(a_class.submitted)
    raw = patch(packed(Packed(f"alice/{NOTEBOOK}", b"new"), "alice/other.ipynb"), 0, crc=1)
    assert not a_class.collect(raw).collected
    assert tree(a_class.submitted) == before


def test_an_extra_notebook_that_is_damaged_does_not_cost_the_submission(a_class) -> None:
    report = a_class.collect(patch(packed("alice/x.ipynb", f"alice/{NOTEBOOK}"), 0, crc=1))
    assert set(reasons(report)) == {"alice/x.ipynb"}
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


class Killed(BaseException):
    """As if the process had ended."""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the exchange takes two steps")
@pytest.mark.parametrize("at", range(6))
def test_a_run_that_is_killed_leaves_the_old_or_the_new(a_class, monkeypatch, at) -> None:
    a_class.collect(packed(f"alice/{NOTEBOOK}"))
    steps = iter(range(100))

    def dying(step: Callable) -> Callable:
        def run(*arguments, **options):
            if next(steps) == at:
                raise Killed
            done = step(*arguments, **options)
            if next(steps) == at:
                raise Killed
            return done

        return run

    new = packed(Packed(f"alice/{NOTEBOOK}", b"new"), BOB)
    a_class.archive.write_bytes(new)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dying(Path.rename))
        exchange = SimpleNamespace(renameat2=dying(atomic.ctypes.CDLL(None).renameat2))
        patched.setattr(atomic.ctypes, "CDLL", lambda name: exchange)
        patched.setattr(collect.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            collect_archive(a_class.course, NAME, a_class.archive)
    assert list(a_class.submitted.glob(".collecting-*"))
    assert a_class.files("alice") in ({NOTEBOOK: TEXT}, {NOTEBOOK: b"new"})
    assert a_class.files("bob") in ({}, {NOTEBOOK: TEXT})
    a_class.collect(new)
    assert a_class.files("alice") == {NOTEBOOK: b"new"}
    assert a_class.files("bob") == {NOTEBOOK: TEXT}


def test_a_dry_run_reads_everything_and_writes_nothing(a_class) -> None:
    a_class.collect(packed(f"alice/{NOTEBOOK}", BOB))
    own = Packed("carol.zip", bytes(packed(NOTEBOOK)))
    raw = packed(f"alice/{NOTEBOOK}", Packed(BOB, b"new"), own, f"dan/{NOTEBOOK}", "../x")
    patch(raw, 3, crc=1)
    before = tree(a_class.room)
    dry = a_class.collect(raw, dry_run=True)
    a_class.archive.unlink()
    before.pop("class.zip")
    assert tree(a_class.room) == before
    assert [one.action for one in dry.collected] == ["unchanged", "replaced", "new"]
    assert {f"dan/{NOTEBOOK}", "dan/", "../x"} == set(reasons(dry))
    wet = a_class.collect(raw)
    assert (wet.collected, wet.refused) == (dry.collected, dry.refused)


def test_a_link_in_the_course_is_not_followed(a_class) -> None:
    a_class.submitted.mkdir()
    (a_class.room / "elsewhere").mkdir()
    (a_class.submitted / "alice").symlink_to(a_class.room / "elsewhere")
    a_class.archive.write_bytes(packed(f"alice/{NOTEBOOK}", BOB))
    report = collect_archive(a_class.course, NAME, a_class.archive)
    assert "is there and is no folder" in reasons(report)["alice/"]
    assert not list((a_class.room / "elsewhere").iterdir())
    assert a_class.files("bob")


def test_a_student_whose_folder_cannot_be_written_costs_no_other(a_class, monkeypatch) -> None:
    make = Path.mkdir

    def full(self: Path, *arguments, **options) -> None:
        if self.name == "alice":
            raise OSError(28, "No space left on device", str(self))
        make(self, *arguments, **options)

    monkeypatch.setattr(Path, "mkdir", full)
    report = a_class.collect(packed(f"alice/{NOTEBOOK}", BOB))
    assert "No space left on device" in reasons(report)["alice/"]
    assert a_class.students() == {"bob"}


@pytest.mark.parametrize(
    "structure, folder",
    [("{nbgrader_step}/{assignment_id}/{student_id}", f"submitted/{NAME}/alice"),
     ("x/{student_id}/{nbgrader_step}/{assignment_id}", f"x/alice/submitted/{NAME}")],
)  # fmt: skip
def test_a_course_may_arrange_its_folders_in_another_way(
    tmp_path, small, structure, folder
) -> None:
    (tmp_path / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.directory_structure = {structure!r}\n"
    )
    course = Course(tmp_path)
    (tmp_path / "class.zip").write_bytes(packed(f"alice/{NOTEBOOK}"))
    collect_archive(course, NAME, tmp_path / "class.zip")
    collect_archive(course, NAME, tmp_path / "class.zip")
    assert (tmp_path / folder / NOTEBOOK).read_bytes() == TEXT
    assert [one.student for one in course.handed_in(small.name)] == ["alice"]


def test_a_course_without_a_folder_a_student_is_an_archive_error(tmp_path) -> None:
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.directory_structure = "
        "'{nbgrader_step}/{assignment_id}-{student_id}'\n"
    )
    (tmp_path / "class.zip").write_bytes(packed(f"alice/{NOTEBOOK}"))
    with pytest.raises(ArchiveError, match="must be a folder of its own"):
        collect_archive(Course(tmp_path), NAME, tmp_path / "class.zip")
