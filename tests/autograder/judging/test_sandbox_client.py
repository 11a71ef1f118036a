"""autograder.sandbox: cells run as in a notebook, within limits, and leave nothing behind."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from autograder.judging.conversation import Conversation, NoAnswer
from autograder.judging.outputs import Outputs
from autograder.judging.sandbox_client import Ran, Sandbox, SandboxError, SubmissionDied
from autograder.judging.stand_ins import StandIn
from autograder.protocol.channel import ChannelClosed


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox without isolation, whose processes and folders a test can look at."""
    with Sandbox() as warm:
        warm.wait_until_warm()
        yield warm


@pytest.fixture
def running(sandbox):
    """A fresh process for a submission."""
    with sandbox.submission({}) as one:
        yield one


@pytest.fixture
def run(running):
    """Run a cell in it."""

    def cell(source, seconds=20, output_bytes=1 << 20, setup=False):
        return running.run(source, seconds, output_bytes, setup)

    return cell


@pytest.fixture
def converse(running):
    """A conversation with a fork of the process, as a test has it; ended when the next begins."""
    with contextlib.ExitStack() as stack:

        def begin():
            stack.close()
            test = running.test()
            stack.callback(test.close)
            return Conversation(test.channel, time.monotonic() + 20, outputs=Outputs())

        yield begin


def words(ran: Ran, name: str = "stdout") -> str:
    """What a cell wrote to a stream."""
    return "".join(
        output["text"]
        for output in ran.outputs
        if output["output_type"] == "stream" and output["name"] == name
    )


def shown(ran: Ran) -> list[str]:
    """The plain texts of what a cell displayed."""
    return [o["data"]["text/plain"] for o in ran.outputs if "data" in o]


def error(ran: Ran) -> dict:
    """The error that ended a cell."""
    assert not ran.fine
    (found,) = [output for output in ran.outputs if output["output_type"] == "error"]
    return found


def gone(pid: int, seconds: float = 5) -> bool:
    """Whether a process has ended, at once or within a moment."""
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


# -- a cell is run as in a notebook ---------------------------------------------------------------


def test_the_last_expression_is_the_result_and_cells_share_names(run):
    assert run("x = 3").outputs == []
    assert run("x + 1\nx * 2") == Ran(
        [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "6"},
                "metadata": {},
                "execution_count": 2,
            }
        ],
        True,
    )
    assert shown(run("_ + 1")) == ["7"]
    assert run("x;").outputs == []


def test_streams_are_kept_apart_and_in_order(run):
    ran = run("import sys\nprint('a', end='')\nprint('b', file=sys.stderr)\nprint('c')\nprint('d')")
    assert [(output["name"], output["text"]) for output in ran.outputs] == [
        ("stdout", "a"),
        ("stderr", "b\n"),
        ("stdout", "c\nd\n"),
    ]


def test_output_that_bypasses_python_is_kept(run):
    ran = run("import os\nos.write(1, b'written ')\nos.system('echo echoed');")
    assert words(ran) == "written echoed\n"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("!echo hi", "hi"),
        ("%%bash\necho hi", "hi"),
        ("lines = !echo hi\nprint(lines)", "['hi']"),
        ("%timeit -n1 -r1 1", "1 loop each"),
        ("%%capture kept\nprint('hidden')", ""),
        ("%matplotlib inline\nprint('on')", "on"),
        ("len?", "Return the number of items"),
        ("%%writefile own.py\nx = 5", "Writing own.py"),
    ],
)
def test_magics_work(run, cell, says):
    ran = run(cell)
    assert ran.fine
    assert says in words(ran)
    assert says or not ran.outputs


def test_an_unknown_magic_is_an_error_and_not_the_end(run):
    ran = run("%nothing")
    assert not ran.fine
    assert "`%nothing` not found" in words(ran, "stderr")


def test_display_shows_at_once_and_can_be_updated(run):
    ran = run(
        "from IPython.display import display, Markdown, update_display\n"
        "handle = display('first', display_id=True)\n"
        "display(Markdown('**bold**'), display_id='own')\n"
        "handle.update('second')\n"
        "update_display('third', display_id='own')\n"
    )
    assert shown(ran) == ["'second'", "'third'"]
    assert all(set(output) == {"output_type", "data", "metadata"} for output in ran.outputs)


