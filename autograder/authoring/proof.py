"""The proof of the tests: what they must accept, they accept; what they must catch, they catch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from autograder.classes.errors import PoolError
from autograder.classes.jobs import Job, NotGraded, Pool
from autograder.intake.submission import Submission
from autograder.judging.options import Options
from autograder.judging.result import Result
from autograder.lessons.model import Lesson, without_markers
from autograder.lessons.notebooks import released_cells
from autograder.lessons.variants import Variant, variants

Kind = Literal["reference", "blank", "misconception", "alternative"]


@dataclass(frozen=True)
class Claim:
    """Something that must hold of a lesson's tests, and the jobs that show it."""

    lesson: Lesson
    kind: Kind
    task: str
    name: str
    jobs: tuple[Job, ...]
    variant: Variant | None = None


@dataclass(frozen=True)
class Row:
    """A claim, proven or not. ``earned`` is the mark in its task (or the whole notebook), the
    least over the seeds; ``problem`` says what did not hold."""

    lesson: str
    kind: Kind
    task: str
    name: str
    runs: int
    earned: float
    of: float
    problem: str = ""

    @property
    def holds(self) -> bool:
        return not self.problem

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "holds": self.holds}


def answers(lesson: Lesson) -> dict[str, str]:
    """The reference solution of every task, as a student would have written it."""
    return {task.solution.id: without_markers(task.solution.source) for task in lesson.tasks}


def reference(lesson: Lesson, changed: dict[str, str] | None = None) -> Submission:
    """The submission of the reference solutions, with some cells changed (by task)."""
    sources = answers(lesson)
    for task, source in (changed or {}).items():
        sources[f"solution-{task}"] = source
    return Submission(sources, (), ())


def blank(lesson: Lesson) -> Submission:
    """The submission of the release as it is."""
    released = released_cells(lesson)
    students = {cell.id: released[cell.id].source for cell in lesson.cells if cell.is_students}
    return Submission(students, (), ())


def claims(
    lesson: Lesson,
    seeds: int,
    variant_seeds: int,
    run_experiments: bool = False,
    everywhere: bool = True,
) -> list[Claim]:
    """Everything to prove about a lesson.

    Args:
        seeds: hidden seeds for the reference.
        variant_seeds: hidden seeds for each misconception and alternative.
        everywhere: judge variants by the tests of every task; otherwise only by those of their
            own task and of tasks that need it, which shows less and is much faster.
    """

    def jobs(
        name: str, submission: Submission, numbers: range, tasks: tuple[str, ...] = ()
    ) -> tuple[Job, ...]:
        options = Options(run_experiments, tasks)
        return tuple(
            Job(f"{lesson.name}/{name}/{seed}", lesson, submission, "", seed, options)
            for seed in numbers
        )

    found = [
        Claim(lesson, "reference", "", "reference", jobs("", reference(lesson), range(seeds))),
        Claim(lesson, "blank", "", "blank release", jobs("blank", blank(lesson), range(1))),
    ]
    for number, variant in enumerate(variants(lesson)):
        changed = reference(lesson, {variant.task: variant.source})
        # Every variant sees other seeds, so that none is caught by one lucky draw.
        numbers = range(1000 + number, 1000 + number + variant_seeds)
        near = () if everywhere else lesson.with_dependents(variant.task)
        runs = jobs(variant.id, changed, numbers, near)
        found.append(Claim(lesson, variant.kind, variant.task, variant.name, runs, variant))
    return found


def prove(claims: list[Claim], pool: Pool, on_progress: Callable[[int, int], None]) -> list[Row]:
    """Run the jobs of claims and judge each claim.

    Raises:
        PoolError: a job could not be graded.
    """
    work = [job for claim in claims for job in claim.jobs]
    results: dict[str, Result] = {}
    on_progress(0, len(work))
    for number, (job, result) in enumerate(pool.run(work), start=1):
        if isinstance(result, NotGraded):
            raise PoolError(f"{job.key}: {result.reason}")
        results[job.key] = result
        on_progress(number, len(work))
    return [judge(claim, [results[job.key] for job in claim.jobs]) for claim in claims]


def judge(claim: Claim, results: list[Result]) -> Row:
    """Whether a claim holds, from the results of its jobs."""
    lesson = claim.lesson
    problems: list[str] = []
    earned = []
    for result, job in zip(results, claim.jobs, strict=True):
        marks = _by_task(lesson, result)
        earned.append(marks[claim.task] if claim.task else sum(marks.values()))
        problems += [
            f"seed {job.hidden_seed}: {problem}" for problem in _problems(claim, result, marks)
        ]
    of = lesson.task(claim.task).points if claim.task else sum(t.points for t in lesson.tasks)
    shown = "; ".join(problems[:3])
    return Row(
        lesson.name, claim.kind, claim.task, claim.name, len(results), min(earned), of, shown
    )


def _by_task(lesson: Lesson, result: Result) -> dict[str, float]:
    """The points of each task that was judged."""
    judged = {mark.cell: mark.points for mark in result.marks}
    return {
        task.name: sum(judged[cell.id] or 0.0 for cell in task.tests)
        for task in lesson.tasks
        if all(cell.id in judged for cell in task.tests)
    }


def _problems(claim: Claim, result: Result, marks: dict[str, float]) -> Iterator[str]:
    for mark in result.faults:
        yield mark.detail.split("\n")[0]
    lesson = claim.lesson
    if claim.kind == "misconception":
        task = lesson.task(claim.task)
        got, declared = marks[claim.task], claim.variant.earns if claim.variant else 0.0
        if got >= task.points:
            yield f"survives with {got:g} of {task.points:g}"
        elif got != declared:
            yield f"earns {got:g}, not {declared:g} (earns=…)"
        spared = set(marks) - {claim.task} - lesson.dependents(claim.task)
    elif claim.kind == "blank":
        spared = set()
        for name, got in marks.items():
            if got:
                yield f"{name} gives {got:g} for nothing"
    else:
        spared = set(marks)
    for name in sorted(spared):
        if marks[name] < lesson.task(name).points:
            loser = next(
                mark
                for mark in result.marks
                if mark.cell in {c.id for c in lesson.task(name).tests} and not mark.is_full
            )
            reason = loser.detail.split("\n")[0][:160] or loser.says
            yield f"{name} loses {lesson.task(name).points - marks[name]:g} ({reason})"
