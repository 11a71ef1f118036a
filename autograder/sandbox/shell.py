"""IPython without a kernel: runs cells as a notebook would."""

from __future__ import annotations

import builtins
import contextlib
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from matplotlib import font_manager
from matplotlib.backends import backend_agg
from traitlets.config import Config

from autograder.protocol.errors import exception_node
from autograder.protocol.plain_text import field
from autograder.sandbox.recorder import Recorder, Stream


def _recorder(part: DisplayPublisher | DisplayHook) -> Recorder:
    """The recorder of the shell that something is a part of."""
    recorder: Recorder = part.shell.recorder  # type: ignore[union-attr]  # it is always there
    return recorder


class _Publisher(DisplayPublisher):
    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: Any = False,
        **_: Any,
    ) -> None:
        display_id = str((transient or {}).get("display_id", ""))
        data, metadata = _as_plain_data(data), _as_plain_data(metadata or {})
        if update:
            _recorder(self).update(display_id, data, metadata)
            return
        output = {"output_type": "display_data", "data": data, "metadata": metadata}
        if display_id:
            output["display_id"] = display_id
        _recorder(self).add(output)

    def clear_output(self, wait: bool = False) -> None:
        _recorder(self).clear(wait)


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        _recorder(self).add(
            {
                "output_type": "execute_result",
                "data": _as_plain_data(format_dict),
                "metadata": _as_plain_data(md_dict or {}),
                "execution_count": self.prompt_count,
            }
        )


class _Compiler(CachingCompiler):
    """Tells the shell under which file name it compiles a cell."""

    shell: Shell

    def cache(self, *args: Any, **kwargs: Any) -> str:
        file = super().cache(*args, **kwargs)
        self.shell.on_compiled(file)
        return file


class Shell(InteractiveShell):
    """The interactive shell of the sandbox."""

    display_pub_class = _Publisher
    displayhook_class = _Hook
    compiler_class = _Compiler

    def __init__(self, **settings: Any) -> None:
        self.recorder = Recorder()
        self.on_compiled: Callable[[str], None] = lambda file: None
        super().__init__(**settings)
        assert isinstance(self.compile, _Compiler)
        self.compile.shell = self

    def enable_gui(self, gui: object = None) -> None:
        """There are no windows here; the inline backend needs none."""

    def system(self, cmd: str) -> None:
        """Run ``!command``. IPython's own way wants a terminal, which a sandbox need not have."""
        process = subprocess.Popen(
            self.var_expand(cmd, depth=1),
            shell=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        with process:
            for line in process.stdout or ():
                print(line, end="")
        self.user_ns["_exit_code"] = process.returncode

    def ask_exit(self) -> None:
        """``exit`` in a cell ends nothing while grading."""

    def _format_exception_for_storage(self, exception: BaseException, *_: Any, **__: Any) -> Any:
        """Nothing: there is no history to store tracebacks in, and making one takes as long as
        showing it."""
        return None

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        lines = stb if isinstance(stb, list) else str(stb).split("\n")
        self.recorder.add(
            {
                "output_type": "error",
                "ename": str(getattr(etype, "__name__", etype)),
                "evalue": exception_node(evalue)["message"],
                "traceback": [field(str(line)) for line in lines[-50:]],
            }
        )

    def run(self, source: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """Run one cell. Its outputs, and whether it ended without an error."""
        self.recorder.start(limit)
        with tempfile.TemporaryFile() as file:
            saved = os.dup(1), os.dup(2)
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            streams = sys.stdout, sys.stderr
            sys.stdout = Stream(self.recorder, "stdout")
            sys.stderr = Stream(self.recorder, "stderr")
            try:
                result = self.run_cell(source, store_history=True)
            finally:
                sys.stdout, sys.stderr = streams
                for target, keep in enumerate(saved, start=1):
                    os.dup2(keep, target)
                    os.close(keep)
            file.seek(0)
            self.recorder.stream("stdout", file.read(limit).decode("utf-8", "replace"))
        outputs = self.recorder.finished()
        for output in outputs:
            output.pop("display_id", None)
        return outputs, bool(result.success)


def _as_plain_data(value: Any) -> Any:
    """A mime bundle as data that JSON and msgpack can carry."""
    if isinstance(value, dict):
        return {str(key): _as_plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_plain_data(item) for item in value]
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode("ascii")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


#: A first figure loads fonts and the PNG writer, and sets the powers of ten along its axis. (So a
#: first error loads what prints tracebacks.) Once in the warm parent, not once a submission.
_FIRST_FIGURE = """
import matplotlib.pyplot as plt
from nnlab.pictures import show, use_style
with plt.rc_context():
    use_style()
    figure, axes = plt.subplots()
    axes.set(xscale="log", xlim=(1e-16, 1e3), xticks=[10.0**power for power in range(-16, 4)])
    show(figure, alt="an empty figure")
plt.plot([0, 1])
plt.show()
"""


def warm_shell() -> Shell:
    """Make the shell, with inline figures as in a notebook; once, in the warm parent."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = Shell.instance(config=config)
    builtins.input = _no_input
    shell.enable_matplotlib("inline")
    _share_one_math_parser()
    for cell in (_FIRST_FIGURE, "1/0", "len(1)", "raise NotImplementedError()"):
        shell.run(cell, 1 << 20)
    shell.reset(new_session=True)
    # matplotlib drops its open fonts in every fork; a fork with none to drop is 2 ms cheaper.
    with contextlib.suppress(AttributeError):  # it has no public name
        font_manager._get_font.cache_clear()  # type: ignore[attr-defined]
    return shell


def _share_one_math_parser() -> None:
    """Have matplotlib set each formula once for all figures.

    A figure's renderer makes a parser of its own, whose memory of formulas goes with it: 5 ms for
    each number at a logarithmic axis, and for each figure anew. matplotlib has no setting for it.
    """
    kind = "MathTextParser"
    setattr(backend_agg, kind, functools.cache(getattr(backend_agg, kind)))


def _no_input(prompt: object = "") -> str:
    raise RuntimeError("input() does not work while grading: nobody is there to answer")