def test_clear_output_clears_now_or_with_the_next_output(run):
    cell = "from IPython.display import clear_output\nprint('a')\nclear_output({})\n{}"
    assert run(cell.format("", "")).outputs == []
    assert words(run(cell.format("", "print('b')"))) == "b\n"
    assert words(run(cell.format("wait=True", ""))) == "a\n"
    assert words(run(cell.format("wait=True", "print('b')"))) == "b\n"


@pytest.mark.parametrize("wait", [True, False])
def test_what_was_cleared_does_not_count_for_the_limit(run, wait):
    ran = run(
        "from IPython.display import clear_output\n"
        f"for step in range(20):\n    clear_output(wait={wait})\n    print('x' * 900, step)",
        output_bytes=2000,
    )
    assert words(ran) == "x" * 900 + " 19\n"


def test_figures_are_shown_at_the_end_of_their_cell(run):
    ran = run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('before');")
    assert [output["output_type"] for output in ran.outputs] == ["stream", "display_data"]
    assert ran.outputs[1]["data"]["image/png"].startswith("iVBOR")
    assert run("plt.get_fignums()").outputs[0]["data"]["text/plain"] == "[]"


def test_figures_can_be_shown_in_between(run):
    ran = run("import matplotlib.pyplot as plt\nplt.plot([1]); plt.show()\nprint('after')")
    assert [output["output_type"] for output in ran.outputs] == ["display_data", "stream"]


