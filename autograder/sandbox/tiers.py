"""Chooses how submissions are kept apart from the machine, by trying it; the trusted side.

- *strong*: bubblewrap builds a house around the warm parent (no network, no writable file, none of
  the instructor's folders), and each submission gets a room in it (its own user, process, mount,
  network and IPC namespace, a sized file system in memory, a system call filter).
- *fallback*, where user namespaces are denied: Landlock, a system call filter and resource limits.
  On macOS: a seatbelt profile and resource limits, which nobody has tested.
- *none*: resource limits only.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from autograder.sandbox import cgroup, filters, linux, seatbelt
from autograder.sandbox.fence import KEEPS_SIGNALS_IN
from autograder.sandbox.probe import FINE, WITH_GROUPS
from autograder.sandbox.process import Walls
from autograder.sandbox.room import DISK

Tier = Literal["strong", "fallback", "none"]
TIERS: tuple[Tier, ...] = ("strong", "fallback", "none")

#: Whom a submission becomes where the grader runs as root: nobody.
_NOBODY = 65534
_PROBE_SECONDS = 30
_HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage"
_MACOS = sys.platform == "darwin"

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

    def walls(self, groups: str = "") -> Walls:
        """What the warm parent puts around each submission.

        Args:
            groups: the folder of the run's control group, if there is one.

        Raises:
            FilterError: the system call filter cannot be made.
        """
        if self.tier == "none":
            return Walls(gpu=self.gpu, groups=groups)
        if self.tier == "fallback" and _MACOS:  # it is around the warm parent already
            return Walls("fallback", gpu=self.gpu)
        if self.tier == "strong":
            program, readable = filters.program(among_others=False), tuple(_programs())
            return Walls("strong", program, readable, gpu=self.gpu, groups=groups)
        as_own_user = os.geteuid() == 0  # who then can't signal another's processes
        signals = as_own_user or linux.landlock_version() >= KEEPS_SIGNALS_IN
        return Walls(
            "fallback",
            filters.program(among_others=True, may_signal=signals),
            readable=(*_programs(), *_SYSTEM),
            devices=tuple(_gpu_devices()) if self.gpu else (),
            as_own_user=as_own_user,
            gpu=self.gpu,
            groups=groups,
        )


#: No isolation: what a sandbox has if nobody asks for more.
NO_ISOLATION = Isolation()


class TierError(Exception):
    """No tier, or not the one that was asked for, works here. The message says what to do."""


#: What programs need of the system, where there is no /usr that holds it all.
_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.conf",
    "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime", "/etc/timezone", "/etc/fonts",
)  # fmt: skip


def choose(wanted: str = "auto", gpu: bool = False) -> Isolation:
    """The strongest tier that works here, or the one that is wanted.

    Raises:
        TierError: it does not work, or nothing but "none" does, which has to be asked for.
    """
    if wanted == "none":
        return Isolation("none", gpu)
    tried = []
    for tier in ("strong", "fallback") if wanted == "auto" else (wanted,):
        isolation = Isolation(tier, gpu)  # type: ignore[arg-type]
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
    return NOT_KEPT_BY_SEATBELT if _MACOS else NOT_KEPT_BY_FALLBACK


def probe(isolation: Isolation) -> Probed:
    """Try a tier by running a process in it that tries what it must not do."""
    tier = isolation.tier
    if tier == "none":
        return Probed(tier, True)
    if sys.platform != "linux" and not (_MACOS and tier == "fallback"):
        return Probed(tier, False, f"not on {sys.platform}; it needs Linux")
    if _MACOS and shutil.which(seatbelt.PROGRAM) is None:
        return Probed(tier, False, f"there is no {seatbelt.PROGRAM}")
    if tier == "strong" and shutil.which("bwrap") is None:
        return Probed(tier, False, "bubblewrap is not installed: apt-get install bubblewrap")
    if tier == "fallback" and not _MACOS and linux.landlock_version() < 1:
        return Probed(tier, False, "this kernel has no Landlock (Linux 5.13, enabled at boot)")
    private = [path for path in _programs() if (Path(path) / "nbgrader_config.py").exists()]
    if private:
        reason = f"{private[0]} is the environment and a course; keep the two in two folders"
        return Probed(tier, False, reason)
    trial = ["-m", "autograder.sandbox.probe"]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="autograder-trial-") as folder,
            groups_for(isolation) as groups,
            command(isolation, trial, folder, groups=groups) as (words, fds),
        ):
            Path(folder).chmod(0o711)
            walls = isolation.walls(groups)
            given = {**asdict(walls), "program": walls.program.hex()}
            ended = subprocess.run(
                words, input=json.dumps(given), pass_fds=fds, env={**os.environ, "TMPDIR": folder},
                capture_output=True, text=True, timeout=_PROBE_SECONDS, start_new_session=True,
            )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired, filters.FilterError) as error:
        return Probed(tier, False, str(error))
    said = ended.stdout.strip() or ended.stderr.strip() or f"exit code {ended.returncode}"
    said = said.splitlines()[-1][:300]
    if ended.returncode == 0 and said in FINE:
        return Probed(tier, True, groups=said == WITH_GROUPS)
    if tier == "strong" and ("ermission" in said or "not permitted" in said):
        said += " (user namespaces may be denied here: in a container, or by sysctl)"
    return Probed(tier, False, said)


# -- the process that is isolated -----------------------------------------------------------------

#: Where matplotlib's list of fonts is in the house.
HOUSE_FONTS = "/tmp/matplotlib"


def groups_for(isolation: Isolation) -> contextlib.AbstractContextManager[str]:
    """The folder of a control group for a run; empty where the system gives none."""
    if sys.platform != "linux":
        return contextlib.nullcontext("")
    return cgroup.of_run(_NOBODY if isolation.tier == "strong" and _is_staged() else os.geteuid())


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
        folder: where it may write, if it is in no house.
        fonts: matplotlib's list of fonts, which takes seconds to make anew.
        groups: what :func:`groups_for` gave.
    """
    python = [sys.executable, *arguments]
    if isolation.tier == "fallback" and _MACOS:
        python = seatbelt.command(python, _programs(), folder)
    if isolation.tier != "strong":
        yield cgroup.joining(groups, python) if groups else python, ()
        return
    with contextlib.ExitStack() as stack:
        words = _bubblewrap(isolation.gpu, groups)
        descriptors: list[int] = []
        if fonts is not None:
            file = stack.enter_context(fonts.open("rb"))
            descriptors.append(file.fileno())
            words += ["--file", str(file.fileno()), f"{HOUSE_FONTS}/{fonts.name}"]
        words += ["--remount-ro", "/", "--remount-ro", "/dev", "--chdir", "/", "--", *python]
        if _is_staged():
            stage = stack.enter_context(tempfile.TemporaryDirectory(prefix="autograder-stage-"))
            words = _as_nobody(words, stage)
        yield cgroup.joining(groups, words) if groups else words, tuple(descriptors)


