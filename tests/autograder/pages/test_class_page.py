"""The class page: flags with their evidence, and nothing of a stranger's that runs."""

from __future__ import annotations

from pathlib import Path

from autograder.classes.run import ClassRun, Entry
from autograder.intake.alterations import Flag
from autograder.judging.mark import Mark
from autograder.judging.result import Result
from autograder.lessons.model import Lesson
from autograder.pages.class_page import write_class_page


def page(small: Lesson, folder: Path, *flags: Flag, student: str = "ada") -> str:
    marks = tuple(
        Mark(cell.id, 0.0, cell.points, "failed", "<script>alert(1)</script>")
        for cell in small.graded
    )
    result = Result(small.name, small.digest, marks, [], flags=flags)
    marked = ClassRun(small, (Entry(student, result),), 1.0)
    return write_class_page(marked, folder).read_text(encoding="utf-8")


def test_what_is_worth_a_look_stands_with_student_cell_and_evidence(small, tmp_path) -> None:
    text = page(small, tmp_path, Flag("test-double", "The test was changed.", "- old\n+ new"))
    assert "Worth a look" in text
    assert "<code>test-double</code>: The test was changed." in text
    assert "<pre>- old\n+ new</pre>" in text


def test_without_flags_there_is_no_such_section(small, tmp_path) -> None:
    assert "Worth a look" not in page(small, tmp_path)


def test_nothing_of_a_strangers_text_is_markup(small, tmp_path) -> None:
    evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
    text = page(small, tmp_path, Flag(evil, evil, evil), student=evil)
    assert "<script" not in text
    assert "<img" not in text
