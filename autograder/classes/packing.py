"""A job on its way to a worker: small, because the lesson travels once and not with every job."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

from autograder.classes.jobs import Job, NotGraded
from autograder.judging.result import Result
from autograder.lessons.model import Lesson
from autograder.protocol.plain_text import for_person

#: So many lessons a worker keeps; for an older one it asks again.
KEPT_LESSONS = 32


@dataclass(frozen=True)
class UnknownLesson:
    """A worker's answer to a job of a lesson that it does not have: it wants both."""


@dataclass(frozen=True)
class Lost:
    """A job whose worker was lost, or cannot go on; another may do better.

    ``usable`` is False if the worker could not do any other job either.
    """

    reason: str
    usable: bool = True


#: What a worker may answer.
Answer: TypeAlias = Result | NotGraded | UnknownLesson | Lost


def pack(job: Job, with_lesson: bool = False) -> bytes:
    """A job as it is sent. Without its lesson it only names it.

    Raises:
        Exception: whatever the pickling of something in the job raises.
    """
    # A copy leaves behind what the lesson has worked out about itself.
    lesson = replace(job.lesson) if with_lesson else None
    values = {name: value for name, value in vars(job).items() if name != "lesson"}
    return pickle.dumps((_name(job.lesson), lesson, values))


class KnownLessons:
    """The lessons that a worker has been sent."""

    def __init__(self) -> None:
        self._lessons: dict[str, Lesson] = {}

    def unpack(self, message: bytes) -> Job | None:
        """The job that was sent; None if its lesson is unknown.

        Raises:
            Exception: whatever the unpickling of something in the job raises.
        """
        name, lesson, values = pickle.loads(message)
        if lesson is not None:
            keep(self._lessons, name, lesson)
        if name not in self._lessons:
            return None
        return Job(lesson=self._lessons[name], **values)


def keep(kept: dict[Any, Any], name: object, value: object) -> None:
    """Put a value into ``kept``; the oldest goes if there are too many."""
    kept[name] = value
    if len(kept) > KEPT_LESSONS:
        del kept[next(iter(kept))]


def unpack_answer(message: bytes) -> Answer:
    """What a worker has answered; one that cannot be read is no mark."""
    try:
        answer: Answer = pickle.loads(message)
    except Exception as error:  # noqa: BLE001  whatever an answer of another version raises
        return not_graded(error)
    return answer


def not_graded(error: BaseException) -> NotGraded:
    """The answer to a job that raised an error."""
    return NotGraded(f"{type(error).__name__}: {for_person(str(error), 300)}")


@lru_cache(maxsize=KEPT_LESSONS)
def _name(lesson: Lesson) -> str:
    """Names everything in a lesson: its own digest leaves out limits, which the command changes."""
    return hashlib.sha256(repr(lesson).encode("utf-8", "backslashreplace")).hexdigest()
