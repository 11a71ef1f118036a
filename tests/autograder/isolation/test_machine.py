"""What a machine can do for the grader: what is missing, and whether grading needs it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from autograder.isolation import cgroup, linux, machine, tiers
from autograder.isolation.machine import Finding
from autograder.isolation.tiers import Probed


@pytest.fixture
def look(monkeypatch) -> Callable[..., dict[str, Finding]]:
    """Look at a machine with these tiers, programs and so on; no process is started for it."""

    def examine(
        strong: bool = True,
        fallback: bool = True,
        programs: tuple[str, ...] = ("bwrap", "chromium"),
        landlock: int = 7,
        gpu: str = "",
        groups: bool = True,
        missing: str = "",
    ) -> dict[str, Finding]:
        works = {"strong": strong, "fallback": fallback}
        monkeypatch.setattr(
            tiers,
            "probe",
            lambda one: Probed(one.tier, works[one.tier], "" if works[one.tier] else "no luck"),
        )

        def which(name: str) -> str | None:
            return f"/bin/{name}" if name in programs else None

        monkeypatch.setattr(shutil, "which", which)
        monkeypatch.setattr(linux, "landlock_version", lambda: landlock)

        def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
            said = "bubblewrap 0.8.0\n" if words[0] == "bwrap" else f"{gpu}\n"
            return subprocess.CompletedProcess(words, 0, said, "")

        monkeypatch.setattr(subprocess, "run", run)

        def find() -> None:
            if not groups:
                raise cgroup.GroupsError("no say over memory")

        monkeypatch.setattr(cgroup, "find", find)
        version = importlib.metadata.version

        def version_of(name: str) -> str:
            if name == missing:
                raise importlib.metadata.PackageNotFoundError(name)
            return version(name)

        monkeypatch.setattr(importlib.metadata, "version", version_of)
        return {one.what: one for one in machine.examine()}

    return examine


def test_the_strongest_tier_that_works_is_named_as_the_one_that_is_used(look) -> None:
    found = look()
    assert found["sandbox, strong"].says == "works: what grading uses"
    assert found["sandbox, fallback"].says.startswith("works; it does not keep a submission from ")
    found = look(strong=False)
    assert (found["sandbox, strong"].fine, found["sandbox, strong"].says) == (False, "no luck")
    assert found["sandbox, fallback"].says.startswith("works: what grading uses")
    assert "isolation of submissions" not in found


def test_one_tier_of_two_is_enough_and_none_is_not(look) -> None:
    assert not look(strong=False)["sandbox, strong"].needed
    none = look(strong=False, fallback=False)["isolation of submissions"]
    assert none.needed and not none.fine
    assert "--sandbox none" in none.says


@pytest.mark.skipif(sys.platform != "linux", reason="control groups and Landlock are Linux's")
def test_what_is_missing_and_not_needed_is_no_failure(look) -> None:
    found = look(programs=(), landlock=0, groups=False)
    for what in ("Landlock", "control groups", "GPU", "Chromium"):
        assert not found[what].fine, what
        assert not found[what].needed, what
        assert found[what].says, what
    assert "bubblewrap" not in found
    assert "systemd-run" in found["control groups"].says
    found = look(gpu="NVIDIA H200")
    assert found["GPU"].says == "NVIDIA H200"
    assert all(one.fine for one in found.values())


def test_a_package_that_is_missing_is_needed_and_the_way_out_is_named(look) -> None:
    there = importlib.metadata.version("numpy")
    found = look(missing="jupyterlab")
    assert found["jupyterlab"].needed and not found["jupyterlab"].fine
    assert found["jupyterlab"].says == "is not installed: pip install jupyterlab"
    assert (found["numpy"].fine, found["numpy"].says) == (True, there)


def test_a_student_needs_neither_nbgrader_nor_isolation(look) -> None:
    found = look(missing="nbgrader", strong=False, fallback=False)
    assert not any(one.needed and not one.fine for one in found.values())
    assert found["nbgrader"].says == "is not installed: only grading a class needs it ([class])"


def test_what_works_is_said_of_check_and_of_grade(look, monkeypatch) -> None:
    found = look()
    assert found["autograder check"].fine and found["autograder grade"].fine
    monkeypatch.delattr(os, "fork")
    found = look()
    assert found["autograder check"].fine
    assert (found["autograder grade"].fine, found["autograder grade"].needed) == (False, False)
    assert "use WSL 2" in found["autograder grade"].says
    # Strangers' notebooks are not graded there, so nothing is said of keeping them apart.
    assert not any("sandbox" in what or "isolation" in what for what in found)
