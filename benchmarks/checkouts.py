"""A checkout of this project, this one or an older one: its command, and a course that it reads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import clock

#: Where the command is: since 0.2.0, and before.
_COMMANDS = {
    "autograder/commands/cli.py": "autograder.commands.cli",
    "autograder/cli.py": "autograder.cli",
}
#: Prints the version and the file of the package that is imported.
_ASK = "import autograder; print(autograder.__version__); print(autograder.__file__)"
CONFIG_FILE = "nbgrader_config.py"


class CheckoutError(Exception):
    """A folder that is no checkout of this project. The message says why."""


@dataclass(frozen=True)
class Checkout:
    """A checkout whose packages win over the installed ones: its folder, its version, and the
    module that is its command."""

    root: Path
    version: str
    module: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to import the packages of this checkout."""
        return _importing_from(self.root)

    def command(self, course: Path, *words: str) -> clock.Command:
        """``autograder WORDS`` in a course's folder."""
        return clock.Command((sys.executable, "-m", self.module, *words), course, self.environment)

    def grade(self, course: Path, names: Sequence[str], *options: str) -> clock.Command:
        """``autograder grade`` with two workers."""
        return self.command(course, "grade", "--jobs", "2", *names, *options)

    def register(self, course: Path, names: Sequence[str]) -> None:
        """Tell the gradebook the assignments, as an instructor who releases them has done.

        Raises:
            clock.CommandFailed: nbgrader refuses.
        """
        nbgrader = (sys.executable, "-m", "nbgrader", "generate_assignment", "--force")
        for name in names:
            clock.run([clock.Command((*nbgrader, name), course, self.environment)])

    def take_over(self, course: Path, names: Sequence[str]) -> None:
        """Put this checkout's assignments in the place of another's; what was handed in stays.

        Raises:
            clock.CommandFailed: the assignments cannot be built or registered.
        """
        for folder in ("assignments", "source", "release"):
            shutil.rmtree(course / folder, ignore_errors=True)
        (course / "gradebook.db").unlink(missing_ok=True)
        shutil.copytree(self.root / "assignments", course / "assignments")
        shutil.copyfile(self.root / CONFIG_FILE, course / CONFIG_FILE)
        clock.run([self.command(course, "build", *names)])
        self.register(course, names)

    def compile(self) -> None:
        """Compile the packages: sandboxes do not write what they compile, and would do it anew in
        each run."""
        packages = [str(self.root / name) for name in ("autograder", "nnlab")]
        subprocess.run([sys.executable, "-m", "compileall", "-q", *packages], check=True)


def checkout(root: Path) -> Checkout:
    """The checkout in a folder.

    Raises:
        CheckoutError: there is none.
    """
    root = root.resolve()
    modules = [module for file, module in _COMMANDS.items() if (root / file).is_file()]
    if not modules:
        raise CheckoutError(f"{root} has none of {', '.join(_COMMANDS)}")
    with tempfile.TemporaryDirectory() as empty:  # the working folder would win
        asked = subprocess.run(
            [sys.executable, "-c", _ASK],
            cwd=empty,
            env={**os.environ, **_importing_from(root)},
            capture_output=True,
            text=True,
        )
    if asked.returncode:
        raise CheckoutError(f"{root} cannot be imported from: {asked.stderr[-500:]}")
    version, file = asked.stdout.splitlines()
    if not Path(file).resolve().is_relative_to(root):
        raise CheckoutError(f"Python imports {file} in place of what is in {root}")
    return Checkout(root, version, modules[0])


def _importing_from(root: Path) -> dict[str, str]:
    others = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(root), *([others] if others else [])])}
