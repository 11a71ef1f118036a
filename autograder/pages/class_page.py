"""The page of a class, for the instructor: who got what, task by task."""

from __future__ import annotations

import statistics
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.classes.run import ClassRun
from autograder.judging.mark import Mark
from autograder.lessons.model import Lesson


def write_class_page(run: ClassRun, folder: Path) -> Path:
    """Write ``folder/NAME.html``, a page that stands alone; whatever students wrote is escaped."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.lesson.name}.html"
    path.write_text(class_page(run), encoding="utf-8")
    return path


def class_page(run: ClassRun) -> str:
    """The page as HTML."""
    graded = [(e.student, e.result) for e in run.entries if e.result is not None]
    graded.sort(key=lambda pair: -pair[1].points)
    rows = [
        {"student": s, "points": r.points, "marks": [_cell(mark) for mark in r.marks]}
        for s, r in graded
    ]
    points = [result.points for _, result in graded] or [0.0]
    shares = [
        sum(r.marks[i].is_full for _, r in graded) / max(len(graded), 1)
        for i in range(len(run.lesson.graded))
    ]
    templates = PackageLoader("autograder.pages", "templates")
    page = Environment(loader=templates, autoescape=True, undefined=StrictUndefined)
    return page.get_template("class_page.html").render(
        lesson=run.lesson,
        graded=run.lesson.graded,
        titles=_titles(run.lesson),
        rows=rows,
        shares=shares,
        mean=statistics.fmean(points),
        median=statistics.median(points),
        seconds=run.seconds,
        flagged=[(student, result.flags) for student, result in graded if result.flags],
    )


def _titles(lesson: Lesson) -> dict[str, str]:
    """What each graded cell is called, by id."""
    tasks = {task.name: task.title for task in lesson.tasks}
    titles = {}
    for cell in lesson.graded:
        # An answer in words may have the name of a task; its title is its own.
        title = tasks.get(cell.name) if cell.kind == "tests" else cell.title
        titles[cell.id] = " ".join(filter(None, (title or cell.name, cell.part)))
    return titles


def _cell(mark: Mark) -> dict[str, str]:
    if mark.points is None:
        return {"css": "hand", "text": "?", "says": "to be marked by hand"}
    css = "full" if mark.is_full else "part" if mark.points else "none"
    return {"css": css, "text": f"{mark.points:g}", "says": mark.says or mark.outcome}
