"""When a file was saved: at first, with every other content, and not while it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.classes.watching import saves


class Clock:
    """Time in which something happens at certain looks at the file."""

    def __init__(self, **events) -> None:
        self.looks = 0
        self.events = {int(name.removeprefix("at")): event for name, event in events.items()}

    def pause(self, seconds: float) -> None:
        self.looks += 1
        if self.looks > 40:
            raise KeyboardInterrupt
        self.events.get(self.looks, lambda: None)()


def looks_at_which_it_was_saved(path: Path, **events) -> list[int]:
    clock = Clock(**events)
    found = []

    def all_of(told: Iterator[None]) -> None:
        for _ in told:
            found.append(clock.looks)

    with pytest.raises(KeyboardInterrupt):
        all_of(saves(path, clock.pause))
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "my.ipynb"
    path.write_text("first")
    return path


def test_it_tells_of_the_file_as_it_is_and_of_each_save_once(path: Path) -> None:
    found = looks_at_which_it_was_saved(
        path, at10=lambda: path.write_text("second!"), at20=lambda: path.write_text("third..")
    )
    assert found == [1, 11, 21]


def test_what_is_saved_as_it_was_is_no_save(path: Path) -> None:
    assert looks_at_which_it_was_saved(path, at10=path.touch) == [1]


def test_a_file_that_is_being_written_is_waited_for(path: Path) -> None:
    def more(text: str):
        return lambda: path.write_text(text)

    found = looks_at_which_it_was_saved(path, at10=more("a"), at11=more("ab"), at12=more("abc"))
    assert found == [1, 13]


def test_a_file_may_be_gone_for_a_moment(path: Path) -> None:
    found = looks_at_which_it_was_saved(
        path, at10=path.unlink, at15=lambda: path.write_text("again")
    )
    assert found == [1, 16]
