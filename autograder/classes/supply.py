"""The jobs of one run of a pool: which is next, and which is tried once more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from autograder.classes.jobs import Job, NotGraded
from autograder.classes.packing import Answer, Lost, UnknownLesson
from autograder.judging.result import Result

#: How often a job is tried whose worker is lost.
_TRIES = 2


@dataclass(frozen=True)
class Attempt:
    """A job, and the number of times that it has been tried with this one."""

    job: Job
    number: int = 1


class Supply:
    """Asks for jobs one at a time, when they are needed."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = iter(jobs)
        self._first: deque[Attempt] = deque()
        self._error: Exception | None = None

    def next(self) -> Attempt | None:
        """What is to be done next; None if there is nothing, for now."""
        if self._first:
            return self._first.popleft()
        if self._error is None:
            try:
                for job in self._jobs:
                    return Attempt(job)
            except Exception as error:  # noqa: BLE001  see finish()
                self._error = error
        return None

    def is_empty(self) -> bool:
        """Whether there is nothing to be done; this may ask for a job, which is then the next."""
        attempt = self.next()
        if attempt is not None:
            self._first.appendleft(attempt)
        return attempt is None

    def result(self, attempt: Attempt, answer: Answer) -> Result | NotGraded | None:
        """What comes of an answer; None if the job's worker was lost and it will be tried again."""
        assert not isinstance(answer, UnknownLesson), "a worker asks for a lesson that it was sent"
        if not isinstance(answer, Lost):
            return answer
        if attempt.number >= _TRIES:
            return NotGraded(answer.reason)
        self._first.append(replace(attempt, number=attempt.number + 1))
        return None

    def finish(self) -> None:
        """Raise the error that ended the iterable of jobs, once all of its jobs are answered."""
        if self._error is not None:
            raise self._error
