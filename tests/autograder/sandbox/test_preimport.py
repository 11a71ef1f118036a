"""What the warm processes import before they fork."""

from __future__ import annotations

import subprocess
import sys

from autograder.sandbox import preimport


def run(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_everything_that_notebooks_import_is_there_with_one_thread_each() -> None:
    code = (
        "import gc, sys, threading\nfrom autograder.sandbox import preimport\n"
        "preimport.import_all()\nimport torch\n"
        "print([name for name in preimport.MODULES if name not in sys.modules],\n"
        "      torch.get_num_threads(), gc.isenabled(), threading.active_count())"
    )
    assert run(code) == "[] 1 True 1\n"


def test_a_module_that_is_not_installed_is_left_to_the_notebook_that_wants_it() -> None:
    code = (
        "import sys\nfrom autograder.sandbox import preimport\n"
        "preimport.MODULES = ('no_such_module', 'wave')\npreimport.import_all()\n"
        "print('wave' in sys.modules)"
    )
    assert run(code) == "True\n"


def test_a_line_of_a_preload_that_fails_costs_no_other() -> None:
    code = (
        "import sys\nfrom autograder.sandbox import preimport\n"
        "preimport.preload('import no_such_module\\n1 / 0\\nimport wave\\nx = 3\\nimport x.y\\n'\n"
        "                  'def\\nimport colorsys')\n"
        "print('wave' in sys.modules, 'colorsys' in sys.modules, 'x' in globals())"
    )
    assert run(code) == "True True False\n"


def test_numerical_libraries_are_told_to_use_one_thread() -> None:
    for library in ("OMP", "OPENBLAS", "MKL"):
        assert preimport.ENVIRONMENT[f"{library}_NUM_THREADS"] == "1"
