"""Holds the verdicts of tests against the whole notebook: why an answer is not there, or not to
blame.

A test sees only that a name is missing, or that a value is wrong. The notebook says more: that a
task was never begun, that a cell ended in an error, that the answer calls another one which is
wrong itself.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from dataclasses import replace

from autograder.intake.submission import Submission
from autograder.judging.mark import Mark
from autograder.judging.plan import LessonStep, Step, TestStep
from autograder.judging.verdict import Verdict
from autograder.judging.wording import not_defined, not_written
from autograder.lessons.model import Lesson, Task
from autograder.lessons.notebooks import released_cells
from autograder.lessons.python_source import NOT_PYTHON, free_names, parses, top_level_names
from autograder.protocol.plain_text import for_person, listed

_MOST_SAID, _MOST_DETAIL = 2_000, 20_000
#: The errors of a cell that is no Python.
_NOT_PYTHON_NAMES = ("SyntaxError", "IndentationError", "TabError")
#: A line with a magic of IPython or a command of the shell, which are no Python either.
_MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
#: A message of an error in a student's cell is quoted up to this length.
_MOST_QUOTED = 200


def explained(
    lesson: Lesson, submission: Submission, steps: list[Step], tier: str
) -> dict[str, Mark]:
    """The marks of the test cells, by id, each with the reason that the notebook gives."""
    notebook = _Notebook(lesson, submission, steps)
    tests = [step for step in steps if isinstance(step, TestStep) and step.verdict is not None]
    marks = {step.cell.id: _first_reason(notebook, step) for step in tests}
    blocked = _blocked(notebook, marks)
    return {
        name: replace(
            mark,
            says=for_person(mark.says, _MOST_SAID),
            detail=for_person(mark.detail, _MOST_DETAIL),
            tier=tier,
        )
        for name, mark in {**marks, **blocked}.items()
    }


class _Notebook:
    """A submission's cells after they have run: what each binds and reads, and how it ended."""

    def __init__(self, lesson: Lesson, submission: Submission, steps: list[Step]) -> None:
        self.lesson = lesson
        self._submission = submission
        self.steps = [step for step in steps if step.runs]
        self.answers = {
            step.cell.name: step
            for step in steps
            if isinstance(step, LessonStep) and step.cell.kind == "solution"
        }
        self._binders: dict[str, list[Step]] = {}
        for step in self.steps:
            for name in top_level_names(step.source):
                self._binders.setdefault(name, []).append(step)

    def binders(self, name: str) -> list[Step]:
        """The cells that bind a name, in order."""
        return self._binders.get(name, [])

    def is_untouched(self, task: Task) -> bool:
        """Whether the task's cell is as it was handed out, and no added cell answers it."""
        released = released_cells(self.lesson).get(task.solution.id)
        source = self._submission.sources.get(task.solution.id)
        if released is None or source is None or source.split() != released.source.split():
            return False
        elsewhere = {step.source for name in task.defines for step in self.binders(name)}
        return elsewhere <= {source}

    def reached_from(self, names: Iterable[str]) -> set[str]:
        """``names``, and all that the cells read which bind one of them, and so on."""
        found: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                for step in self.binders(name):
                    pending += free_names(step.source)
        return found


def _first_reason(notebook: _Notebook, step: TestStep) -> Mark:
    """The mark of a test, with the reason that lies in the answer's own cell, if one does."""
    verdict = step.verdict
    assert verdict is not None
    mark, task = verdict.mark, notebook.lesson.task(step.cell.name)
    if mark.outcome not in ("failed", "not_written"):
        return mark
    answer = notebook.answers.get(task.name)
    is_elsewhere = any(notebook.binders(name) for name in task.defines)
    if answer is not None and answer.missing and not is_elsewhere:
        says = f"{task.name} is missing: its cell {answer.cell.id} is not in the notebook."
        return replace(mark, outcome="not_written", says=says, hidden=False)
    if notebook.is_untouched(task):
        return replace(mark, outcome="not_written", says=not_written(task.name), hidden=False)
    if not verdict.undefined:
        return mark
    if verdict.undefined_in_answer:
        where = _where_bound(notebook, verdict.undefined, answer)
        return replace(mark, says=f"{mark.says} {where[0].upper()}{where[1:]}.") if where else mark
    return _without_name(notebook, mark, verdict)


def _without_name(notebook: _Notebook, mark: Mark, verdict: Verdict) -> Mark:
    """The mark of a test to which a name is missing, with what became of the cell that binds it."""
    name = verdict.undefined
    maker = notebook.lesson.made_by.get(name)
    if maker is not None and notebook.is_untouched(notebook.lesson.task(maker)):
        if maker == mark.task:
            return replace(mark, outcome="not_written", says=not_written(name))
        says = f"{not_defined(name)} Its task comes first: {not_written(maker)}"
        return replace(mark, outcome="blocked", says=says, blocked_by=(maker,))
    own = notebook.answers.get(maker or mark.task)
    makers = notebook.binders(name) or ([own] if own is not None else [])
    if own in makers and _raised(own) == "NotImplementedError":
        return replace(mark, outcome="not_written", says=not_written(name))
    why = next(filter(None, (_how_it_ended(notebook, step, name) for step in makers)), "")
    return replace(mark, says=f"{name} is not defined: {why}." if why else not_defined(name))


