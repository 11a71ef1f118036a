"""What this machine can do for the grader: versions, isolation of submissions, GPU, browser."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass

from autograder import __version__
from autograder.isolation import cgroup, linux, tiers

_PACKAGES = ("numpy", "torch", "matplotlib", "ipython", "jupyterlab")
#: What grading a class takes, and a student's own check does not.
_FOR_CLASSES = ("nbgrader",)
#: Of the commands, what students and instructors need.
_MAIN_COMMANDS = ("check", "grade")
#: What is said of a command that does not work on Windows.
NEEDS_FORKS = (
    "needs Linux or macOS. On Windows use WSL 2: run 'wsl --install' once, and autograder in its "
    "Ubuntu. 'autograder check NOTEBOOK' works without"
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``needed`` tells whether grading can go without it."""

    what: str
    fine: bool
    says: str
    needed: bool = False


def examine() -> list[Finding]:
    """Look at everything; the isolation tiers by running a process in them."""
    packages = [*map(_package, _PACKAGES), *map(_class_package, _FOR_CLASSES)]
    return [_python(), *packages, *_commands(), *_isolation(), _gpu(), _browser()]


def _python() -> Finding:
    fine = sys.version_info >= (3, 10)
    says = f"{platform.python_version()} at {sys.executable}, autograder {__version__}"
    return Finding("Python", fine, says, needed=True)


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name), needed=True)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, f"is not installed: pip install {name}", needed=True)


def _class_package(name: str) -> Finding:
    found = _package(name)
    if found.fine:
        return found
    return Finding(name, False, "is not installed: only grading a class needs it ([class])")


def _commands() -> list[Finding]:
    if hasattr(os, "fork"):
        untested = "; nobody has tested it on macOS" if tiers.MACOS else ""
        return [Finding(f"autograder {name}", True, f"works{untested}") for name in _MAIN_COMMANDS]
    slower = "works, in new processes in place of forks: it takes longer, and says the same"
    check, grade = _MAIN_COMMANDS
    return [
        Finding(f"autograder {check}", True, slower),
        Finding(f"autograder {grade}", False, NEEDS_FORKS),
    ]


def _isolation() -> list[Finding]:
    if not hasattr(os, "fork"):  # strangers' notebooks are not graded here
        return []
    found = []
    default = None
    tier: tiers.Tier
    for tier in ("strong", "fallback"):
        probed = tiers.probe(tiers.Isolation(tier))
        says = probed.reason
        if probed.works:
            default = default or tier
            says = "works" + (": what grading uses" if default == tier else "")
            if sys.platform == "darwin":
                says += "; nobody has tested it on macOS"
            kept = tiers.not_kept(tier)
            if kept:
                says += "; it does not keep a submission from " + ", or from ".join(kept)
        if probed.groups:
            says += "; the kernel limits memory exactly"
        found.append(Finding(f"sandbox, {tier}", probed.works, says))
    if default is None:
        says = "submissions would run with your own rights (--sandbox none)"
        # A student's own notebook needs none.
        needed = all(_class_package(name).fine for name in _FOR_CLASSES)
        found.append(Finding("isolation of submissions", False, says, needed))
    if shutil.which("bwrap"):
        ended = subprocess.run(["bwrap", "--version"], capture_output=True, text=True)
        found.append(Finding("bubblewrap", True, ended.stdout.split()[-1]))
    if sys.platform == "linux":
        version = linux.landlock_version()
        says = f"version {version}" if version else "not in this kernel"
        found.append(Finding("Landlock", bool(version), says))
        found.append(_memory())
    return found


def _memory() -> Finding:
    try:
        cgroup.find()
    except cgroup.GroupsError as error:
        says = (
            f"{error}, so that memory is looked at ten times a second. With systemd: systemd-run "
            "--user --scope --property=Delegate=yes autograder grade …"
        )
        return Finding("control groups", False, says)
    return Finding("control groups", True, "can be made")


def _gpu() -> Finding:
    # Asked in a process of its own: CUDA must not be begun where forks are made later.
    code = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}
    )
    name = ended.stdout.strip()
    return Finding("GPU", bool(name), name or "PyTorch finds no CUDA device; nothing needs one")


def _browser() -> Finding:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    says = path or "is not installed: the project's browser tests are skipped"
    return Finding("Chromium", path is not None, says)
