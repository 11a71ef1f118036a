"""LMS archives: what is filed from them, and that nothing else ever is."""

from __future__ import annotations

import io
import os
import stat
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from lms_archives import NAME, NOTEBOOK, SMALL, TEXT, Class, Packed, packed, tree

from autograder.course.folders import Course
from autograder.intake import archives
from autograder.intake.archive_limits import ArchiveError
from autograder.intake.collect import Report, collect_archive
from autograder.intake.student_ids import student_id
from autograder.lms.layouts import Place
from autograder.protocol.plain_text import on_one_line

BOB = f"bob/{NOTEBOOK}"
LINK, FIFO = stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o666

#: Byte offsets in an entry of the table of contents, and in the header before a member's data.
ENTRY = {"flags": (8, "H"), "method": (10, "H"), "crc": (16, "I"), "packed": (20, "I"),
         "size": (24, "I"), "attributes": (38, "I"), "offset": (42, "I")}  # fmt: skip
LOCAL = {"flags": (6, "H"), "method": (8, "H"), "crc": (14, "I"), "packed": (18, "I"),
         "size": (22, "I")}  # fmt: skip


def nth(raw: bytes, signature: bytes, index: int) -> int:
    at = -1
    for _ in range(index + 1):
        at = raw.index(signature, at + 1)
    return at


def patch(raw: bytearray, index: int, *, local: bool = False, **values: int) -> bytearray:
    """Change fields of a member in the table of contents, or in its own header."""
    at = nth(raw, b"PK\x03\x04" if local else b"PK\x01\x02", index)
    for field, value in values.items():
        offset, kind = (LOCAL if local else ENTRY)[field]
        struct.pack_into(f"<{kind}", raw, at + offset, value)
    return raw


def rename(raw: bytearray, old: str, new: bytes) -> bytearray:
    """Write other bytes, as many, over a member's name wherever it stands."""
    assert len(old.encode()) == len(new) and old.encode() in raw
    return bytearray(bytes(raw).replace(old.encode(), new))


@pytest.fixture
def a_class(tmp_path) -> Class:
    return Class(tmp_path)


def reasons(report: Report) -> dict[str, str]:
    found = {one.member: one.reason for one in report.refused}
    assert len(found) == len(report.refused)
    return found


# -- layouts ---------------------------------------------------------------------------------


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
    (found,) = a_class.course.handed_in(small)
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


# -- names -----------------------------------------------------------------------------------

UNSAFE = {
    f"../../{NOTEBOOK}": "leads out",
    f"alice/../bob2/{NOTEBOOK}": "leads out",
    f"alice/{NAME}/..": "leads out",
    "..": "leads out",
    "__MACOSX/../../x": "leads out",
    f"alice\\..\\..\\{NOTEBOOK}": "backslash",
    f"\\\\server\\share\\{NOTEBOOK}": "backslash",
    f"C:\\{NOTEBOOK}": "backslash",
    f"C:/alice/{NOTEBOOK}": "colon",
    f"alice/{NOTEBOOK}:stream": "colon",
    "/etc/cron.d/alice": "absolute",
    "//alice/x.ipynb": "absolute",
    f"alice//{NOTEBOOK}": "empty",
    "./": "empty",
    "alice/a\rb.ipynb": "cannot be seen",
    "alice/\x1b[31mred.ipynb": "cannot be seen",
    "alice/\u202egnp.ipynb": "cannot be seen",
    "alice/\u200b.ipynb": "cannot be seen",
    "alice/x.ipynb.": "ends with a dot",
    "alice/x.ipynb ": "space",
    "alice / x.ipynb": "space",
    "alice/ x.ipynb": "space",
    "alice/nul": "device",
    "alice/COM1.ipynb": "device",
    "alice/lpt³.txt": "device",
    "aux/x.ipynb": "device",
    "alice/" + "x" * 240 + ".ipynb": "longer than 200 bytes",
    "é" * 120 + "/x.ipynb": "longer than 200 bytes",
    "alice/" + "abcdefgh/" * 120 + "x.ipynb": "longer than 1000 bytes",
    "a/" * 30 + NOTEBOOK: "more than 15 folders",
}