def _bubblewrap(gpu: bool, groups: str) -> list[str]:
    words = [
        "bwrap", "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net",
        "--unshare-uts", "--uid", str(_NOBODY), "--gid", str(_NOBODY), "--die-with-parent",
        "--new-session", "--cap-drop", "ALL", "--hostname", "notebook",
    ]  # fmt: skip
    # In a namespace for them, no process could be moved to the group of a submission.
    words += [] if groups else ["--unshare-cgroup-try"]
    for path in _SYSTEM:
        if Path(path).is_symlink():
            words += ["--symlink", str(Path(path).readlink()), path]
        else:
            words += ["--ro-bind-try", path, path]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", str(DISK)]
    words += ["--tmpfs", "/dev/shm"]
    # The C library asks there for huge pages. Without them a fork takes 17 ms in place of 5.
    words += ["--ro-bind-try", _HUGE_PAGES, _HUGE_PAGES]
    # Mapped and shared, its pages belong to no process, and no limit would count them.
    words += ["--dev-bind", "/dev/null", "/dev/zero"]
    for path in _programs():  # after what they may lie in
        words += ["--ro-bind", path, path]
    if gpu:
        for path in _gpu_devices():
            words += ["--dev-bind-try", path, path]
        words += ["--ro-bind-try", "/sys", "/sys"]
    if groups:
        words += ["--bind", groups, groups]
    return words


def _programs() -> list[str]:
    """The folders with the interpreter, what is installed, and this package and nnlab: no lesson,
    no submission, no gradebook."""
    import nnlab

    folders = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.exec_prefix),
        Path(sysconfig.get_path("purelib")),
        Path(sysconfig.get_path("platlib")),
        Path(__file__).parents[1],
        Path(nnlab.__file__).parent,
        # A virtual environment's interpreter may be a link to a link.
        Path(sys.executable).resolve().parent.parent,
    }
    found = sorted({str(folder.resolve()) for folder in folders} | {str(f) for f in folders})
    return [path for path in found if not path.startswith("/usr/") and path not in ("/usr", "/")]


def _gpu_devices() -> list[str]:
    return sorted(str(path) for path in Path("/dev").glob("nvidia*"))


@functools.cache
def _is_staged() -> bool:
    """Whether this is root and may mount, which in most containers it may not."""
    if os.geteuid() != 0 or not all(shutil.which(name) for name in ("unshare", "setpriv", "mount")):
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


#: Binds its arguments up to "--" to folders of the stage, $0, and runs the rest as nobody.
_STAGE = f"""
chmod 755 "$0"
mount -t tmpfs -o mode=755 none "$0"
number=0
while [ "$1" != -- ]; do
    mkdir "$0/$number"
    mount --bind "$1" "$0/$number"
    number=$((number + 1))
    shift
done
shift
exec setpriv --reuid {_NOBODY} --regid {_NOBODY} --clear-groups "$@"
"""


def _as_nobody(words: list[str], stage: str) -> list[str]:
    """Run bubblewrap as nobody, so that what runs in it is not root outside.

    Nobody may not come through root's folders. So what is to be bound is first bound to folders
    that everybody can read, in a mount namespace of its own.
    """
    sources, staged = [], list(words)
    for number, word in enumerate(words):
        if word == "--ro-bind":
            staged[number + 1] = f"{stage}/{len(sources)}"
            sources.append(words[number + 1])
    start = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", _STAGE, stage]
    return [*start, *sources, "--", *staged]
