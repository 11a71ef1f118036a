"""autograder.intake.student_ids: each student has one id, which is a folder on every system."""

from __future__ import annotations

import pytest
from lms_archives import BOB, NOTEBOOK, packed, reasons

from autograder.intake.student_ids import student_id
from autograder.lms.layouts import NoStudent


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


@pytest.mark.parametrize("name", ["", "---", "=!,", "...", "\u0301"])
def test_who_has_no_letter_and_no_digit_has_no_id(name) -> None:
    with pytest.raises(NoStudent, match="no letter and no digit"):
        student_id(name)


def test_a_name_has_the_same_id_in_each_of_its_encodings() -> None:
    assert student_id("Zoe\u0308") == student_id("Zo\u00eb") == "Zo\u00eb"


def test_a_long_name_is_cut_and_told_from_others_that_begin_alike() -> None:
    assert student_id("x" * 64) == "x" * 64
    one, other = student_id("x" * 65), student_id("x" * 66)
    assert one != other
    assert {len(one), len(other)} == {49}
