"""Runs one test cell against stand-ins, and reaches a verdict."""

from __future__ import annotations

import contextlib
import linecache
import math
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from autograder.judging import alarm
from autograder.judging.conversation import Conversation
from autograder.judging.mark import Mark, Outcome
from autograder.judging.outputs import Outputs, Writer, error_output
from autograder.judging.scripts import ProbeStep, Script, Step, file_of
from autograder.judging.stand_ins import kind_of
from autograder.judging.verdict import Verdict
from autograder.judging.wording import Facts, reason_for
from autograder.lessons.model import Cell
from autograder.protocol.channel import Channel, ChannelClosed

_FAULT = "This test has a fault of its own; your instructor has been told."


class Examination:
    """One run of one test cell: :meth:`begin`, and if that gives no verdict, :meth:`finish`.

    Args:
        script: the cell, compiled.
        channel: to the student's side; closed when there is a verdict.
        names: what the test starts with.
        seconds: how long both halves together may take.
    """

    def __init__(
        self,
        cell: Cell,
        script: Script,
        channel: Channel,
        names: dict[str, Any],
        seconds: float,
    ) -> None:
        self._cell = cell
        self._script = script
        self._seconds = seconds
        self._outputs = Outputs()
        self._names = names
        self._file = file_of(cell)
        self._conversation = Conversation(
            channel, outputs=self._outputs, shows_changes=cell.shows_changes
        )
        self._spent = 0.0

    def begin(self) -> Verdict | None:
        """Run the lines before the first hidden one; None if the rest has to be run."""
        lines = self._cell.source.splitlines(keepends=True)
        linecache.cache[self._file] = (len(self._cell.source), None, lines, self._file)
        return self._judge(self._begin)

    def finish(self) -> Verdict | None:
        """Run the hidden lines and what follows; None if the student's side has gone meanwhile."""
        return self._judge(self._finish)

    def _judge(self, half: Callable[[], Verdict | None]) -> Verdict | None:
        started = time.monotonic()
        left = self._seconds - self._spent
        conversation = self._conversation
        conversation.deadline = started + left
        alarm.start(left + 1)
        writers = [Writer(self._outputs, name) for name in ("stdout", "stderr")]
        try:
            with contextlib.redirect_stdout(writers[0]), contextlib.redirect_stderr(writers[1]):
                verdict = half()
            if conversation.broken:
                raise conversation.broken
            alarm.stop()
        except BaseException as error:  # noqa: BLE001  whatever ends a test is a verdict
            alarm.stop()
            # If the process died, report that, even if the test caught the resulting exception.
            verdict = self._verdict_of(conversation.broken or error)
        self._spent += time.monotonic() - started
        if verdict is None:
            return None
        conversation.channel.close()
        mark = replace(verdict.mark, seconds=round(self._spent, 4))
        return replace(verdict, mark=mark, called=frozenset(conversation.called))

    def _begin(self) -> Verdict | None:
        self._names.update(self._conversation.describe(list(self._script.wanted)))
        self._run(self._script.steps)
        reaches = self._conversation.has_stand_ins or any(
            isinstance(step, ProbeStep) for step in self._script.hidden_steps
        )
        if self._script.hides and reaches:
            self._conversation.hold()
            return None
        # The others look at values only: the student's side learns nothing of them.
        self._outputs.closed = self._script.hides
        return self._end()

    def _finish(self) -> Verdict | None:
        # What is printed while hidden lines run could tell what they try.
        self._outputs.closed = True
        return None if self._conversation.channel.hung_up() else self._end()

    def _end(self) -> Verdict:
        self._run(self._script.hidden_steps)
        value = None if self._script.value is None else eval(self._script.value, self._names)
        return self._verdict_of_value(value)

    def _run(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if isinstance(step, ProbeStep):
                self._names[step.name] = self._conversation.probe(step.name, step.source)
            else:
                exec(step, self._names)

    # -- verdicts ----------------------------------------------------------------------------

    def _mark(self, points: float, outcome: Outcome, **fields: Any) -> Mark:
        cell = self._cell
        return Mark(cell.id, cell.name, points, cell.points, outcome, **fields)

    def _verdict_of_value(self, value: Any) -> Verdict:
        """The verdict of a test that ran to its end; ``value`` is what its last line gave."""
        most = self._cell.points
        if value is None:
            return Verdict(self._mark(most, "passed"), list(self._outputs))
        if isinstance(value, np.generic):
            # nbgrader reads a mark off the printed value, and takes "np.float64(1.0)" for no
            # number: full marks.
            return self._fault(f"its last line is a numpy scalar ({value!r}); write float(…)")
        if not isinstance(value, Real) or isinstance(value, bool):
            return self._fault(f"its last line is a {kind_of(value)}, not a number of points")
        points = float(value)
        if math.isnan(points) or not 0 <= points <= most:
            return self._fault(f"its last line is {points}, not a number from 0 to {most:g}")
        shown = {
            "output_type": "execute_result",
            "data": {"text/plain": repr(points)},
            "metadata": {},
            "execution_count": None,
        }
        outputs = [*self._outputs, shown]
        if points == most:
            return Verdict(self._mark(points, "passed"), outputs)
        says = f"Partly right: {points:g} of {most:g} points."
        hidden = bool(self._cell.hidden_lines)
        return Verdict(self._mark(points, "partial", says=says, hidden=hidden), outputs)

    def _fault(self, problem: str) -> Verdict:
        detail = f"fault of the test {self._cell.id}: {problem}"
        outputs = [*self._outputs, error_output("TestFault", detail)]
        return Verdict(self._mark(0.0, "fault", says=_FAULT, detail=detail), outputs)

    def _verdict_of(self, error: BaseException) -> Verdict:
        """The verdict of a test that raised."""
        reason = reason_for(error, self._facts())
        hidden = self._outputs.closed
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == self._file]
        detail = reason.detail
        if frames:
            line = frames[-1].lineno or 0
            detail += f"\n{self._cell.id}, line {line}: {(frames[-1].line or '').strip()}"
        mark = self._mark(
            0.0,
            reason.outcome,
            says=reason.hidden if hidden else reason.visible,
            detail=detail,
            hidden=hidden,
        )
        # What a hidden line met is not explained: a name there may tell what was tried.
        explained = not (hidden and reason.undefined_in_answer)
        return Verdict(
            mark,
            [*self._outputs, error_output(type(error).__name__, detail)],
            ended=isinstance(error, ChannelClosed),
            undefined=reason.undefined if explained else "",
            undefined_in_answer=reason.undefined_in_answer,
        )

    def _facts(self) -> Facts:
        return Facts(
            source=self._cell.source,
            bound=frozenset(self._names),
            wanted=self._script.wanted,
            last_call=self._conversation.last_call,
            seconds=self._seconds,
        )
