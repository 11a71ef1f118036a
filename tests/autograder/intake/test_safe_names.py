"""autograder.intake.safe_names: a name that is unsafe on some system is on none a file's."""

from __future__ import annotations

import pytest
from lms_archives import BOB, NAME, NOTEBOOK, TEXT, Packed, packed, rename

from autograder.intake.archive_limits import ArchiveLimits, MemberError
from autograder.intake.safe_names import is_device, safe_parts, same_name_key

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


@pytest.mark.parametrize("name", UNSAFE, ids=lambda name: ascii(name[:30]))
def test_the_reason_is_told_without_an_archive(name) -> None:
    with pytest.raises(MemberError, match=UNSAFE[name]):
        safe_parts(name, ArchiveLimits())


@pytest.mark.parametrize(
    "name, parts",
    [
        (f"alice/{NOTEBOOK}", ("alice", NOTEBOOK)),
        ("./alice/./x.csv", ("alice", "x.csv")),
        ("alice/work/", ("alice", "work")),
        ("Zoe\u0308/x.csv", ("Zo\u00eb", "x.csv")),
        ("王小明/作业 1.ipynb", ("王小明", "作业 1.ipynb")),
        ("...a/.b/c..d", ("...a", ".b", "c..d")),
        ("alice/nullable/console.txt", ("alice", "nullable", "console.txt")),
    ],
    ids=ascii,
)
def test_a_safe_name_is_its_folders_and_itself(name, parts) -> None:
    assert safe_parts(name, ArchiveLimits()) == parts


def test_a_name_may_be_as_long_and_as_deep_as_the_limits_say() -> None:
    limits = ArchiveLimits(name_bytes=20, part_bytes=8, depth=3)
    assert safe_parts("abcdefgh/ääää/z", limits) == ("abcdefgh", "ääää", "z")
    for name in ("abcdefghi", "ääääa", "a/b/c/d", "abcdefg/abcdefg/abcdef"):
        with pytest.raises(MemberError, match=r"longer than|more than"):
            safe_parts(name, limits)


@pytest.mark.parametrize(
    "one, other, are_one",
    [
        ("alice", "ALICE", True),
        ("stra\u00dfe", "STRASSE", True),
        ("\u00e9", "e\u0301", True),
        ("alice", "alice ", False),
        ("a/b", "ab", False),
    ],
    ids=ascii,
)
def test_paths_are_one_if_some_file_system_takes_them_for_one(one, other, are_one) -> None:
    keys = [same_name_key(tuple(name.split("/"))) for name in (one, other)]
    assert (keys[0] == keys[1]) is are_one


@pytest.mark.parametrize("name", ["nul", "CON", "aux.txt", "Com1.tar.gz", "lpt¹", "prn .x"])
def test_what_windows_takes_for_a_device_is_told(name) -> None:
    assert is_device(name)


@pytest.mark.parametrize("name", ["null", "xcon", "com", "com10", "lpt", "a.nul", ""])
def test_what_only_looks_like_a_device_is_none(name) -> None:
    assert not is_device(name)
