"""A class whose right marks are known: students made of reference, misconceptions and blanks."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.build import Built, build, write
from autograder.classes.run import ClassRun
from autograder.course.folders import CONFIG_FILE, CourseError
from autograder.lessons.model import Lesson, Task, without_markers
from autograder.lessons.python_source import free_names
from autograder.lessons.reading import COURSE_FILE
from autograder.lessons.variants import Variant, variants

_MARK = ".autograder-demo"
_CACHES = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
#: Names of mathematicians and physicists, as ids of made-up students.
STUDENTS = [
    "agnesi",
    "banach",
    "cartwright",
    "dirichlet",
    "euler",
    "fourier",
    "germain",
    "hilbert",
    "ito",
    "jordan",
    "kovalevskaya",
    "lovelace",
    "markov",
    "noether",
    "ostrogradsky",
    "poincare",
    "quillen",
    "riemann",
    "sobolev",
    "tao",
    "uhlenbeck",
    "viete",
    "weyl",
    "xenocrates",
    "yau",
    "zermelo",
    "archimedes",
    "bernoulli",
    "cauchy",
    "descartes",
]


@dataclass(frozen=True)
class Known:
    """What a made-up student's submission must earn in each task, and what it answers there."""

    student: str
    tasks: dict[str, float]
    answers: dict[str, str]


def prepare_folder(root: Path, target: Path) -> None:
    """Make ``target`` an empty course with the configuration of the course at ``root``.

    Raises:
        CourseError: there is something in it that no demo has made.
    """
    if target.exists() and any(target.iterdir()):
        if not (target / _MARK).exists():
            raise CourseError(f"{target} is not empty and was made by no demo; name another folder")
        shutil.rmtree(target)
    target.mkdir(parents=True, exist_ok=True)
    (target / _MARK).write_text("Made by 'autograder demo', which may remove it.\n")
    shutil.copyfile(root / CONFIG_FILE, target / CONFIG_FILE)
    settings = root / "assignments" / COURSE_FILE
    if settings.exists():
        (target / "assignments").mkdir()
        shutil.copyfile(settings, target / "assignments" / COURSE_FILE)


def make_class(target: Path, lesson: Lesson, count: int, seed: int = 0) -> list[Known]:
    """Hand in ``count`` submissions for a lesson in the course ``target``, which gets the lesson.

    Each student has some tasks right (the reference, or another right answer), some wrong (a
    misconception) and some open, in a mixture of their own: from nearly all to nearly nothing.
    """
    home = target / "assignments" / lesson.name
    if home.resolve() != lesson.folder.resolve():
        shutil.copytree(lesson.folder, home, ignore=_CACHES, dirs_exist_ok=True)
    built = build(lesson)
    write(built, target)
    rng = np.random.default_rng([seed, len(lesson.cells)])
    choices = variants(lesson)
    known = []
    for student in _ids(count):
        skill = rng.beta(2.5, 1.2)
        picks = {task.name: _pick(rng, skill, lesson, task, choices) for task in lesson.tasks}
        _repair_dependents(lesson, picks)
        folder = target / "submitted" / student / lesson.name
        folder.mkdir(parents=True, exist_ok=True)
        notebook = _fill(built, picks, written=rng.random() < skill)
        path = folder / f"{lesson.name}.ipynb"
        path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
        known.append(
            Known(
                student,
                {name: pick.earns for name, pick in picks.items()},
                {name: pick.label for name, pick in picks.items()},
            )
        )
    return known


@dataclass(frozen=True)
class _Pick:
    label: str
    source: str | None
    earns: float


def _ids(count: int) -> list[str]:
    names = list(STUDENTS)
    return [
        names[i % len(names)] + (f"-{i // len(names) + 1}" if i >= len(names) else "")
        for i in range(count)
    ]


def _pick(
    rng: np.random.Generator, skill: float, lesson: Lesson, task: Task, choices: list[Variant]
) -> _Pick:
    wrong = [v for v in choices if v.task == task.name and v.kind == "misconception"]
    right = [v for v in choices if v.task == task.name and v.kind == "alternative"]
    # A wrong answer that other tasks build on would make their right marks unknown.
    if lesson.dependents(task.name):
        wrong = []
    dice = rng.random()
    if dice < skill:
        if right and rng.random() < 0.4:
            chosen = right[rng.integers(len(right))]
            return _Pick(chosen.name, chosen.source, task.points)
        return _Pick("reference", without_markers(task.solution.source), task.points)
    if wrong and dice < skill + 0.75 * (1 - skill):
        chosen = wrong[rng.integers(len(wrong))]
        return _Pick(chosen.name, chosen.source, chosen.earns)
    return _Pick("blank", None, 0.0)


def _repair_dependents(lesson: Lesson, picks: dict[str, _Pick]) -> None:
    """Where an answer calls the student's answer to another task, and that one isn't right, the
    mark would be unknown: take the reference, or if that calls it too, leave the task open."""
    makers = lesson.made_by
    right = {task.name: picks[task.name].earns == task.points for task in lesson.tasks}
    for task in lesson.tasks:
        reference = without_markers(task.solution.source)
        for source, earns in ((reference, task.points), (None, 0.0)):
            read = free_names(picks[task.name].source or "")
            called = {makers[name] for name in read if name in makers} | set(task.solution.needs)
            if all(right[maker] for maker in called - {task.name}):
                break
            picks[task.name] = _Pick("reference" if source else "blank", source, earns)
        right[task.name] = picks[task.name].earns == task.points


def _fill(built: Built, picks: dict[str, _Pick], written: bool) -> dict[str, Any]:
    """The release with a student's answers in it."""
    notebook: dict[str, Any] = json.loads(built.release)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        kind, _, task = name.partition("-")
        if kind == "solution":
            cell["source"] = picks[task].source or cell["source"]
        elif kind == "answer" and written:
            cell["source"] = "Because the errors of the two sides cancel up to the third order."
    return notebook


def differences(known: list[Known], run: ClassRun) -> list[str]:
    """The marks that differ from the known ones, a sentence each; empty if all are right."""
    results = {entry.student: entry.result for entry in run.entries}
    wrong = []
    for one in known:
        result = results[one.student]
        if result is None:
            wrong.append(f"{one.student}: was not graded")
            continue
        for task in run.lesson.tasks:
            got = sum(result.mark(cell.id).points or 0.0 for cell in task.tests)
            if not math.isclose(got, one.tasks[task.name]):
                wrong.append(
                    f"{one.student}: {task.name} ({one.answers[task.name]}) got {got:g}, "
                    f"not {one.tasks[task.name]:g}"
                )
    return wrong
