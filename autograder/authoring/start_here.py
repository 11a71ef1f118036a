"""What students read first: how to install, open, write, check and hand in."""

from __future__ import annotations

from autograder.authoring.public_files import template
from autograder.lessons.model import Lesson

#: What an installation of the base took: measured with ``make try-handout``.
MEASURED = (
    "135 packages, 1.7 GB; with pip 200 seconds, with uv 30, packages in reach, on a machine that "
    "did other work too"
)


def start_here(lessons: list[Lesson], archive: str) -> str:
    """``START_HERE.md`` of the hand-out of some lessons."""
    colab = f"Upload `{archive}.zip` beside it first."
    return template(
        "START_HERE.md", other_ways=_other_ways(lessons, colab), notebook=f"{lessons[0].name}.ipynb"
    )


def readme(lessons: list[Lesson], title: str) -> str:
    """``README.md`` of the public tree."""
    paths = {one.name: f"release/{one.name}/{one.name}.ipynb" for one in lessons}
    rows = [f"| [{one.title}]({paths[one.name]}) | {one.minutes} |" for one in lessons]
    colab = "It wants the zip file of a hand-out beside the notebook, which your instructor has."
    return template(
        "README.md",
        other_ways=_other_ways(lessons, colab),
        table="\n".join(rows),
        notebook=paths[lessons[0].name],
        title=title,
    )


def _other_ways(lessons: list[Lesson], colab: str) -> str:
    """How else to install; ``colab`` is what Colab wants of lessons with no address to install
    from."""
    if all(one.install_from for one in lessons):
        colab = ""
    text = template("other_ways.md", measured=MEASURED, colab=colab)
    return text.replace(" \n", "\n").rstrip()
