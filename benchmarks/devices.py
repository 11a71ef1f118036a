"""Runs the PyTorch part of every instructor notebook on the CPU and on CUDA, and compares them.

    python benchmarks/devices.py [NAME ...]

Each notebook runs twice, in processes of its own, with its reference solutions, its hidden tests
and its experiments. The tests are the comparison: they hold what was computed on the device
against float64 values of another source, within tolerances that stand in the tests. The seconds of
the PyTorch part go into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

import sections

from autograder.commands.output import err, problem, progress
from autograder.lessons import reading
from autograder.lessons.model import Cell, Lesson

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- measured by benchmarks/devices.py -->", "<!-- end of devices -->"


@dataclass(frozen=True)
class Run:
    """A notebook on a device: seconds of its PyTorch part, points, and what failed, by cell."""

    name: str
    device: str
    seconds: float
    points: float
    failed: dict[str, str]


def run(folder: Path, device: str) -> Run:
    """Run the reference notebook of a lesson in a fresh process.

    Args:
        device: as in ``NNLAB_DEVICE``: ``cpu`` or ``cuda``.

    Raises:
        RuntimeError: the process ended without a result.
    """
    ended = subprocess.run(
        [sys.executable, __file__, "--one", str(folder)],
        env={**os.environ, "NNLAB_DEVICE": device, "MPLBACKEND": "agg", "TQDM_DISABLE": "1"},
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise RuntimeError(f"{folder.name} on {device}: {ended.stderr[-2000:]}")
    return Run(**json.loads(ended.stdout.splitlines()[-1]))


def run_here(one: Lesson, device: str) -> Run:
    """Run the cells one after another, as a notebook would; an error ends its cell only."""
    import torch

    names: dict[str, object] = {"__name__": "__main__"}
    in_torch, seconds, points = False, 0.0, 0.0
    failed: dict[str, str] = {}
    for cell in one.cells:
        in_torch = in_torch or begins_pytorch_part(cell)
        if not cell.is_code or cell.kind == "install":  # it installs what is here
            continue
        started = time.perf_counter()
        try:
            exec(compile(cell.source, f"<{cell.id}>", "exec"), names)
        except Exception:  # noqa: BLE001  every cell is tried, and what failed is told
            failed[cell.id] = traceback.format_exc(limit=-2)
        else:
            points += cell.points
        if device == "cuda":
            torch.cuda.synchronize()
        if in_torch:
            seconds += time.perf_counter() - started
    return Run(one.name, device, seconds, points, failed)


def begins_pytorch_part(cell: Cell) -> bool:
    """Whether a cell holds the heading under which a notebook turns to PyTorch."""
    return cell.kind == "text" and bool(re.search(r"^##? .*PyTorch", cell.source, re.MULTILINE))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="assignments, by name or beginning; all if none")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asdict(run_here(reading.load(options.one), os.environ["NNLAB_DEVICE"]))))
        return
    import torch

    if not torch.cuda.is_available():
        raise SystemExit("there is no CUDA device here, so there is nothing to compare")
    lines = [
        f"{time.strftime('%Y-%m-%d')}: {torch.cuda.get_device_name()}, torch {torch.__version__}.",
        "",
        "| assignment | CPU, s | CUDA, s | points on each |",
        "| --- | ---: | ---: | ---: |",
    ]
    folders = reading.folders(ROOT, options.names)
    with progress("Running the notebooks") as advance:
        for number, folder in enumerate(folders, start=1):
            cpu, cuda = run(folder, "cpu"), run(folder, "cuda")
            for one in (cpu, cuda):
                for cell, trace in one.failed.items():
                    problem(f"{one.name} on {one.device}: {cell}\n{trace}")
            line = f"| {cpu.name} | {cpu.seconds:.1f} | {cuda.seconds:.1f} | "
            lines.append(f"{line}{cpu.points:g}, {cuda.points:g} |")
            err.print(lines[-1], markup=False, soft_wrap=True)
            advance(number, len(folders))
    sections.write(sections.DOCS / "benchmarks.md", BEGIN, END, "\n".join(lines))


if __name__ == "__main__":
    main()
