"""Notebooks that are broken, mostly by accident: what can be judged is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from threat_cases import case


def broken(name: str, change: Callable[[dict[str, Any]], None], **rest: object) -> None:
    case(name, "broken", notebook=change, **rest)


def _cell(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def _reverse(notebook: dict[str, Any]) -> None:
    notebook["cells"].reverse()


def _drop_shared(notebook: dict[str, Any]) -> None:
    notebook["cells"].remove(_cell(notebook, "setup-imports"))


def _split(notebook: dict[str, Any]) -> None:
    whole = _cell(notebook, "solution-double")
    lines = whole["source"].splitlines(keepends=True)
    whole["source"] = "helper = 2.0\n"
    second = {"id": "second-half", "cell_type": "code", "metadata": {}, "outputs": []}
    place = notebook["cells"].index(whole) + 1
    notebook["cells"].insert(place, {**second, "execution_count": None, "source": "".join(lines)})


def _twice(notebook: dict[str, Any]) -> None:
    whole = _cell(notebook, "solution-double")
    place = notebook["cells"].index(whole)
    notebook["cells"].insert(place, {**whole, "id": "copy", "source": "def double(x): return 0"})


def _without_outputs(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _other_kernel(notebook: dict[str, Any]) -> None:
    notebook["metadata"]["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}


def _old_ids(notebook: dict[str, Any]) -> None:
    notebook["nbformat_minor"] = 2
    for cell in notebook["cells"]:
        cell.pop("id")


def _lists(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)


def _odd_cell(notebook: dict[str, Any]) -> None:
    odd = {"id": "odd", "cell_type": "code", "metadata": {}, "outputs": []}
    notebook["cells"].insert(3, {**odd, "execution_count": None, "source": "1 +\n\x00"})


broken("cells in reverse order", _reverse, says="Cells were moved")
broken(
    "the shared cell is deleted",
    _drop_shared,
    says="Put back, because missing from the notebook: setup-imports",
)
broken("a solution in two cells", _split)
broken("a cell twice, the last one right", _twice, says="The cell solution-double is there twice")
broken("no outputs", _without_outputs)
broken("the kernel of another language", _other_kernel, says="it was run as Python")
broken("no cell ids, as before nbformat 4.5", _old_ids)
broken("sources as lists of lines", _lists)
broken("a cell that is not Python", _odd_cell, says="invalid character")
case(
    "a solution that is not Python",
    "broken",
    solutions={"double": "def double(x)\n    return 2 * x"},
    loses={"test-double": 0.0},
    says="double is not defined",
)
case(
    "a solution cell that is empty",
    "broken",
    solutions={"update": ""},
    loses={"test-update": 0.0},
    says="update is not defined",
)
case(
    "magics, shell commands and a missing module",
    "broken",
    "%matplotlib inline\n!true\nimport surely_not_installed",
    says="No module named 'surely_not_installed'",
)
case(
    "an extra file that a cell imports",
    "broken",
    "import mine\nprint('imported', mine.y)",
    files={"mine.py": "y = 1"},
    says="imported 1",
)
