"""Submissions that want to know what they must not: tests, marks, other submissions, secrets."""

from __future__ import annotations

import textwrap

from threat_cases import CASES, Case, case

_SHOW = """
def show(*paths):
    from pathlib import Path
    for path in paths:
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            print(type(error).__name__)
        else:
            print("STOLEN" if b"CANARY" in data or b"root:x" in data else "nothing in", path)
"""


def steals(name: str, code: str, **rest: object) -> None:
    case(name, "secrets", _SHOW + code, **rest)


steals("reads the lesson", "show('{course}/assignments/90_small/lesson.py')")
steals("reads the source notebook", "show('{course}/source/90_small/90_small.ipynb')")
steals("reads the gradebook", "show('{course}/gradebook.db')")
steals("reads the configuration with the hidden seed", "show('{course}/nbgrader_config.py')")
steals(
    "reads its neighbour's submission",
    "show('{course}/submitted/{neighbour}/90_small/90_small.ipynb')",
)
steals("reads the password file", "show('/etc/passwd', '/etc/shadow', '/etc/hostname')")
steals("reads a key in the home folder", "show('{home}/.ssh/id_secret', '{home}/.netrc')")
steals(
    "walks the whole machine",
    """
import os
for top in ("/", "/home", "/root", "/tmp", "/var", "{course}"):
    for folder, folders, files in os.walk(top):
        if folder.count("/") > 6 or folder.startswith(("/proc", "/sys", "/usr")):
            folders.clear()
        for file in files:
            if file.endswith((".ipynb", ".db", "lesson.py", "nbgrader_config.py", "id_secret")):
                show(os.path.join(folder, file))
""",
)
steals(
    "lists the folders of the course",
    """
import os
for folder in ("{course}", "{course}/submitted", "{home}", "/tmp"):
    try:
        names = " ".join(os.listdir(folder))
        print("STOLEN" if any(w in names for w in ("submitted", ".ssh", "autograder")) else "none")
    except OSError as error:
        print(type(error).__name__)
""",
)
steals(
    "reads the environment of every process",
    "import glob\nshow(*glob.glob('/proc/[0-9]*/environ'), '/proc/{grader}/environ')",
)
steals(
    "reads the command line of every process",
    """
import glob
for path in [*glob.glob('/proc/[0-9]*/cmdline'), '/proc/{grader}/cmdline']:
    try:
        print("STOLEN" if "CANARY" in open(path).read() else "none")
    except OSError as error:
        print(type(error).__name__)
""",
)
steals(
    "reads the memory of the processes around it",
    """
import os
for pid in ("{grader}", os.getppid(), 1, *range(2, 40)):
    if str(pid) == str(os.getpid()):
        continue
    try:
        maps = open(f"/proc/{pid}/maps").read().splitlines()
        memory = open(f"/proc/{pid}/mem", "rb", 0)
        print("STOLEN the memory of", pid, len(maps))
    except OSError as error:
        print(type(error).__name__)
""",
)
steals(
    "traces the processes around it",
    """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in (int("{grader}"), os.getppid(), 1):
    if pid != os.getpid() and libc.ptrace(16, pid, 0, 0) == 0:
        print("STOLEN control over", pid)
""",
    harmless=False,  # it stops whoever runs it without isolation
)
steals(
    "follows the files of other processes",
    """
import glob, os
for path in glob.glob('/proc/[0-9]*/fd/*') + glob.glob('/proc/{grader}/cwd/*'):
    if f"/proc/{os.getpid()}/" not in path:
        show(path)
""",
)
steals(
    "looks for the seed in its environment",
    "import os\nprint('STOLEN' if 'NNLAB_HIDDEN_SEED' in os.environ else '', *os.environ.items())",
)
steals(
    "looks for the tests in its memory",
    """
import gc, re
pattern = re.compile(rb"numbers = hidden_rng\\(" + rb"\\"double\\"\\)")
for line in open("/proc/self/maps"):
    span, modes = line.split()[:2]
    low, high = (int(word, 16) for word in span.split("-"))
    if modes.startswith("rw") and high - low < 1 << 28:
        try:
            memory = open("/proc/self/mem", "rb", 0)
            memory.seek(low)
            if pattern.search(memory.read(high - low)):
                print("STOLEN a test at", span)
        except (OSError, ValueError) as error:
            print(type(error).__name__)
""",
)

