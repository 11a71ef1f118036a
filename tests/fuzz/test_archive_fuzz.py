"""LMS archives: whatever one holds, nothing gets out of submitted/, and what is in it is whole."""

from __future__ import annotations

import shutil
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lms_archives import NOTEBOOK, TEXT, Class, Packed, packed
from mutations import edited, edits

from autograder.intake.archive_limits import ArchiveError
from autograder.intake.collect import Report

OWN = bytes(packed(Packed(NOTEBOOK, method=zipfile.ZIP_STORED), Packed("d/x.csv", b"1,2" * 99)))
VALID = bytes(
    packed(
        f"alice/{NOTEBOOK}", Packed("alice/x.bin", bytes(300)), Packed("bob.zip", OWN, method=0),
        Packed(f"carol_{NOTEBOOK}", extra=struct.pack("<HHBl", 0x5455, 5, 1, 1_700_000_000)),
    )
)  # fmt: skip

#: Offsets that are likely to matter: those of headers.
HEADERS = [
    at + step
    for signature, size in ((b"PK\x01\x02", 46), (b"PK\x03\x04", 30), (b"PK\x05\x06", 22))
    for at in range(len(VALID))
    if VALID.startswith(signature, at)
    for step in range(size)
]
_PIECES = st.sampled_from([b"\0", b"\xff", b"/", b"..", b"\xff" * 4, b"PK\x01\x02", b""])
_parts = st.sampled_from(
    ["..", ".", "", "alice", "ALICE", "C:", "nul", "x.zip", NOTEBOOK, f"bob_{NOTEBOOK}", "=1+1"]
) | st.text(max_size=12)
names = st.lists(_parts, min_size=1, max_size=5).map("/".join)
_files = st.sampled_from(
    [0, 0, stat.S_IFREG | 0o4777, stat.S_IFDIR | 0o755, stat.S_IFLNK | 0o777, stat.S_IFIFO]
)
_extra_fields = st.sampled_from([b"", b"\x01\x00\x08\x00" + b"\xff" * 8, b"UT\x05\x00\x01"])
members = st.builds(
    Packed,
    names.map(lambda name: name.encode("utf-8", "replace").decode()),
    st.sampled_from([TEXT, b"", b"../../secret.txt", OWN, OWN[:-9], bytes(2 << 20)]),
    _files,
    st.sampled_from([(2026, 3, 1, 10, 30, 20), (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)]),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]),
    _extra_fields,
)


@pytest.fixture(scope="module")
def room(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], AbstractContextManager[Class]]:
    """A new class for each example, which is gone after it."""
    base = tmp_path_factory.mktemp("rooms")

    @contextmanager
    def new() -> Iterator[Class]:
        folder = base / "one"
        try:
            yield Class(folder)
        finally:
            shutil.rmtree(folder)

    return new


def assert_sound(a_class: Class, report: Report) -> None:
    """Check a report against what lies in submitted/: all of it, and nothing else."""
    assert a_class.students() == {one.student for one in report.collected}
    for one in report.collected:
        files = a_class.files(one.student)
        assert set(files) == set(one.files)
        assert sum(map(len, files.values())) == one.size
        assert NOTEBOOK in files or any(name.endswith(".ipynb") for name in files)
    assert all(one.member.isprintable() and one.reason.isprintable() for one in report.refused)
    assert all(one.reason for one in report.refused)


def assert_refused(a_class: Class, error: ArchiveError) -> None:
    """Check that of an archive which cannot be used, nothing was filed."""
    assert str(error).isprintable() and len(str(error)) < 600
    assert not a_class.submitted.exists()


@given(edits(st.sampled_from(HEADERS) | st.integers(0, len(VALID) - 1), _PIECES))
def test_no_change_of_bytes_gets_out_of_submitted(room, made) -> None:
    with room() as a_class:
        try:
            report = a_class.collect(edited(VALID, made))
        except ArchiveError as error:
            assert_refused(a_class, error)
        else:
            assert_sound(a_class, report)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@given(st.lists(names, min_size=1, max_size=6, unique=True), st.booleans())
def test_no_name_gets_out_of_submitted(room, chosen, nested) -> None:
    made = [Packed(name.encode("utf-8", "replace").decode()) for name in chosen]
    if nested:
        made = [Packed("zed.zip", bytes(packed(NOTEBOOK, *made)))]
    with room() as a_class:
        report = a_class.collect(packed(*made, f"unique/{NOTEBOOK}"))
        assert "unique" in a_class.students()
        assert_sound(a_class, report)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@given(st.lists(members, max_size=5), st.booleans())
def test_no_kind_of_member_gets_out_of_submitted_or_costs_another_student(
    room, made, nested
) -> None:
    if nested:
        made = [Packed("zed.zip", bytes(packed(*made)))]
    with room() as a_class:
        report = a_class.collect(packed(*made, f"unique/{NOTEBOOK}"))
        assert a_class.files("unique")[NOTEBOOK] == TEXT
        assert_sound(a_class, report)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda end: VALID[:-22] + end))
def test_what_is_no_archive_is_refused_in_a_sentence(room, raw) -> None:
    with room() as a_class:
        with pytest.raises(ArchiveError) as caught:
            a_class.collect(raw)
        assert_refused(a_class, caught.value)
