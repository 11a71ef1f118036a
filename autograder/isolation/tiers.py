"""Chooses how submissions are kept apart from the machine, by trying it; the trusted side.

- *strong*: bubblewrap confines the warm parent (no network, no writable file, none of the
  instructor's folders), and each submission gets namespaces of its own in there (user, process,
  mount, network, IPC), a sized file system in memory, and a system call filter.
- *fallback*, where user namespaces are denied: Landlock, a system call filter and resource limits.
  On macOS: a seatbelt profile and resource limits, which nobody has tested.
- *none*: resource limits only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from autograder.isolation import cgroup, linux, seatbelt, seccomp
from autograder.isolation.bubblewrap import (
    FONTS,
    NOBODY,
    SYSTEM,
    as_nobody,
    command_words,
    gpu_devices,
    is_staged,
    programs,
)
from autograder.isolation.confinement import Confinement
from autograder.isolation.landlock import KEEPS_SIGNALS_IN
from autograder.isolation.trial import FINE, WITH_GROUPS

Tier = Literal["strong", "fallback", "none"]
TIERS: tuple[Tier, ...] = ("strong", "fallback", "none")
_PROBE_SECONDS = 30
MACOS = sys.platform == "darwin"
#: What the fallback tier cannot keep, after the words "it does not keep a submission from".
NOT_KEPT_BY_FALLBACK = (
    "learning that a file of the same user exists, its size and its times",
    "leaving processes behind if the grader itself is killed",
)
#: The same on macOS.
NOT_KEPT_BY_SEATBELT = (
    "learning that a file exists, its size and its times",
    "signalling the process that grades it, which has to be replaced then",
    "leaving processes behind",
)


@dataclass(frozen=True)
class Probed:
    """Whether a tier works on this machine; if not, ``reason`` says why and what would help.

    ``groups``: the kernel itself limits the memory of each submission.
    """

    tier: Tier
    works: bool
    reason: str = ""
    groups: bool = False


@dataclass(frozen=True)
class Isolation:
    """How the submissions of a run are isolated.

    ``gpu`` lets them use the NVIDIA devices.
    """

    tier: Tier = "none"
    gpu: bool = False

    def confinement(self, groups: str = "") -> Confinement:
        """What the warm parent puts around each submission.

        Args:
            groups: the folder of the run's control group, if there is one.

        Raises:
            FilterError: the system call filter cannot be made.
        """
        if self.tier == "none":
            return Confinement(gpu=self.gpu, groups=groups)
        if self.tier == "fallback" and MACOS:  # it is around the warm parent already
            return Confinement("fallback", gpu=self.gpu)
        if self.tier == "strong":
            program, readable = seccomp.program(among_others=False), tuple(programs())
            return Confinement("strong", program, readable, gpu=self.gpu, groups=groups)
        as_own_user = os.geteuid() == 0  # who then can't signal another's processes
        signals = as_own_user or linux.landlock_version() >= KEEPS_SIGNALS_IN
        return Confinement(
            "fallback",
            seccomp.program(among_others=True, may_signal=signals),
            readable=(*programs(), *SYSTEM),
            devices=tuple(gpu_devices()) if self.gpu else (),
            as_own_user=as_own_user,
            gpu=self.gpu,
            groups=groups,
        )


#: No isolation: what a sandbox has if nobody asks for more.
NO_ISOLATION = Isolation()


class TierError(Exception):
    """No tier, or not the one that was asked for, works here. The message says what to do."""


def choose(wanted: str = "auto", gpu: bool = False) -> Isolation:
    """The strongest tier that works here, or the one that is wanted.

    Raises:
        TierError: it does not work, or nothing but "none" does, which has to be asked for.
    """
    if wanted == "none":
        return Isolation("none", gpu)
    tried = []
    for tier in ("strong", "fallback") if wanted == "auto" else (wanted,):
        isolation = Isolation(tier, gpu)
        found = probe(isolation)
        if found.works:
            return isolation
        tried.append(f"{tier}: {found.reason}")
    raise TierError(
        f"submissions cannot be isolated here ({'; '.join(tried)}). Do as it says, or give "
        "--sandbox none to run them with your own rights, which every mark will say"
    )


def not_kept(tier: str) -> tuple[str, ...]:
    """What a tier does not keep a submission from, on this machine."""
    if tier != "fallback":
        return ()
    return NOT_KEPT_BY_SEATBELT if MACOS else NOT_KEPT_BY_FALLBACK


def probe(isolation: Isolation) -> Probed:
    """Try a tier by running a process in it that tries what it must not do."""
    tier = isolation.tier
    if tier == "none":
        return Probed(tier, True)
    if sys.platform != "linux" and not (MACOS and tier == "fallback"):
        return Probed(tier, False, f"not on {sys.platform}; it needs Linux")
    if MACOS and shutil.which(seatbelt.PROGRAM) is None:
        return Probed(tier, False, f"there is no {seatbelt.PROGRAM}")
    if tier == "strong" and shutil.which("bwrap") is None:
        return Probed(tier, False, "bubblewrap is not installed: apt-get install bubblewrap")
    if tier == "fallback" and not MACOS and linux.landlock_version() < 1:
        return Probed(tier, False, "this kernel has no Landlock (Linux 5.13, enabled at boot)")
    private = [path for path in programs() if (Path(path) / "nbgrader_config.py").exists()]
    if private:
        reason = f"{private[0]} is the environment and a course; keep the two in two folders"
        return Probed(tier, False, reason)
    trial = ["-m", "autograder.isolation.trial"]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="autograder-trial-") as folder,
            groups_for(isolation) as groups,
            command(isolation, trial, folder, groups=groups) as (words, fds),
        ):
            Path(folder).chmod(0o711)
            confinement = isolation.confinement(groups)
            given = {**asdict(confinement), "program": confinement.program.hex()}
            ended = subprocess.run(
                words, input=json.dumps(given), pass_fds=fds, env={**os.environ, "TMPDIR": folder},
                capture_output=True, text=True, timeout=_PROBE_SECONDS, start_new_session=True,
            )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired, seccomp.FilterError) as error:
        return Probed(tier, False, str(error))
    said = ended.stdout.strip() or ended.stderr.strip() or f"exit code {ended.returncode}"
    said = said.splitlines()[-1][:300]
    if ended.returncode == 0 and said in FINE:
        return Probed(tier, True, groups=said == WITH_GROUPS)
    if tier == "strong" and ("ermission" in said or "not permitted" in said):
        said += " (user namespaces may be denied here: in a container, or by sysctl)"
    return Probed(tier, False, said)


def groups_for(isolation: Isolation) -> contextlib.AbstractContextManager[str]:
    """The folder of a control group for a run; empty where the system gives none."""
    if sys.platform != "linux":
        return contextlib.nullcontext("")
    return cgroup.of_run(NOBODY if isolation.tier == "strong" and is_staged() else os.geteuid())


@contextlib.contextmanager
def command(
    isolation: Isolation,
    arguments: list[str],
    folder: str,
    fonts: Path | None = None,
    groups: str = "",
) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """The command that runs Python where a tier's warm parent runs, and the open files it needs.

    Hold the context until the process has begun its work.

    Args:
        arguments: after the interpreter's name.
        folder: where it may write, if bubblewrap does not give it a place of its own.
        fonts: matplotlib's list of fonts, which takes seconds to make anew.
        groups: what :func:`groups_for` gave.
    """
    python = [sys.executable, *arguments]
    if isolation.tier == "fallback" and MACOS:
        python = seatbelt.command(python, programs(), folder)
    if isolation.tier != "strong":
        yield cgroup.joining(groups, python) if groups else python, ()
        return
    with contextlib.ExitStack() as stack:
        words = command_words(isolation.gpu, groups)
        descriptors: list[int] = []
        if fonts is not None:
            file = stack.enter_context(fonts.open("rb"))
            descriptors.append(file.fileno())
            words += ["--file", str(file.fileno()), f"{FONTS}/{fonts.name}"]
        words += ["--remount-ro", "/", "--remount-ro", "/dev", "--chdir", "/", "--", *python]
        if is_staged():
            stage = stack.enter_context(tempfile.TemporaryDirectory(prefix="autograder-stage-"))
            words = as_nobody(words, stage)
        yield cgroup.joining(groups, words) if groups else words, tuple(descriptors)
