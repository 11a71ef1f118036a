"""Submissions that want marks which they did not earn."""

from __future__ import annotations

from typing import Any

from threat_cases import case, test_cells, wants_marks

# -- the machinery of a test, patched -------------------------------------------------------------

wants_marks(
    "drops every assert from later cells",
    """
    import ast

    class NoAsserts(ast.NodeTransformer):
        def visit_Assert(self, node):
            return ast.copy_location(ast.Pass(), node)

        def visit_Expr(self, node):
            call = node.value
            if isinstance(call, ast.Call) and getattr(call.func, "id", "").startswith("check"):
                return ast.copy_location(ast.Pass(), node)
            return node

    get_ipython().ast_transformers.append(NoAsserts())
    """,
)
wants_marks(
    "replaces the checks of nnlab.testing",
    """
    import nnlab.testing
    for name in ("check", "check_close", "check_equal", "check_raises", "check_one_of"):
        setattr(nnlab.testing, name, lambda *a, **k: None)
        globals()[name] = lambda *a, **k: None
    """,
)
wants_marks(
    "patches numpy's comparisons",
    """
    import numpy as np
    for name in ("allclose", "isclose", "array_equal", "abs", "max", "any", "all"):
        setattr(np, name, lambda *a, **k: True)
    np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
    """,
)
wants_marks(
    "patches torch's comparisons",
    """
    import torch
    torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
    torch.testing.assert_close = lambda *a, **k: None
    torch.Tensor.__eq__ = lambda self, other: True
    """,
)
wants_marks(
    "patches the builtins",
    """
    import builtins
    builtins.AssertionError = type("AssertionError", (BaseException,), {})
    builtins.abs = builtins.max = lambda *a, **k: 0
    builtins.isinstance = lambda *a: True
    """,
    # It breaks its own process, and that only.
    loses={"test-double": 0.0, "test-update": 0.0, "test-Line": 0.0, "test-largest": 0.0},
)
wants_marks(
    "patches IPython's way to run a cell",
    """
    shell = get_ipython()
    run = shell.run_cell
    def quiet(source, *args, **kwargs):
        return run("pass" if "check" in source else source, *args, **kwargs)
    shell.run_cell = quiet
    type(shell).run_cell = lambda self, source, *a, **k: quiet(source)
    """,
)
wants_marks(
    "hooks that run before and after each cell",
    """
    def fix(*args):
        get_ipython().user_ns["check_close"] = lambda *a, **k: None
        get_ipython().user_ns["check_raises"] = lambda *a, **k: None
    get_ipython().events.register("pre_run_cell", fix)
    get_ipython().input_transformers_cleanup.append(lambda lines: [
        line for line in lines if "check" not in line])
    """,
)
wants_marks(
    "patches the grader's own loop",
    """
    import sys
    for name, module in list(sys.modules.items()):
        if name.startswith("autograder"):
            for attribute in list(vars(module)):
                if attribute in ("Answers", "Codec", "exception_node"):
                    setattr(module, attribute, lambda *a, **k: None)
    """,
    loses={"test-double": 0.0, "test-update": 0.0, "test-Line": 0.0, "test-largest": 0.0},
)
wants_marks(
    "a shared name is bound to something else",
    "SCALE = 0.0\nhidden_rng = probe = check_close = check_raises = lambda *a, **k: None",
)

# -- objects that agree with everything -----------------------------------------------------------

