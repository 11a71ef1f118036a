"""Runs a planned notebook in the sandbox and judges its tests, again where a process ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from autograder.judging import forbidden_names
from autograder.judging.examiner import Examiner, Pending
from autograder.judging.mark import Mark
from autograder.judging.outputs import clean_outputs, error_output
from autograder.judging.plan import Step, TestStep
from autograder.judging.sandbox_client import Running, RunningTest, Sandbox, SubmissionDied
from autograder.judging.scripts import Prepared
from autograder.judging.verdict import Verdict
from autograder.lessons.model import Lesson

if TYPE_CHECKING:
    from autograder.judging.spawned import SpawnedSandbox, SpawnedTest

#: Files that a process of a submission may have open; descriptors under way in sockets count.
_OPEN_FILES = 512
#: How often a notebook is started again after a cell has ended its process.
_RESTARTS = 4
#: How many of a notebook's cells are tried once more when a process was killed that ran them.
_SECOND_TRIES = 3
#: Of a notebook's time, the part that hidden lines get when everything else has used it up.
_FOR_HIDDEN = 0.2
_NO_TIME = "This test could not be run: the notebook's time is up, or its process ended."


class _RestartTests(Exception):
    """A test that waited with its hidden lines has to begin again."""


class _RetryOnce(Exception):
    """A process ended that may have been killed from outside: all of it is run once more."""


class _CellEndedProcess(Exception):
    """The process ended while it ran ``step``."""

    def __init__(self, step: Step, reason: SubmissionDied) -> None:
        super().__init__(str(reason))
        self.step = step


class NotebookRun:
    """One submission in the sandbox: :meth:`complete` fills its steps with outputs and verdicts.

    Args:
        steps: made by :func:`autograder.judging.plan.plan`; changed here.
        files: what lies beside the notebook while it runs.
    """

    def __init__(
        self,
        lesson: Lesson,
        steps: list[Step],
        sandbox: Sandbox | SpawnedSandbox,
        prepared: Prepared,
        files: Iterable[tuple[str, bytes]],
    ) -> None:
        self._lesson = lesson
        self._steps = steps
        self._sandbox = sandbox
        self._prepared = prepared
        self._files = list(files)
        self._forbidden = forbidden_names.forbidden(lesson)
        #: What tasks forbid and the submission has called: tasks and names.
        self.called: set[tuple[str, str]] = set()
        #: Sentences about cells that ended the process.
        self.remarks: list[str] = []
        self._deadline = 0.0

    def complete(self) -> None:
        """Run the notebook, and again without a cell that ended its process, until all is judged.

        A test that could not be run has a verdict that says so.
        """
        seconds = self._lesson.limits.notebook_seconds
        self._deadline = time.monotonic() + seconds
        latest = self._deadline + seconds
        end = len(self._steps)
        attempt = 0
        while attempt < _RESTARTS + 2:
            begun = time.monotonic()
            try:
                self._run(self._steps[:end])
                break
            except _RetryOnce:  # neither its attempt nor its time is taken from the student
                self._deadline = min(self._deadline + time.monotonic() - begun, latest)
                continue
            except _CellEndedProcess as death:
                death.step.fatal = str(death)
                what = "the rest was run without it"
                if attempt == _RESTARTS:  # once more, for the hidden lines of the tests before it
                    end = self._steps.index(death.step)
                    what = "what follows it was not run"
                self.remarks.append(
                    f"Running {death.step.name} ended the process ({death}); {what}."
                )
            except _RestartTests:
                pass
            attempt += 1
        for step in self._steps:
            if isinstance(step, TestStep) and step.verdict is None:
                cell, detail = step.cell, step.fatal or _NO_TIME
                mark = Mark(cell.id, cell.name, 0.0, cell.points, "not_run", _NO_TIME, detail)
                step.verdict = Verdict(mark)

    def _run(self, steps: list[Step]) -> None:
        """Run every step that is not fatal in a fresh process; judge the tests not judged yet.

        Hidden lines run after the last cell: what the student's side keeps of them is shown
        nowhere.

        Raises:
            _CellEndedProcess: the process ended.
            _RetryOnce: the same, or a test's own process ended, and it is not known to be the
                student's doing.
            _RestartTests: a test has no verdict yet, through no fault of its own.
        """
        limits = self._lesson.limits
        resources = {
            "memory_mb": limits.memory_mb,
            "file_mb": limits.file_mb,
            "disk_mb": limits.disk_mb,
            "processes": limits.processes,
            "tests": sum(isinstance(step, TestStep) for step in steps),
            "cpu_seconds": limits.notebook_seconds + 30,
            "files": _OPEN_FILES,
        }
        with (
            self._examiner() as examiner,
            self._sandbox.submission(resources, self._files, self._forbidden) as running,
            contextlib.ExitStack() as opened,
        ):
            waiting = self._run_cells(steps, examiner, running, opened)
            self._run_hidden_lines(waiting, examiner)

    def _examiner(self) -> Examiner:
        if isinstance(self._sandbox, Sandbox):
            return Examiner(self._lesson, self._prepared)
        return self._sandbox.examiner(self._lesson)

    def _run_cells(
        self,
        steps: list[Step],
        examiner: Examiner,
        running: Running,
        opened: contextlib.ExitStack,
    ) -> list[tuple[TestStep, RunningTest | SpawnedTest]]:
        """Run the cells and the visible lines of tests; the tests that wait with hidden ones."""
        waiting: list[tuple[TestStep, RunningTest | SpawnedTest]] = []
        for step in steps:
            left = self._deadline + running.spent_again - time.monotonic()
            if left <= 0:
                break
            if step.fatal:
                continue
            try:
                if isinstance(step, TestStep):
                    if step.verdict is None:
                        test = running.test()
                        opened.callback(test.close)
                        if not self._judge(step, examiner.examine(step.cell, test.channel), test):
                            waiting.append((step, test))
                elif step.runs and not step.kept:
                    self._run_cell(step, running, left)
            except SubmissionDied as error:
                if error.killed:
                    self._try_again(step)
                raise _CellEndedProcess(step, error) from error
        return waiting

    def _run_hidden_lines(
        self, waiting: list[tuple[TestStep, RunningTest | SpawnedTest]], examiner: Examiner
    ) -> None:
        # What cells have used up is not taken from the tests that went well.
        least = time.monotonic() + self._lesson.limits.notebook_seconds * _FOR_HIDDEN
        deadline = max(self._deadline, least)
        lost = False
        for step, test in waiting:
            if time.monotonic() > deadline:
                return
            answer = examiner.finish(step.cell)
            test.close()
            lost = not self._judge(step, answer, test) or lost
        if lost:
            raise _RestartTests

    def _judge(
        self, step: TestStep, answer: Verdict | Pending, test: RunningTest | SpawnedTest
    ) -> bool:
        """Take a verdict, if it is one; whether it was."""
        if isinstance(answer, Pending):
            return False
        test.close()
        step.verdict = answer
        self.called |= answer.called & set(self._forbidden)
        if answer.mark.outcome == "not_run":
            # Did the test's own process end, or the notebook's with it?
            died = self._sandbox.how_it_ended()
            if answer.ended and (died is None or died.killed):
                self._try_again(step)
            if died is not None:
                raise _CellEndedProcess(step, died)
        return True

    def _try_again(self, step: Step) -> None:
        """Raise :class:`_RetryOnce`, unless this step, or enough others, have had that."""
        tries = sum(one.tried_again for one in self._steps)
        if not step.tried_again and tries < _SECOND_TRIES:
            self._retry(step)

    def _retry(self, step: Step) -> NoReturn:
        step.tried_again = True
        if isinstance(step, TestStep):
            step.verdict = None
        raise _RetryOnce

    def _run_cell(self, step: Step, running: Running, left: float) -> None:
        limits = self._lesson.limits
        seconds, output_bytes = min(limits.cell_seconds, left), limits.output_kb << 10
        ran = running.run(step.source, seconds, output_bytes, step.is_given, step.task)
        self.called |= ran.called & set(self._forbidden)
        if ran.late or not step.done:  # a second run changes nothing that was shown
            step.outputs = clean_outputs(ran.outputs, output_bytes)
            step.done = True
        if ran.late:
            says = f"The cell was stopped after {seconds:g} seconds."
            step.outputs.append(error_output("CellTimeout", says))
