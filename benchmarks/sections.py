"""The parts of a page in docs that a script has measured, and writes anew."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def write(page: Path, begin: str, end: str, text: str) -> None:
    """Put ``text`` between two marks of a page; what was there goes."""
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