@pytest.mark.parametrize("name", UNSAFE, ids=lambda name: ascii(name[:30]))
def test_an_unsafe_name_is_refused_and_the_others_are_filed(a_class, name) -> None:
    report = a_class.collect(packed(name, BOB))
    (refused,) = report.refused
    assert UNSAFE[name] in refused.reason
    assert refused.member.isprintable() and len(refused.member) <= 200
    assert a_class.students() == {"bob"}


@pytest.mark.parametrize("name", UNSAFE, ids=lambda name: ascii(name[:30]))
def test_an_unsafe_name_in_a_students_own_zip_is_refused_too(a_class, name) -> None:
    own = Packed("alice.zip", bytes(packed(name, NOTEBOOK)))
    report = a_class.collect(packed(own, BOB))
    (refused,) = report.refused
    assert UNSAFE[name] in refused.reason and refused.member.startswith("alice.zip: ")
    assert a_class.files("alice") == {NOTEBOOK: TEXT}
    assert a_class.students() == {"alice", "bob"}


@pytest.mark.parametrize(
    "name, reason", [(b"alice/x\0y.ipynb", "NUL"), (b"alice/x\ny.ipynb", "cannot be seen")]
)
def test_a_nul_or_a_line_end_in_a_name_is_refused(a_class, name, reason) -> None:
    report = a_class.collect(rename(packed("alice/x+y.ipynb", BOB), "alice/x+y.ipynb", name))
    assert reason in report.refused[0].reason and report.refused[0].member.isprintable()
    assert a_class.students() == {"bob"}


def test_an_empty_name_is_refused(a_class) -> None:
    raw = packed("", BOB)
    assert reasons(a_class.collect(raw)) == {"": "its name is empty"}
    assert a_class.students() == {"bob"}


def test_a_name_in_utf_8_is_read_with_and_without_the_mark(a_class) -> None:
    marked = packed(f"Zoë/{NOTEBOOK}")
    a_class.collect(marked)
    unmarked = rename(packed(f"Jan_/{NOTEBOOK}"), "Jan_", "Ján".encode())
    a_class.collect(unmarked)
    assert a_class.students() == {"Zoë", "Ján"}


def test_a_name_that_is_not_utf_8_is_read_as_the_formats_own_encoding(a_class) -> None:
    a_class.collect(rename(packed(f"J_rg/{NOTEBOOK}"), "J_rg", "Jörg".encode("cp437")))
    assert a_class.students() == {"Jörg"}


def test_a_name_that_is_marked_as_utf_8_and_is_not_is_refused(a_class) -> None:
    raw = packed(f"J_rg/{NOTEBOOK}", BOB)
    patch(patch(raw, 0, flags=0x800), 0, local=True, flags=0x800)
    report = a_class.collect(rename(raw, "J_rg", b"J\xffrg"))
    assert reasons(report) == {f"J\\xffrg/{NOTEBOOK}": "its name is marked as UTF-8 and is not"}
    assert a_class.students() == {"bob"}


def test_a_member_with_two_names_is_refused(a_class) -> None:
    raw = packed(f"alice/{NOTEBOOK}", BOB)
    at = nth(raw, b"PK\x01\x02", 0)
    raw[at + 46 : at + 51] = b"carol"
    report = a_class.collect(raw)
    assert reasons(report)[f"carol/{NOTEBOOK}"] == "the archive gives it two different names"
    assert a_class.students() == {"bob"}


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


# -- students' names -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alice", "12345", "a.b-c_d@e+f", "Zoë", "王小明", "_x", "हिन्दी"])
def test_a_plain_name_is_the_students_id(name) -> None:
    assert student_id(name) == name


