"""The warm parent: what it has imported is there in every fork, and copies of it do the same."""

from __future__ import annotations

import os
import socket

import pytest
from ran_cells import AGES, shown, words

from autograder.judging.sandbox_client import Sandbox, SandboxError


def test_what_was_preloaded_is_there_in_every_submission_and_failures_are_left_to_it(bare) -> None:
    bare.preload("import no_such_module\n1 / 0\nimport wave")
    with bare.submission({}) as one:
        assert words(one.run("import sys; print('wave' in sys.modules)", AGES, 1000)) == "True\n"
        assert words(one.run("print('wave' in globals())", AGES, 1000)) == "False\n"


def test_a_copy_of_the_warm_parent_runs_submissions(bare) -> None:
    sock = bare.clone()
    with Sandbox.attached(sock) as copy:
        copy.wait_until_warm()
        assert copy.tier == bare.tier == "none"
        for number in range(2):
            with copy.submission({}) as one:
                assert shown(one.run(f"{number}", AGES, 1000)) == [str(number)]


def test_copies_work_side_by_side_and_know_nothing_of_each_other(bare) -> None:
    with Sandbox.attached(bare.clone()) as first, Sandbox.attached(bare.clone()) as second:
        with first.submission({}) as one, second.submission({}) as other:
            one.run("x = 1", AGES, 1000)
            assert shown(other.run("'x' in globals()", AGES, 1000)) == ["False"]
            first.interrupt()
        with second.submission({}) as other:
            assert other.run("1", AGES, 1000).fine


def test_a_trusted_function_runs_in_a_fork_with_the_sockets_it_was_given(bare) -> None:
    ours, theirs = socket.socketpair()
    second, theirs_too = socket.socketpair()
    with ours, second:
        bare.fork("os:write", theirs, theirs_too)  # os.write(descriptor, descriptor) is an error
        assert ours.recv(1) == b""  # it has ended, and nobody holds the other end
        assert second.recv(1) == b""
    with bare.submission({}) as one:
        assert one.run("1", AGES, 1000).fine


def test_a_copy_ends_when_its_worker_hangs_up(bare) -> None:
    sock = bare.clone()
    with Sandbox.attached(sock) as copy, copy.submission({}) as one:
        pid = int(words(one.run("import os; print(os.getpid())", AGES, 1000)))
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_warm_parent_that_never_comes_up_is_a_fault_of_the_sandbox() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with Sandbox.attached(ours) as lost, pytest.raises(SandboxError, match="did not start"):
        lost.wait_until_warm()
