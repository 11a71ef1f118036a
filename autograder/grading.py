"""One submission to one result. Pure: no database, no files but the sandbox's, no global state."""

from __future__ import annotations

import contextlib
import copy
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder import __version__, integrity
from autograder.examiner import Examiner, Prepared, Verdict, error_output
from autograder.lesson import Cell, Lesson, free_names, top_level_names
from autograder.sandbox.client import OpenTest, Running, Sandbox, SubmissionDied
from autograder.submission import Extra, Flag, Submission
from autograder.wire import plain, text

#: Files that a process of a submission may have open; descriptors under way in sockets count.
_OPEN_FILES = 512
#: How often a notebook is started again after a cell has ended its process.
_RESTARTS = 4
#: How many of a notebook's cells are tried once more when a process was killed that ran them.
_SECOND_TRIES = 3
#: Of a notebook's time, the part that hidden lines get when everything else has used it up.
_FOR_HIDDEN = 0.2


@dataclass(frozen=True)
class Mark:
    """The mark of one graded cell, with how it was reached. ``points`` is None until a person
    has marked it (free text)."""

    cell: str
    points: float | None
    max_points: float
    outcome: str
    says: str = ""
    detail: str = ""
    hidden: bool = False
    seconds: float = 0.0
    tier: str = ""


@dataclass(frozen=True)
class Result:
    """A graded submission: marks, remarks, and the cells of the autograded notebook.

    ``cells`` are nbformat cells (plain dicts) in order. ``flags`` are for the instructor alone.
    """

    lesson: str
    lesson_digest: str
    marks: tuple[Mark, ...]
    cells: list[dict[str, Any]]
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0
    tier: str = ""
    version: str = __version__
    flags: tuple[Flag, ...] = ()

    @property
    def points(self) -> float:
        return sum(mark.points or 0.0 for mark in self.marks)

    @property
    def faults(self) -> tuple[Mark, ...]:
        return tuple(mark for mark in self.marks if mark.outcome == "fault")

    def mark(self, cell_id: str) -> Mark:
        return next(mark for mark in self.marks if mark.cell == cell_id)


@dataclass(frozen=True)
class Options:
    """How to grade: whether experiments run, and which tasks are judged (all if none is named)."""

    run_experiments: bool = False
    tasks: tuple[str, ...] = ()


@dataclass
class _Step:
    """A cell of the notebook to be: the lesson's, or one that the student added."""

    cell: Cell | None
    extra: Extra | None
    source: str
    runs: bool
    missing: bool = False
    outputs: list[dict[str, Any]] = field(default_factory=list)
    verdict: Verdict | None = None
    fatal: str = ""
    done: bool = False
    tried_again: bool = False

    @property
    def is_test(self) -> bool:
        return self.cell is not None and self.cell.kind == "tests"


def grade(
    lesson: Lesson,
    master: dict[str, Any],
    submission: Submission,
    sandbox: Sandbox,
    prepared: Prepared,
    options: Options = Options(),
    files: Iterable[tuple[str, bytes]] = (),
) -> Result:
    """Run a submission in the sandbox and judge every test cell of the lesson.

    Args:
        master: the lesson's master notebook (``build.master_notebook``), which is not changed.
        prepared: the lesson's tests, ready to run (``examiner.prepare``).
        files: what lies beside the notebook while it runs.
    """
    started = time.perf_counter()
    steps = _plan(lesson, submission, options)
    if options.tasks:
        steps = [step for step in steps if not step.is_test or step.cell.name in options.tasks]
    remarks = list(submission.remarks)
    called: set[tuple[str, str]] = set()
    deadline = time.monotonic() + lesson.limits.notebook_seconds
    latest = deadline + lesson.limits.notebook_seconds
    end = len(steps)
    attempt = 0
    while attempt < _RESTARTS + 2:
        begun = time.monotonic()
        try:
            _run(lesson, steps[:end], sandbox, prepared, deadline, files, called)
            break
        except _Killed:  # neither its attempt nor its time is taken from the student
            deadline = min(deadline + time.monotonic() - begun, latest)
            continue
        except _Died as death:
            death.step.fatal = str(death)
            where = death.step.cell.id if death.step.cell else "a cell that was added"
            what = "the rest was run without it"
            if attempt == _RESTARTS:  # once more, for the hidden lines of the tests before it
                end = steps.index(death.step)
                what = "what follows it was not run"
            remarks.append(f"Running {where} ended the process ({death}); {what}.")
        except _Lost:
            pass
        attempt += 1
    for step in steps:
        if step.is_test and step.verdict is None:
            says = "This test could not be run: the notebook's time is up, or its process ended."
            step.verdict = Verdict(0.0, "not run", says, step.fatal or says)
    seconds = time.perf_counter() - started
    return Result(
        lesson=lesson.name,
        lesson_digest=lesson.digest,
        marks=_marks(lesson, master, submission, steps, sandbox.tier),
        cells=_cells(master, steps),
        remarks=tuple(remarks),
        seconds=seconds,
        tier=sandbox.tier,
        flags=(
            *submission.flags,
            *integrity.flags(integrity.uses_in_source(lesson, submission), called),
        ),
    )


