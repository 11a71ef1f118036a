"""A verdict on its way from the examiner: nothing of it is lost."""

from __future__ import annotations

import msgpack

from autograder.judging.mark import Mark
from autograder.judging.outputs import error_output
from autograder.judging.verdict import Verdict


def test_a_verdict_survives_its_message() -> None:
    mark = Mark("test-double", "double", 0.0, 2.0, "failed", "no", "why", blocked_by=("a",))
    verdict = Verdict(
        mark,
        [error_output("ValueError", "no\nat all")],
        frozenset({("double", "numpy.linalg.norm")}),
        ended=True,
        undefined="factor",
        undefined_in_answer=True,
    )
    carried = msgpack.unpackb(msgpack.packb(verdict.to_message()))
    assert Verdict.from_message(carried) == verdict