@pytest.mark.parametrize(
    "name",
    ["=SUM(A1)", "+alice", "-alice", "@alice", "=cmd|' !A1", "\uff1dalice", 'O"Brien',
     "O'Brien, Zoë", "alice;bob", "alice.", "CON", "a{b}", "a*b", "$(id)", "`id`", "x" * 150,
     "é" * 90, "<script>", "%2e%2e", "alice bob"],
)  # fmt: skip
def test_another_name_is_kept_beside_a_safe_id_of_its_own(a_class, name) -> None:
    report = a_class.collect(packed(f"{name}_{NOTEBOOK}", BOB))
    assert not report.refused
    one = report.collected[0]
    assert one.name == name and one.student != name
    assert one.student[0] not in "=+-@." and one.student[-1] not in ". "
    assert not set(one.student) & set("\"'`,;:|<>*?\\/(){}$%= ")
    assert len(one.student.encode()) <= 200
    assert a_class.students() == {one.student, "bob"}


def test_names_that_differ_only_in_what_is_made_safe_have_two_ids() -> None:
    ids = {student_id(name) for name in ("=alice", "+alice", "-alice", "@alice", "_alice", "alice")}
    assert len(ids) == 6


def test_a_name_without_letters_and_digits_is_nobodys(a_class) -> None:
    report = a_class.collect(packed(f"=!,/{NOTEBOOK}", f"---_{NOTEBOOK}", BOB))
    assert set(reasons(report)) == {f"=!,/{NOTEBOOK}", f"---_{NOTEBOOK}"}
    assert all("no letter and no digit" in reason for reason in reasons(report).values())
    assert a_class.students() == {"bob"}


# -- members that are not plain files --------------------------------------------------------


@pytest.mark.parametrize("mode", [LINK, FIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, 0o110000])
def test_a_link_or_a_device_is_refused(a_class, mode) -> None:
    link = Packed("alice/x", b"../../../../secret.txt", mode)
    report = a_class.collect(packed(link, f"alice/{NOTEBOOK}", BOB))
    assert reasons(report) == {"alice/x": "it is a link or a device, no file"}
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


def test_a_file_in_a_linked_folder_does_not_follow_the_link(a_class) -> None:
    link = Packed("alice/out", b"../../../..", LINK)
    report = a_class.collect(
        packed(f"alice/{NOTEBOOK}", link, Packed("alice/out/secret.txt", b"!"), BOB)
    )
    assert "its place is taken" in reasons(report)["alice/out/secret.txt"]
    assert a_class.students() == {"alice", "bob"}


@pytest.mark.parametrize("attribute", [0x400, 0x40])
def test_a_link_or_device_of_windows_is_refused(a_class, attribute) -> None:
    raw = patch(packed("alice/x", f"alice/{NOTEBOOK}"), 0, attributes=attribute)
    assert "a link or a device" in reasons(a_class.collect(raw))["alice/x"]
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


@pytest.mark.parametrize("attributes", [stat.S_IFDIR << 16, 0x10])
def test_a_folder_with_data_is_refused(a_class, attributes) -> None:
    raw = patch(packed("alice/x.ipynb", BOB), 0, attributes=attributes)
    assert "marked as a folder" in reasons(a_class.collect(raw))["alice/x.ipynb"]
    assert a_class.students() == {"bob"}


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


@pytest.mark.parametrize("flags", [0x1, 0x41, 0x2000])
def test_an_encrypted_member_is_refused(a_class, flags) -> None:
    raw = packed(f"alice/{NOTEBOOK}", BOB)
    patch(patch(raw, 0, flags=flags), 0, local=True, flags=flags)
    report = a_class.collect(raw)
    assert reasons(report)[f"alice/{NOTEBOOK}"] == "it is encrypted"
    assert "its notebook alice/90_small.ipynb was refused" in reasons(report)["alice/"]
    assert a_class.students() == {"bob"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 9, 99])
def test_a_member_that_is_packed_in_another_way_is_refused(a_class, method) -> None:
    raw = packed("alice/x.txt", f"alice/{NOTEBOOK}", BOB)
    patch(patch(raw, 0, method=method), 0, local=True, method=method)
    reason = "it is encrypted" if method == 99 else f"(number {method})"
    assert reason in reasons(a_class.collect(raw))["alice/x.txt"]
    assert a_class.students() == {"alice", "bob"}


# -- inflated archives -----------------------------------------------------------------------