def unreadable(lesson: Lesson, master: dict[str, Any], reason: str) -> Result:
    """The result of a submission that could not be read: no points, and the reason everywhere."""
    marks = tuple(
        Mark(cell.id, 0.0, cell.points, "not run", reason, reason) for cell in lesson.graded
    )
    return Result(lesson.name, lesson.digest, marks, copy.deepcopy(master["cells"]), (reason,))


class _Lost(Exception):
    """A test that waited with its hidden lines has to begin again."""


class _Killed(Exception):
    """A process ended that may have been killed from outside: all of it is run once more."""


class _Died(Exception):
    """The process ended while it ran ``step``."""

    def __init__(self, step: _Step, reason: SubmissionDied) -> None:
        super().__init__(str(reason))
        self.step = step


def _plan(lesson: Lesson, submission: Submission, options: Options) -> list[_Step]:
    """The notebook to be: the lesson's cells in order, the student's sources and extra cells."""
    steps = [
        _Step(None, extra, extra.source, extra.cell_type == "code")
        for extra in submission.extras
        if not extra.after
    ]
    for cell in lesson.cells:
        source = cell.source
        missing = cell.is_students and cell.id not in submission.sources
        if cell.is_students:
            source = submission.sources.get(cell.id, "")
        runs = cell.kind in ("setup", "given", "experiment", "solution") and not missing
        steps.append(_Step(cell, None, source, runs, missing))
        steps += [
            _Step(None, extra, extra.source, extra.cell_type == "code")
            for extra in submission.extras
            if extra.after == cell.id
        ]
    if not options.run_experiments:
        needed = _needed_experiments(steps)
        for step in steps:
            if step.cell and step.cell.kind == "experiment" and step.cell.id not in needed:
                step.runs = False
    return steps


def _needed_experiments(steps: list[_Step]) -> set[str]:
    """The experiments that bind a name which something the student wrote reads."""
    read: set[str] = set()
    bound_elsewhere: set[str] = set()
    for step in steps:
        students = step.extra is not None or (
            step.cell is not None and step.cell.kind == "solution"
        )
        if not step.runs or (step.cell and step.cell.kind == "experiment"):
            continue
        if students:
            read |= free_names(step.source)
        bound_elsewhere |= set(top_level_names(step.source))
    return {
        step.cell.id
        for step in steps
        if step.cell
        and step.cell.kind == "experiment"
        and (set(top_level_names(step.source)) & read) - bound_elsewhere
    }


