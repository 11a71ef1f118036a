"""What scripts write into the pages of docs."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import sections  # noqa: E402  a script, not a package


def test_what_is_measured_replaces_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before\n<begin>\n\nold\n\n<end>\nafter\n")
    sections.write(page, "<begin>", "<end>", "new")
    assert page.read_text() == "Before\n<begin>\n\nnew\n\n<end>\nafter\n"
