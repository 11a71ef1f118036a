"""The sentences for a student and for an instructor about what ended a test.

What is said of a hidden line holds no word of it, and no word that a student chose: a function
could tell in its name, or in a message, what hidden tests try.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.judging.conversation import FromStudent, NoAnswer
from autograder.judging.mark import Outcome
from autograder.lessons.python_source import free_names
from autograder.protocol.channel import ChannelClosed, ChannelTimeout, ProtocolError
from autograder.protocol.plain_text import field as text_field

NOT_RUN = "The test could not be run."
_NAME_ERROR = re.compile(r"name '(\w+)' is not defined")


class TimeUp(BaseException):
    """The test's time is up. Not an Exception, so that no test swallows it."""


@dataclass(frozen=True)
class Reason:
    """Why a test ended without its points: an outcome, and sentences.

    ``visible`` is for the student if a visible line failed, ``hidden`` if a hidden one did;
    ``detail`` is for the instructor. ``undefined`` is as in ``Verdict``.
    """

    outcome: Outcome
    visible: str
    hidden: str
    detail: str = ""
    undefined: str = ""
    undefined_in_answer: bool = False

    @classmethod
    def same(cls, outcome: Outcome, says: str, undefined: str = "") -> Reason:
        """One sentence for everybody."""
        return cls(outcome, says, says, says, undefined)


@dataclass(frozen=True)
class Facts:
    """What the sentences about a test need to know.

    ``source`` is the test's, ``bound`` the names that exist in it, ``wanted`` those that it takes
    from the student; ``last_call`` is the label of what it called last, ``seconds`` its time.
    """

    source: str
    bound: frozenset[str]
    wanted: tuple[str, ...]
    last_call: str
    seconds: float

    @property
    def called(self) -> str:
        """What was called last, for a sentence."""
        return self.last_call or "The test"

    @property
    def own_name(self) -> str:
        """The same if the test itself has that name; other names a student may have made up."""
        own = self.called.split(".")[0] in self.wanted
        return self.called if own else "your code"

    @property
    def missing(self) -> frozenset[str]:
        """The names that the test reads and that nothing has bound."""
        return free_names(self.source) - self.bound


def reason_for(error: BaseException, facts: Facts) -> Reason:
    """Why a test ended that raised ``error``."""
    if isinstance(error, FromStudent):
        return _raised_by_student(error, facts)
    if isinstance(error, (TimeUp, ChannelTimeout)):
        return Reason.same("not_run", too_slow(facts.seconds))
    if isinstance(error, ChannelClosed):
        ended = "ended its process: it called exit, crashed, or used too much memory."
        says = f"{facts.called} {ended}"
        return Reason("not_run", says, f"{facts.own_name} {ended}", says)
    if isinstance(error, (ProtocolError, NoAnswer)):
        says = f"{facts.called} gave back what cannot be judged: {error}."
        return Reason("failed", says, f"{facts.own_name} gave back what cannot be judged.", says)
    if isinstance(error, NameError) and error.name in facts.missing:
        return Reason.same("failed", not_defined(error.name), error.name)
    if isinstance(error, AssertionError):
        says = str(error) or "A check failed."
        found = "A hidden test found a case in which the answer is wrong."
        return Reason("failed", says, found, says)
    return _unusable(error, facts)


def too_slow(seconds: float) -> str:
    """The sentence for an answer that did not come in time."""
    return f"Your code did not answer within {seconds:g} s. Is there a loop that does not end?"


def not_defined(name: str) -> str:
    """The sentence for a name that is missing, until the notebook says why."""
    return f"{name} is not defined."


def not_written(name: str) -> str:
    """The sentence for a task without an answer."""
    return f"{name} is not written yet."


def _raised_by_student(error: FromStudent, facts: Facts) -> Reason:
    """The student's code raised: what is missing in it, or what it raised."""
    assert isinstance(error, BaseException)
    name, in_probe = _undefined(error, facts)
    outcome: Outcome = "failed"
    if isinstance(error, NotImplementedError):
        says, outcome = not_written(facts.called), "not_written"
    elif in_probe:
        return Reason.same("failed", not_defined(name), name)
    elif type(error).__name__ == "SystemExit":
        says = f"{facts.called} called sys.exit; a function returns its result."
    else:
        message = f": {error}" if str(error) else ""
        says = f"{facts.called} raised {type(error).__name__}{message}."
    # The name of a class is the student's to choose, and might tell what was tried.
    known = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    hidden = f"A hidden test made {facts.own_name} raise {known.__name__}."
    detail = f"{says}\n{error.student_traceback}"
    is_undefined = bool(name) and isinstance(error, NameError)
    return Reason(outcome, says, hidden, detail, name if is_undefined else "", is_undefined)


def _undefined(error: FromStudent, facts: Facts) -> tuple[str, bool]:
    """The name in a NameError of the student's side, and whether a probe did not find it.

    A traceback is the student's to forge; but a probe reads no name that the test does not.
    """
    missing = _NAME_ERROR.fullmatch(str(error))
    if missing is None:
        return "", False
    last_frame = error.student_traceback.rpartition("  File ")[2]
    in_probe = last_frame.startswith('"<probe') and missing[1] in free_names(facts.source)
    return missing[1], in_probe


def _unusable(error: BaseException, facts: Facts) -> Reason:
    """The test stumbled over what it got."""
    what = f"what {facts.last_call} returned" if facts.last_call else "your answer"
    says = (
        f"The test could not use {what} "
        f"({type(error).__name__}: {text_field(str(error), 300)}). Check its type and shape."
    )
    hidden = f"A hidden test could not use what {facts.own_name} returned: check type and shape."
    return Reason("failed", says, hidden, says)
