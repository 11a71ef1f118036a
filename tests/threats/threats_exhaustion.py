"""Submissions that want all of something: time, memory, processes, disk, output, patience."""

from __future__ import annotations

import textwrap

from threat_cases import CASES, Case, case, wants_marks

_WITHOUT_DOUBLE = {"test-double": 0.0}
#: What the student is told, by the limit that stopped the case.
_CELL_TIME = "The cell was stopped after"
_NO_INTERRUPT = "ended the process (it did not stop after"
_TEST_TIME = "Your code did not answer within"
_DISK = {"strong": "OSError", "fallback": "it wrote more than 16 MB of files"}


def exhausts(name: str, code: str = "", **rest: object) -> None:
    rest.setdefault("harmless", False)
    case(name, "exhaustion", code, **rest)


def in_tests(name: str, body: str, **rest: object) -> None:
    """An attack that begins when ``double`` is called with more than a number."""
    source = "import os, sys, time\ndef double(x):\n    if np.ndim(x) == 0:\n"
    source += "        if x < 0: raise ValueError\n        return 2 * x\n"
    source += "".join(f"    {line}\n" for line in body.splitlines())
    rest.setdefault("loses", _WITHOUT_DOUBLE)
    exhausts(name, solutions={"double": source}, **rest)


# -- time -----------------------------------------------------------------------------------------

exhausts("a loop that does not end", "while True: pass", says=_CELL_TIME)
exhausts(
    "a loop that swallows the interrupt",
    """
    import time
    while True:
        try:
            while True: time.sleep(0.01)
        except BaseException: pass
    """,
    says=_NO_INTERRUPT,
)
exhausts("sleeps", "import time\ntime.sleep(1000)", says=_CELL_TIME)
exhausts(
    "one long call that no interrupt reaches",
    "sum(range(10**12))",
    says=_NO_INTERRUPT,
)
in_tests("a loop only in hidden tests", "while True: pass", says=_TEST_TIME)
in_tests(
    "a loop in hidden tests that swallows everything",
    "while True:\n    try: time.sleep(100)\n    except BaseException: pass",
    says=_TEST_TIME,
)
exhausts(
    "asks the test's function for ever",
    solutions={"update": "def update(state, function):\n    while True: function(state['x'])"},
    loses={"test-update": 0.0},
    says=_TEST_TIME,
)
exhausts(
    "waits for input",
    "input('Your name? ')",
    harmless=True,
    says="input() does not work while grading",
)
exhausts(
    "waits for standard input",
    "import sys\nprint('read', repr(sys.stdin.read(1)))",
    harmless=True,
    says="read ''",
)
exhausts(
    "an answer whose iteration does not end",
    solutions={
        "double": "class Endless:\n    def __iter__(self):\n        while True: yield 1\n"
        "    def __len__(self): return 10**12\n"
        "    def __getitem__(self, k): return self\n"
        "def double(x):\n    return Endless()"
    },
    loses=_WITHOUT_DOUBLE,
    says="double(3) returned an object of type Endless, expected a number",
)
exhausts(
    "a repr that does not end",
    "class Slow:\n    def __repr__(self):\n        while True: pass\nSlow()",
    says=_CELL_TIME,
)

# -- memory ---------------------------------------------------------------------------------------

exhausts(
    "memory in one piece", "import numpy as np\nx = np.ones(1 << 36)", says="Unable to allocate"
)
exhausts(
    "memory in small pieces",
    """
    import numpy as np
    held = []
    try:
        for _ in range(1000):
            held.append(np.empty(1 << 23))
        print("STOLEN memory")
    except MemoryError:
        print("MemoryError")
    """,
    says="MemoryError",
)
_HOLD = """
import os, time
for _ in range(10):
    if not os.fork():
        held = b"x" * (220 << 20)
        time.sleep(600)
        os._exit(0)
"""
_WAIT = """
for _ in range(50):
    pid, status = os.waitpid(-1, os.WNOHANG)
    if pid:
        print("ended by", status)
        break
    time.sleep(0.1)
"""
# Each has less than it may have; all together have more, after a while: filling it takes time.
CASES.append(
    Case(
        "memory in many processes",
        "exhaustion",
        extras=tuple(("setup-imports", code) for code in (_HOLD, *[_WAIT] * 8)),
        says="ended by 9",
        harmless=False,
    )
)
exhausts(
    "memory that belongs to no process",
    """
    import os
    try:
        files = [os.memfd_create("x") for _ in range(64)]
        for file in files:
            os.write(file, bytes(1 << 26))
        print("STOLEN memory")
    except OSError as error:
        print(type(error).__name__)
    """,
    says="PermissionError",
)
exhausts(
    "memory that is shared, touched and let go",
    """
    import mmap
    try:
        shared = mmap.mmap(-1, 1 << 30)
        print("STOLEN memory that nobody counts")
    except OSError as error:
        print(type(error).__name__)
    """,
    says="PermissionError",
)
exhausts(
    "leaves open files under way in sockets",
    """
    import os, socket
    pairs = []
    try:
        for _ in range(300):
            pairs.append(socket.socketpair())
            for _ in range(200):
                socket.send_fds(pairs[-1][0], [b"x"], [0] * 100)
    except OSError as error:
        print(type(error).__name__)
    for left, right in pairs:
        left.close(), right.close()
    """,
    says="OSError",
)
exhausts(
    "forges an answer and reads on a byte at a time",
    """
    import os, struct, threading, time, msgpack
    forged = msgpack.packb({"message": "CellRan", "outputs": [], "fine": True, "called": []})
    os.write(3, struct.pack(">I", len(forged)) + forged)
    while True:
        time.sleep(1)
        os.read(3, 1024)
    """,
    says=_CELL_TIME,
)
in_tests(
    "memory only in hidden tests",
    "held = [np.empty(1 << 23) for _ in range(1000)]\nreturn 2 * x",
    says="A hidden test made double raise MemoryError.",
)
exhausts(
    "fills shared memory",
    """
    for number in range(200):
        try:
            open(f"/dev/shm/fill-{number}", "wb").write(bytes(1 << 25))
        except OSError as error:
            print(type(error).__name__)
            break
    """,
    left="/dev/shm/fill-0",
    says={"strong": "OSError", "fallback": "PermissionError"},
)

