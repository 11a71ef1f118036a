"""The notebooks on a GPU: the same marks as on the CPU, within the tolerances of their tests."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.lessons import reading
from autograder.lessons.model import Lesson

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import devices  # noqa: E402  a script, not a package


@pytest.mark.gpu
@pytest.mark.parametrize("folder", reading.folders(ROOT), ids=lambda folder: folder.name)
def test_the_reference_earns_the_same_on_cuda_as_on_the_cpu(folder: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    on_cuda, on_cpu = devices.run(folder, "cuda"), devices.run(folder, "cpu")
    assert on_cuda.failed == {}
    assert on_cuda.points == on_cpu.points


@pytest.mark.parametrize("folder", reading.folders(ROOT), ids=lambda folder: folder.name)
def test_every_notebook_has_a_pytorch_part_that_is_timed(folder: Path) -> None:
    assert sum(map(devices.begins_pytorch_part, reading.load(folder).cells)) >= 1


@pytest.fixture
def in_two_parts(make_lesson) -> Lesson:
    """A lesson whose second part is in PyTorch, with a test that fails."""
    made: Lesson = make_lesson(
        '# %% shared="imports"\nimport math\n\n'
        '# %% solution="first"\n### BEGIN SOLUTION\nfirst = 1\n### END SOLUTION\n\n'
        '# %% tests="first" points=2\nassert first == 1\n\n'
        "# %% [markdown]\n# ## 2 · In PyTorch\n\n"
        '# %% solution="second"\n### BEGIN SOLUTION\nsecond = 1\n### END SOLUTION\n\n'
        "# %% [markdown]\n# Prose.\n\n"
        '# %% tests="second" points=3\nassert second == 2\n'
    )
    return made


def test_a_run_tells_what_failed(in_two_parts) -> None:
    ended = devices.run(in_two_parts.folder, "cpu")
    assert ended.points == 2
    assert list(ended.failed) == ["test-second"]
    assert "AssertionError" in ended.failed["test-second"]


def test_what_is_timed_are_the_code_cells_of_the_pytorch_part(in_two_parts, monkeypatch) -> None:
    # A clock that goes on by one whenever somebody looks at it.
    clock = SimpleNamespace(perf_counter=itertools.count().__next__)
    monkeypatch.setattr(devices, "time", clock)
    assert devices.run_here(in_two_parts, "cpu").seconds == 2


def test_a_notebook_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="nowhere on cpu"):
        devices.run(tmp_path / "nowhere", "cpu")
