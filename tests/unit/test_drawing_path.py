"""The path of a recording through the state machine, and the first difference of two paths."""

from typing import Any

import pytest

from devtools.drawing.path import Path, Visit, first_difference, read_path
from orderctl.errors import OperatorError
from orderctl.picture.machine import TransitionKind
from tests.unit.drawing_samples import attempted, confirmed, order_workflow, passed, payment_outage


def path(recording: dict[str, Any]) -> Path:
    return read_path(order_workflow(), recording)


def difference(expected: dict[str, Any], actual: dict[str, Any]) -> str:
    return str(first_difference(path(expected), path(actual)))


def test_a_state_is_marked_with_its_attempts() -> None:
    recorded = path(confirmed())

    assert recorded.visit("AuthorizePayment") == Visit(name="AuthorizePayment", attempts=2)
    assert recorded.visit("ReserveInventory") == Visit(name="ReserveInventory", attempts=1)
    assert recorded.visit("HoldOrder") is None


def test_a_failed_step_leads_to_its_handler() -> None:
    recorded = path(payment_outage())

    assert recorded.visit("AuthorizePayment") == Visit(name="AuthorizePayment", attempts=4, failed=True)
    (caught,) = (each for each in recorded.transitions if each.kind is TransitionKind.CATCH)
    assert (caught.source, caught.target) == ("AuthorizePayment", "ParkAuthorizePayment")


def test_a_path_has_exactly_the_transitions_that_were_taken() -> None:
    taken = {(each.source, each.target) for each in path(confirmed()).transitions}

    assert taken == {
        ("", "ProcessOrder"),
        ("", "ReserveInventory"),
        ("ReserveInventory", ""),
        ("", "AuthorizePayment"),
        ("AuthorizePayment", ""),
        ("", "NotifyReceived"),
        ("NotifyReceived", ""),
        ("ProcessOrder", "DecideOutcome"),
        ("DecideOutcome", "CapturePayment"),
        ("CapturePayment", "ConfirmOrder"),
        ("ConfirmOrder", "AnnounceConfirmed"),
        ("AnnounceConfirmed", "NotifyConfirmed"),
        ("NotifyConfirmed", "DecideClosing"),
        ("DecideClosing", "CloseOrder"),
        ("CloseOrder", "OrderProcessed"),
    }


def test_an_error_takes_the_catch_transition_between_two_states() -> None:
    recording = confirmed()
    recording["history"]["OrderWorkflow"] = [
        *passed("ProcessOrder", "DecideOutcome", "CapturePayment", "ConfirmOrder", "AnnounceConfirmed"),
        *attempted("NotifyConfirmed", failures=4, succeeded=False),
        *attempted("ParkNotifyConfirmed", failures=4, succeeded=False),
        *passed("DecideClosing", "MessageLost"),
    ]

    kinds = {(each.source, each.target): each.kind for each in path(recording).transitions}

    assert kinds["ParkNotifyConfirmed", "DecideClosing"] is TransitionKind.CATCH


def test_a_state_that_is_not_in_the_definition_is_an_error() -> None:
    recording = confirmed()
    recording["history"]["ProcessOrder[2]"] = passed("NotifyByPigeon")

    with pytest.raises(OperatorError, match=r"enters NotifyByPigeon in ProcessOrder\[2\].*no such state"):
        path(recording)


def test_a_transition_that_is_not_in_the_definition_is_an_error() -> None:
    recording = confirmed()
    recording["history"]["OrderWorkflow"] = passed("ProcessOrder", "ConfirmOrder")

    with pytest.raises(OperatorError, match="from ProcessOrder to ConfirmOrder"):
        path(recording)


def test_a_branch_that_is_not_in_the_definition_is_an_error() -> None:
    recording = confirmed()
    recording["history"]["ProcessOrder[3]"] = passed("ReserveInventory")

    with pytest.raises(OperatorError, match=r"branch ProcessOrder\[3\]"):
        path(recording)


def test_a_file_without_a_history_is_not_a_recording() -> None:
    with pytest.raises(OperatorError, match="not a recording"):
        path({"scenario": "confirmed"})


def test_a_difference_in_a_branch_comes_before_a_difference_after_the_branches() -> None:
    assert (
        difference(confirmed(), payment_outage())
        == "in AuthorizePayment: expected 2 attempts, got 4 attempts, all failed"
    )


def test_a_difference_names_the_state_before_it_and_both_next_states() -> None:
    actual = payment_outage() | {"history": payment_outage()["history"] | branches_of(confirmed())}

    assert (
        difference(confirmed(), actual) == "after DecideOutcome: expected CapturePayment, got PaymentBroken"
    )


def test_a_path_that_ends_early_differs_at_its_end() -> None:
    actual = confirmed()
    actual["history"]["OrderWorkflow"] = passed("ProcessOrder", "DecideOutcome")

    assert difference(confirmed(), actual) == "after DecideOutcome: expected CapturePayment, got the end"


def test_equal_paths_have_no_difference() -> None:
    assert first_difference(path(confirmed()), path(confirmed())) is None


def branches_of(recording: dict[str, Any]) -> dict[str, Any]:
    return {key: events for key, events in recording["history"].items() if "[" in key}