# -- processes and threads ------------------------------------------------------------------------

exhausts(
    "a fork bomb",
    "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    says=_NO_INTERRUPT,
)
in_tests(
    "a fork bomb in hidden tests",
    "while True:\n    try: os.fork()\n    except OSError: pass",
    says=_TEST_TIME,
)
_FORKS = """
for number in range(200):
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
"""
exhausts(
    "more processes than it may have",
    f"""
import os, time
try:
{textwrap.indent(_FORKS, "    ")}
    print("STOLEN processes")
except OSError as error:
    print(type(error).__name__)
""",
    says="BlockingIOError",
)
in_tests(
    "more processes than it may have, in hidden tests",
    f"{_FORKS}return 2 * x",
    says="A hidden test made double raise BlockingIOError.",
)
exhausts(
    "a thread bomb",
    """
    import threading, time
    threads = []
    try:
        for _ in range(5000):
            threads.append(threading.Thread(target=time.sleep, args=(0.5,)))
            threads[-1].start()
    except RuntimeError as error:
        print(error)
    for thread in threads[:-1]:
        thread.join()
    """,
    says="can't start new thread",
)
exhausts("a shell's fork bomb", "!bomb() { bomb | bomb & }; bomb; sleep 3", says="Cannot fork")
exhausts(
    "opens every file that it can",
    """
    files = []
    try:
        while True:
            files.append(open("/dev/null"))
    except OSError as error:
        print(type(error).__name__)
    for file in files:
        file.close()
    """,
    says="OSError",
)

exhausts(
    "memory behind a device",
    """
    import mmap, os
    try:
        shared = mmap.mmap(os.open("/dev/zero", os.O_RDWR), 1 << 28)
        shared[:] = b"x" * len(shared)
        print("HELD", len(shared))
    except OSError as error:
        print(type(error).__name__)
    """,
    never=("HELD",),
    says={"strong": "OSError", "fallback": "PermissionError"},
)

# -- disk -----------------------------------------------------------------------------------------

exhausts("one large file", "open('x', 'wb').write(bytes(1 << 28))", says="File too large")
exhausts(
    "many files",
    """
    try:
        for number in range(3000):
            open(f"x{number}", "wb").write(bytes(1 << 20))
        print("STOLEN the disk")
    except OSError as error:
        print(type(error).__name__)
    """,
    says=_DISK,
)
# A busy disk makes so few empty files in the time of a cell that this comes first.
exhausts(
    "many empty files",
    """
    try:
        for number in range(200_000):
            open(f"e{number}", "w").close()
    except OSError as error:
        print(type(error).__name__)
    """,
    says={tier: (words, _CELL_TIME) for tier, words in _DISK.items()},
)

# -- output and answers ---------------------------------------------------------------------------

exhausts(
    "prints without end",
    "while True: print('x' * 1000)",
    says="characters were left out here",
)
exhausts(
    "prints past Python without end",
    "import os\nwhile True: os.write(1, b'x' * 65536)",
    says="File too large",
)
exhausts("prints much at once", "print('x' * (1 << 27))", says="characters were left out here")
exhausts(
    "displays without end",
    "from IPython.display import HTML, display\nfor _ in range(3000): display(HTML('x' * 10_000))",
    says="bytes was left out]",
)
in_tests(
    "prints without end in hidden tests",
    "while True: print('x' * 100_000)",
    says=_TEST_TIME,
)
_NO_ANSWER = "double gave back what cannot be judged."
in_tests("a huge answer", "return np.ones((10 << 20,))", says=_NO_ANSWER)
in_tests(
    "a deeply nested answer",
    "y = []\nfor _ in range(100_000): y = [y]\nreturn y",
    says=_NO_ANSWER,
)
in_tests(
    "an answer that holds itself",
    "y = []\ny.append(y)\nreturn y",
    says="A hidden test found a case in which the answer is wrong.",
)
in_tests(
    "recursion without end",
    "return double(x)",
    says="A hidden test made double raise RecursionError.",
)
in_tests(
    "a huge message",
    "raise ValueError('x' * (1 << 26))",
    says="A hidden test made double raise ValueError.",
)
in_tests(
    "three million answers in one",
    "return [np.ones(2) for _ in range(3_000_000)]",
    says=_TEST_TIME,
)
wants_marks(
    "a huge integer",
    solutions={"double": "def double(x):\n    return 1 << (1 << 24)"},
)
wants_marks(
    "a crash of the interpreter",
    solutions={"double": "import ctypes\ndef double(x):\n    ctypes.string_at(0)"},
)
wants_marks(
    "an abort",
    solutions={"double": "import os\ndef double(x):\n    os.abort()"},
)
