"""The command by which bubblewrap confines the warm parent: no network, no writable file."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from autograder.isolation.namespaces import DISK

#: uid and gid of submissions when the grader is root: nobody.
NOBODY = 65534
_HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage"
#: What programs need of the system, where there is no /usr that holds it all.
SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.conf",
    "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime", "/etc/timezone", "/etc/fonts",
)  # fmt: skip
#: Where matplotlib's list of fonts is for the warm parent.
FONTS = "/tmp/matplotlib"


def command_words(gpu: bool, groups: str) -> list[str]:
    """bubblewrap and its options, up to where files and the program to be run are named.

    Args:
        gpu: submissions may use the NVIDIA devices.
        groups: the folder of the run's control group; empty if there is none.
    """
    words = [
        "bwrap", "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net",
        "--unshare-uts", "--uid", str(NOBODY), "--gid", str(NOBODY), "--die-with-parent",
        "--new-session", "--cap-drop", "ALL", "--hostname", "notebook",
    ]  # fmt: skip
    # In a namespace for them, no process could be moved to the group of a submission.
    words += [] if groups else ["--unshare-cgroup-try"]
    for path in SYSTEM:
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
    for path in programs():  # after what they may lie in
        words += ["--ro-bind", path, path]
    if gpu:
        for path in gpu_devices():
            words += ["--dev-bind-try", path, path]
        words += ["--ro-bind-try", "/sys", "/sys"]
    if groups:
        words += ["--bind", groups, groups]
    return words


def programs() -> list[str]:
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


def gpu_devices() -> list[str]:
    return sorted(str(path) for path in Path("/dev").glob("nvidia*"))


@functools.cache
def is_staged() -> bool:
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
exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups "$@"
"""


def as_nobody(words: list[str], stage: str) -> list[str]:
    """Run bubblewrap as nobody, so that what runs in it is not root outside.

    Nobody may not come through root's folders. So what is to be bound is first bound to folders
    that everybody can read, in a mount namespace of its own.
    """
    sources: list[str] = []
    staged = list(words)
    for number, word in enumerate(words):
        if word == "--ro-bind":
            staged[number + 1] = f"{stage}/{len(sources)}"
            sources.append(words[number + 1])
    start = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", _STAGE, stage]
    return [*start, *sources, "--", *staged]
