"""The system call filter: what it keeps from a process, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from autograder.isolation import seccomp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")


def run_filtered(program: bytes, code: str) -> str:
    """What a program prints that has put itself under the filter."""
    start = (
        "import sys\nfrom autograder.isolation import linux\nlinux.gain_no_privileges()\n"
        "linux.filter_system_calls(bytes.fromhex(sys.argv[1]))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", start + code, program.hex()], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_a_missing_package_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(seccomp.FilterError, match=r"pyseccomp is not installed; .* \[class\]"):
        seccomp.program(among_others=True)


def test_a_missing_libseccomp_is_named(monkeypatch, tmp_path) -> None:
    # What the package says where the library is not there.
    (tmp_path / "pyseccomp.py").write_text('raise RuntimeError("Unable to find libseccomp")')
    monkeypatch.delitem(sys.modules, "pyseccomp", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(seccomp.FilterError, match="apt-get install libseccomp2"):
        seccomp.program(among_others=False)


#: Prints the attempts that were not refused.
TRIES = """
import ctypes, mmap, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def try_all(attempts):
    done = []
    for name, attempt in attempts.items():
        try:
            if attempt() != -1:
                done.append(name)
        except PermissionError:
            pass
    print(*done)
"""


@pytest.mark.parametrize("among_others", [True, False])
def test_what_no_notebook_needs_is_refused(among_others) -> None:
    code = (
        TRIES
        + """
try_all({
    "unshare": lambda: libc.unshare(0x10000000),
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "ptrace": lambda: libc.ptrace(16, os.getppid(), 0, 0),
    "memfd": lambda: os.memfd_create("x"),
    "shared memory of no file": lambda: mmap.mmap(-1, 4096),
    "internet": lambda: socket.socket(socket.AF_INET),
    "fork": lambda: os.waitpid(os.fork() or os._exit(0), 0)[1],
    "private memory": lambda: len(mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)),
})
"""
    )
    assert run_filtered(seccomp.program(among_others), code) == "fork private memory"


def test_among_the_files_of_others_their_modes_and_times_are_out_of_reach(tmp_path) -> None:
    file = tmp_path / "theirs"
    file.touch()
    code = (
        TRIES
        + f"""
path = {str(file)!r}
try_all({{
    "mode": lambda: os.chmod(path, 0o777),
    "owner": lambda: os.chown(path, os.getuid(), os.getgid()),
    "times": lambda: os.utime(path, (1, 1)),
    "socket": lambda: socket.socket(socket.AF_UNIX),
    "priority": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 5),
    "pair": lambda: socket.socketpair() and 0,
}})
"""
    )
    assert run_filtered(seccomp.program(among_others=True), code) == "pair"
    alone = run_filtered(seccomp.program(among_others=False), code).split()
    assert {"mode", "times", "socket", "pair"} <= set(alone)


#: Tries to reach its parent by every call that can, and its own group by the one that may.
SIGNALS = """
import ctypes, fcntl, os, signal, socket
parent, said = os.getppid(), []
ours, _ = socket.socketpair()
call = ctypes.CDLL(None, use_errno=True).syscall
kill, tkill, tgkill = {"x86_64": (62, 200, 234), "aarch64": (129, 130, 131)}[os.uname().machine]
attempts = {
    "kill": lambda: os.kill(parent, 0),
    "kill all": lambda: os.kill(-1, 0),
    "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(parent), 0),
    "owner": lambda: fcntl.fcntl(ours, fcntl.F_SETOWN, parent),
    "own group": lambda: os.kill(0, 0),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except PermissionError:
        continue
    said.append(name)
for number, args in ((tkill, (parent, 0)), (tgkill, (parent, parent, 0))):
    if call(number, *args) == 0:
        said.append(number)
# The kernel looks at the lower half of this argument only.
if call({"x86_64": 72, "aarch64": 25}[os.uname().machine], ours.fileno(),
        ctypes.c_ulong(1 << 32 | fcntl.F_SETOWN), parent) == 0:
    said.append("owner, by a large number")
print(said)
"""


@pytest.mark.parametrize("may_signal", [True, False])
def test_where_nothing_else_keeps_signals_in_the_filter_does(may_signal) -> None:
    program = seccomp.program(among_others=True, may_signal=may_signal)
    reached = run_filtered(program, SIGNALS)
    assert (reached == "['own group']") is not may_signal
    assert ("'kill'" in reached) is may_signal