def _run(
    lesson: Lesson,
    steps: list[_Step],
    sandbox: Sandbox,
    prepared: Prepared,
    deadline: float,
    files: Iterable[tuple[str, bytes]],
    called: set[tuple[str, str]],
) -> None:
    """Run every step that is not fatal in a fresh process; judge the tests not judged yet.

    Hidden lines run after the last cell: what the student's side keeps of them is shown nowhere.
    What tasks forbid and the submission calls is added to ``called``.

    Raises:
        _Died: the process ended.
        _Killed: the same, or a test's own process ended, and it is not known to be the student's
            doing.
        _Lost: a test has no verdict yet, through no fault of its own.
    """
    limits = lesson.limits
    resources = {
        "memory_mb": limits.memory_mb,
        "file_mb": limits.file_mb,
        "disk_mb": limits.disk_mb,
        "processes": limits.processes,
        "tests": sum(step.is_test for step in steps),
        "cpu_seconds": limits.notebook_seconds + 30,
        "files": _OPEN_FILES,
    }
    forbidden = integrity.forbidden(lesson)
    with (
        Examiner(lesson, prepared) as examiner,
        sandbox.submission(resources, files, forbidden) as running,
        contextlib.ExitStack() as stack,
    ):
        begun: list[tuple[_Step, OpenTest]] = []

        def judged(step: _Step) -> None:
            called.update(step.verdict.called & set(forbidden))
            if step.verdict.outcome == "not run":
                # Did the test's own process end, or the notebook's with it?
                died = sandbox.how_it_ended()
                if step.verdict.ended and (died is None or died.killed):
                    _try_again(step, steps)
                if died is not None:
                    raise _Died(step, died)

        for step in steps:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                if step.is_test and step.verdict is None and not step.fatal:
                    test = running.test()
                    stack.callback(test.close)
                    step.verdict = examiner.examine(step.cell, test.channel)
                    if step.verdict is None:
                        begun.append((step, test))
                    else:
                        test.close()
                        judged(step)
                elif step.runs and not step.fatal:
                    seconds = min(limits.cell_seconds, left)
                    ran = _run_cell(step, running, seconds, limits.output_kb << 10)
                    called |= ran & set(forbidden)
            except SubmissionDied as error:
                if error.killed:
                    _try_again(step, steps)
                raise _Died(step, error) from error
        # What cells have used up is not taken from the tests that went well.
        deadline = max(deadline, time.monotonic() + limits.notebook_seconds * _FOR_HIDDEN)
        lost = False
        for step, test in begun:
            if time.monotonic() > deadline:
                return
            step.verdict = examiner.finish(step.cell)
            test.close()
            if step.verdict is None:
                lost = True
            else:
                judged(step)
        if lost:
            raise _Lost


def _try_again(step: _Step, steps: list[_Step]) -> None:
    """Raise :class:`_Killed`, unless this step, or enough others, have had their second try."""
    if not step.tried_again and sum(one.tried_again for one in steps) < _SECOND_TRIES:
        step.tried_again, step.verdict = True, None
        raise _Killed


def _run_cell(
    step: _Step, running: Running, seconds: float, output_bytes: int
) -> frozenset[tuple[str, str]]:
    """Run a cell; what it called that tasks forbid."""
    kind = step.cell.kind if step.cell else ""
    setup = kind in ("setup", "given")
    # The task that the cell answers; an added cell may belong to any.
    task = step.cell.name if step.cell and kind == "solution" else "" if not kind else None
    try:
        ran = running.run(step.source, seconds, output_bytes, setup, task)
    except TimeoutError as error:
        ran = error.args[0]
        step.outputs = _outputs(ran.outputs, output_bytes)
        step.outputs.append(
            error_output("CellTimeout", f"The cell was stopped after {seconds:g} seconds.")
        )
        step.done = True
        return ran.called
    if not step.done:  # a second run after a restart changes nothing that was shown
        step.outputs = _outputs(ran.outputs, output_bytes)
        step.done = True
    return ran.called


def _outputs(raw: list[Any], most: int) -> list[dict[str, Any]]:
    """What the sandbox sent as outputs, rebuilt field by field: it may have sent anything.

    The sandbox keeps to its limit of bytes unless the submission keeps it from that; past twice
    that (``most``), nothing more is taken.
    """
    clean: list[dict[str, Any]] = []
    size = 0
    for output in raw[:1000]:
        if not isinstance(output, dict):
            continue
        size += len(repr(output))
        if size > 2 * most + (1 << 20):
            break
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            words = text(output.get("text"), 1 << 21)
            clean.append({"output_type": "stream", "name": name, "text": words})
        elif kind == "error":
            lines = output.get("traceback")
            lines = [text(line) for line in lines[:500]] if isinstance(lines, list) else []
            clean.append(
                {
                    "output_type": "error",
                    "ename": text(output.get("ename"), 200),
                    "evalue": text(output.get("evalue"), 2000),
                    "traceback": lines,
                }
            )
        elif kind in ("display_data", "execute_result"):
            data = output.get("data")
            items = data.items() if isinstance(data, dict) else ()
            bundle = {text(mime, 200): _mime(text(mime, 200), value) for mime, value in items}
            made: dict[str, Any] = {"output_type": kind, "data": bundle, "metadata": {}}
            if kind == "execute_result":
                count = output.get("execution_count")
                made["execution_count"] = count if type(count) is int else None
            clean.append(made)
    return clean


