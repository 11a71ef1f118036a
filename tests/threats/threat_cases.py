"""What a submission may try, as cases: a small notebook each, and what must come of it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Points of the small lesson's test cells.
FULL = {"test-double": 2.0, "test-update": 3.0, "test-Line": 4.0, "test-largest": 1.0}

#: A wrong answer to the first task, for cases that want marks for it.
WRONG = "def double(x):\n    return x"


@dataclass(frozen=True)
class Case:
    """One submission.

    Attributes:
        threat: the class of threats that it belongs to.
        solutions: what stands in solution cells, by task; the others hold the reference.
        extras: code cells that the student added: the id of the cell before, and the source.
        notebook: changes the notebook's JSON before it is handed in.
        files: handed in beside the notebook.
        loses: the points of tests that do not earn everything.
        says: words of a remark, a sentence or an output that must be there; by tier, if each tier
            has its own; one of several. Of a case that exhausts something: by what it was stopped.
        left: a path that the case tries to make; nothing may be there afterwards.
        never: words that may be in nothing that a student is shown.
        harmless: it can be run without isolation, by stock nbgrader, in a throwaway folder.
    """

    name: str
    threat: str
    solutions: dict[str, str] = field(default_factory=dict)
    extras: tuple[tuple[str, str], ...] = ()
    notebook: Callable[[dict[str, Any]], None] | None = None
    files: dict[str, str] = field(default_factory=dict)
    loses: dict[str, float] = field(default_factory=dict)
    says: str | dict[str, str] | dict[str, tuple[str, ...]] = ""
    left: str = ""
    never: tuple[str, ...] = ("STOLEN",)
    harmless: bool = True

    def says_in(self, tier: str) -> tuple[str, ...]:
        """The words of which some must be there in a tier."""
        words = self.says[tier] if isinstance(self.says, dict) else self.says
        return (words,) if isinstance(words, str) else words

    @property
    def earns(self) -> dict[str, float]:
        return {**FULL, **self.loses}


CASES: list[Case] = []


def case(name: str, threat: str, code: str = "", after: str = "setup-imports", **rest: Any) -> None:
    """Register a case whose attack is ``code``, in a cell that the student added."""
    extras = ((after, textwrap.dedent(code).strip()),) if code else ()
    CASES.append(Case(name, threat, extras=extras, **rest))


def wants_marks(name: str, code: str = "", after: str = "setup-imports", **rest: Any) -> None:
    """A wrong ``double`` beside an attack that would have it pass."""
    rest.setdefault("solutions", {"double": WRONG})
    rest.setdefault("loses", {"test-double": 0.0})
    case(name, "marks", code, after, **rest)


def test_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The test cells of a notebook."""
    return [cell for cell in notebook["cells"] if cell["id"].startswith("test-")]
