"""A JupyterLab server and a real browser, for the tests of what people see."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
#: With this set to a folder, each page is kept there as a picture.
PICTURES = os.environ.get("SCREENSHOTS")


@contextlib.contextmanager
def running_lab(folder: Path, command: list[str], **environment: str) -> Iterator[str]:
    """The address of a JupyterLab in a folder, started by ``command``; its log is lab.log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(
        [*command, "--no-browser", "--allow-root", f"--port={port}",
         "--ip=127.0.0.1", "--ServerApp.token=", "--ServerApp.password=",
         # Ports are chosen before a kernel binds them: a kernel of another test may be faster.
         "--KernelManager.transport=ipc",
         "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
        cwd=folder, stdout=log, stderr=log,
        env={**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "OMP_NUM_THREADS": "1", **environment},
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
            pytest.fail((folder / "lab.log").read_text()[-2000:])
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@contextlib.contextmanager
def running_browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


def new_page(browser: Any) -> Any:
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(120_000)
    return page


def keep(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def open_notebook(page: Any, address: str, name: str) -> None:
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_selector(".jp-RenderedMarkdown h1")


def wait_for_kernel(page: Any) -> None:
    """A click on Run before the kernel has answered may be lost."""
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached")


def wait_for(locator: Any, page: Any, folder: Path) -> None:
    """Until it is there; if it doesn't come, what the page shows and what the server said."""
    late = pytest.importorskip("playwright.sync_api").TimeoutError
    try:
        locator.wait_for()
    except late as error:
        said = (folder / "lab.log").read_text()[-3000:]
        shown = page.locator("body").inner_text()[-3000:]
        pytest.fail(f"{error}\n\nThe page shows:\n{shown}\n\nThe server said:\n{said}")
