"""The alarm ends a loop, by the system's clock or, where there is none, by a thread."""

from __future__ import annotations

import pytest

from autograder.judging import alarm
from autograder.judging.wording import TimeUp


@pytest.fixture(params=["clock", "thread"])
def clock(request, monkeypatch) -> None:
    monkeypatch.setattr(alarm, "_HAS_CLOCK", request.param == "clock")


def test_a_loop_without_end_is_ended(clock) -> None:
    with pytest.raises(TimeUp):
        try:
            alarm.start(0.05)
            while True:
                pass
        finally:
            alarm.stop()


def test_an_alarm_that_is_stopped_does_not_ring(clock) -> None:
    alarm.start(0.05)
    alarm.stop()
    sum(range(3_000_000))
    assert not alarm._running
