"""Grades the threats that cannot harm the machine with stock nbgrader and with autograder.

    python benchmarks/threats_nbgrader.py

In a throwaway folder. Writes the table in docs/security.md: how many cases gained marks, learned
what they must not, were graded wrongly though honest, or stopped the class.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.commands.output import err, progress
from autograder.lessons import reading

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "threats"))

import sections  # noqa: E402
import threat_class  # noqa: E402  of the tests
from threat_cases import CASES, Case  # noqa: E402

BEGIN, END = "<!-- measured by benchmarks/threats_nbgrader.py -->", "<!-- end of threats -->"
NAME = threat_class.NAME
#: A neighbour whom no case may touch.
_HONEST = Case("honest", "neighbours")
#: What a case came to, in the order of the table.
_OUTCOMES = ("gained marks", "learned a secret", "lost marks that it earned", "was not graded")


def main() -> None:
    # nbgrader calls alembic by its name, whether or not the environment is active.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, help="only the first so many")
    parser.add_argument("--no-write", action="store_true", help="leave docs/security.md as it is")
    options = parser.parse_args()
    cases = [case for case in CASES if case.harmless][: options.cases]
    with tempfile.TemporaryDirectory(prefix="threats-") as folder:
        counts = {
            way: count(cases, grade(cases, Path(folder) / way, commands))
            for way, commands in {
                "autograder": [["autograder.commands.cli", "grade", NAME]],
                # One at a time: some of the cases end nbgrader's run, and the class with it.
                "nbgrader": [
                    ["nbgrader", "generate_assignment", "--force", NAME],
                    *(
                        ["nbgrader", "autograde", NAME, f"--student={name_of(case)}"]
                        for case in [_HONEST, *cases]
                    ),
                ],
            }.items()
        }
    text = table(cases, counts)
    if not options.no_write:
        sections.write(sections.DOCS / "security.md", BEGIN, END, text)
    err.print(text, markup=False, soft_wrap=True)


def grade(cases: list[Case], folder: Path, commands: list[list[str]]) -> Path:
    """Hand in the cases in a course of their own and run the commands in it; the course's folder.

    Raises:
        SystemExit: not even the honest neighbour was graded.
    """
    course, home = folder / "course", folder / "home"
    threat_class.prepare(course, home)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("\nc = get_config()\nc.ExecutePreprocessor.timeout = 10\n")
    small = reading.load(course / "assignments" / NAME)
    with threat_class.Surroundings(course, home) as around:
        for case in [_HONEST, *cases]:
            student = name_of(case)
            threat_class.hand_in(course, small, student, case, around.words)
        err.print(f"{folder.name}: {len(cases)} cases …")
        with progress(folder.name) as advance:
            for number, command in enumerate(commands, start=1):
                ended = subprocess.run(
                    [sys.executable, "-m", *command],
                    cwd=course,
                    capture_output=True,
                    text=True,
                    errors="replace",
                    env={**os.environ, "HOME": str(home), "OMP_NUM_THREADS": "1"},
                )
                advance(number, len(commands))
    if not (course / "autograded" / name_of(_HONEST)).exists():
        raise SystemExit(f"{folder.name} graded nobody: {ended.stderr[-2000:]}")
    shutil.rmtree(course / "submitted")
    return course


def name_of(case: Case) -> str:
    """The student who hands in a case."""
    return f"s{CASES.index(case):03d}" if case in CASES else "a-neighbour"


def count(cases: list[Case], course: Path) -> dict[str, Counter[str]]:
    """How often each outcome came, by the class of threats."""
    found: dict[str, Counter[str]] = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "") as book:
        for case in [_HONEST, *cases]:
            tally = found.setdefault(case.threat, Counter())
            student = name_of(case)
            path = course / "autograded" / student / NAME / f"{NAME}.ipynb"
            try:
                marks = {
                    test: book.find_grade(test, NAME, NAME, student).auto_score or 0.0
                    for test in case.earns
                }
                cells = json.loads(path.read_text())["cells"]
            except (MissingEntry, OSError):
                tally["was not graded"] += 1
                continue
            shown = json.dumps([cell.get("outputs") for cell in cells], ensure_ascii=False)
            tally["gained marks"] += any(marks[t] > most for t, most in case.earns.items())
            tally["lost marks that it earned"] += any(
                marks[t] < most for t, most in case.earns.items()
            )
            tally["learned a secret"] += "STOLEN" in shown
    return found


def table(cases: list[Case], counts: dict[str, dict[str, Counter[str]]]) -> str:
    """The page's section: by threat, how often each outcome came with each grader."""
    import nbgrader

    sizes = Counter(case.threat for case in cases)
    lines = [
        f"{time.strftime('%Y-%m-%d')}, {len(cases)} cases; autograder in its default tier "
        f"against nbgrader {nbgrader.__version__}, as it comes, one student at a time (a case that "
        "it does not grade ends its run, and with it the class):",
        "",
        f"| threats | cases | {' | '.join(f'{o}: autograder, nbgrader' for o in _OUTCOMES)} |",
        "| --- | ---: |" + " ---: |" * len(_OUTCOMES),
    ]
    for threat, size in sizes.items():
        cells = [
            f"{counts['autograder'][threat][outcome]}, **{counts['nbgrader'][threat][outcome]}**"
            for outcome in _OUTCOMES
        ]
        lines.append(f"| {threat} | {size} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