wants_marks(
    "an object that equals everything",
    solutions={
        "double": "class Yes:\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = None\n"
        "    def __ne__(self, other): return False\n"
        "    def __float__(self): return 6.0\n"
        "    def __sub__(self, other): return 0.0\n"
        "    __rsub__ = __sub__\n"
        "def double(x):\n    return Yes()"
    },
)
wants_marks(
    "an object that answers for numpy",
    solutions={
        "double": "import numpy as np\n"
        "class Array:\n"
        "    shape = (2, 3)\n"
        "    def __array_ufunc__(self, *a, **k): return True\n"
        "    def __array_function__(self, *a, **k): return True\n"
        "    def __array__(self, *a, **k): return np.zeros((2, 3))\n"
        "def double(x):\n    return Array()"
    },
)
wants_marks(
    "an ndarray subclass that is close to everything",
    solutions={
        "double": "import numpy as np\n"
        "class Close(np.ndarray):\n"
        "    def __array_ufunc__(self, *a, **k): return np.zeros(())\n"
        "    def __sub__(self, other): return np.zeros(self.shape)\n"
        "    __rsub__ = __sub__\n"
        "def double(x):\n    return np.asarray(x, dtype=float).view(Close)"
    },
)
wants_marks(
    "a float that is no distance from anything",
    solutions={
        "double": "class Near(float):\n"
        "    def __sub__(self, other): return 0.0\n"
        "    __rsub__ = __sub__\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = float.__hash__\n"
        "def double(x):\n    return Near(3.0)"
    },
)
case(
    "a choice that equals every choice",
    "marks",
    solutions={
        "largest": "class Any:\n"
        "    def __eq__(self, other): return True\n"
        "    def __hash__(self): return hash(16)\n"
        "largest = Any()"
    },
    loses={"test-largest": 0.0},
)
case(
    "an integer that equals every choice",
    "marks",
    solutions={
        "largest": "class Any(int):\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = int.__hash__\n"
        "largest = Any(4)"
    },
    loses={"test-largest": 0.0},
)

# -- values that are no answers -------------------------------------------------------------------

wants_marks("NaN", solutions={"double": "def double(x):\n    return x * float('nan')"})
wants_marks("infinity", solutions={"double": "def double(x):\n    return x * float('inf')"})
wants_marks(
    "letters that no file can hold",
    solutions={"double": "def double(x):\n    return np.array('\\udc80 \\x1b[31m')"},
)
wants_marks("None", solutions={"double": "def double(x):\n    return None"})
wants_marks("an empty array", solutions={"double": "def double(x):\n    return np.zeros((0,))"})
wants_marks(
    "only the visible inputs",
    solutions={
        "double": "def double(x):\n"
        "    if np.ndim(x) == 0 and x < 0:\n        raise ValueError\n"
        "    return 6.0"
    },
    says="A hidden test",
)
wants_marks(
    "the argument is changed to fit the answer",
    solutions={
        "double": "def double(x):\n"
        "    if np.ndim(x):\n        x *= 0\n        return x\n"
        "    if x < 0:\n        raise ValueError\n"
        "    return 2 * x"
    },
)
case(
    "a NaN for a choice",
    "marks",
    solutions={"largest": "largest = float('nan')"},
    loses={"test-largest": 0.0},
)

# -- looking for the test, and talking to the examiner --------------------------------------------

wants_marks(
    "looks for the expected value in every frame and object",
    solutions={
        "double": "import gc, sys\n"
        "def double(x):\n"
        "    frame = sys._getframe()\n"
        "    while frame:\n"
        "        for name in ('expected', 'want', 'numbers'):\n"
        "            if name in frame.f_locals: return frame.f_locals[name] * 2\n"
        "        frame = frame.f_back\n"
        "    for thing in gc.get_objects():\n"
        "        if isinstance(thing, dict) and 'numbers' in thing: return thing['numbers'] * 2\n"
        "    return x"
    },
)
wants_marks(
    "a thread puts the right answers in place while tests run",
    """
    import threading, time
    def rebind():
        while True:
            globals()["check_close"] = globals()["check_raises"] = lambda *a, **k: None
            time.sleep(0.001)
    threading.Thread(target=rebind, daemon=True).start()
    """,
)
wants_marks(
    "forges answers on every open file",
    solutions={
        "double": "import os, struct\n"
        "def frame(body): return struct.pack('>I', len(body)) + body\n"
        "def double(x):\n"
        "    import msgpack\n"
        "    forged = msgpack.packb(\n"
        "        {'message': 'Returned', 'value': 6.0, 'changes': []})\n"
        "    for number in range(3, 64):\n"
        "        try: os.write(number, frame(forged) * 20)\n"
        "        except OSError: pass\n"
        "    return x"
    },
)
wants_marks(
    "forges a verdict",
    """
    import os, struct, msgpack
    mark = {"schema": 2, "cell": "test-double", "task": "double", "points": 2.0,
            "max_points": 2.0, "outcome": "passed"}
    for forged in (
        {"message": "CellRan", "outputs": [], "fine": True, "called": []},
        {"message": "Done"},
        {"message": "Described", "names": {"double": 6.0}},
        {"message": "Judged", "state": "reached", "verdict": {"mark": mark, "called": []}},
    ):
        frame = msgpack.packb(forged)
        for number in range(3, 64):
            try: os.write(number, struct.pack(">I", len(frame)) + frame)
            except OSError: pass
    """,
    after="solution-double",
    harmless=False,
    # Its own process is out of step from there on, and that only.
    loses={"test-double": 0.0, "test-update": 0.0, "test-Line": 0.0, "test-largest": 0.0},
)
wants_marks(
    "ends the process with success in the test",
    solutions={"double": "import os\ndef double(x):\n    os._exit(0)"},
)
for kind in ("SystemExit(0)", "KeyboardInterrupt", "GeneratorExit", "StopIteration"):
    wants_marks(f"raises {kind}", solutions={"double": f"def double(x):\n    raise {kind}"})
