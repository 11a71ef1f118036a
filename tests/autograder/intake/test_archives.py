"""autograder.intake.archives: each member within limits and whole, or the reason why not."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import replace

import pytest
from lms_archives import BOB, NOTEBOOK, TEXT, Packed, noise, nth, packed, patch, reasons, zeros

from autograder.intake.archive_limits import MemberError
from autograder.intake.archives import Budget

# -- limits ----------------------------------------------------------------------------------


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
    raw = packed(zeros(64 << 20), f"alice/{NOTEBOOK}")
    counted: list[int] = []
    unpacker = zlib.decompressobj

    class Counting:
        def __init__(self, *settings: int) -> None:
            self._unpacker = unpacker(*settings)

        def __getattr__(self, name: str) -> object:
            return getattr(self._unpacker, name)

        def decompress(self, *given) -> bytes:
            piece = self._unpacker.decompress(*given)
            counted.append(len(piece))
            return piece

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    a_class.collect(raw)
    assert max(counted) <= 64 << 10
    assert sum(counted) < (4 << 20) + (1 << 20)


@pytest.mark.parametrize("claimed", [len(TEXT) - 1, len(TEXT) + 1, 0])
def test_a_notebook_whose_header_lies_about_its_size_is_not_cut(a_class, claimed) -> None:
    raw = patch(packed(f"alice/{NOTEBOOK}", BOB), 0, size=claimed)
    assert "its header says" in reasons(a_class.collect(raw))[f"alice/{NOTEBOOK}"]
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


def test_bytes_after_the_end_of_a_members_data_are_refused(a_class) -> None:
    name = f"alice/{NOTEBOOK}"
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = squeeze.compress(TEXT) + squeeze.flush() + b"hidden"
    raw = packed(Packed(name, data, method=zipfile.ZIP_STORED), BOB)
    for local in (False, True):
        patch(raw, 0, local=local, method=8, size=len(TEXT), crc=zlib.crc32(TEXT))
    assert "bytes after the end" in reasons(a_class.collect(raw))[name]
    assert a_class.students() == {"bob"}


def test_an_empty_file_and_one_that_fills_its_last_piece_are_read(a_class) -> None:
    for size in (0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 128 << 10):
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            data = replace(noise(size + 4, "alice/x.bin", size), method=method)
            data = replace(data, data=data.data[:size])
            report = a_class.collect(packed(f"alice/{NOTEBOOK}", data))
            assert not report.refused, (size, method)
            assert a_class.files("alice")["x.bin"] == data.data


# -- budgets ---------------------------------------------------------------------------------


def test_a_budget_may_be_used_up_and_no_further() -> None:
    budget = Budget(10, "it")
    budget.take(4)
    budget.take(6)
    with pytest.raises(MemberError, match=r"^it unpacks to more than 10 bytes$"):
        budget.take(1)


def test_what_is_taken_of_a_budget_is_taken_of_the_one_around_it() -> None:
    whole = Budget(10, "the archive")
    parts = [Budget(8, name, whole) for name in ("alice", "bob")]
    parts[0].take(8)
    with pytest.raises(MemberError, match=r"^the archive unpacks"):
        parts[1].take(3)
