"""What the tests of isolation share: a tier that works here, or a skip with the reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.isolation import tiers
from autograder.isolation.tiers import Isolation, Tier


@pytest.fixture(scope="session")
def usable() -> Callable[[Tier], Isolation]:
    """The isolation of a tier; the test is skipped where the machine has none."""
    probed = {tier: tiers.probe(Isolation(tier)) for tier in tiers.TIERS}

    def isolation(tier: Tier) -> Isolation:
        if not probed[tier].works:
            pytest.skip(f"no {tier} tier here: {probed[tier].reason}")
        return Isolation(tier)

    return isolation
