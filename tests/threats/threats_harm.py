"""Submissions that want to change something outside, or to stay."""

from __future__ import annotations

from threat_cases import case


def harms(name: str, code: str, **rest: object) -> None:
    rest.setdefault("harmless", False)
    case(name, "harm", code, **rest)


_WRITE = """
def write(*paths, text="written by a submission"):
    from pathlib import Path
    for path in paths:
        for mode in ("a", "w"):
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                with open(path, mode) as file:
                    file.write(text)
                print("wrote", path)
            except OSError as error:
                print(type(error).__name__)
"""


def writes(name: str, *paths: str, **rest: object) -> None:
    left = rest.pop("left", paths[0])
    harms(name, _WRITE + f"write(*{paths!r})", left=left, **rest)


# -- files ----------------------------------------------------------------------------------------

writes("writes to the course", "{course}/new.txt", "{course}/nbgrader_config.py")
writes("writes to the gradebook", "{course}/new.db", "{course}/gradebook.db")
writes(
    "writes to its neighbour's submission",
    "{course}/submitted/{neighbour}/90_small/new.txt",
    "{course}/submitted/{neighbour}/90_small/90_small.ipynb",
)
writes("writes to the lesson", "{course}/assignments/90_small/new.py")
writes("writes to the home folder", "{home}/new.txt", "{home}/.bashrc", "{home}/.netrc")
writes(
    "writes start-up files of IPython and Python",
    "{home}/.ipython/profile_default/startup/00-new.py",
    "{home}/.local/lib/python3/site-packages/usercustomize.py",
    "{home}/.jupyter/jupyter_config.py",
)
writes("writes to the environment's packages", "{packages}/new_by_a_submission.pth")
writes("writes to the grader itself", "{grader_package}/new_by_a_submission.py")
writes("writes to /etc", "/etc/new-by-a-submission")
harms(
    "leaves files for the next student",
    """
    import os
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/dev", "/run"):
        try:
            open(f"{folder}/left-by-a-submission", "w").write("x")
        except OSError as error:
            print(type(error).__name__)
    """,
    left="/tmp/left-by-a-submission",
)
harms(
    "removes what it can",
    """
    import shutil
    for folder in ("{course}/submitted", "{home}", "{course}"):
        shutil.rmtree(folder, ignore_errors=True)
    """,
)
harms(
    "changes modes, owners and times of files",
    """
    import os
    for path in ("{course}/nbgrader_config.py", "{home}/.netrc", "{course}"):
        for change in (lambda p: os.chmod(p, 0o777), lambda p: os.utime(p, (1, 1)),
                       lambda p: os.chown(p, 1, 1), lambda p: os.truncate(p, 0)):
            try:
                change(path)
            except OSError as error:
                print(type(error).__name__)
    """,
)
harms(
    "renames and links files out of the way",
    """
    import os
    for act in (lambda: os.rename("{course}/nbgrader_config.py", "{course}/moved"),
                lambda: os.link("{course}/gradebook.db", "mine.db"),
                lambda: os.symlink("{course}/gradebook.db", "link.db"),
                lambda: open("link.db", "a").write("x")):
        try:
            act()
        except OSError as error:
            print(type(error).__name__)
    """,
    left="{course}/moved",
)

# -- the network ----------------------------------------------------------------------------------

_CONNECT = """
import socket
def tries(act):
    try:
        act()
        print("STOLEN a way out")
    except OSError as error:
        print(type(error).__name__)
"""
for name, code in {
    "connects to a server on this machine": "tries(lambda: socket.create_connection("
    "('127.0.0.1', {port}), 1).sendall(b'hello'))",
    "connects to the internet": "tries(lambda: socket.create_connection(('192.0.2.1', 80), 1))",
    "sends a datagram": "tries(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto("
    "b'hello', ('127.0.0.1', {port})))",
    "asks for a name": "tries(lambda: socket.getaddrinfo('example.org', 80))",
    "listens": "tries(lambda: socket.create_server(('127.0.0.1', 0)))",
    "opens a raw socket": "tries(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))",
    "connects to a socket in the file system": "tries(lambda: socket.socket(socket.AF_UNIX)"
    ".connect('{course}/service.sock'))",
    "connects to an abstract socket": "tries(lambda: socket.socket(socket.AF_UNIX)"
    ".connect('\\0{abstract}'))",
}.items():
    harms(
        name,
        _CONNECT + code,
    )