def test_an_error_has_a_name_a_message_and_the_line(run):
    ran = run("print('so far')\ndef f():\n    return 1 / 0\nf()")
    found = error(ran)
    assert (found["ename"], found["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert "ZeroDivisionError" in "\n".join(found["traceback"])
    assert words(ran) == "so far\n"


def test_a_syntax_error_is_an_error_of_the_cell(run):
    assert error(run("def f(:"))["ename"] == "SyntaxError"
    assert run("1").fine


def test_an_object_whose_repr_fails_is_an_error_of_the_cell(run):
    ran = run("class A:\n    def __repr__(self):\n        raise ValueError('no')\nA()")
    assert any(output.get("ename") == "ValueError" for output in ran.outputs)
    assert run("1").fine


def test_await_works_at_the_top_level(run):
    assert shown(run("import asyncio\nawait asyncio.sleep(0.001, 'slept')")) == ["'slept'"]


def test_input_is_an_error_that_says_why(run):
    found = error(run("name = input('Your name? ')"))
    assert found["evalue"] == "input() does not work while grading: nobody is there to answer"
    assert shown(run("import sys\nsys.stdin.read()")) == ["''"]


@pytest.mark.parametrize("way", ["import sys; sys.exit(3)", "raise SystemExit", "exit()", "quit"])
def test_no_polite_exit_ends_the_notebook(run, way):
    run(f"x = 5\n{way}")
    assert shown(run("x")) == ["5"]


def test_a_stream_that_a_cell_closes_or_replaces_is_back_in_the_next(run):
    run("import sys, os\nsys.stdout = None\nos.close(1); os.close(2)")
    assert words(run("print('here')\nos.system('echo there');")) == "here\nthere\n"


# -- limits ---------------------------------------------------------------------------------------


def test_of_too_much_output_the_beginning_and_the_end_are_kept(run):
    ran = run("for number in range(100_000):\n    print(number)", output_bytes=1000)
    assert words(ran).startswith("0\n1\n2\n")
    assert "[… 587,890 characters were left out here …]" in words(ran)
    assert words(ran).endswith("\n99998\n99999\n")
    assert len(words(ran)) < 1100
    ran = run("import os\nos.write(1, b'x' * 100_000);", output_bytes=1000)
    assert len(words(ran)) < 1100


def test_a_display_that_is_too_large_is_replaced_by_a_remark(run):
    cell = "from IPython.display import *\nhandle = display('x' * {}, display_id=True)\n"
    assert words(run(cell.format(5000), output_bytes=1000)).startswith("[an output of 5,")
    ran = run(cell.format(5) + "handle.update('x' * 5000)", output_bytes=1000)
    assert shown(ran)[0].startswith("[an output of 5,")


def test_an_error_is_shown_even_after_too_much_output(run):
    ran = run("print('x' * 5000)\n1 / 0", output_bytes=1000)
    assert error(ran)["evalue"] == "division by zero"


@pytest.mark.parametrize("message", ["'x' * 10_000_000", "1 / 0"])
def test_an_error_with_an_impossible_message_is_an_error_of_the_cell(run, message):
    ran = run(f"class E(Exception):\n    def __str__(self):\n        return {message}\nraise E")
    assert "E" in [output["ename"] for output in ran.outputs]
    assert len(repr(ran)) < 200_000
    assert run("1").fine


def test_a_cell_whose_time_is_up_is_interrupted_and_the_process_goes_on(run):
    started = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        run("x = 5\nprint('begun')\nwhile True: pass", seconds=0.3)
    assert time.monotonic() - started < 3
    ran = caught.value.args[0]
    assert words(ran) == "begun\n"
    assert error(ran)["ename"] == "KeyboardInterrupt"
    assert shown(run("x")) == ["5"]


def test_a_cell_that_swallows_the_interrupt_is_late_all_the_same(run):
    with pytest.raises(TimeoutError) as caught:
        run("import time\ntry: time.sleep(60)\nexcept BaseException: print('no')", seconds=0.3)
    assert words(caught.value.args[0]) == "no\n"


def test_a_cell_that_cannot_be_interrupted_ends_its_process(run):
    with pytest.raises(SubmissionDied, match=r"did not stop after 0\.2 s"):
        run(
            "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
            seconds=0.2,
        )


def test_a_cell_can_be_interrupted_whatever_an_earlier_one_did_about_it(run):
    run("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN);")
    with pytest.raises(TimeoutError):
        run("while True: pass", seconds=0.2)


def test_an_interrupt_that_comes_late_hits_nothing(run, sandbox):
    run("x = 5")
    for _ in range(20):
        sandbox.interrupt()
        assert shown(run("x")) == ["5"]


@pytest.mark.parametrize(
    "way",
    [
        "import os; os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import ctypes; ctypes.string_at(0)",
    ],
    ids=["exit", "kill", "crash"],
)
def test_a_cell_that_ends_its_process_ends_no_other(sandbox, way):
    with sandbox.submission({}) as one:
        with pytest.raises(SubmissionDied, match=r"it (called exit|exited with code|was ended by)"):
            one.run(way, 20, 1000)
        with pytest.raises(SubmissionDied):
            one.run("1", 20, 1000)
    with sandbox.submission({}) as another:
        assert another.run("1", 20, 1000).fine


def test_memory_is_limited(sandbox):
    with sandbox.submission({"memory_mb": 3072}) as one:
        ran = one.run("import numpy as np\nnp.ones((4096, 1024, 1024))", 20, 1 << 20)
        assert "MemoryError" in error(ran)["ename"]
        assert one.run("np.ones((4, 1024, 1024)).nbytes", 20, 1000).fine


def test_files_are_limited(sandbox):
    with sandbox.submission({"file_mb": 1}) as one:
        cell = "from pathlib import Path\nPath('x').write_bytes(bytes(2 << 20))"
        ran = one.run(cell, 20, 1 << 20)
        assert error(ran)["ename"] == "OSError"
        assert one.run("Path('x').write_bytes(bytes(1 << 19))", 20, 1000).fine


def test_processor_time_is_limited(sandbox):
    with sandbox.submission({"cpu_seconds": 1}) as one, pytest.raises(SubmissionDied):
        one.run("while True: pass", 20, 1000)


# -- nothing is left, nothing is shared -----------------------------------------------------------


def test_no_process_outlives_its_submission(sandbox):
    with sandbox.submission({}) as one:
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
            20,
            1000,
        )
        pids = [int(pid) for pid in words(ran).split()]
        assert len(pids) == 4
        assert all(psutil.pid_exists(pid) for pid in pids)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_submission_that_died_leaves_nothing_either(sandbox):
    with sandbox.submission({}) as one:
        cell = "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)"
        pid = int(words(one.run(cell, 20, 1000)))
        with pytest.raises(SubmissionDied):
            one.run("import os\nos._exit(1)", 20, 1000)
    assert not psutil.pid_exists(pid)


def test_a_fork_that_a_cell_leaves_behind_does_not_answer_in_its_place(run):
    for number in range(5):
        run("import os\nos.fork();")
        assert shown(run(f"{number}")) == [str(number)]


def test_the_environment_holds_what_is_needed_and_no_secret(run):
    names = set(words(run("import os\nprint(*os.environ)")).split())
    assert {"PATH", "HOME", "OMP_NUM_THREADS"} <= names
    assert "NNLAB_HIDDEN_SEED" not in names
    # pytest has set this one in the process that started the sandbox.
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


def test_a_submission_has_a_folder_of_its_own_with_its_files(sandbox):
    cell = "import os\nprint(os.getcwd(), os.environ['HOME'], *os.listdir())"
    with sandbox.submission({}, [("data.csv", b"1,2")]) as one:
        folder, home, *files = words(one.run(cell, 20, 1000)).split()
        assert (home, files) == (folder, ["data.csv"])
        one.run("open('mine.txt', 'w').write('x')", 20, 1000)
        assert (Path(folder) / "mine.txt").exists()
    assert not Path(folder).exists()
    with sandbox.submission({}) as one:
        other, _, *files = words(one.run(cell, 20, 1000)).split()
        assert other != folder
        assert files == []


def test_names_do_not_pass_from_one_submission_to_the_next(sandbox):
    for _ in range(2):
        with sandbox.submission({}) as one:
            assert shown(one.run("'x' in globals()", 20, 1000)) == ["False"]
            one.run("x = 1\nimport numpy\nnumpy.pi = 3", 20, 1000)
            assert shown(one.run("_ih[-1][:1], numpy.pi", 20, 1000)) == ["('_', 3)"]
    with sandbox.submission({}) as one:
        assert shown(one.run("import numpy\nnumpy.pi", 20, 1000)) == ["3.141592653589793"]


def test_a_test_that_only_looks_at_values_needs_no_process_of_its_own(run, converse):
    run("x = [1, 2]\ndef f():\n    x.append(3)\n    return x")
    pid = int(words(run("import os; print(os.getpid())")))
    test = converse()
    assert test.describe(["x"])["x"] == [1, 2]
    assert psutil.Process(pid).children() == []
    assert test.describe(["f"])["f"]() == [1, 2, 3]
    assert len(psutil.Process(pid).children()) == 1
    assert converse().describe(["x"])["x"] == [1, 2]  # what the call did is gone with the fork


def test_what_was_preloaded_is_there_in_every_submission_and_failures_are_left_to_it(sandbox):
    sandbox.preload("import no_such_module\n1 / 0\nimport wave")
    with sandbox.submission({}) as one:
        assert words(one.run("import sys; print('wave' in sys.modules)", 20, 1 << 20)) == "True\n"
        assert words(one.run("print('wave' in globals())", 20, 1 << 20)) == "False\n"


def test_a_copy_of_the_warm_parent_runs_submissions(sandbox):
    sock = sandbox.clone()
    with Sandbox.attached(sock) as copy:
        for number in range(2):
            with copy.submission({}) as one:
                assert shown(one.run(f"{number}", 20, 1000)) == [str(number)]


def test_a_warm_parent_that_is_gone_is_a_fault_of_the_sandbox():
    ours, theirs = socket.socketpair()
    theirs.close()
    with Sandbox.attached(ours) as lost, pytest.raises(SandboxError, match="did not start"):
        lost.wait_until_warm()


# -- what a test has to do with the process -------------------------------------------------------


def test_a_test_gets_data_as_data_and_functions_as_stand_ins(run, converse):
    run("import numpy as np\nx = np.arange(3)\ndef f(x): return x + 1\nn = None")
    names = converse().describe(["x", "f", "n", "missing"])
    assert set(names) == {"x", "f", "n"}
    assert names["x"].tolist() == [0, 1, 2]
    assert names["n"] is None
    assert isinstance(names["f"], StandIn)
    assert names["f"](names["x"]).tolist() == [1, 2, 3]


def test_each_test_begins_with_the_state_that_the_cells_left(run, converse):
    run("count = [0]\ndef up():\n    count[0] += 1\n    return count[0]")
    for _ in range(2):
        up = converse().describe(["up"])["up"]
        assert [up(), up()] == [1, 2]
    assert shown(run("count")) == ["[0]"]


def test_arguments_are_changed_in_place_even_by_a_function_that_fails(run, converse):
    run("def f(x, log):\n    x += 1\n    log.append('here')\n    raise KeyError('lost')")
    f = converse().describe(["f"])["f"]
    x, log = np.zeros(2), []
    with pytest.raises(KeyError, match="lost") as caught:
        f(x, log)
    assert (x.tolist(), log) == ([1, 1], ["here"])
    assert "raise KeyError('lost')" in caught.value.student_traceback
    assert "sandbox" not in caught.value.student_traceback


def test_functions_of_the_test_are_called_back_and_their_errors_arrive(run, converse):
    run(
        "def f(g):\n    try:\n        g(-1)\n    except ValueError as error:\n"
        "        return g(2), str(error)\n"
    )

    def g(x):
        if x < 0:
            raise ValueError("negative")
        return [x]

    assert converse().describe(["f"])["f"](g) == ([2], "negative")


def test_a_probe_sees_the_notebooks_names_and_setup_as_it_was(run, converse):
    run("import math\nSCALE = 2", setup=True)
    run("SCALE = 0\nclass math: pi = 3\ndef own(x): return x + 1")
    probe = converse().probe("p", "def p(x):\n    return own(SCALE * x), math.pi > 3.1")
    assert probe(5) == (11, True)


def test_a_handle_can_be_asked_indexed_counted_and_iterated_over(run, converse):
    run(
        "class Box:\n    size = 3\n    def __len__(self): return 3\n"
        "    def __getitem__(self, i):\n        if i > 2: raise IndexError\n        return 10 * i\n"
        "box = Box()"
    )
    box = converse().describe(["box"])["box"]
    assert (box.size, len(box), box[2], list(box)) == (3, 3, 20, [0, 10, 20])
    with pytest.raises(AttributeError):
        box.weight  # noqa: B018
    with pytest.raises(AttributeError):
        box._hidden  # noqa: B018


def test_what_a_function_prints_comes_with_its_answer(run, converse):
    run("import sys\ndef f():\n    print('out')\n    print('err', file=sys.stderr)")
    conversation = converse()
    conversation.describe(["f"])["f"]()
    assert [(o["name"], o["text"]) for o in conversation.outputs] == [
        ("stdout", "out\n"),
        ("stderr", "err\n"),
    ]


def test_an_answer_that_is_too_large_or_too_deep_is_no_answer(run, converse):
    # The limit is the sender's own here, so that the test need not move a quarter of a gigabyte.
    run("import autograder.wire\nautograder.wire.MAX_FRAME = 1 << 20")
    run("def large():\n    return b'x' * (2 << 20)")
    run("def deep(x=0):\n    for _ in range(99):\n        x = [x]\n    return x")
    names = converse().describe(["large", "deep"])
    with pytest.raises(NoAnswer, match="2 MiB is too large to send"):
        names["large"]()
    with pytest.raises(NoAnswer, match="nested more than 64 deep"):
        names["deep"]()


def test_a_function_that_ends_the_process_ends_the_test_only(run, converse):
    run("import os, sys\ndef leave(): sys.exit(3)\ndef crash(): os._exit(3)\nx = 5")
    names = converse().describe(["leave", "crash"])
    with pytest.raises(Exception, match="3") as caught:
        names["leave"]()
    assert type(caught.value).__name__ == "SystemExit"
    with pytest.raises(ChannelClosed):
        names["crash"]()
    assert converse().describe(["x"]) == {"x": 5}


def test_what_a_function_starts_ends_with_the_test(run, converse):
    run("import subprocess\ndef start(): return subprocess.Popen(['sleep', '600']).pid")
    pid = converse().describe(["start"])["start"]()
    assert psutil.pid_exists(pid)
    converse()
    assert gone(pid)


def test_names_and_answers_of_a_list_that_contains_itself_cross(run, converse):
    run("ring = [1]\nring.append(ring)")
    ring = converse().describe(["ring"])["ring"]
    assert ring[1] is ring
