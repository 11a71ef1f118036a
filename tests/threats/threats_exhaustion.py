"""Submissions that want all of something: time, memory, processes, disk, output, patience."""

from __future__ import annotations

from threat_cases import case, wants_marks

_WITHOUT_DOUBLE = {"test-double": 0.0}


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

exhausts("a loop that does not end", "while True: pass")
exhausts(
    "a loop that swallows the interrupt",
    """
    import time
    while True:
        try:
            while True: time.sleep(0.01)
        except BaseException: pass
    """,
    says="ended the process (it did not stop after",
)
exhausts("sleeps", "import time\ntime.sleep(1000)")
exhausts(
    "one long call that no interrupt reaches",
    "sum(range(10**12))",
)
in_tests("a loop only in hidden tests", "while True: pass")
in_tests(
    "a loop in hidden tests that swallows everything",
    "while True:\n    try: time.sleep(100)\n    except BaseException: pass",
)
exhausts(
    "asks the test's function for ever",
    solutions={"update": "def update(state, function):\n    while True: function(state['x'])"},
    loses={"test-update": 0.0},
)
exhausts("waits for input", "input('Your name? ')", harmless=True)
exhausts("waits for standard input", "import sys\nsys.stdin.read(1)", harmless=True)
exhausts(
    "an answer whose iteration does not end",
    solutions={
        "double": "class Endless:\n    def __iter__(self):\n        while True: yield 1\n"
        "    def __len__(self): return 10**12\n"
        "    def __getitem__(self, k): return self\n"
        "def double(x):\n    return Endless()"
    },
    loses=_WITHOUT_DOUBLE,
)
exhausts(
    "a repr that does not end",
    "class Slow:\n    def __repr__(self):\n        while True: pass\nSlow()",
)

# -- memory ---------------------------------------------------------------------------------------

exhausts("memory in one piece", "import numpy as np\nx = np.ones(1 << 36)")
exhausts("memory in small pieces", "x = []\nwhile True: x.append(bytearray(1 << 20))")
exhausts(
    "memory in many processes",
    """
    import os, time
    for _ in range(12):
        if not os.fork():
            x = bytearray(os.urandom(1 << 20) * 300)
            time.sleep(30)
            os._exit(0)
    time.sleep(4)
    """,
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
)
exhausts(
    "forges an answer and reads on a byte at a time",
    """
    import os, struct, threading, time, msgpack
    forged = msgpack.packb({"outputs": [], "fine": True})
    os.write(3, struct.pack(">I", len(forged)) + forged)
    while True:
        time.sleep(1)
        os.read(3, 1024)
    """,
)
in_tests("memory only in hidden tests", "x = []\nwhile True: x.append(bytearray(1 << 22))")
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
)

# -- processes and threads ------------------------------------------------------------------------

exhausts("a fork bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
in_tests("a fork bomb in hidden tests", "while True:\n    try: os.fork()\n    except OSError: pass")
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
)
exhausts("a shell's fork bomb", "!bomb() { bomb | bomb & }; bomb; sleep 3")
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
)

# -- disk -----------------------------------------------------------------------------------------

exhausts("one large file", "open('x', 'wb').write(bytes(1 << 28))")
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
)
exhausts(
    "many empty files",
    """
    try:
        for number in range(200_000):
            open(f"e{number}", "w").close()
    except OSError as error:
        print(type(error).__name__)
    """,
)

# -- output and answers ---------------------------------------------------------------------------

exhausts("prints without end", "while True: print('x' * 1000)")
exhausts(
    "prints past Python without end",
    "import os\nwhile True: os.write(1, b'x' * 65536)",
)
exhausts("prints a gigabyte at once", "print('x' * (1 << 30))")
exhausts(
    "displays without end",
    "from IPython.display import HTML, display\nfor _ in range(3000): display(HTML('x' * 10_000))",
)
in_tests("prints without end in hidden tests", "while True: print('x' * 100_000)")
in_tests("a huge answer", "return np.ones((1 << 27,))")
in_tests("a deeply nested answer", "y = []\nfor _ in range(100_000): y = [y]\nreturn y")
in_tests("an answer that holds itself", "y = []\ny.append(y)\nreturn y")
in_tests("recursion without end", "return double(x)")
in_tests("a huge message", "raise ValueError('x' * (1 << 28))")
in_tests("ten thousand answers in one", "return [np.ones(2) for _ in range(300_000)]")
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
