"""What a student and a marker see in a real browser: JupyterLab and formgrader."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring import demo_class
from autograder.lessons import reading

ROOT = Path(__file__).parents[1]
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")

#: With this set to a folder, each page is kept there as a picture.
PICTURES = os.environ.get("SCREENSHOTS")


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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (course / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}",
         "--ip=127.0.0.1", "--ServerApp.token=", "--ServerApp.password=",
         # Ports are chosen before a kernel binds them: a kernel of another test may be faster.
         "--KernelManager.transport=ipc",
         "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
        cwd=course, stdout=log, stderr=log,
        env={**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=2).read()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail((course / "lab.log").read_text()[-2000:])
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser) -> Iterator[object]:
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(120_000)
    yield page
    page.close()


def keep(page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def open_notebook(page, address: str, name: str) -> None:
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_selector(".jp-RenderedMarkdown h1")


def wait_for_kernel(page) -> None:
    """A click on Run before the kernel has answered may be lost."""
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached")


def wait_for(locator, page, course: Path) -> None:
    """Until it is there; if it doesn't come, what the page shows and what the server said."""
    late = pytest.importorskip("playwright.sync_api").TimeoutError
    try:
        locator.wait_for()
    except late as error:
        said = (course / "lab.log").read_text()[-3000:]
        shown = page.locator("body").inner_text()[-3000:]
        pytest.fail(f"{error}\n\nThe page shows:\n{shown}\n\nThe server said:\n{said}")


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
