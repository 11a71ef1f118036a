"""The class of threats, graded once in each tier."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.isolation import tiers

sys.path.insert(0, str(Path(__file__).parent))


# One process for each tier: a class takes minutes.
_TIERS = [
    pytest.param(tier, marks=pytest.mark.xdist_group(f"threats, {tier}"))
    for tier in ("strong", "fallback")
]


@pytest.fixture(scope="session", params=_TIERS)
def graded(request, tmp_path_factory) -> Iterator[Any]:
    """The class, graded in a tier; skipped where the machine can't do it."""
    from threat_class import grade_class

    probed = tiers.probe(tiers.Isolation(request.param))
    if not probed.works:
        pytest.skip(f"no {request.param} tier here: {probed.reason}")
    yield from grade_class(request.param, tmp_path_factory.mktemp(f"threats-{request.param}"))
