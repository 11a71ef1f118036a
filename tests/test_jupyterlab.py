"""What a student and a marker see in a real browser: JupyterLab and formgrader."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_lab import (
    CHROMIUM,
    keep,
    new_page,
    open_notebook,
    running_browser,
    running_lab,
    wait_for,
    wait_for_kernel,
)

from autograder.authoring import demo_class
from autograder.lessons import reading

ROOT = Path(__file__).parents[1]
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
    pytest.mark.xdist_group("one JupyterLab"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A small graded class, as an nbgrader course."""
    target = tmp_path_factory.mktemp("lab") / "course"
    small = reading.load(Path(__file__).parent / "course" / "assignments" / "90_small")
    demo_class.prepare_folder(ROOT, target)
    shutil.copytree(small.folder, target / "assignments" / small.name)
    demo_class.make_class(target, small, 3)
    command = [sys.executable, "-m", "autograder.commands.cli", "grade", "90"]
    subprocess.run(command, cwd=target, check=True, capture_output=True)
    for one in reading.find(ROOT):
        shutil.copy(ROOT / "release" / one.name / f"{one.name}.ipynb", target)
    return target


@pytest.fixture(scope="module")
def lab(course: Path) -> Iterator[str]:
    """The address of a JupyterLab that runs in the course's folder."""
    with running_lab(course, [sys.executable, "-m", "jupyter", "lab"]) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with running_browser() as chromium:
        yield chromium


@pytest.fixture
def page(browser) -> Iterator[object]:
    page = new_page(browser)
    yield page
    page.close()


@pytest.mark.parametrize("one", reading.find(ROOT), ids=lambda one: one.name)
def test_a_release_notebook_opens_with_title_and_collapsed_hints(page, lab, one) -> None:
    open_notebook(page, lab, f"{one.name}.ipynb")
    assert one.title in page.locator(".jp-RenderedMarkdown h1").first.inner_text()
    keep(page, f"{one.name}-top")
    hint = page.locator(".jp-RenderedMarkdown details").first
    hint.scroll_into_view_if_needed()
    assert hint.get_attribute("open") is None
    hint.locator("summary").click()
    keep(page, f"{one.name}-hint")


def test_a_failed_check_reads_as_a_sentence_not_as_a_traceback(page, lab, course) -> None:
    released = json.loads((course / "release" / "90_small" / "90_small.ipynb").read_text())
    for cell in released["cells"]:
        if cell["id"] == "solution-double":
            cell["source"] = "def double(x):\n    return x**2"
    (course / "mine.ipynb").write_text(json.dumps(released))
    open_notebook(page, lab, "mine.ipynb")
    wait_for_kernel(page)
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).click()
    said = page.locator(".jp-OutputArea-output").filter(has_text="double(3) returned 9")
    wait_for(said.first, page, course)
    keep(page, "failed-check")
    words = said.first.inner_text()
    assert "expected 6" in words
    assert "Read the first line of its docstring." in words
    assert "Traceback" not in words
    assert "testing.py" not in words


def test_formgrader_shows_the_class_and_a_graded_notebook(page, lab, course) -> None:
    page.goto(f"{lab}/formgrader/gradebook/90_small/90_small")
    students = page.locator("tbody a[href*='/formgrader/submissions/']")
    students.first.wait_for()
    keep(page, "formgrader-class")
    assert page.locator("tbody tr").count() == 3
    page.goto(lab + students.first.get_attribute("href"))
    page.wait_for_selector(".nbgrader_cell")
    page.get_by_text("For the marker").first.wait_for()
    keep(page, "formgrader-notebook")
    assert page.locator("input.score").count() == 5
