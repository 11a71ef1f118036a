"""autograder.intake.zip_format: what honest tools write is read, and no header is believed."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from datetime import datetime, timezone

import pytest
from lms_archives import BOB, NAME, NOTEBOOK, TEXT, Packed, nth, packed, patch, reasons, rename

from autograder.intake.archive_limits import ArchiveError

LINK, FIFO = stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o666


# -- names -----------------------------------------------------------------------------------


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


# -- members that are not plain files --------------------------------------------------------


@pytest.mark.parametrize("mode", [LINK, FIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, 0o110000])
def test_a_link_or_a_device_is_refused(a_class, mode) -> None:
    link = Packed("alice/x", b"../../../../secret.txt", mode)
    report = a_class.collect(packed(link, f"alice/{NOTEBOOK}", BOB))
    assert reasons(report) == {"alice/x": "it is a link or a device, no file"}
    assert a_class.files("alice") == {NOTEBOOK: TEXT}


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


# -- headers that lie -------------------------------------------------------------------------


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


def test_extra_fields_that_are_cut_off_cost_only_their_member(a_class) -> None:
    raw = packed(Packed(f"alice/{NOTEBOOK}", extra=struct.pack("<HH", 0x5455, 5) + b"\1abcd"), BOB)
    at = nth(raw, b"PK\x01\x02", 0) + 46 + len(f"alice/{NOTEBOOK}")
    struct.pack_into("<H", raw, at + 2, 500)
    assert "does not say where" in reasons(a_class.collect(raw))[f"alice/{NOTEBOOK}"]
    assert a_class.students() == {"bob"}


def test_the_number_of_members_is_counted_and_not_believed(a_class) -> None:
    raw = packed(*(f"s{i}/{NOTEBOOK}" for i in range(41)))
    struct.pack_into("<HH", raw, len(raw) - 22 + 8, 1, 1)
    with pytest.raises(ArchiveError, match="more than 40 members"):
        a_class.collect(raw)


def test_too_many_members_are_refused_before_any_is_read(a_class) -> None:
    with pytest.raises(ArchiveError, match=r"class\.zip has more than 40 members"):
        a_class.collect(packed(*(f"s{i}/{NOTEBOOK}" for i in range(41))))
    assert not a_class.submitted.exists()


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


def test_an_empty_file_without_data_is_read_though_it_is_marked_as_deflated(a_class) -> None:
    raw = packed(Packed("alice/empty.txt", b"", method=zipfile.ZIP_STORED), f"alice/{NOTEBOOK}")
    patch(patch(raw, 0, method=8), 0, local=True, method=8)
    assert not a_class.collect(raw).refused
    assert a_class.files("alice")["empty.txt"] == b""


# -- time ------------------------------------------------------------------------------------


def test_a_time_with_its_zone_counts_more(a_class, in_berlin) -> None:
    when = int(datetime(2026, 5, 5, 5, 5, 5, tzinfo=timezone.utc).timestamp())
    extra = struct.pack("<HHBl", 0x5455, 5, 1, when)
    report = a_class.collect(packed(Packed(f"alice/{NOTEBOOK}", extra=extra)))
    assert report.collected[0].submitted == datetime(2026, 5, 5, 5, 5, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "when", [(1980, 1, 1, 0, 0, 0), (1980, 0, 0, 0, 0, 0), (2026, 2, 31, 1, 1, 1)]
)
def test_a_time_that_is_none_is_not_written(a_class, when) -> None:
    report = a_class.collect(packed(Packed(f"alice/{NOTEBOOK}", time=when)))
    assert report.collected[0].submitted is None
    assert not (a_class.submitted / "alice" / NAME / "timestamp.txt").exists()