# -- processes ------------------------------------------------------------------------------------

harms(
    "kills the processes around it",
    """
    import os, signal
    for pid in (int("{grader}"), os.getppid()):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
            if pid not in (0, os.getpid()):
                try:
                    os.kill(pid, number)
                    print("STOLEN a signal to", pid)
                except OSError as error:
                    print(type(error).__name__)
    """,
)
harms(
    "kills every process that it can",
    "import os, signal\nos.kill(-1, signal.SIGSTOP)\nos.kill(-1, signal.SIGCONT)\n"
    "os.kill(-1, signal.SIGTERM)",
)
harms(
    "leaves a daemon behind",
    """
    import os, time
    if not os.fork():
        os.setsid()
        if not os.fork():
            time.sleep(0.2)
            os.execvp("sleep", ["sleep", "{marker}"])
        os._exit(0)
    """,
)
harms(
    "leaves a daemon behind that closes its files and ignores signals",
    """
    import os, signal, time
    if not os.fork():
        os.setsid()
        os.closerange(0, 256)
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except OSError: pass
        if not os.fork():
            os.execvp("sleep", ["sleep", "{marker}"])
        os._exit(0)
    """,
)
harms(
    "leaves a fork in the middle of a cell that goes on with the notebook",
    "import os\nos.fork()\nos.fork();",
    harmless=False,
)
harms(
    "runs something when the process exits",
    """
    import atexit, os, signal
    atexit.register(lambda: open("{course}/at-exit", "w"))
    os.register_at_fork(after_in_child=lambda: None)
    signal.signal(signal.SIGTERM, lambda *a: open("{course}/at-exit", "w"))
    """,
    left="{course}/at-exit",
)
harms(
    "makes namespaces and mounts of its own",
    """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    for flags in (0x10000000, 0x00020000, 0x20000000, 0x40000000):
        if libc.unshare(flags) == 0:
            print("STOLEN a namespace", hex(flags))
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
        print("STOLEN a mount")
    if os.system("unshare --user --map-root-user true") == 0:
        print("STOLEN a user namespace")
    """,
)
harms(
    "becomes another user",
    """
    import os
    for act in (lambda: os.setuid(1000 if os.getuid() != 1000 else 1001), lambda: os.setgroups([0]),
                lambda: os.chroot("."), lambda: os.sethostname("x") if hasattr(os, "sethostname")
                else os.setpriority(os.PRIO_PROCESS, 0, -10)):
        try:
            act()
            print("STOLEN rights")
        except OSError as error:
            print(type(error).__name__)
    """,
)
harms(
    "makes a program that runs as its owner",
    "import os\nopen('tool', 'w').write('#!/bin/sh\\nid')\n"
    "try: os.chmod('tool', 0o4755)\nexcept OSError: pass",
)
harms(
    "asks the kernel for its rarer services",
    """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = {"bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425,
               "keyctl": 250, "memfd_create": 319, "open_by_handle_at": 304}
    import platform
    if platform.machine() == "x86_64":
        for name, number in numbers.items():
            if libc.syscall(number, 0, 0, 0, 0, 0) >= 0:
                print("STOLEN", name)
    """,
)
harms(
    "changes modules for the next student",
    "import numpy, torch, sys\nnumpy.pi = 3\nnumpy.min = None\ntorch.zeros = None\n"
    "numpy.random.seed = None\nsys.modules['json'] = None",
    after="test-largest",
    harmless=True,
)
