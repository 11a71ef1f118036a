"""What must hold of a lesson's tests, and how it is said when it doesn't."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.authoring import proof
from autograder.classes.errors import PoolError
from autograder.classes.jobs import NotGraded
from autograder.lessons.variants import Variant, variants
from nnlab.testing import SEED_VARIABLE


@pytest.fixture
def prove(grade, monkeypatch):
    """Grade the jobs of a claim and judge it."""

    def row(claim):
        results = []
        for job in claim.jobs:
            monkeypatch.setenv(SEED_VARIABLE, str(job.hidden_seed))
            results.append(grade(lesson=claim.lesson, submission=job.submission))
        return proof.judge(claim, results)

    return row


@pytest.fixture(scope="module")
def claims(small):
    return {claim.name: claim for claim in proof.claims(small, seeds=2, variant_seeds=1)}


@pytest.fixture
def claim(small, claims):
    """A claim that some source is a misconception of, or an alternative in, a task."""

    def make(kind, task, source, earns=0.0):
        variant = Variant(kind, task, "made", source, earns)
        (job,) = claims["by-adding"].jobs
        job = replace(job, submission=proof.reference(small, {task: source}))
        return proof.Claim(small, kind, task, "made", (job,), variant)

    return make


def test_everything_there_is_to_prove_is_claimed(small, claims):
    assert list(claims) == ["reference", "blank release", *(v.name for v in variants(small))]
    assert [job.hidden_seed for job in claims["reference"].jobs] == [0, 1]
    assert len(claims["blank release"].jobs) == 1


def test_no_two_variants_see_the_same_hidden_inputs(small):
    seeds = [
        job.hidden_seed
        for claim in proof.claims(small, seeds=20, variant_seeds=1)
        for job in claim.jobs
        if claim.kind != "blank"
    ]
    assert len(set(seeds)) == len(seeds)


def test_the_reference_is_what_a_student_would_hand_in(small):
    sources = proof.reference(small).sources
    assert set(sources) == {
        "solution-double",
        "solution-update",
        "solution-Line",
        "solution-largest",
    }
    assert "largest = 16" in sources["solution-largest"]
    assert not any("###" in source for source in sources.values())
    changed = proof.reference(small, {"largest": "largest = 4"}).sources
    assert changed == {**sources, "solution-largest": "largest = 4"}


def test_the_blank_is_the_release(small):
    blank = proof.blank(small)
    assert "raise NotImplementedError()" in blank.sources["solution-double"]
    assert blank.sources["answer-why"].endswith("YOUR ANSWER HERE")
    assert "test-double" not in blank.sources


def test_all_claims_about_the_small_lesson_hold(claims, prove):
    rows = [prove(claim) for claim in claims.values()]
    assert [row.name for row in rows if not row.holds] == []
    earned = {row.name: (row.earned, row.of) for row in rows}
    assert earned["reference"] == (10, 10)
    assert earned["blank release"] == (0, 10)
    assert earned["that-squares"] == (0, 2)
    assert earned["with-a-fixed-offset"] == (3, 4)
    assert earned["out-of-place"] == (3, 3)
    assert rows[0].runs == 2
    assert rows[0].to_dict()["holds"] is True


def test_a_misconception_that_the_tests_accept_survives(small, claim, prove):
    row = prove(claim("misconception", "largest", "largest = 16"))
    assert not row.holds
    assert row.problem == "seed 1002: survives with 1 of 1"
    assert row.to_dict()["holds"] is False


def test_a_misconception_must_earn_what_it_says(claims, prove):
    one = claims["with-a-fixed-offset"]
    row = prove(replace(one, variant=replace(one.variant, earns=1.0)))
    assert row.problem.endswith("earns 3, not 1 (earns=…)")


def test_a_misconception_must_spare_the_other_tasks(claim, prove):
    row = prove(claim("misconception", "double", "def double(x):\n    return 0\ntorch = None"))
    assert row.problem.startswith("seed 1002: Line loses 4 (")
    assert row.earned == 0


def test_an_alternative_must_earn_everything_and_the_reason_is_told(claim, prove):
    row = prove(claim("alternative", "double", "def double(x):\n    return x", earns=2.0))
    assert "double loses 2 (double(3) returned 3, expected 6" in row.problem
    assert (row.earned, row.of) == (0, 2)


CHAIN = """\
# %% solution="first"
def first():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% tests="first" points=1
assert first() == 1

