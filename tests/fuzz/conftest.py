"""How hard the fuzz tests try: HYPOTHESIS_PROFILE is ``quick`` (if unset) or ``nightly``.

``quick`` tries the same 300 examples a test each time, ``nightly`` other 10,000 each time. No
example has a deadline, for a busy machine must not fail a test; what must not take long is counted
in calls of functions instead.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_EITHER = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}

settings.register_profile("quick", max_examples=300, derandomize=True, database=None, **_EITHER)
settings.register_profile("nightly", max_examples=10_000, derandomize=False, **_EITHER)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
