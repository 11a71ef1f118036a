"""What running one test cell came to, before it is held against the rest of the notebook."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.judging.mark import Mark
from autograder.protocol.messages import called_names


@dataclass(frozen=True)
class Verdict:
    """A test's mark, and what else running it has shown.

    ``outputs`` are the test's, in nbformat's words. ``called`` is what the student's side says it
    called though a task forbids it: tasks and names. ``ended`` tells that a process ended in the
    middle, the student's or the examiner's. ``undefined`` is a name that the notebook should have
    bound and had not: read by the test, or (``undefined_in_answer``) by the student's own code.
    """

    mark: Mark
    outputs: list[dict[str, Any]] = field(default_factory=list)
    called: frozenset[tuple[str, str]] = frozenset()
    ended: bool = False
    undefined: str = ""
    undefined_in_answer: bool = False

    def to_message(self) -> dict[str, Any]:
        """The verdict as plain data for a message."""
        fields = asdict(self)
        return {
            **fields,
            "mark": self.mark.to_dict(),
            "called": [list(pair) for pair in self.called],
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Verdict:
        """The verdict that :meth:`to_message` made."""
        mark, called = Mark.from_dict(message["mark"]), called_names(message["called"])
        return cls(**{**message, "mark": mark, "called": called})
