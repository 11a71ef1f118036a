"""autograder.protocol.plain_text: what a stranger wrote is shown, kept and sent without harm."""

from __future__ import annotations

import ast

import pytest

from autograder.protocol.plain_text import (
    MAX_TEXT,
    counted,
    encodable,
    field,
    for_file,
    for_person,
    in_bytes,
    listed,
    on_one_line,
    quoted,
    shortened,
)

#: Texts that steer a terminal, hide what is said, or cannot be written to a file.
HARMFUL = {
    "a colour": "\x1b[31mred\x1b[0m",
    "a title of the window": "\x1b]0;owned\x07",
    "an escape of eight bits": "\x9b2J",
    "a bell and a backspace": "\a\b",
    "a line that is overwritten": "passed\rfailed",
    "a change of direction": "\u202egnp.ipynb\u202c",
    "an isolate": "\u2066x\u2069",
    "a mark of direction": "a\u200eb\u200fc",
    "what has no width": "a\u200bb\u2060c\ufeffd",
    "lines that are none": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "half a character": "\ud83d alone \udc00",
    "NUL": "a\0b",
    "no character": "\uffff\U0010ffff",
    "for private use": "\ue000",
}


@pytest.fixture(params=HARMFUL.values(), ids=HARMFUL)
def harmful(request):
    return request.param


# -- for a person ----------------------------------------------------------------------------------


def test_a_person_is_shown_nothing_that_steers_or_hides(harmful):
    shown = for_person(f"before {harmful} after")
    assert shown.startswith("before ") and shown.endswith(" after")
    assert "\ufffd" in shown
    assert shown.isprintable()
    # A sign for each character: what stood around one is not drawn together.
    assert len(shown) == len(f"before {harmful} after")


def test_a_person_is_shown_lines_tabs_and_letters_of_any_script():
    words = "one\n\ttwo: naïve 王 हिन्दी 🙂 e\u0301 ½ ≤"
    assert for_person(words) == words


def test_of_the_line_ends_of_windows_a_person_is_shown_that_something_stood_there():
    assert for_person("a\r\nb") == "a\ufffd\nb"


def test_words_for_a_person_have_a_limit():
    assert for_person("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert for_person("x" * (MAX_TEXT + 1)) == "x" * MAX_TEXT + " …"
    assert for_person("\0" * 9, 3) == "\ufffd" * 3 + " …"


# -- for a file ------------------------------------------------------------------------------------


def test_a_file_can_hold_it_and_python_can_read_it(harmful):
    kept = for_file(f"a = '''{harmful}'''")
    assert kept.encode().decode() == kept
    assert "\0" not in kept
    ast.parse(kept)


def test_of_a_files_text_nothing_else_is_replaced():
    words = "\x1b[31m\t\u202e\u200b\f\v\u2028\r🙂"
    assert for_file(words) == words


def test_in_a_file_lines_end_in_one_way_and_half_a_character_is_a_question_mark():
    assert for_file("a\r\nb\nc\r\n") == "a\nb\nc\n"
    assert for_file("\ud800 and \udfff") == "? and ?"
    assert for_file("a\0b") == "a\ufffdb"
    assert for_file("") == ""


def test_a_files_text_is_not_cut():
    assert for_file("x" * 10 * MAX_TEXT) == "x" * 10 * MAX_TEXT


# -- on one line -----------------------------------------------------------------------------------


def test_a_name_is_on_one_line_and_its_odd_characters_are_escaped(harmful):
    shown = on_one_line(harmful)
    assert shown.isprintable()
    assert "\\" in shown
    # Nothing is lost: the escapes are Python's.
    ascii_only = shown.encode("ascii", "backslashreplace")
    assert ascii_only.decode("unicode_escape") == harmful


def test_what_is_shown_of_a_name_is_one_printable_line():
    assert on_one_line("a\x1b[31m\n\u202eb") == "a\\x1b[31m\\n\\u202eb"
    assert on_one_line(b"\xff") == "\\xff"
    assert len(on_one_line("x" * 5000)) == 200


def test_a_name_in_bytes_is_read_as_utf_8_as_far_as_it_is():
    assert on_one_line("Zoë/\n".encode() + b"\xe9") == "Zoë/\\n\\xe9"


def test_a_long_name_ends_in_a_mark():
    assert on_one_line("x" * 10, 10) == "x" * 10
    assert on_one_line("x" * 11, 10) == "x" * 9 + "…"
    assert len(on_one_line("\0" * 100, 10)) == 10


# -- in a sentence ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("R", "'R'"), ("it's", '"it\'s"'), (99, "99"), (2.5, "2.5"), (None, "None"), (True, "True"),
        ([1], "a strange value"), ({}, "a strange value"), (b"x", "a strange value"),
        (float("nan"), "nan"), ("\x1b[31m\n", r"'\x1b[31m\n'"), ("\ud800", r"'\ud800'"),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_value_is_quoted_in_a_sentence(value, shown):
    assert quoted(value) == shown


def test_a_quoted_value_is_short_and_printable(harmful):
    for value in (harmful, harmful * 1000, 10**4000):
        assert len(quoted(value)) <= 60
        assert quoted(value).isprintable()


def test_a_quoted_text_that_is_cut_ends_in_a_mark():
    assert quoted("x" * 58) == "'" + "x" * 58 + "'"
    assert quoted("x" * 59) == "'" + "x" * 58 + "…"
    assert quoted("x" * 1000, 10) == "'" + "x" * 8 + "…"


# -- a message's field -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "clean"),
    [("ok", "ok"), (None, ""), (5, ""), (["x"], ""), ("\ud800", "?"), ("x" * 11, "x" * 10 + " …")],
)
def test_text_is_text_of_bounded_length_whatever_came(value, clean):
    assert field(value, 10) == clean


def test_a_field_keeps_what_can_be_encoded_and_cleans_nothing_else():
    words = "\x1b[31m\r\n\0\u202e"  # the output of a cell, perhaps, with its colours
    assert field(words) == words
    assert field(b"bytes") == field({"a": 1}) == field(True) == ""
    assert field("x" * 10 * MAX_TEXT) == "x" * MAX_TEXT + " …"


# -- words -----------------------------------------------------------------------------------------


def test_half_characters_are_question_marks_and_others_stay():
    assert encodable("a\ud800b\udfff🙂\0\x1b") == "a?b?🙂\0\x1b"


def test_what_is_shortened_says_so():
    assert shortened("12345", 5) == "12345"
    assert shortened("123456", 5) == "12345 …"
    assert shortened("", 0) == ""


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1000, "1000 files")]
)
def test_a_number_has_its_noun(number, words):
    assert counted(number, "file") == words


def test_a_noun_may_have_a_plural_of_its_own():
    assert counted(2, "entry", "entries") == "2 entries"
    assert counted(1, "entry", "entries") == "1 entry"


def test_of_many_names_the_first_are_listed():
    names = [f"n{number}" for number in range(10)]
    assert listed([]) == ""
    assert listed(names[:8]) == "n0, n1, n2, n3, n4, n5, n6, n7"
    assert listed(names) == "n0, n1, n2, n3, n4, n5, n6, n7 and 2 more"
    assert listed(names, 1) == "n0 and 9 more"


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 kB"), (1536, "1.5 kB"), (4 << 20, "4 MB"),
     (256 << 20, "256 MB"), (8 << 30, "8 GB")],
)  # fmt: skip
def test_a_number_of_bytes_is_in_units_for_people(count, words):
    assert in_bytes(count) == words