def _how_it_ended(notebook: _Notebook, step: Step, name: str) -> str:
    """Why a cell that should bind ``name`` has not, as half a sentence; empty if unknown."""
    cell = "its cell" if isinstance(step, LessonStep) else "the cell that was added for it"
    if isinstance(step, LessonStep) and step.missing:
        return f"{cell} is not in the notebook"
    problem = _syntax_error(step)
    if problem:
        return f"{cell} {problem}"
    if step.fatal:
        return f"running {cell} ended the process ({step.fatal})"
    error = next((o for o in reversed(step.outputs) if o["output_type"] == "error"), None)
    if error is not None:
        return f"{cell} {_about_error(notebook, step, error['ename'], error['evalue'])}"
    bound = top_level_names(step.source)
    if name not in bound:
        return (
            f"{cell} binds {listed(list(bound))}, not {name}" if bound else f"{cell} binds no name"
        )
    return ""


def _raised(step: Step | None) -> str:
    """The name of the error that a cell ended in; empty if it ended well."""
    outputs = step.outputs if step is not None else []
    errors = [output for output in outputs if output["output_type"] == "error"]
    return str(errors[-1]["ename"]) if errors else ""


def _syntax_error(step: Step) -> str:
    """What is no Python in a cell; empty if it is Python, or has magics of IPython."""
    if _raised(step) not in _NOT_PYTHON_NAMES or parses(step.source):
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(_MAGIC.sub(r"\1pass", step.source))
    except SyntaxError as error:
        lines = step.source.splitlines()
        number = error.lineno or 0
        line = lines[number - 1].strip()[:80] if 0 < number <= len(lines) else ""
        shown = f": {line}" if line else ""
        return f"has a {type(error).__name__} in line {number} ({error.msg}{shown})"
    except NOT_PYTHON as error:
        return f"cannot be read as Python ({error})"
    return ""


def _about_error(notebook: _Notebook, step: Step, kind: str, message: str) -> str:
    if kind == "NotImplementedError":
        return "is not written yet"
    if kind == "SystemExit":
        return "called sys.exit, which ends a cell; an answer returns or is bound to a name"
    if kind == "CellTimeout":
        return "was stopped because its time was up"
    kind, message = for_person(kind, 60), for_person(message, _MOST_QUOTED)
    says = f"ended in {kind}: {message}" if message else f"ended in {kind}"
    if kind == "NameError" and message.startswith("name '"):
        missing = message.split("'")[1]
        where = _where_bound(notebook, missing, step)
        return f"{says}; {where}" if where else says
    return says


def _where_bound(notebook: _Notebook, name: str, reader: Step | None) -> str:
    """Where the notebook binds a name that ``reader`` has not found, as half a sentence; empty for
    what is no name."""
    if not name.isidentifier():
        return ""
    places = [step for step in notebook.binders(name) if step is not reader]
    maker = notebook.lesson.made_by.get(name)
    if places:
        where = listed([step.name for step in places], 3)
        order = notebook.steps
        if reader in order and all(order.index(one) > order.index(reader) for one in places):
            return f"it is bound further down, in {where}"
        return f"it is bound in {where}, which ended in an error or did not run"
    if maker is not None:
        return f"it is the answer to another task: {not_written(maker).rstrip('.')}"
    return f"no cell of the notebook binds {name}"


def _blocked(notebook: _Notebook, marks: dict[str, Mark]) -> dict[str, Mark]:
    """The marks of answers that call another task's answer which is wrong itself."""
    lesson = notebook.lesson
    wrong = {mark.task for mark in marks.values() if not mark.is_full}
    blockers = {task.name: _wrong_callees(notebook, task, wrong) for task in lesson.tasks}
    found = {}
    for name, mark in marks.items():
        first = _roots(mark.task, blockers)
        if first and (mark.outcome == "failed" or _is_written(notebook, mark)):
            open_ones = [one for one in first if _is_not_written(marks, one)]
            todo = " and ".join(
                ([f"write {listed(open_ones)}"] if open_ones else [])
                + (
                    [f"put {listed([o for o in first if o not in open_ones])} right"]
                    if len(open_ones) < len(first)
                    else []
                )
            )
            says = f"First {todo}: this answer calls {'it' if len(first) == 1 else 'them'}."
            detail = f"{says}\n{mark.detail}"
            found[name] = replace(
                mark, outcome="blocked", says=says, detail=detail, blocked_by=tuple(first)
            )
    return found


def _roots(task: str, blockers: dict[str, list[str]]) -> list[str]:
    """Of the chains of wrong answers that end in a task, those that are to be put right first."""
    reached: list[str] = []
    pending = list(blockers[task])
    while pending:
        one = pending.pop(0)
        if one not in reached:
            reached.append(one)
            pending += blockers[one]
    return [one for one in blockers if one in reached and not blockers[one]] or blockers[task]


def _is_written(notebook: _Notebook, mark: Mark) -> bool:
    """Whether an answer is there, and only what it calls has raised NotImplementedError."""
    answer = notebook.answers.get(mark.task)
    if answer is None or answer.missing or mark.outcome != "not_written":
        return False
    return "NotImplementedError" not in answer.source


def _is_not_written(marks: dict[str, Mark], task: str) -> bool:
    return any(mark.task == task and mark.outcome == "not_written" for mark in marks.values())


def _wrong_callees(notebook: _Notebook, task: Task, wrong: set[str]) -> list[str]:
    """The wrong tasks that a task's answer, or its test, calls; one that is open will call them."""
    needed = notebook.lesson.needed_by(task.name)
    if notebook.is_untouched(task):
        return [other.name for other in notebook.lesson.tasks if other.name in wrong & needed]
    answer = notebook.answers.get(task.name)
    own = free_names(answer.source) if answer is not None and not answer.missing else frozenset()
    read = set(own).union(*(free_names(cell.source) for cell in task.tests))
    reached = notebook.reached_from(read - set(task.defines) | set(own))
    return [
        other.name
        for other in notebook.lesson.tasks
        if other.name in wrong - {task.name}
        and (set(other.defines) & (reached if other.name in needed else own))
    ]
