"""Arguments and options that several commands have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer

from autograder.commands import options
from autograder.isolation import tiers
from autograder.isolation.tiers import Isolation, TierError


def refused(capsys) -> str:
    """What was said when the command ended with wrong use."""
    return " ".join(capsys.readouterr().err.split())


def test_a_course_is_the_one_that_is_named_or_the_nearest(small_course, monkeypatch) -> None:
    assert options.course_root(small_course) == small_course.resolve()
    monkeypatch.chdir(small_course / "assignments" / "90_small")
    assert options.course_root(None).resolve() == small_course.resolve()


def test_a_folder_with_assignments_is_a_course_without_a_configuration(
    small_course: Path,
) -> None:
    (small_course / "nbgrader_config.py").unlink()
    assert options.course_root(small_course) == small_course.resolve()


def test_where_no_course_is_the_way_out_is_named(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.Exit) as caught:
        options.course_root(None)
    assert caught.value.exit_code == 2
    assert "go to the course's folder or give --course" in refused(capsys)
    with pytest.raises(typer.Exit):
        options.course_root(tmp_path)
    assert f"{tmp_path} is no course" in refused(capsys)


@pytest.mark.parametrize("name", ["4", "04", "04_s", "04_small"])
def test_a_number_a_beginning_or_the_whole_name_is_an_assignment(small_course, name) -> None:
    assignments = small_course / "assignments"
    (assignments / "90_small").rename(assignments / "04_small")
    (assignments / "40_other").mkdir()
    (assignments / "40_other" / "lesson.py").write_text(
        (assignments / "04_small" / "lesson.py").read_text()
    )
    assert options.assignment_names(small_course, [name]) == ["04_small"]
    assert options.assignment_names(small_course, None) == ["04_small", "40_other"]


def test_a_name_of_no_assignment_is_refused_with_those_there_are(small_course, capsys) -> None:
    with pytest.raises(typer.Exit):
        options.assignment_names(small_course, ["77"])
    assert "choose from 90_small" in refused(capsys)


def test_limits_are_changed_for_every_lesson(small) -> None:
    changed, other = options.with_limits(
        [small, replace(small, name="other")], ["memory_mb=2048", "cell_seconds=1.5"]
    )
    assert (changed.limits.memory_mb, changed.limits.cell_seconds) == (2048, 1.5)
    assert other.limits == changed.limits
    assert options.with_limits([small], None) == [small]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("patience=3", "there are cell_seconds, test_seconds"),
        ("memory_mb", "write NAME=NUMBER"),
        ("memory_mb=much", "write NAME=NUMBER"),
        ("memory_mb=-1", "no positive number"),
        ("memory_mb=nan", "no positive number"),
    ],
)
def test_a_limit_that_is_none_is_named(small, capsys, change, says) -> None:
    with pytest.raises(typer.Exit):
        options.with_limits([small], [change])
    assert says in refused(capsys)


def test_isolation_is_the_tier_that_was_asked_for(monkeypatch, capsys) -> None:
    monkeypatch.setattr(tiers, "choose", lambda wanted, gpu: Isolation("strong", gpu))
    assert options.isolation_for("auto", gpu=True) == Isolation("strong", gpu=True)
    assert capsys.readouterr().err == ""
    with pytest.raises(typer.Exit):
        options.isolation_for("steel")
    assert "choose from auto, strong, fallback, none" in refused(capsys)


def test_who_has_no_isolation_is_warned_unless_it_is_their_own_notebook(capsys) -> None:
    assert options.isolation_for("none").tier == "none"
    assert "with your own rights" in refused(capsys)
    assert options.isolation_for("none", warn=False).tier == "none"
    assert capsys.readouterr().err == ""


def test_where_no_isolation_works_the_reason_is_told(monkeypatch, capsys) -> None:
    def choose(wanted: str, gpu: bool) -> None:
        raise TierError("submissions cannot be isolated here")

    monkeypatch.setattr(tiers, "choose", choose)
    with pytest.raises(typer.Exit) as caught:
        options.isolation_for("auto")
    assert caught.value.exit_code == 2
    assert "submissions cannot be isolated here" in refused(capsys)