wants_marks(
    "raises an error that pretends to be all errors",
    solutions={
        "double": "class Meta(type):\n"
        "    def __instancecheck__(cls, other): return True\n"
        "    def __subclasscheck__(cls, other): return True\n"
        "class AnyError(Exception, metaclass=Meta):\n    def __str__(self): return 1\n"
        "def double(x):\n    raise AnyError"
    },
)


# -- the notebook's own cells ---------------------------------------------------------------------


def _tag_tests(notebook: dict[str, Any]) -> None:
    for cell in test_cells(notebook):
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]


def _empty_tests(notebook: dict[str, Any]) -> None:
    for cell in test_cells(notebook):
        cell["source"] = "2.0"


def _raise_points(notebook: dict[str, Any]) -> None:
    for cell in test_cells(notebook):
        cell["metadata"]["nbgrader"]["points"] = 1000


def _drop_tests(notebook: dict[str, Any]) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if not c["id"].startswith("test-")]


def _prose_tests(notebook: dict[str, Any]) -> None:
    for cell in test_cells(notebook):
        cell["cell_type"] = "markdown"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _second_tests(notebook: dict[str, Any]) -> None:
    for cell in test_cells(notebook):
        notebook["cells"].append({**cell, "id": cell["id"] + "-again", "source": "2.0"})


def _unlock(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        meta = cell["metadata"].get("nbgrader")
        if meta:
            meta.update(locked=False, grade=False, solution=True)


def _change_shared(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if cell["id"] == "setup-imports":
            cell["source"] += "\ndef check_close(*a, **k): pass\ndef check_raises(*a, **k): pass"


def _mark_oneself(notebook: dict[str, Any]) -> None:
    for cell in test_cells(notebook):
        cell["outputs"] = [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "2.0"},
                "metadata": {},
                "execution_count": 1,
            }
        ]
        cell["metadata"]["autograder"] = {"points": 2.0, "outcome": "passed"}
    notebook["metadata"]["autograder"] = {"fingerprint": "0" * 64, "tier": "strong"}


for what, change in {
    "test cells are tagged to be skipped": _tag_tests,
    "test cells hold a mark": _empty_tests,
    "test cells are worth a thousand points": _raise_points,
    "test cells are deleted": _drop_tests,
    "test cells are turned into prose": _prose_tests,
    "a second test cell with the same id": _second_tests,
    "every cell is unlocked": _unlock,
    "the shared cell holds other checks": _change_shared,
    "outputs and metadata say that it passed": _mark_oneself,
}.items():
    wants_marks(what, notebook=change)

# -- files beside the notebook --------------------------------------------------------------------

_EVIL = "def __getattr__(name):\n    return lambda *a, **k: True\n"
wants_marks(
    "files named like modules",
    files={
        "numpy.py": _EVIL,
        "torch.py": _EVIL,
        "sitecustomize.py": "import builtins\nbuiltins.abs = lambda x: 0",
        "ipykernel_launcher.py": "raise SystemExit",
        "nnlab/testing.py": _EVIL,
        "nnlab/__init__.py": "",
    },
)
wants_marks(
    "writes a module that tests import",
    """
    import os, sys
    os.makedirs("nnlab", exist_ok=True)
    open("nnlab/__init__.py", "w").close()
    open("nnlab/testing.py", "w").write("def check_close(*a, **k): pass")
    sys.path.insert(0, os.getcwd())
    for name in [name for name in sys.modules if name.startswith("nnlab")]:
        del sys.modules[name]
    """,
)
