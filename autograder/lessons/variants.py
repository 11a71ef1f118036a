"""Wrong answers that the tests must catch, and right ones that they must accept.

``misconceptions/`` beside a lesson holds a file for each section that has any; a short lesson may
have one file ``misconceptions.py`` instead. An answer that differs from the reference solution by
a line or two is an edit of it::

    misconception("sgd_momentum", "The velocity is computed, but never stored.",
                  id="velocity-not-stored", hint="Write it into the config.",
                  replace='config["velocity"] = mu * v - rate * dw',
                  by='velocity = mu * v - rate * dw')

Another way to write a function or class is a definition, and a small answer is a source::

    @alternative("adam")
    def adam_with_folded_step_size(w, dw, config): ...

    misconception("best_h", "…", id="far-too-large", source="best_h = 1.0")

The files are read, never imported: each answer is put into its task's solution cell, and goes the
way of every student's code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.lessons.model import Lesson, LessonError, Task
from autograder.lessons.substitution import (
    Definition,
    Edits,
    SubstitutionError,
    definitions,
    with_definition,
    with_edits,
    with_lines,
)

Kind = Literal["misconception", "alternative"]

_ANSWERS = ("id", "replace", "by", "source", "replaces")
_KEYWORDS: dict[Kind, tuple[str, ...]] = {
    "misconception": ("hint", "earns", *_ANSWERS),
    "alternative": _ANSWERS,
}
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
#: Where a word begins in CamelCase: "TakesNaN" is two words, "CounterIsAFloat" four.
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z]|[A-Z][A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Variant:
    """Another answer to a task: a misconception (wrong) or an alternative (right).

    ``source`` is the whole solution cell with the variant in place. ``earns`` is the number of
    points that the tests of its task give it; for an alternative, all. ``name`` tells it from the
    other variants of its task, ``id`` from those of every lesson
    (``06/sgd_momentum/velocity-not-stored``). ``edits`` are the pairs (replace, by) that made it
    from the reference solution; empty if it was written in another form.
    """

    kind: Kind
    task: str
    name: str
    source: str
    earns: float
    says: str = ""
    hint: str = ""
    id: str = ""
    edits: Edits = ()


def misconception(
    task: str,
    says: str,
    *,
    id: str = "",
    hint: str = "",
    earns: float = 0.0,
    replace: str | tuple[str, ...] = "",
    by: str | tuple[str, ...] = "",
    source: str = "",
    replaces: str = "",
) -> Callable[[Any], Any]:
    """Register a wrong answer to ``task``; decorates the function or class that is wrong.

    Args:
        says: what is wrong, a sentence to the student.
        id: its name among the variants of the task, in lowercase words joined by hyphens. A
            definition has one already: its own name, without ``task_`` in front.
        hint: what to do about it.
        earns: the points that it earns all the same, where tests give partial credit.
        replace: for an edit: a text that occurs once in the reference solution, its lines
            written without the indentation of the first; a tuple edits several places.
        by: for an edit: what stands in its place; nothing, to take whole lines away.
        source: for an answer that is no function: the lines in place of the solution.
        replaces: which definition of the solution cell the decorated one replaces, if there are
            several.
    """
    return lambda definition: definition


def alternative(
    task: str,
    *,
    id: str = "",
    replace: str | tuple[str, ...] = "",
    by: str | tuple[str, ...] = "",
    source: str = "",
    replaces: str = "",
) -> Callable[[Any], Any]:
    """Register a right answer to ``task``; the arguments are those of :func:`misconception`."""
    return lambda definition: definition


@dataclass(frozen=True)
class _Registration:
    """A call of ``misconception`` or ``alternative`` in a file, and what it decorates, if any."""

    path: Path
    text: str
    line: int
    kind: Kind
    task: Task
    says: str
    keywords: dict[str, Any]
    definition: Definition | None

    def error(self, problem: str) -> LessonError:
        name = self.keywords.get("id") or (self.definition.name if self.definition else "")
        words = " ".join(filter(None, (self.kind, name, "of", self.task.name)))
        return LessonError(self.path, f"line {self.line} ({words})", problem)


def variants(lesson: Lesson) -> list[Variant]:
    """The variants registered in ``misconceptions/*.py`` (or ``misconceptions.py``) beside the
    lesson, in the order of the files' names and of their lines.

    Raises:
        LessonError: a registration that names no task, no definition of the solution or no text
            of it, or that has the id of another one.
    """
    found: dict[str, Variant] = {}
    for path in _files(lesson):
        for registration in _registrations(lesson, path):
            variant = _variant(lesson, registration)
            if variant.id in found:
                raise registration.error(
                    f"is registered twice for the task {variant.task}: give one another id"
                )
            found[variant.id] = variant
    return list(found.values())


def _files(lesson: Lesson) -> list[Path]:
    folder, file = lesson.folder / "misconceptions", lesson.folder / "misconceptions.py"
    if folder.is_dir() and file.exists():
        problem = "has misconceptions.py and misconceptions/; keep one of the two"
        raise LessonError(lesson.folder, "folder", problem)
    return sorted(folder.glob("*.py")) if folder.is_dir() else [file] * file.exists()


def _registrations(lesson: Lesson, path: Path) -> Iterator[_Registration]:
    text = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise LessonError(path, f"line {error.lineno}", f"is not Python ({error.msg})") from error
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            for decorator in statement.decorator_list:
                if kind := _registers(decorator):
                    yield _registration(lesson, path, text, kind, decorator, statement)
        elif isinstance(statement, ast.Expr) and (kind := _registers(statement.value)):
            yield _registration(lesson, path, text, kind, statement.value, None)


def _registers(node: ast.expr) -> Kind | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        for kind in _KEYWORDS:
            if node.func.id == kind:
                return kind
    return None


def _registration(
    lesson: Lesson, path: Path, text: str, kind: Kind, call: ast.expr, definition: Definition | None
) -> _Registration:
    """What a call says, and whether its arguments go together."""
    assert isinstance(call, ast.Call)
    where = f"line {call.lineno}"
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args]
        keywords = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    except ValueError as error:
        raise LessonError(path, where, "wants literal arguments only") from error
    if unknown := sorted(set(keywords) - set(_KEYWORDS[kind])):
        raise LessonError(path, where, f"{kind} knows no {', '.join(unknown)}")
    if len(arguments) != (2 if kind == "misconception" else 1):
        sentence = " and a sentence" if kind == "misconception" else ""
        raise LessonError(path, where, f"{kind} wants a task{sentence}")
    try:
        task = lesson.task(arguments[0])
    except KeyError as error:
        raise LessonError(path, where, str(error.args[0])) from error
    says = arguments[1] if kind == "misconception" else ""
    made = _Registration(path, text, call.lineno, kind, task, says, keywords, definition)
    given = {word for word in ("replace", "by", "source", "replaces") if word in keywords}
    if definition is not None and given - {"replaces"}:
        raise made.error(f"{', '.join(sorted(given - {'replaces'}))} goes with no definition")
    if definition is None and (
        not keywords.get("id") or given not in ({"source"}, {"replace", "by"})
    ):
        raise made.error("without a definition, give id= and either source= or replace= and by=")
    return made


def _variant(lesson: Lesson, registration: _Registration) -> Variant:
    task, keywords = registration.task, registration.keywords
    cell, definition, edits = task.solution.source, registration.definition, _edits(registration)
    if definition is not None:
        source = with_definition(cell, _replaces(registration), registration.text, definition)
    elif "source" in keywords:
        source = with_lines(cell, keywords["source"])
    else:
        try:
            source = with_edits(cell, edits)
        except SubstitutionError as error:
            raise registration.error(str(error)) from error
    slug = keywords.get("id") or _slug(registration)
    if not _SLUG.match(slug):
        raise registration.error(f"the id {slug!r} is not lowercase words joined by hyphens")
    earns = keywords.get("earns", 0.0) if registration.kind == "misconception" else task.points
    return Variant(
        kind=registration.kind,
        task=task.name,
        name=slug,
        source=source,
        earns=float(earns),
        says=registration.says,
        hint=keywords.get("hint", ""),
        id=f"{lesson.number}/{task.name}/{slug}",
        edits=edits,
    )


def _edits(registration: _Registration) -> Edits:
    """The pairs of ``replace`` and ``by``; none for another form of answer."""
    replace, by = (
        given if isinstance(given, tuple) else (given,)
        for given in (registration.keywords.get(word, ()) for word in ("replace", "by"))
    )
    if not all(isinstance(text, str) for text in (*replace, *by)):
        raise registration.error("replace= and by= want a text each, or a tuple of texts each")
    if len(replace) != len(by):
        raise registration.error(f"replace= has {len(replace)} texts, by= has {len(by)}")
    return tuple(zip(replace, by))


def _slug(registration: _Registration) -> str:
    """What to call a definition: its name in words, without the task's or the class's."""
    definition, task = registration.definition, registration.task.name
    assert definition is not None
    name, prefixes = definition.name, [f"{task}_", _WORD.sub("_", task) + "_"]
    if isinstance(definition, ast.ClassDef):
        prefixes.append(_replaces(registration))
    for prefix in prefixes:
        if name.lower().startswith(prefix.lower()) and len(name) > len(prefix):
            name = name[len(prefix) :]
            break
    return re.sub("_+", "-", _WORD.sub("_", name).strip("_")).lower()


def _replaces(registration: _Registration) -> str:
    """The name of the definition in the solution cell that another takes the place of."""
    task = registration.task
    name, names = registration.keywords.get("replaces"), list(definitions(task.solution.source))
    if not name:
        name = names[0] if len(names) == 1 else task.name if task.name in names else ""
    if not name:
        raise registration.error(f"say replaces=, one of {names}")
    if name not in names:
        raise registration.error(f"the solution of {task.name} defines {names}")
    return str(name)
