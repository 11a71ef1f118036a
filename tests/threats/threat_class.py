"""A class of hostile, careless and honest students, graded by the command."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
import psutil
import threats_broken  # noqa: F401  each registers its cases
import threats_exhaustion  # noqa: F401
import threats_harm  # noqa: F401
import threats_marks  # noqa: F401
import threats_secrets  # noqa: F401
from nbgrader.api import Gradebook
from threat_cases import CASES, Case

import autograder
from autograder.authoring.build import build, write
from autograder.authoring.proof import answers
from autograder.course.nbgrader import note_schema_version
from autograder.lessons import model, reading

NAME = "90_small"
_LIMITS = {
    "cell_seconds": 6, "test_seconds": 6, "notebook_seconds": 90, "memory_mb": 1536,
    "disk_mb": 16, "processes": 24, "output_kb": 256, "file_mb": 8,
}  # fmt: skip
#: A neighbour after every so many hostile students.
_EVERY = 3


@dataclass
class Graded:
    """What came of the class in one tier."""

    tier: str
    course: Path
    seconds: float
    report: dict[str, Any]
    complaints: list[str] = field(default_factory=list)

    def student(self, name: str) -> dict[str, Any]:
        (assignment,) = self.report["assignments"]
        return next(one for one in assignment["students"] if one["student"] == name)

    def shown(self, name: str) -> str:
        """All that the student is shown, or could be: sentences and outputs."""
        one = self.student(name)
        words = [*one["remarks"], *(mark["says"] for mark in one["marks"])]
        path = self.course / "autograded" / name / NAME / f"{NAME}.ipynb"
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                is_test = cell["id"].startswith("test-")
                if not is_test or output["output_type"] == "stream":
                    words.append(json.dumps(output, ensure_ascii=False))
        return "\n".join(words)


def student_of(case: Case) -> str:
    return f"s{CASES.index(case):03d}"


def grade_class(tier: str, folder: Path) -> Iterator[Graded]:
    course, home = folder / "course", folder / "home"
    prepare(course, home)
    with Surroundings(course, home) as around:
        hand_in_all(course, around.words)
        before = listing(course, home)
        environment = {**os.environ, "HOME": str(home), "NNLAB_HIDDEN_SEED": "914203577"}
        ended = subprocess.run(
            [sys.executable, "-m", "autograder.commands.cli", "grade", NAME, "--sandbox", tier,
             "--jobs", "2", "--json", str(folder / "report.json")],
            cwd=course, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-4000:]
        report = json.loads((folder / "report.json").read_text())
        made = Graded(tier, course, report["assignments"][0]["seconds"], report)
        changed = {
            path for path, state in listing(course, home).items() if before.get(path) != state
        }
        gone = before.keys() - listing(course, home).keys()
        made.complaints += [f"{path} was changed" for path in sorted(changed)]
        made.complaints += [f"{path} is gone" for path in sorted(gone)]
        made.complaints += around.complaints()
        yield made


def prepare(course: Path, home: Path) -> None:
    """The small course, with a word in whatever is secret."""
    shutil.copytree(Path(__file__).parents[1] / "course", course)
    path = course / "assignments" / NAME / "lesson.py"
    front = path.read_text().split("# limits:")[0]
    rest = path.read_text().partition("# ---\n")[2].partition("# ---\n")[2]
    limits = "".join(f"#   {name}: {value}\n" for name, value in _LIMITS.items())
    path.write_text(f"{front}# limits:\n{limits}# ---\n{rest}\n# CANARY\n")
    write(build(reading.load(path.parent)), course)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("\n# CANARY\n")
    address = f"sqlite:///{course / 'gradebook.db'}"
    note_schema_version(address)
    with Gradebook(address, "") as book:
        book.add_student("canary", first_name="CANARY")
    (home / ".ssh").mkdir(parents=True)
    for name in (".ssh/id_secret", ".netrc", ".bashrc"):
        (home / name).write_text("CANARY\n")


def hand_in_all(course: Path, words: dict[str, str]) -> None:
    small = reading.load(course / "assignments" / NAME)
    for number, case in enumerate(CASES):
        hand_in(course, small, student_of(case), case, words)
        if number % _EVERY == 0:
            hand_in(course, small, f"{student_of(case)}-neighbour", Case("honest", ""), words)


def hand_in(
    course: Path, small: model.Lesson, student: str, case: Case, words: dict[str, str]
) -> None:
    """Write a submission; ``{course}`` and the like in its sources become what they stand for."""

    def filled(source: str) -> str:
        for name, value in words.items():
            source = source.replace("{" + name + "}", value)
        return source

    notebook = json.loads(nbformat.writes(nbformat.reads(build(small).release, as_version=4)))
    sources = answers(small) | {f"solution-{t}": filled(s) for t, s in case.solutions.items()}
    cells = []
    for cell in notebook["cells"]:
        cell["source"] = sources.get(cell["id"], "".join(cell["source"]))
        if cell["id"] == "answer-why":
            cell["source"] = "The largest number has the largest square. CANARY"
        cells.append(cell)
        for after, source in case.extras:
            if after == cell["id"]:
                cells.append({"id": "added", "cell_type": "code", "metadata": {}, "outputs": [],
                              "execution_count": None, "source": filled(source)})  # fmt: skip
    notebook["cells"] = cells
    if case.notebook is not None:
        case.notebook(notebook)
    folder = course / "submitted" / student / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook))
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


class Surroundings:
    """What is on the machine beside the grader, and must not notice: a process, servers."""

    def __init__(self, course: Path, home: Path) -> None:
        # The name in its command line and the word in its environment are not for students.
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(3600)", "CANARY"],
            env={**os.environ, "SECRET": "CANARY"},
        )
        self._tcp = socket.create_server(("127.0.0.1", 0))
        port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", port))
        self._servers = [self._tcp, self._udp]
        for address in (str(course / "service.sock"), f"\0autograder-threats-{os.getpid()}"):
            server = socket.socket(socket.AF_UNIX)
            server.bind(address)
            server.listen()
            self._servers.append(server)
        for server in self._servers:
            server.settimeout(0.05)
        self._marker = str(100_000 + os.getpid())
        self.words = {
            "course": str(course),
            "home": str(home),
            "neighbour": "s000-neighbour",
            "grader": str(self._process.pid),
            "port": str(port),
            "abstract": f"autograder-threats-{os.getpid()}",
            "marker": self._marker,
            "packages": str(Path(nbgrader.__file__).parents[1]),
            "grader_package": str(Path(autograder.__file__).parent),
        }

    def __enter__(self) -> Surroundings:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for server in self._servers:
            server.close()

    def complaints(self) -> list[str]:
        found = []
        status = psutil.Process(self._process.pid).status()
        if self._process.poll() is not None or status == psutil.STATUS_STOPPED:
            found.append("a process beside the grader was killed or stopped")
        for server in self._servers:
            try:
                server.recv(100) if server is self._udp else server.accept()
                found.append(f"somebody came to {server.getsockname()}")
            except TimeoutError:
                continue
        for process in psutil.process_iter(["cmdline"]):
            if (process.info["cmdline"] or [])[-1:] == [self._marker]:
                found.append(f"a process of a submission lives on: {process.pid}")
                process.kill()
        return found


def listing(*folders: Path) -> dict[str, tuple[int, float, str]]:
    """Modes, times and contents of what grading does not write."""
    found = {}
    for folder in folders:
        for path in sorted([folder, *folder.rglob("*")]):
            relative = path.relative_to(folder.parent)
            ours = ("autograded", "gradebook.db", ".autograder.lock", ".cache", ".config")
            if any(part.startswith(ours) for part in relative.parts) or path == folder:
                continue
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            state = path.lstat()
            modified = state.st_mtime if path.is_file() else 0.0
            found[str(path)] = (state.st_mode, modified, content)
    return found