def _mime(kind: str, value: Any) -> Any:
    """One form of an output: JSON as such, everything else as text that a file can hold."""
    if kind == "application/json" or kind.endswith("+json"):
        return value if _is_json(value) else None
    return text(value if isinstance(value, str) else str(value), 1 << 24)


def _is_json(value: Any) -> bool:
    try:
        return len(json.dumps(value, allow_nan=False)) < 1 << 21
    except (TypeError, ValueError, RecursionError):
        return False


def _marks(
    lesson: Lesson, master: dict[str, Any], submission: Submission, steps: list[_Step], tier: str
) -> tuple[Mark, ...]:
    verdicts = {step.cell.id: step.verdict for step in steps if step.cell and step.verdict}
    blanks = {cell["id"]: cell["source"] for cell in master["cells"]}
    marks = []
    for cell in lesson.graded:
        if cell.kind == "answer":
            answer = submission.sources.get(cell.id)
            blank = answer is None or answer == blanks[cell.id]
            says = "No answer was given." if blank else ""
            outcome = "not answered" if blank else "to be marked"
            marks.append(
                Mark(cell.id, 0.0 if blank else None, cell.points, outcome, says, tier=tier)
            )
            continue
        if cell.id not in verdicts:
            continue
        verdict = verdicts[cell.id]
        marks.append(
            Mark(
                cell.id,
                verdict.points,
                cell.points,
                verdict.outcome,
                plain(verdict.says, 2000),
                plain(verdict.detail, 20_000),
                verdict.hidden,
                round(verdict.seconds, 4),
                tier,
            )
        )
    return tuple(marks)


def _cells(master: dict[str, Any], steps: list[_Step]) -> list[dict[str, Any]]:
    """The cells of the autograded notebook: the master's, filled in, with outputs."""
    originals = {cell["id"]: cell for cell in master["cells"]}
    cells: list[dict[str, Any]] = []
    count = 0
    used = set(originals)
    for step in steps:
        if step.cell is not None:
            if step.cell.id not in originals:  # a hint that was joined to the ladder before it
                continue
            made = {**originals[step.cell.id]}
            if step.cell.is_students and not step.missing:
                made["source"] = step.source
        else:
            name = step.extra.id if step.extra.id.isidentifier() else f"extra-{len(cells)}"
            name = f"extra-{len(cells)}" if name in used else name[:64]
            used.add(name)
            made = {
                "id": name,
                "cell_type": step.extra.cell_type,
                "metadata": {},
                "source": step.source,
            }
        if made["cell_type"] == "code":
            made["outputs"] = list(step.outputs)
            made["execution_count"] = None
            if step.fatal:
                made["outputs"].append(
                    error_output(
                        "ProcessEnded", f"Running this cell ended the process: {step.fatal}"
                    )
                )
            if step.verdict is not None:
                made["outputs"] = _for_nbgrader(step.verdict)
                kept = asdict(step.verdict)
                del kept["outputs"], kept["called"], kept["ended"]
                made["metadata"] = {**made["metadata"], "autograder": kept}
            if step.done or step.verdict is not None:
                count += 1
                made["execution_count"] = count
                for output in made["outputs"]:
                    if output["output_type"] == "execute_result":
                        output["execution_count"] = count
        cells.append(made)
        if step.cell is not None and step.cell.rubric:
            note = f"*For the marker* — {step.cell.rubric}"
            cells.append(
                {
                    "id": f"rubric-{step.cell.name}",
                    "cell_type": "markdown",
                    "metadata": {},
                    "source": note,
                }
            )
    return cells


def _for_nbgrader(verdict: Verdict) -> list[dict[str, Any]]:
    """A test's outputs such that nbgrader's own reading of them agrees with the verdict.

    nbgrader takes anything on stderr for a failure, so what was printed there is shown as stdout;
    and an earlier figure or result never stands before the test's own.
    """
    outputs = [
        {**output, "name": "stdout"} if output["output_type"] == "stream" else dict(output)
        for output in verdict.outputs
    ]
    failed = verdict.outcome in ("failed", "not run", "fault")
    if failed and not any(output["output_type"] == "error" for output in outputs):
        outputs.append(error_output(verdict.outcome, verdict.detail or verdict.says))
    return outputs