# -- what tests try, told on ----------------------------------------------------------------------

_TELLS = """def double(x):
    global tried
    tried = repr(x)
    {how}
    if np.min(x) < 0:
        raise ValueError("negative")
    return 2 * x
"""
CASES.append(
    Case(
        "prints the inputs of hidden tests",
        "secrets",
        solutions={
            "double": "import sys\n"
            + _TELLS.format(how="print('TRIED', tried); print('TRIED', tried, file=sys.stderr)")
        },
        never=("array(",),
    )
)
CASES.append(
    Case(
        "names an error after the inputs of hidden tests",
        "secrets",
        solutions={
            "double": "def double(x):\n"
            "    if np.ndim(x):\n"
            "        raise type('TRIED' + x.tobytes().hex()[:80], (ValueError,), {})('TRIED')\n"
            "    return 2 * x\n"
        },
        loses={"test-double": 0.0},
        says="A hidden test made double raise ValueError.",
        never=("TRIED",),
    )
)

# What a function keeps of hidden inputs must not come up in a later cell, nor in what a later
# test says.


def keeps(name: str, before: str, keep: str, tell: str) -> None:
    """``keep`` has the text ``tried``; ``tell`` returns what was kept."""
    telling = f"def told():\n{textwrap.indent(tell, '    ')}\n"
    for how, solutions, extras in (
        ("a later cell", {}, (("test-double", "print('KEPT:', told())"),)),
        ("the last cell", {}, (("test-largest", "print('KEPT:', told())"),)),
        ("a later test", {"update": "def update(state, f):\n    raise ValueError(told())"}, ()),
    ):
        CASES.append(
            Case(
                f"keeps hidden inputs in {name}, shown by {how}",
                "secrets",
                solutions={
                    "double": f"import os\n{before}\n{telling}{_TELLS.format(how=keep)}",
                    **solutions,
                },
                extras=extras,
                loses={"test-update": 0.0} if solutions else {},
                never=("array(",),
            )
        )


keeps("a file", "", "open('kept', 'a').write(tried)", "return open('kept').read()")
keeps(
    "shared memory",
    "import mmap\n"
    "file = open('shared', 'wb+')\n"
    "file.truncate(1 << 20)\n"
    "shared = mmap.mmap(file.fileno(), 1 << 20)",
    "shared.write(tried.encode())",
    "return bytes(shared).rstrip(b'\\0').decode()",
)
keeps(
    "a pipe",
    "reading, writing = os.pipe()",
    "os.write(writing, tried.encode())",
    "os.set_blocking(reading, False)\nreturn os.read(reading, 1 << 16).decode()",
)
keeps(
    "a process left behind",
    """reading, writing = os.pipe()
back, forth = os.pipe()
if os.fork() == 0:
    os.close(writing)
    seen = b''
    while part := os.read(reading, 1 << 16):
        seen += part
        os.write(forth, seen)
    os._exit(0)""",
    "os.write(writing, tried.encode())",
    "os.set_blocking(back, False)\nreturn os.read(back, 1 << 16).decode()",
)
CASES.append(
    Case(
        "keeps hidden inputs and ends the process, to be run again",
        "secrets",
        solutions={
            "double": _TELLS.format(how="open('kept', 'a').write(tried)"),
            "largest": "import os\nif os.path.exists('kept'):\n    print(open('kept').read())\n"
            "largest = 16\n",
        },
        extras=(
            (
                "test-double",
                "import os\nprint(os.path.exists('kept') and open('kept').read())\nos._exit(0)",
            ),
        ),
        never=("array(",),
    )
)
CASES.append(
    Case(
        "is wrong in a hidden test on purpose, to see its message",
        "secrets",
        solutions={"double": "def double(x):\n    return 6.0 if np.ndim(x) == 0 else x\n"},
        loses={"test-double": 0.0},
        says="A hidden test",
        never=("array(", "numbers", "hidden_rng"),
    )
)
