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


def test_devices_are_hidden_unless_they_are_wanted() -> None:
    hidden = preimport.environment()
    assert (hidden["CUDA_VISIBLE_DEVICES"], hidden["NNLAB_DEVICE"]) == ("", "cpu")
    assert hidden.items() >= preimport.ENVIRONMENT.items()
    shown = preimport.environment(gpu=True)
    assert not {"CUDA_VISIBLE_DEVICES", "NNLAB_DEVICE"} & set(shown)


def test_pytorch_and_the_notebooks_find_no_device_where_they_are_hidden() -> None:
    code = (
        "import os\nfrom autograder.sandbox import preimport\n"
        "os.environ.update(preimport.environment(gpu={gpu}))\n"
        "import torch\n"
        "torch.backends.mps.is_available = torch.xpu.is_available = lambda: True\n"
        "preimport.import_all()\nfrom nnlab.devices import device\n"
        "print(torch.backends.mps.is_available(), torch.xpu.is_available(), device())\n"
    )
    assert run(code.format(gpu=False)) == "False False cpu\n"
    assert run("import os\nos.environ.pop('NNLAB_DEVICE', None)\n" + code.format(gpu=True)) in (
        "True True mps\n",
        "True True cuda\n",
    )


def test_a_warm_parent_begins_no_cuda_which_its_forks_could_not_use_then() -> None:
    code = (
        "import os\nfrom autograder.sandbox import preimport\n"
        "os.environ.update(preimport.environment(gpu=True))\n"
        "import torch\nbegun = []\n"
        "torch.cuda._lazy_init = lambda *_: begun.append(1)\n"
        "for name in {'_cuda_init', '_cuda_getDeviceCount'} & set(dir(torch._C)):\n"
        "    setattr(torch._C, name, lambda *_: begun.append(1) or 0)\n"
        "preimport.import_all()\nfrom autograder.sandbox.shell import warm_shell\nwarm_shell()\n"
        "print(begun)\n"
        "torch.cuda._lazy_init()\nprint(begun)"
    )
    assert run(code) == "[]\n[1]\n"
