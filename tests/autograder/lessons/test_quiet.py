"""Which cells only bind names."""

from __future__ import annotations

import pytest

from autograder.lessons.python_source import import_aliases
from autograder.lessons.quiet import is_quiet

_IMPORTS = "import numpy as np\nimport torch\nimport math\nfrom torch import nn\n"
ALIASES = frozenset(import_aliases([_IMPORTS]).items())


@pytest.mark.parametrize(
    "source",
    [
        "",
        '"""Only prose."""',
        "def f(x, rate=0.1, *, p: float = 1 / 3) -> np.ndarray:\n    print(x)\n    x += 1",
        "class Net(nn.Module):\n    size = 3\n    def forward(self, x):\n        return x",
        "@torch.no_grad()\ndef f(x):\n    return x",
        "class A:\n    @property\n    def x(self): pass\n    @x.setter\n    def x(self, y): pass",
        "rate = 0.1\nnames = {'a': [1, 2], 'b': (3,)}\nx, (y, *z) = 1, (2, 3)",
        "step = 0.1 / math.sqrt(0.001)\nw = np.array([1.0, 2.0]) * 3\nf = lambda x: x.pop()",
        "import numpy as np\nfrom collections import deque",
        "total: float = round(1.5)\nprint('done', total)\ntotal",
        "raise NotImplementedError()",
        "pass",
    ],
)
def test_a_cell_that_only_binds_names_is_quiet(source: str) -> None:
    assert is_quiet(source, ALIASES)


@pytest.mark.parametrize(
    "source",
    [
        "x[0] = 1",
        "x.rate = 1",
        "x += 1",
        "train()",
        "y = train(3)",
        "np.random.seed(0)",
        "w = np.random.randn(3)",
        "x = torch.rand(3)",
        "x = nn.Linear(1, 1)",
        "for i in range(3): x.append(i)",
        "if True: x = 1",
        "del x",
        "with open('f') as f: pass",
        "from numpy import *",
        "from . import mine",
        "import my_helpers",
        "def f(x=train()): return x",
        "@register\ndef f(x): return x",
        "class A(metaclass=B): pass",
        "class A(make()): pass",
        "class A:\n    x = train()",
        "def f():\n    global count\n    count = 1",
        "def f(): return globals()",
        "def f(): exec('x = 1')",
        "y = Out[1]",
        "y = _",
        "y = [train(i) for i in z]",
        "%matplotlib inline",
        "!ls",
        "x = 1 +",
        "x: int = train()",
        "print(train())",
        "f'{train()}'",
    ],
)
def test_a_cell_that_may_do_more_is_not(source: str) -> None:
    assert not is_quiet(source, ALIASES)


def test_a_name_that_means_another_thing_here_is_not_the_librarys() -> None:
    assert not is_quiet("w = np.array([1.0])", frozenset())
