"""The trusted end of the sandbox: cells within limits, and nothing left of a submission."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from ran_cells import AGES, error, shown, words

from autograder.judging.sandbox_client import Sandbox, SandboxError, SubmissionDied

# -- limits ---------------------------------------------------------------------------------------


def test_a_cell_whose_time_is_up_is_interrupted_and_the_process_goes_on(run) -> None:
    ran = run("x = 5\nprint('begun')\nwhile True: pass", seconds=2)
    assert ran.late
    assert words(ran) == "begun\n"
    assert error(ran)["ename"] == "KeyboardInterrupt"
    assert shown(run("x")) == ["5"]


def test_a_cell_that_swallows_the_interrupt_is_late_all_the_same(run) -> None:
    cell = "import time\ntry: time.sleep(6000)\nexcept BaseException: print('no')"
    ran = run(cell, seconds=2)
    assert (ran.late, ran.fine) == (True, True)
    assert words(ran) == "no\n"


def test_a_cell_that_is_done_in_time_is_not_late(run) -> None:
    assert not run("1").late
    assert not run("1 / 0").late


def test_a_cell_that_cannot_be_interrupted_ends_its_process(run) -> None:
    with pytest.raises(SubmissionDied, match=r"did not stop after 0\.2 s"):
        run(
            "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
            seconds=0.2,
        )


def test_a_cell_can_be_interrupted_whatever_an_earlier_one_did_about_it(run) -> None:
    run("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN);")
    assert run("while True: pass", seconds=0.2).late
    assert run("1").fine


def test_an_interrupt_that_comes_late_hits_nothing(run, bare) -> None:
    run("x = 5")
    for _ in range(20):
        bare.interrupt()
        assert shown(run("x")) == ["5"]


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("import os; os._exit(0)", "it called exit"),
        ("import os; os._exit(7)", "it exited with code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "it was ended by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "it was ended by SIGSEGV"),
    ],
    ids=["exit", "exit with a code", "kill", "crash"],
)
def test_a_cell_that_ends_its_process_says_how_and_ends_no_other(bare, way, says) -> None:
    with bare.submission({}) as one:
        with pytest.raises(SubmissionDied) as caught:
            one.run(way, AGES, 1000)
        assert str(caught.value) == says
        assert caught.value.killed is ("SIGKILL" in says)
        with pytest.raises(SubmissionDied):
            one.run("1", AGES, 1000)
        with pytest.raises(SubmissionDied):
            one.test()
    with bare.submission({}) as another:
        assert another.run("1", AGES, 1000).fine


def test_memory_is_limited(bare) -> None:
    with bare.submission({"memory_mb": 3072}) as one:
        ran = one.run("import numpy as np\nnp.ones((4096, 1024, 1024))", AGES, 1 << 20)
        assert "MemoryError" in error(ran)["ename"]
        assert one.run("np.ones((4, 1024, 1024)).nbytes", AGES, 1000).fine


def test_files_are_limited(bare) -> None:
    with bare.submission({"file_mb": 1}) as one:
        cell = "from pathlib import Path\nPath('x').write_bytes(bytes(2 << 20))"
        ran = one.run(cell, AGES, 1 << 20)
        assert error(ran)["ename"] == "OSError"
        assert one.run("Path('x').write_bytes(bytes(1 << 19))", AGES, 1000).fine


def test_processor_time_is_limited(bare) -> None:
    with bare.submission({"cpu_seconds": 1}) as one, pytest.raises(SubmissionDied):
        one.run("while True: pass", AGES, 1000)


def test_too_much_processor_time_is_no_kill_from_outside(bare) -> None:
    with bare.submission({"cpu_seconds": 1}) as one, pytest.raises(SubmissionDied) as caught:
        one.run("while True: pass", AGES, 1000)
    assert str(caught.value) == "it used more than 1 s of processor time"
    assert not caught.value.killed


# -- nothing is left, nothing is shared -----------------------------------------------------------


def test_no_process_outlives_its_submission(bare) -> None:
    with bare.submission({}) as one:
        ran = one.run(
            "import os, subprocess, sys, time\n"
            "child = subprocess.Popen(['sleep', '600'])\n"
            "session = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
            "read, write = os.pipe()\n"
            "if not os.fork():\n"  # a daemon: a child of a child whose parent is gone
            "    os.setsid()\n"
            "    if not os.fork():\n"
            "        os.write(write, str(os.getpid()).encode())\n"
            "        while True: time.sleep(1)\n"
            "    os._exit(0)\n"
            "daemon = int(os.read(read, 20))\n"
            "print(os.getpid(), child.pid, session.pid, daemon)",
            AGES,
            1000,
        )
        pids = [int(pid) for pid in words(ran).split()]
        assert len(pids) == 4
        assert all(psutil.pid_exists(pid) for pid in pids)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_submission_that_died_leaves_nothing_either(bare) -> None:
    with bare.submission({}) as one:
        cell = "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)"
        pid = int(words(one.run(cell, AGES, 1000)))
        with pytest.raises(SubmissionDied):
            one.run("import os\nos._exit(1)", AGES, 1000)
    assert not psutil.pid_exists(pid)


def test_the_environment_holds_what_is_needed_and_no_secret(run) -> None:
    names = set(words(run("import os\nprint(*os.environ)")).split())
    assert {"PATH", "HOME", "OMP_NUM_THREADS"} <= names
    assert "NNLAB_HIDDEN_SEED" not in names
    # pytest has set this one in the process that started the bare.
    assert "PYTEST_CURRENT_TEST" not in names
    strangers = {n for n in names if not n.startswith(("PYTHON", "OMP", "MKL", "OPENBLAS", "KMP"))}
    assert strangers <= {
        "CUDA_VISIBLE_DEVICES",
        "GLIBC_TUNABLES",
        "HOME",
        "IPYTHONDIR",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "MALLOC_ARENA_MAX",
        "MPLCONFIGDIR",
        "NNLAB_DEVICE",
        "PATH",
        "TMPDIR",
        "TORCHINDUCTOR_CACHE_DIR",
        "TZ",
    }


def test_a_submission_has_a_folder_of_its_own_with_its_files(bare) -> None:
    cell = "import os\nprint(os.getcwd(), os.environ['HOME'], *os.listdir())"
    with bare.submission({}, [("data.csv", b"1,2")]) as one:
        folder, home, *files = words(one.run(cell, AGES, 1000)).split()
        assert (home, files) == (folder, ["data.csv"])
        one.run("open('mine.txt', 'w').write('x')", AGES, 1000)
        assert (Path(folder) / "mine.txt").exists()
    assert not Path(folder).exists()
    with bare.submission({}) as one:
        other, _, *files = words(one.run(cell, AGES, 1000)).split()
        assert other != folder
        assert files == []


def test_names_do_not_pass_from_one_submission_to_the_next(bare) -> None:
    for _ in range(2):
        with bare.submission({}) as one:
            assert shown(one.run("'x' in globals()", AGES, 1000)) == ["False"]
            one.run("x = 1\nimport numpy\nnumpy.pi = 3", AGES, 1000)
            assert shown(one.run("_ih[-1][:1], numpy.pi", AGES, 1000)) == ["('_', 3)"]
    with bare.submission({}) as one:
        assert shown(one.run("import numpy\nnumpy.pi", AGES, 1000)) == ["3.141592653589793"]


def test_a_submission_that_cannot_be_started_is_a_fault_of_the_sandbox(bare) -> None:
    files = [("taken", b"a file"), ("taken/below", b"another")]
    refused = pytest.raises(SandboxError, match="cannot be started: FileExistsError")
    with refused, bare.submission({}, files):
        pass
    with bare.submission({}) as one:
        assert one.run("1", AGES, 1000).fine


def test_a_warm_parent_that_is_gone_is_a_fault_of_the_sandbox() -> None:
    with Sandbox() as lost:
        lost.wait_until_warm()
        lost.kill()
        with pytest.raises(SandboxError, match="does not answer"), lost.submission({}):
            pass