def zeros(size: int, name: str = "alice/zeros.bin") -> Packed:
    return Packed(name, bytes(size))


def noise(size: int, name: str, seed: int = 0) -> Packed:
    """Bytes that do not pack well."""
    words = [struct.pack("<I", zlib.crc32(struct.pack("<II", seed, i))) for i in range(size // 4)]
    return Packed(name, b"".join(words))


def test_a_member_over_the_limit_is_refused(a_class) -> None:
    big = replace(zeros((4 << 20) + 1), method=zipfile.ZIP_STORED)
    report = a_class.collect(packed(big, f"alice/{NOTEBOOK}", BOB))
    assert reasons(report) == {"alice/zeros.bin": "it unpacks to more than 4 MB"}
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


def test_a_member_that_unpacks_to_many_times_its_size_is_refused(a_class) -> None:
    report = a_class.collect(packed(zeros(3 << 20), f"alice/{NOTEBOOK}", BOB))
    assert reasons(report) == {"alice/zeros.bin": "it unpacks to more than 200 times its size"}
    assert a_class.students() == {"alice", "bob"}


def test_a_small_file_may_be_packed_tightly(a_class) -> None:
    assert not a_class.collect(packed(zeros(1 << 20), f"alice/{NOTEBOOK}")).refused


@pytest.mark.parametrize("claimed", [0, 10, (8 << 20) - 1, (8 << 20) + 1, 0xFFFFFFF0])
def test_a_header_that_lies_about_the_size_does_not_help_a_bomb(a_class, claimed) -> None:
    raw = packed(zeros(8 << 20), f"alice/{NOTEBOOK}", BOB)
    for local in (False, True):
        patch(raw, 0, local=local, size=claimed)
    (reason,) = reasons(a_class.collect(raw)).values()
    assert f"larger than the {claimed} bytes" in reason if claimed < 99 else "unpacks to" in reason
    assert a_class.files("alice") == {NOTEBOOK: TEXT}
    assert a_class.students() == {"alice", "bob"}


def test_a_bomb_is_left_at_the_limit_and_not_read_to_its_end(a_class, monkeypatch) -> None:
    counted: list[int] = []
    unpack = archives.Archive._unpacked

    def counting(self, member):
        for piece, read in unpack(self, member):
            counted.append(len(piece))
            yield piece, read

    monkeypatch.setattr(archives.Archive, "_unpacked", counting)
    a_class.collect(packed(zeros(64 << 20), f"alice/{NOTEBOOK}"))
    assert max(counted) <= 64 << 10
    assert sum(counted) < (4 << 20) + (1 << 20)


@pytest.mark.parametrize("claimed", [len(TEXT) - 1, len(TEXT) + 1, 0])
def test_a_notebook_whose_header_lies_about_its_size_is_not_cut(a_class, claimed) -> None:
    raw = patch(packed(f"alice/{NOTEBOOK}", BOB), 0, size=claimed)
    assert "its header says" in reasons(a_class.collect(raw))[f"alice/{NOTEBOOK}"]
    assert a_class.students() == {"bob"}


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


def test_too_many_members_are_refused_before_any_is_read(a_class) -> None:
    with pytest.raises(ArchiveError, match=r"class\.zip has more than 40 members"):
        a_class.collect(packed(*(f"s{i}/{NOTEBOOK}" for i in range(41))))
    assert not a_class.submitted.exists()


def test_the_number_of_members_is_counted_and_not_believed(a_class) -> None:
    raw = packed(*(f"s{i}/{NOTEBOOK}" for i in range(41)))
    struct.pack_into("<HH", raw, len(raw) - 22 + 8, 1, 1)
    with pytest.raises(ArchiveError, match="more than 40 members"):
        a_class.collect(raw)


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


def test_of_members_that_share_their_data_none_but_the_innermost_is_read(a_class) -> None:
    """The better zip bomb: each member's data hold the headers and data of all that follow."""
    names = [f"a{i}/{NOTEBOOK}" for i in range(6)]
    raw = packed(*(Packed(name, method=zipfile.ZIP_STORED) for name in names), BOB)
    end = nth(raw, b"PK\x03\x04", 6)
    for index, name in enumerate(names):
        size = end - nth(raw, b"PK\x03\x04", index) - 30 - len(name)
        patch(raw, index, packed=size, size=size)
    report = a_class.collect(raw)
    overlapping = [name for name, reason in reasons(report).items() if "overlap" in reason]
    assert overlapping == names[:-1]
    assert a_class.students() == {"a5", "bob"}


def test_two_entries_for_the_same_data_are_refused(a_class) -> None:
    raw = packed(f"alice/{NOTEBOOK}", f"alicf/{NOTEBOOK}", BOB)
    patch(raw, 1, offset=0)
    second = nth(raw, b"PK\x01\x02", 1)
    raw[second + 46 : second + 51] = b"alice"
    report = a_class.collect(raw)
    says = {one.reason for one in report.refused if one.member == f"alice/{NOTEBOOK}"}
    assert len(says) == 2 and "its data overlap with another member's" in says
    assert a_class.students() == {"bob"}


# -- damage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_is_refused(a_class, method) -> None:
    raw = packed(Packed(f"alice/{NOTEBOOK}", method=method), BOB)
    raw[30 + len(f"alice/{NOTEBOOK}") + 10] ^= 0x10
    report = a_class.collect(raw)
    assert "it is damaged" in reasons(report)[f"alice/{NOTEBOOK}"]
    assert a_class.students() == {"bob"}


def test_a_wrong_checksum_is_refused(a_class) -> None:
    raw = patch(packed(f"alice/{NOTEBOOK}", BOB), 0, crc=1)
    assert "CRC-32" in reasons(a_class.collect(raw))[f"alice/{NOTEBOOK}"]
    assert a_class.students() == {"bob"}


@pytest.mark.parametrize(
    "field, value, reason",
    [("offset", 3, "no member where it should be"), ("offset", 0xFFFFFFF0, "does not say where"),
     ("packed", 0x7FFFFFFF, "cut off"), ("packed", 5, "cut off"), ("packed", 0, "cut off"),
     ("packed", 150, "overlap"), ("method", 0, "two different ways")],
)  # fmt: skip
def test_an_entry_that_lies_costs_only_itself(a_class, field, value, reason) -> None:
    raw = patch(packed(f"alice/{NOTEBOOK}", BOB, f"carol/{NOTEBOOK}"), 0, **{field: value})
    assert reason in reasons(a_class.collect(raw))[f"alice/{NOTEBOOK}"]
    assert a_class.students() == {"bob", "carol"}


def test_bytes_after_the_end_of_a_members_data_are_refused(a_class) -> None:
    name = f"alice/{NOTEBOOK}"
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = squeeze.compress(TEXT) + squeeze.flush() + b"hidden"
    raw = packed(Packed(name, data, method=zipfile.ZIP_STORED), BOB)
    for local in (False, True):
        patch(raw, 0, local=local, method=8, size=len(TEXT), crc=zlib.crc32(TEXT))
    assert "bytes after the end" in reasons(a_class.collect(raw))[name]
    assert a_class.students() == {"bob"}


def test_extra_fields_that_are_cut_off_cost_only_their_member(a_class) -> None:
    raw = packed(Packed(f"alice/{NOTEBOOK}", extra=struct.pack("<HH", 0x5455, 5) + b"\1abcd"), BOB)
    at = nth(raw, b"PK\x01\x02", 0) + 46 + len(f"alice/{NOTEBOOK}")
    struct.pack_into("<H", raw, at + 2, 500)
    assert "does not say where" in reasons(a_class.collect(raw))[f"alice/{NOTEBOOK}"]
    assert a_class.students() == {"bob"}


def test_a_damaged_zip_of_a_student_costs_no_other(a_class) -> None:
    own = bytes(packed(NOTEBOOK))[:-10]
    report = a_class.collect(packed(Packed("alice.zip", own), Packed("carol.zip", b"7z"), BOB))
    assert "alice.zip is a zip archive that is cut off" in reasons(report)["alice.zip"]
    assert "carol.zip is not a zip archive" in reasons(report)["carol.zip"]
    assert a_class.students() == {"bob"}


@pytest.mark.parametrize(
    "raw, says",
    [(b"", "is an empty file"), (b"hello", "is not a zip archive"),
     (b"7z\xbc\xaf\x27\x1c" + bytes(40), "is a 7z archive"), (b"Rar!\x1a\x07", "is a RAR archive"),
     (b"\x1f\x8b\x08" + bytes(40), "is a gzip file"), (bytes(257) + b"ustar", "is a tar archive"),
     (b"\n<!DOCTYPE html><html>", "is a web page"), (b"PK\x05\x06", "is not a zip archive")],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_zip_archive_is_called_what_it_is(a_class, raw, says) -> None:
    with pytest.raises(ArchiveError, match=f"class.zip {says}"):
        a_class.collect(raw)
    assert not a_class.submitted.exists()


def test_an_archive_that_is_cut_off_says_so(a_class) -> None:
    with pytest.raises(ArchiveError, match=r"cut off at its end; download it again"):
        a_class.collect(packed(f"alice/{NOTEBOOK}", BOB)[:-30])
    assert not a_class.submitted.exists()


@pytest.mark.parametrize("more, says", [(0, "is damaged"), (1, "cut off"), (40, "cut off")])
def test_a_students_zip_is_not_taken_for_the_archive_that_was_cut_off_after_it(
    a_class, more, says
) -> None:
    own = packed(Packed(BOB, b"not by bob"))
    raw = packed(Packed("alice.zip", bytes(own), method=zipfile.ZIP_STORED), BOB)
    after = raw.index(own) + len(own)
    with pytest.raises(ArchiveError, match=says):
        a_class.collect(raw[: after + more])
    assert not a_class.submitted.exists()


def test_a_damaged_table_of_contents_says_so(a_class) -> None:
    raw = packed(f"alice/{NOTEBOOK}", BOB)
    raw[nth(raw, b"PK\x01\x02", 1)] = 0
    with pytest.raises(ArchiveError, match=r"table of contents of class\.zip is damaged"):
        a_class.collect(raw)
    assert not a_class.submitted.exists()


@pytest.mark.parametrize(
    "at, kind, value, says",
    [(4, "H", 1, "one part of several"), (12, "I", 0xFFFFFFF0, "table of contents"),
     (16, "I", 0xFFFFFFF0, "damaged")],
)  # fmt: skip
def test_an_end_record_that_lies_is_an_archive_error(a_class, at, kind, value, says) -> None:
    raw = packed(f"alice/{NOTEBOOK}")
    struct.pack_into(f"<{kind}", raw, len(raw) - 22 + at, value)
    with pytest.raises(ArchiveError, match=says):
        a_class.collect(raw)


def test_an_empty_archive_says_so(a_class) -> None:
    with pytest.raises(ArchiveError, match=r"class\.zip holds no files"):
        a_class.collect(packed())


def test_a_missing_archive_is_an_archive_error(a_class) -> None:
    with pytest.raises(ArchiveError, match=r"nowhere\.zip: No such file"):
        collect_archive(a_class.course, NAME, a_class.room / "nowhere.zip")


# -- what honest tools write -----------------------------------------------------------------


def test_a_streamed_archive_is_read(a_class) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.raw = b""

        def write(self, data) -> int:
            self.raw += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"alice/{NOTEBOOK}", TEXT)
    assert b"PK\x07\x08" in pipe.raw
    assert not a_class.collect(pipe.raw).refused
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


def test_a_zip64_archive_is_read(a_class, monkeypatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    raw = packed(f"alice/{NOTEBOOK}", BOB)
    assert b"PK\x06\x06" in raw
    assert not a_class.collect(raw).refused
    assert a_class.students() == {"alice", "bob"}


def test_an_archive_with_a_comment_is_read(a_class) -> None:
    raw = packed(f"alice/{NOTEBOOK}", BOB)
    comment = b"PK\x05\x06 of the LMS"
    struct.pack_into("<H", raw, len(raw) - 2, len(comment))
    assert not a_class.collect(raw + comment).refused
    assert a_class.students() == {"alice", "bob"}


def test_an_empty_file_and_one_that_fills_its_last_piece_are_read(a_class) -> None:
    for size in (0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 128 << 10):
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            data = replace(noise(size + 4, "alice/x.bin", size), method=method)
            data = replace(data, data=data.data[:size])
            report = a_class.collect(packed(f"alice/{NOTEBOOK}", data))
            assert not report.refused, (size, method)
            assert a_class.files("alice")["x.bin"] == data.data


def test_an_empty_file_without_data_is_read_though_it_is_marked_as_deflated(a_class) -> None:
    raw = packed(Packed("alice/empty.txt", b"", method=zipfile.ZIP_STORED), f"alice/{NOTEBOOK}")
    patch(patch(raw, 0, method=8), 0, local=True, method=8)
    assert not a_class.collect(raw).refused
    assert a_class.files("alice")["empty.txt"] == b""


# -- time ------------------------------------------------------------------------------------


@pytest.fixture
def in_berlin(monkeypatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def test_the_members_time_is_the_submissions_as_nbgrader_reads_it(a_class, in_berlin) -> None:
    summer = Packed(f"alice/{NOTEBOOK}", time=(2026, 7, 1, 10, 30, 20))
    report = a_class.collect(packed(summer, Packed(BOB, time=(2026, 1, 1, 10, 30, 20))))
    folder = a_class.submitted / "alice" / NAME
    assert (folder / "timestamp.txt").read_text() == "2026-07-01 08:30:20 UTC\n"
    read = a_class.course.directory.get_existing_timestamp(str(folder))
    assert read == datetime(2026, 7, 1, 8, 30, 20)
    bobs = report.collected[1].submitted
    assert bobs == datetime(2026, 1, 1, 9, 30, 20, tzinfo=timezone.utc)
    assert report.to_dict()["collected"][1]["submitted"] == "2026-01-01T09:30:20+00:00"


def test_a_time_with_its_zone_counts_more(a_class, in_berlin) -> None:
    when = int(datetime(2026, 5, 5, 5, 5, 5, tzinfo=timezone.utc).timestamp())
    extra = struct.pack("<HHBl", 0x5455, 5, 1, when)
    report = a_class.collect(packed(Packed(f"alice/{NOTEBOOK}", extra=extra)))
    assert report.collected[0].submitted == datetime(2026, 5, 5, 5, 5, 5, tzinfo=timezone.utc)


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


@pytest.mark.parametrize(
    "when", [(1980, 1, 1, 0, 0, 0), (1980, 0, 0, 0, 0, 0), (2026, 2, 31, 1, 1, 1)]
)
def test_a_time_that_is_none_is_not_written(a_class, when) -> None:
    report = a_class.collect(packed(Packed(f"alice/{NOTEBOOK}", time=when)))
    assert report.collected[0].submitted is None
    assert not (a_class.submitted / "alice" / NAME / "timestamp.txt").exists()


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
        monkeypatch.setattr(collecting, "_swap", lambda one, other: False)
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
        patched.setattr(collecting, "_swap", dying(collecting._swap))
        patched.setattr(collecting.shutil, "rmtree", lambda *_, **__: None)
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
    assert [one.student for one in course.handed_in(small)] == ["alice"]


def test_a_course_without_a_folder_a_student_is_an_archive_error(tmp_path) -> None:
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.directory_structure = "
        "'{nbgrader_step}/{assignment_id}-{student_id}'\n"
    )
    (tmp_path / "class.zip").write_bytes(packed(f"alice/{NOTEBOOK}"))
    with pytest.raises(ArchiveError, match="must be a folder of its own"):
        collect_archive(Course(tmp_path), NAME, tmp_path / "class.zip")


def test_what_is_shown_of_a_name_is_one_printable_line() -> None:
    assert on_one_line("a\x1b[31m\n\u202eb") == "a\\x1b[31m\\n\\u202eb"
    assert on_one_line(b"\xff") == "\\xff"
    assert len(on_one_line("x" * 5000)) == 200
