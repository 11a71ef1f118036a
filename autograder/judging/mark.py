"""The record of a mark: one type from the verdict to the gradebook, pages and JSON.

``mark.schema.json`` beside this file is its JSON Schema.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

#: The version of the record. It grows when a field changes its meaning or goes.
SCHEMA_VERSION = 2

Outcome = Literal[
    "passed",  # all points
    "partial",  # some points
    "failed",  # the answer is wrong
    "not_written",  # there is no answer yet
    "blocked",  # the answer calls another task's, which is wrong: see ``blocked_by``
    "not_run",  # the test could not be run
    "fault",  # the test itself is wrong
    "to_be_marked",  # free text that waits for a person
    "not_answered",  # free text that is as it was handed out
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Mark:
    """The mark of one graded cell, with how it was reached.

    ``cell`` is the cell's id and ``task`` its task's name. ``points`` is None until a person has
    marked it (free text). ``says`` is the sentence for the student; it never holds a word of a
    hidden test. ``detail`` is for the instructor. ``hidden`` tells that it was a hidden line that
    failed. ``blocked_by`` names the tasks that have to be put right first. ``key`` is the digest of
    what it was made from (:mod:`autograder.judging.key`), once it has been recorded.
    """

    cell: str
    task: str
    points: float | None
    max_points: float
    outcome: Outcome
    says: str = ""
    detail: str = ""
    hidden: bool = False
    blocked_by: tuple[str, ...] = ()
    seconds: float = 0.0
    tier: str = ""
    key: str = ""

    @property
    def is_full(self) -> bool:
        """Whether it earned all its points."""
        return self.points == self.max_points

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON."""
        fields = {**asdict(self), "blocked_by": list(self.blocked_by)}
        return {"schema": SCHEMA_VERSION, **fields}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Mark:
        """The mark of a record.

        Raises:
            ValueError: it is of another version.
            TypeError: a field is missing, or unknown.
        """
        if record.get("schema") != SCHEMA_VERSION:
            raise ValueError(
                f"a mark of version {record.get('schema')!r}; this grader reads {SCHEMA_VERSION}"
            )
        fields = {name: value for name, value in record.items() if name != "schema"}
        return cls(**{**fields, "blocked_by": tuple(fields.get("blocked_by", ()))})


def schema() -> dict[str, Any]:
    """The record's JSON Schema (draft 2020-12)."""
    path = Path(__file__).with_name("mark.schema.json")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read
