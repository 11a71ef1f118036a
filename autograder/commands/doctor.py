"""autograder doctor: what this machine can do for the grader."""

from __future__ import annotations

import typer
from rich.text import Text

from autograder.commands.output import out, status

#: Style and sign of a finding, by whether it is fine and whether it is needed.
_SIGNS = {
    (True, True): ("green", "[OK]"),
    (True, False): ("green", "[OK]"),
    (False, True): ("red", "[FAIL]"),
    (False, False): ("dim", "[no]"),
}


def doctor() -> None:
    """Say what this machine can do: versions, isolation of submissions, GPU."""
    from autograder.isolation.machine import examine

    with status("Looking …"):
        findings = examine()
    for one in findings:
        style, sign = _SIGNS[one.fine, one.needed]
        line = Text.assemble((sign.ljust(7), style), f"{one.what}: {one.says}")
        out.print(line, soft_wrap=True)
    if any(one.needed and not one.fine for one in findings):
        raise typer.Exit(1)
