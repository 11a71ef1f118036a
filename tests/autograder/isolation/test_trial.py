"""The trial of a tier: it says what a submission could do, and passes where it could do nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from autograder.isolation import tiers
from autograder.isolation.tiers import Isolation
from autograder.isolation.trial import FINE

TRIAL = ["-m", "autograder.isolation.trial"]


def given(isolation: Isolation, **changed: str) -> str:
    """A confinement as the trial reads it, with some of it changed."""
    confinement = asdict(isolation.confinement())
    return json.dumps({**confinement, "program": confinement["program"].hex(), **changed})


def test_the_trial_says_what_a_submission_could_do_where_nothing_holds_it() -> None:
    ended = subprocess.run(
        [sys.executable, *TRIAL], input=given(Isolation("none")), capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stdout.startswith("a submission could open a network socket")


@pytest.mark.parametrize("tier", ["strong", "fallback"])
def test_a_tier_that_works_passes_its_trial(usable, tier, tmp_path) -> None:
    isolation = usable(tier)
    tmp_path.chmod(0o711)
    with tiers.command(isolation, TRIAL, str(tmp_path)) as (words, files):
        ended = subprocess.run(
            words, input=given(isolation), pass_fds=files, capture_output=True, text=True
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.strip() in FINE


@pytest.mark.parametrize("tier", ["strong", "fallback"])
def test_a_confinement_that_leaves_out_the_submissions_own_part_is_refused(
    usable, tier, tmp_path
) -> None:
    isolation = usable(tier)
    # Where the warm parent runs, but in no namespaces and under no rules of its own.
    loose = given(isolation, program="", tier="none")
    with tiers.command(isolation, TRIAL, str(tmp_path)) as (words, files):
        ended = subprocess.run(words, input=loose, pass_fds=files, capture_output=True, text=True)
    assert ended.returncode != 0
    assert "a submission could" in ended.stdout
