"""bubblewrap's command: what it shows the warm parent of the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autograder.isolation import bubblewrap, tiers
from autograder.isolation.tiers import Isolation


def pairs(words: list[str], option: str) -> list[str]:
    """The sources of every binding by an option."""
    return [words[number + 1] for number, word in enumerate(words) if word == option]


def test_programs_are_there_and_nothing_that_is_the_instructors() -> None:
    found = bubblewrap.programs()
    assert str(Path(sys.prefix)) in found
    assert str(Path(bubblewrap.__file__).parents[1]) in found
    assert not any(path == "/" or path.startswith("/usr") for path in found)
    # Only the packages of a checkout, not the course around them.
    assert str(Path(bubblewrap.__file__).parents[2]) not in found


def test_what_is_bound_is_read_only_but_devices_and_the_group() -> None:
    words = bubblewrap.command_words(gpu=False, groups="")
    assert {"--unshare-net", "--unshare-pid", "--die-with-parent", "--new-session"} <= set(words)
    assert pairs(words, "--bind") == []
    assert pairs(words, "--dev-bind") == ["/dev/null"]
    assert set(bubblewrap.programs()) <= set(pairs(words, "--ro-bind"))
    assert "--unshare-cgroup-try" in words
    words = bubblewrap.command_words(gpu=False, groups="/sys/fs/cgroup/run")
    assert pairs(words, "--bind") == ["/sys/fs/cgroup/run"]
    assert "--unshare-cgroup-try" not in words


def test_a_gpu_is_bound_only_when_asked_for(monkeypatch) -> None:
    monkeypatch.setattr(bubblewrap, "gpu_devices", lambda: ["/dev/nvidia0", "/dev/nvidiactl"])
    monkeypatch.setattr(tiers, "gpu_devices", bubblewrap.gpu_devices)
    with tiers.command(Isolation("strong", gpu=True), [], "/tmp") as (words, _):
        assert "/dev/nvidia0" in words
    with tiers.command(Isolation("strong"), [], "/tmp") as (words, _):
        assert "/dev/nvidia0" not in words
    devices = Isolation("fallback", gpu=True).confinement().devices
    assert devices == ("/dev/nvidia0", "/dev/nvidiactl")
    assert Isolation("fallback").confinement().devices == ()


def test_as_nobody_everything_is_bound_by_way_of_the_stage() -> None:
    words = ["bwrap", "--ro-bind", "/srv/programs", "/srv/programs", "--ro-bind", "/opt", "/opt"]
    staged = bubblewrap.as_nobody([*words, "--", "python"], "/stage")
    assert staged[:2] == ["unshare", "--mount"]
    sources = staged[staged.index("/stage") + 1 : staged.index("--")]
    assert sources == ["/srv/programs", "/opt"]
    inner = staged[staged.index("bwrap") :]
    assert pairs(inner, "--ro-bind") == ["/stage/0", "/stage/1"]
    assert inner[-2:] == ["--", "python"]


def test_only_root_needs_a_stage(monkeypatch) -> None:
    bubblewrap.is_staged.cache_clear()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert bubblewrap.is_staged() is False
    bubblewrap.is_staged.cache_clear()
