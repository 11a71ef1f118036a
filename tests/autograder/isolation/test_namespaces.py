"""The namespaces of a submission: its own processes, its own disk, nothing of the warm parent's."""

from __future__ import annotations

import pytest

from autograder.isolation.bubblewrap import programs
from autograder.isolation.namespaces import DISK, HOME
from autograder.judging.sandbox_client import Sandbox

#: Not too little for what the warm parent has imported.
LIMITS = {"disk_mb": 8, "file_mb": 64, "memory_mb": 4096, "processes": 16}


@pytest.fixture(scope="module")
def warm(usable):
    with Sandbox(usable("strong")) as sandbox:
        yield sandbox


def printed(warm: Sandbox, code: str) -> str:
    with warm.submission(LIMITS) as one:
        (output,) = one.run(code, 600, 10_000).outputs
        return output["text"].strip()


def test_it_is_the_first_process_and_sees_no_other(warm) -> None:
    code = (
        "import os\nseen = [name for name in os.listdir('/proc') if name.isdecimal()]\n"
        "print(os.getpid(), os.getppid(), seen in ([], ['1']))"
    )
    assert printed(warm, code) == "1 0 True"


def test_all_that_it_can_write_to_is_its_own_disk(warm) -> None:
    code = f"""
import os
from pathlib import Path
wrote = []
for folder in ("/", "/usr", "/etc", "/var/tmp", "/run", "/dev", "/home", "/tmp", "/dev/shm",
               "{DISK}", "{HOME}"):
    try:
        Path(folder, "new").write_text("x")
        wrote.append(folder)
    except OSError:
        pass
disk = os.stat("{DISK}").st_dev
print(os.getcwd(), wrote, {{os.stat(folder).st_dev == disk for folder in wrote}})
"""
    # What the interpreter itself lies in is not covered, and stays read-only.
    covered = [] if any(path.startswith("/tmp/") for path in programs()) else ["/tmp"]
    wrote = [*covered, "/dev/shm", str(DISK), str(HOME)]
    assert printed(warm, code) == f"{HOME} {wrote} {{True}}"


def test_the_disk_is_as_large_as_it_may_be_and_gone_afterwards(warm) -> None:
    fill = """
import os
written = 0
try:
    with open("/dev/shm/fill", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
            file.flush()
            written += 1
except OSError as error:
    print(written, os.strerror(error.errno))
"""
    for _ in range(2):
        assert printed(warm, fill) == "8 No space left on device"


def test_there_is_a_limit_on_empty_files_too(warm) -> None:
    code = """
import os
made = 0
try:
    while made < 100_000:
        open(str(made), "w").close()
        made += 1
except OSError as error:
    print(made < 100_000, os.strerror(error.errno))
"""
    assert printed(warm, code) == "True No space left on device"


def test_it_has_no_network_and_gains_no_namespace(warm) -> None:
    code = """
import ctypes, os, socket
reached = []
try:
    socket.socket()
    reached.append("socket")
except OSError:
    pass
if ctypes.CDLL(None).unshare(0x10000000) == 0:
    reached.append("namespace")
print(reached)
"""
    assert printed(warm, code) == "[]"
