"""autograder.lms.layouts: whose file a member of an archive is, by its name alone."""

from __future__ import annotations

import pytest

from autograder.lms.layouts import NoStudent, Place, generic, is_zip

NAME = "90_small"


@pytest.mark.parametrize(
    "parts, place",
    [
        (("alice", f"{NAME}.ipynb"), Place("alice", (f"{NAME}.ipynb",))),
        (("alice", "data", "x.csv"), Place("alice", ("data", "x.csv"))),
        (("alice", f"bob_{NAME}.ipynb"), Place("alice", (f"bob_{NAME}.ipynb",))),
        (("alice", "work.zip"), Place("alice", ("work.zip",))),
    ],
)
def test_a_folder_is_its_students(parts, place) -> None:
    assert generic(parts, NAME) == place


@pytest.mark.parametrize("sign", ["_", "-", " ", " - ", "__"])
def test_in_a_flat_archive_the_student_is_what_stands_before_the_assignment(sign) -> None:
    for student in ("alice", "van_der_Berg, Zoë", "12-345"):
        found = generic((f"{student}{sign}{NAME}.ipynb",), NAME)
        assert found == Place(student, (f"{NAME}.ipynb",))


def test_the_assignments_name_may_be_written_in_capitals_and_keeps_its_suffix() -> None:
    assert generic((f"alice_{NAME.upper()}.IPYNB",), NAME) == Place("alice", (f"{NAME}.IPYNB",))
    assert generic((f"alice_{NAME}.csv",), NAME) == Place("alice", (f"{NAME}.csv",))
    assert generic((f"alice_{NAME}.zip",), NAME) == Place("alice", (f"{NAME}.zip",))


def test_a_zip_in_no_folder_is_the_students_whose_name_it_has() -> None:
    assert generic(("alice.zip",), NAME) == Place("alice", ("alice.zip",))
    assert generic(("a.lice.ZIP",), NAME) == Place("a.lice", ("a.lice.ZIP",))


def test_no_letter_of_the_assignments_name_is_a_pattern() -> None:
    assert generic(("alice_a+(b.ipynb",), "a+(b") == Place("alice", ("a+(b.ipynb",))
    with pytest.raises(NoStudent):
        generic(("alice_aab.ipynb",), "a+b")


@pytest.mark.parametrize(
    "name",
    [f"{NAME}.ipynb", f"_{NAME}.ipynb", "alice.ipynb", f"alice{NAME}.ipynb", f"alice_{NAME}x.ipynb",
     f"alice_{NAME}_2.ipynb", "notes", f"alice_{NAME}"],
)  # fmt: skip
def test_a_file_that_tells_no_student_is_nobodys(name) -> None:
    with pytest.raises(NoStudent, match=rf"no student's folder, .* STUDENT_{NAME}\.ipynb$"):
        generic((name,), NAME)


def test_a_zip_is_known_by_its_name() -> None:
    assert is_zip(("alice", "hand in.ZIP"))
    assert not is_zip(("alice.zip", "x.ipynb"))
    assert not is_zip(("zip",))
