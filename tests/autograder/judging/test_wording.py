"""The sentences about what ended a test: for the student, for hidden lines, for the instructor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.judging.conversation import FromStudent, NoAnswer
from autograder.judging.wording import Facts, Reason, TimeUp, not_written, reason_for, too_slow
from autograder.protocol.channel import ChannelClosed, ChannelTimeout, ProtocolError

FACTS = Facts(
    source='check_close("double(3)", double(3.0), 6.0)\nhelper(2)',
    bound=frozenset({"check_close"}),
    wanted=("double", "helper"),
    last_call="double",
    seconds=3.0,
)


def raised(
    base: type[BaseException], message: str = "", name: str = "", trace: str = ""
) -> BaseException:
    """An exception of the student's code, as a conversation makes it."""
    error = type(name or base.__name__, (FromStudent, base), {})(message)
    error.student_traceback = trace
    return error


def test_an_error_of_the_students_is_told_with_its_message_and_its_traceback() -> None:
    error = raised(KeyError, "lost", trace='  File "<cell>", line 3\nKeyError: lost')
    reason = reason_for(error, FACTS)
    assert (reason.outcome, reason.visible) == ("failed", "double raised KeyError: 'lost'.")
    assert 'File "<cell>", line 3' in reason.detail
    assert reason_for(raised(ValueError), FACTS).visible == "double raised ValueError."


def test_of_a_hidden_line_only_the_builtin_kind_of_an_error_is_told() -> None:
    reason = reason_for(raised(LookupError, "TRIED 7", name="Tried7"), FACTS)
    assert reason.hidden == "A hidden test made double raise LookupError."
    assert reason.visible == "double raised Tried7: TRIED 7."


@pytest.mark.parametrize("label", ["your code", "the Tried7", "Tried7.forward"])
def test_of_a_hidden_line_only_names_of_the_test_are_told(label) -> None:
    facts = replace(FACTS, last_call=label)
    for error in (raised(ValueError), ChannelClosed("gone"), NoAnswer("Tried7"), TypeError("x")):
        assert "your code" in reason_for(error, facts).hidden
        assert "Tried7" not in reason_for(error, facts).hidden
    assert facts.own_name == "your code"
    assert replace(FACTS, last_call="double.size").own_name == "double.size"


def test_who_raises_not_implemented_has_not_written_it() -> None:
    reason = reason_for(raised(NotImplementedError), FACTS)
    assert (reason.outcome, reason.visible) == ("not_written", "double is not written yet.")


def test_a_function_that_calls_sys_exit_is_told_that_functions_return() -> None:
    reason = reason_for(raised(Exception, "3", name="SystemExit"), FACTS)
    assert reason.visible == "double called sys.exit; a function returns its result."
    assert reason.outcome == "failed"


@pytest.mark.parametrize("error", [TimeUp(), ChannelTimeout("nothing came in time")])
def test_who_answers_too_late_is_told_the_limit_and_nothing_was_judged(error) -> None:
    reason = reason_for(error, FACTS)
    assert reason == Reason.same("not_run", too_slow(3.0))
    assert "within 3 s" in reason.visible


def test_a_process_that_ended_is_no_wrong_answer() -> None:
    reason = reason_for(ChannelClosed("gone"), FACTS)
    assert reason.outcome == "not_run"
    assert reason.visible.startswith("double ended its process")
    assert reason.hidden == reason.visible


def test_an_answer_that_cannot_be_judged_says_why_if_that_may_be_seen() -> None:
    for error in (ProtocolError("a node of no kind"), NoAnswer("too large")):
        reason = reason_for(error, FACTS)
        assert reason.outcome == "failed"
        assert reason.visible == f"double gave back what cannot be judged: {error}."
        assert reason.hidden == "double gave back what cannot be judged."


def test_a_name_that_the_test_reads_and_nobody_has_bound_is_named_and_kept() -> None:
    reason = reason_for(NameError("name 'helper' is not defined", name="helper"), FACTS)
    assert reason.visible == reason.hidden == "helper is not defined."
    assert (reason.undefined, reason.undefined_in_answer) == ("helper", False)


def test_a_name_error_of_the_tests_own_is_not_the_notebooks() -> None:
    reason = reason_for(NameError("name 'x' is not defined", name="x"), FACTS)
    assert reason.undefined == ""


def test_a_name_that_the_students_own_code_misses_is_kept_for_the_notebook() -> None:
    error = raised(NameError, "name 'factor' is not defined", trace='  File "<cell>", line 2')
    reason = reason_for(error, FACTS)
    assert (reason.undefined, reason.undefined_in_answer) == ("factor", True)
    assert reason.visible == "double raised NameError: name 'factor' is not defined."
    odd = raised(NameError, "not the usual words")
    assert reason_for(odd, FACTS).undefined == ""


def test_a_name_that_a_probe_misses_is_one_that_the_test_reads() -> None:
    trace = "  File \"<probe p>\", line 2, in p\nNameError: name 'helper' is not defined"
    reason = reason_for(raised(NameError, "name 'helper' is not defined", trace=trace), FACTS)
    assert reason == Reason.same("failed", "helper is not defined.", "helper")


def test_a_forged_traceback_of_a_probe_brings_no_word_into_a_hidden_message() -> None:
    trace = "  File \"<probe p>\", line 2, in p\nNameError: name 'TRIED7' is not defined"
    reason = reason_for(raised(NameError, "name 'TRIED7' is not defined", trace=trace), FACTS)
    assert "TRIED7" not in reason.hidden


def test_a_check_that_failed_says_what_it_said_unless_it_is_hidden() -> None:
    reason = reason_for(AssertionError("double(3) returned 4, expected 6"), FACTS)
    assert reason.visible == reason.detail == "double(3) returned 4, expected 6"
    assert reason.hidden == "A hidden test found a case in which the answer is wrong."
    assert reason_for(AssertionError(), FACTS).visible == "A check failed."


def test_a_test_that_stumbles_over_an_answer_asks_for_type_and_shape() -> None:
    reason = reason_for(TypeError("'NoneType' object is not iterable"), FACTS)
    assert reason.outcome == "failed"
    assert reason.visible.startswith("The test could not use what double returned (TypeError: ")
    assert reason.hidden == (
        "A hidden test could not use what double returned: check type and shape."
    )
    says = reason_for(TypeError("x"), replace(FACTS, last_call="")).visible
    assert says.startswith("The test could not use your answer (TypeError: x)")


def test_a_task_that_is_open_has_one_sentence() -> None:
    assert not_written("double") == "double is not written yet."