# %% solution="second" needs="first"
def second():
    ### BEGIN SOLUTION
    return first() + 1
    ### END SOLUTION

# %% tests="second" points=1
assert second() == 2
"""

WRONG = 'misconception("first", "Off.", source="def first():\\n    return 0", id="off")\n'


def test_a_task_that_needs_the_wrong_one_may_fall_with_it(make_lesson, prove):
    claims = proof.claims(make_lesson(CHAIN, WRONG), seeds=1, variant_seeds=1)
    assert [prove(claim).problem for claim in claims] == ["", "", ""]


def test_without_needs_it_may_not(make_lesson, prove):
    alone = make_lesson(CHAIN.replace(' needs="first"', ""), WRONG)
    row = prove(proof.claims(alone, seeds=1, variant_seeds=1)[-1])
    assert "second loses 1 (" in row.problem


def test_a_blank_that_earns_something_is_named(make_lesson, prove):
    easy = make_lesson(CHAIN.replace("assert first() == 1", "assert True"))
    rows = [prove(claim) for claim in proof.claims(easy, seeds=1, variant_seeds=1)]
    assert [row.problem for row in rows] == ["", "seed 0: first gives 1 for nothing"]


def test_a_fault_of_a_test_is_named(make_lesson, prove):
    faulty = make_lesson(CHAIN.replace("assert first() == 1", "first() + 1"))
    row = prove(proof.claims(faulty, seeds=1, variant_seeds=1)[0])
    assert (
        "fault of the test test-first: its last line is 2.0, not a number from 0 to 1"
        in row.problem
    )


def test_near_its_task_a_variant_is_judged_by_the_tests_of_what_needs_it_only(make_lesson):
    made = make_lesson(CHAIN + CHAIN.replace("first", "third").replace("second", "fourth"), WRONG)
    near = proof.claims(made, seeds=1, variant_seeds=1, everywhere=False)
    assert [job.options.tasks for claim in near for job in claim.jobs] == [
        (),
        (),
        ("first", "second"),
    ]
    far = proof.claims(made, seeds=1, variant_seeds=1)
    assert {job.options.tasks for claim in far for job in claim.jobs} == {()}


def test_experiments_run_in_every_job_if_they_are_asked_for(small):
    for asked in (False, True):
        found = proof.claims(small, seeds=2, variant_seeds=1, run_experiments=asked)
        assert {job.options.run_experiments for claim in found for job in claim.jobs} == {asked}


class Backwards:
    """A pool whose last job is done first; what it was told of the jobs is its answer."""

    def __init__(self, answer):
        self.answer = answer

    def run(self, jobs):
        yield from reversed([(job, self.answer(job)) for job in jobs])


def test_claims_are_judged_in_their_order_whenever_their_jobs_are_done(small, claims, grade):
    def answer(job):
        return grade(lesson=job.lesson, submission=job.submission)

    told = []
    few = [claims["reference"], claims["blank release"], claims["by-adding"]]
    rows = proof.prove(few, Backwards(answer), lambda done, total: told.append((done, total)))
    assert [(row.name, row.runs, row.holds) for row in rows] == [
        ("reference", 2, True),
        ("blank release", 1, True),
        ("by-adding", 1, True),
    ]
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_job_that_could_not_be_graded_proves_nothing(claims):
    pool = Backwards(lambda job: NotGraded("no worker is left"))
    with pytest.raises(PoolError, match=r"90_small//1: no worker is left"):
        proof.prove([claims["reference"]], pool, lambda done, total: None)
