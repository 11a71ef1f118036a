"""autograder doctor: a line each, with a sign."""

from __future__ import annotations


def test_doctor_says_a_line_each_and_names_both_tiers(autograder) -> None:
    ended = autograder("doctor")
    lines = ended.stdout.splitlines()
    assert all(line.startswith(("[OK]   ", "[no]   ", "[FAIL] ")) for line in lines)
    for what in ("Python", "nbgrader", "sandbox, strong", "sandbox, fallback", "GPU", "Chromium"):
        assert any(line[7:].startswith(f"{what}: ") for line in lines), what
    assert any("nbgrader: 0.9" in line for line in lines)
    assert ended.returncode == any(line.startswith("[FAIL]") for line in lines)


def test_what_is_missing_and_not_needed_says_no_and_what_is_needed_fails(monkeypatch) -> None:
    from typer.testing import CliRunner

    from autograder.commands.cli import app
    from autograder.isolation import machine
    from autograder.isolation.machine import Finding

    def shown(*findings: Finding) -> tuple[list[str], int]:
        monkeypatch.setattr(machine, "examine", lambda: list(findings))
        ended = CliRunner().invoke(app, ["doctor"])
        return ended.output.splitlines(), ended.exit_code

    fine = Finding("GPU", True, "NVIDIA [H200]")
    optional = Finding("Chromium", False, "is not installed")
    needed = Finding("nbgrader", False, "is not installed: pip install nbgrader", needed=True)
    lines, code = shown(fine, optional)
    assert lines == ["[OK]   GPU: NVIDIA [H200]", "[no]   Chromium: is not installed"]
    assert code == 0
    lines, code = shown(fine, needed)
    assert lines[1] == "[FAIL] nbgrader: is not installed: pip install nbgrader"
    assert code == 1
