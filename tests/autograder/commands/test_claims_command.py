"""autograder claims: on how many seeds the claims of experiments hold."""

from __future__ import annotations

import json
from pathlib import Path

CLAIM = """
from autograder.authoring.claims import claim


@claim("Twice the seed is even")
def twice_the_seed_is_even(lesson, seed):
    return lesson.double(seed) % 2 == 0
"""


def write_claims(course: Path, text: str) -> None:
    (course / "assignments" / "90_small" / "claims.py").write_text(text, encoding="utf-8")


def test_a_claim_that_holds_on_every_seed(small_course, autograder) -> None:
    write_claims(small_course, CLAIM)
    report = small_course / "claims.json"
    ended = autograder("claims", "--seeds", "4", "--json", str(report), folder=small_course)
    assert ended.returncode == 0, ended.stderr
    assert "4 of 4" in ended.stdout
    written = json.loads(report.read_text())
    assert written["schema"] == 2
    (claim,) = written["claims"]
    assert claim["held"] == [0, 1, 2, 3]
    assert claim["holds"] is True


def test_a_claim_that_fails_names_the_seeds_and_one_that_raises_the_error(
    small_course, autograder
) -> None:
    write_claims(
        small_course,
        CLAIM
        + '@claim("small")\ndef small(lesson, seed):\n    return seed < 2\n'
        + '@claim("broken")\ndef broken(lesson, seed):\n    return lesson.no_such_name\n',
    )
    ended = autograder("claims", "--seeds", "3", folder=small_course)
    assert ended.returncode == 1
    assert "not on seed 2" in ended.stdout
    assert "no_such_name" in ended.stdout
    assert "3 claims, 3 seeds; 2 do not hold" in ended.stdout
