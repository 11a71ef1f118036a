"""Printing: errors, plain signs, progress, JSON files."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
import typer

from autograder.commands import output


def test_a_failure_says_what_is_wrong_in_one_line_and_ends_with_its_code(capsys) -> None:
    with pytest.raises(typer.Exit) as caught:
        output.fail("it [broke], in " + "a long way " * 30, code=3)
    assert caught.value.exit_code == 3
    said = capsys.readouterr().err
    assert said.startswith("autograder: it [broke], in a long way")
    assert said.count("\n") == 1


def test_a_problem_is_told_and_the_command_goes_on(capsys) -> None:
    output.problem("[red]late.zip[/red] is torn")
    assert capsys.readouterr().err == "✗ [red]late.zip[/red] is torn\n"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", "ok x . ... - -> # ?"), ("cp1252", "ok x · … – -> # ?"), ("utf-8", None)],
)
def test_signs_that_an_encoding_has_not_become_plain(monkeypatch, encoding, shown) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    output.prepare_streams()
    signs = "✓ ✗ · … – → █ 漢"
    sys.stdout.write(signs)
    sys.stdout.flush()
    assert written.getvalue().decode(encoding) == (shown or signs)


def test_a_stream_that_cannot_be_changed_stays_as_it_is(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    output.prepare_streams()
    sys.stdout.write("✓")
    assert sys.stdout.getvalue() == "✓"


def test_without_a_terminal_progress_is_told_in_at_most_ten_lines(capsys) -> None:
    with output.progress("Grading [01]") as advance:
        advance(0, 1000)
        for done in range(1, 1001):
            advance(done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"Grading [01]: {100 * n} of 1000" for n in range(1, 11)]


def test_a_few_steps_are_told_each_and_none_is_not_told(capsys) -> None:
    with output.progress("Grading") as advance:
        advance(0, 0)
        for done in range(4):
            advance(done, 3)
    assert capsys.readouterr().err.splitlines() == [f"Grading: {n} of 3" for n in (1, 2, 3)]


def test_without_a_terminal_nothing_is_said_of_what_takes_a_moment(capsys) -> None:
    with output.status("Looking …"):
        pass
    assert capsys.readouterr() == ("", "")


def test_json_is_written_only_if_asked_for(tmp_path: Path) -> None:
    output.write_json(None, {"schema": 2})
    output.check_json(None)
    output.write_json(tmp_path / "r.json", {"schema": 2, "name": "é"})
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["name"] == "é"


@pytest.mark.parametrize("where", [".", "no/such/folder.json"])
def test_a_file_that_cannot_be_written_is_named_before_the_work(tmp_path, capsys, where) -> None:
    with pytest.raises(typer.Exit) as caught:
        output.check_json(tmp_path / where)
    assert caught.value.exit_code == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_a_file_that_cannot_be_written_after_all_is_named(tmp_path: Path, capsys) -> None:
    (tmp_path / "gone").mkdir()
    with pytest.raises(typer.Exit):
        output.write_json(tmp_path / "gone", {})
    assert "cannot be written" in capsys.readouterr().err
