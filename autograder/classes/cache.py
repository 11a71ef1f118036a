"""Results that need not be made again, in a folder that several machines may share."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.classes.provenance import Provenance
from autograder.course.atomic import write_text
from autograder.intake.alterations import Flag
from autograder.judging.earlier import Earlier
from autograder.judging.mark import Mark
from autograder.judging.result import Result
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Lesson
from autograder.protocol.messages import called_names

#: Grows when an entry of the same name would hold something else.
_SCHEMA = 1
_SUFFIX = ".result.json"
#: An entry that is larger is none of ours.
_MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class CacheSize:
    """What a cache holds: entries, their bytes together, and files that are no entries."""

    entries: int
    bytes: int
    others: int


class ResultCache:
    """Results in a folder, by what they were made from.

    An entry is written under another name first and signed. One that is cut off, of another
    version, or signed with another secret is none: the submission is graded.

    Args:
        folder: made if it is not there. Other machines may read and write it at the same time.
        secret: who knows it can write entries that are believed; the course's hidden seed.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, folder: Path, secret: str) -> None:
        self.folder = folder
        self._secret = hashlib.sha256(f"autograder cache {secret}".encode()).digest()
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, made_from: Provenance, lesson: Lesson) -> Result | None:
        """The result that was made from just this; None if there is none."""
        name = _name(made_from)
        if not name:
            return None
        try:
            path = self._path(name)
            if path.stat().st_size > _MOST_BYTES:
                return None
            entry = json.loads(path.read_text(encoding="utf-8"))
            body = entry["body"]
            if not hmac.compare_digest(entry["signature"], self._signature(name, body)):
                return None
            return _to_result(json.loads(body), lesson)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, made_from: Provenance, result: Result) -> None:
        """Keep a result. A folder that is full or read-only is no reason to stop."""
        name = _name(made_from)
        if not name or any(mark.outcome in ("not_run", "fault") for mark in result.marks):
            return  # the machine may be to blame, or the test
        body = json.dumps(_from_result(result), sort_keys=True)
        entry = {"signature": self._signature(name, body), "body": body}
        with contextlib.suppress(OSError):
            path = self._path(name)
            path.parent.mkdir(exist_ok=True)
            write_text(path, json.dumps(entry))

    def size(self) -> CacheSize:
        """How much there is."""
        entries = [path.stat().st_size for path in self._entries()]
        others = sum(path.is_file() for path in self.folder.rglob("*")) - len(entries)
        return CacheSize(len(entries), sum(entries), others)

    def clear(self) -> int:
        """Remove all entries, and nothing else; how many there were."""
        count = 0
        for path in list(self._entries()):
            path.unlink(missing_ok=True)
            count += 1
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # if it was the last one
        return count

    def _entries(self) -> Iterator[Path]:
        return self.folder.glob(f"??/*{_SUFFIX}")

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / f"{name}{_SUFFIX}"

    def _signature(self, name: str, body: str) -> str:
        return hmac.new(self._secret, f"{name}\n{body}".encode(), "sha256").hexdigest()


def _name(made_from: Provenance) -> str:
    """What an entry is called; empty for what could not be read, which takes no time."""
    if not made_from.submission:
        return ""
    facts = [_SCHEMA, made_from.submission, made_from.environment, made_from.keys]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _from_result(result: Result) -> dict[str, Any]:
    return {
        "marks": [mark.to_dict() for mark in result.marks],
        "cells": result.cells,
        "remarks": list(result.remarks),
        "flags": [asdict(flag) for flag in result.flags],
        "seconds": result.seconds,
        "tier": result.tier,
        "version": result.version,
        "environment": result.environment,
        "earlier": result.earlier.to_dict() if result.earlier is not None else None,
    }


def _to_result(entry: dict[str, Any], lesson: Lesson) -> Result:
    earlier = entry["earlier"]
    if earlier is not None:
        verdicts = {name: Verdict.from_message(one) for name, one in earlier["verdicts"].items()}
        earlier = Earlier(verdicts, called=called_names(earlier["called"]))
    marks = tuple(map(Mark.from_dict, entry["marks"]))
    if {mark.cell for mark in marks} != {cell.id for cell in lesson.graded}:
        raise ValueError("the marks of another lesson")
    return Result(
        lesson.name,
        lesson.digest,
        marks,
        list(entry["cells"]),
        tuple(entry["remarks"]),
        entry["seconds"],
        entry["tier"],
        entry["version"],
        tuple(Flag(**flag) for flag in entry["flags"]),
        entry["environment"],
        earlier,
    )
