"""The shell of the sandbox: cells run as in a notebook."""

from __future__ import annotations

import pytest
from ran_cells import error, shown, words

from autograder.judging.sandbox_client import Ran


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


def test_an_error_is_shown_even_after_too_much_output(run):
    ran = run("print('x' * 5000)\n1 / 0", output_bytes=1000)
    assert error(ran)["evalue"] == "division by zero"


@pytest.mark.parametrize("message", ["'x' * 10_000_000", "1 / 0"])
def test_an_error_with_an_impossible_message_is_an_error_of_the_cell(run, message):
    ran = run(f"class E(Exception):\n    def __str__(self):\n        return {message}\nraise E")
    assert "E" in [output["ename"] for output in ran.outputs]
    assert len(repr(ran)) < 200_000
    assert run("1").fine
