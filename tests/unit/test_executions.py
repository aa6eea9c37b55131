"""Who started each execution of an order, and what it did: logs recorded on the local cloud."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from handlers.contract.names import OrderStatus
from orderctl.display.execution_lines import heading, troubles
from orderctl.display.execution_tree import TraceTree
from orderctl.execution_origin import Origin, origin_text, origins
from orderctl.execution_outcome import broken_states, outcome, retried_states, told_states
from orderctl.order_report import Execution, described
from orderctl.trace import ExecutionTrace, LoggedEvent, StartEvent, trace_execution
from tests.execution_logs import RecordedLog

CANCELLED = RecordedLog.read("held_redriven_cancelled")
RETRIED = RecordedLog.read("confirmed_at_second_attempt")
RACE = RecordedLog.read("lost_race")
HELD, REDRIVEN, CANCELLING = CANCELLED.traces


def after(execution: ExecutionTrace, seconds: float, **fields: Any) -> ExecutionTrace:
    """Return an execution like this one, which another event started so much later."""
    assert execution.event is not None
    event = replace(
        execution.event, id=f"later by {seconds}", at=execution.event.at + timedelta(seconds=seconds)
    )
    return replace(execution, event=replace(event, **fields))


def cut_off(log: RecordedLog, events: int, execution: int = 0) -> ExecutionTrace:
    """Trace the first events of an execution."""
    found = log.executions[execution]
    return trace_execution(found["arn"], map(LoggedEvent.from_json, found["events"][:events]))


def shown(*parts: Any) -> str:
    console = Console(width=400)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    return captured.get()


def test_an_order_is_placed_redriven_and_cancelled() -> None:
    assert origins(CANCELLED.record, CANCELLED.traces) == ["first", "redrive", "cancellation"]


def test_an_event_that_is_delivered_twice_starts_a_duplicate() -> None:
    assert origins(CANCELLED.record, [HELD, HELD, REDRIVEN]) == ["first", "duplicate", "redrive"]


def test_an_event_from_the_archive_is_a_replay() -> None:
    replayed = after(HELD, 3600, is_replayed=True)

    assert origins(CANCELLED.record, [HELD, replayed]) == ["first", "replay"]


def test_the_input_of_an_execution_tells_that_its_event_was_replayed() -> None:
    event = {"id": "1", "detail-type": "OrderPlaced", "time": "2026-11-26T14:21:46Z", "replay-name": "night"}

    found = StartEvent.from_input(json.dumps(event))

    assert found is not None
    assert found.is_replayed


@pytest.mark.parametrize("text", [None, "", "{}", "[]", "no JSON"])
def test_an_execution_whose_input_is_not_logged_ran_again(text: str | None) -> None:
    assert StartEvent.from_input(text) is None
    assert origins(CANCELLED.record, [replace(HELD, event=None)]) == ["again"]


def test_the_executions_that_the_sweeper_has_counted_are_its_own() -> None:
    dead = cut_off(CANCELLED, 12)
    record = {**CANCELLED.record, "attempts": 2, "cancelRequestedAt": None}

    assert origins(record, [dead, after(dead, 60), after(dead, 120)]) == ["first", "sweep", "sweep"]


def test_more_executions_than_the_sweeper_has_counted_are_nobodys() -> None:
    dead = cut_off(CANCELLED, 12)
    record = {**CANCELLED.record, "attempts": 1, "cancelRequestedAt": None}

    assert origins(record, [dead, after(dead, 60), after(dead, 120)]) == ["first", "again", "again"]


def test_a_redrive_begins_the_count_of_the_sweeper_anew() -> None:
    record = {**CANCELLED.record, "attempts": 1, "cancelRequestedAt": None}
    dead = replace(cut_off(CANCELLED, 12, 1), event=REDRIVEN.event)

    assert origins(record, [HELD, dead, after(dead, 60)]) == ["first", "redrive", "sweep"]


def test_what_ran_before_a_redrive_is_not_counted_for_the_sweeper() -> None:
    record = {**CANCELLED.record, "attempts": 1, "cancelRequestedAt": None}
    dead = cut_off(CANCELLED, 12)

    assert origins(record, [dead, after(HELD, 3), REDRIVEN]) == ["first", "again", "redrive"]


def test_a_second_execution_after_a_redrive_is_not_called_one() -> None:
    record = {**CANCELLED.record, "cancelRequestedAt": None}
    dead = replace(cut_off(CANCELLED, 12, 1), event=REDRIVEN.event)

    assert origins(record, [HELD, dead, after(dead, 60)]) == ["first", "redrive", "again"]


def test_a_late_request_to_cancel_did_not_come_from_a_redrive() -> None:
    late = after(CANCELLING, 600)

    assert origins(CANCELLED.record, [HELD, REDRIVEN, late]) == ["first", "redrive", "repeated cancellation"]


def test_a_request_to_cancel_that_is_repeated_is_a_repeated_cancellation() -> None:
    works = cut_off(CANCELLED, 6, 2)
    record = CANCELLED.record | {"attempts": 0}

    found = origins(record, [HELD, REDRIVEN, works, after(works, 3)])

    assert found == ["first", "redrive", "cancellation", "repeated cancellation"]
    assert origin_text(found[-1], record) == "a repeated request to cancel the order"


@pytest.mark.parametrize(
    ("redriven_at", "expected"), [(None, "repeated cancellation"), ("2099-01-01T00:00:00", "redrive")]
)
def test_a_redrive_of_a_held_order_has_taken_its_messages(redriven_at: str | None, expected: str) -> None:
    assert HELD.event is not None
    held = after(HELD, 0, detail_type="OrderCancellationRequested")
    again = after(HELD, 30, detail_type="OrderCancellationRequested")
    record = {"cancelRequestedAt": HELD.event.at.isoformat(), "redrivenAt": redriven_at}

    assert origins(record, [held, again]) == ["cancellation", expected]


def test_the_executions_of_a_cancellation_that_the_sweeper_counted_are_its_own() -> None:
    works = cut_off(CANCELLED, 6, 2)
    record = CANCELLED.record | {"attempts": 1}

    assert origins(record, [HELD, REDRIVEN, works, after(works, 400)])[-1] == "sweep"


def test_an_expired_hold_was_cancelled_by_the_sweeper() -> None:
    record = {**CANCELLED.record, "cancelReason": "HOLD_EXPIRED"}
    execution = Execution(trace=CANCELLING, origin=Origin.CANCELLATION, outcome=outcome(CANCELLING))

    assert "started by the sweeper, because the hold has expired" in heading(execution, record).plain


def test_both_broken_steps_of_a_held_order_are_named() -> None:
    assert outcome(HELD).text == "held the order: ReserveInventory and AuthorizePayment failed"
    assert [run.name for run in broken_states(HELD)] == ["ReserveInventory", "AuthorizePayment"]


def test_a_held_order_never_reads_like_a_success() -> None:
    (held, *_) = CANCELLED.described()

    text = shown(TraceTree(held, CANCELLED.record), heading(held, CANCELLED.record), *troubles(held))

    assert HELD.ending == "SUCCEEDED"
    assert "SUCCEEDED" not in text
    assert "held the order" in text


def test_a_step_that_failed_has_its_cause_its_attempts_and_its_waits() -> None:
    (held, *_) = CANCELLED.described()

    lines = [line.plain.strip() for line in troubles(held)]

    assert lines[0] == (
        "ReserveInventory failed after 4 attempts: DependencyUnavailable: fault switch: rate=1.0,latency=0.0"
    )
    assert lines[1] == "attempts at 14:21:46, 14:21:49, 14:21:49, 14:21:50 UTC, waits of 0.6, 0.1, 0.3 s"
    assert lines[2].startswith("AuthorizePayment failed after 4 attempts: GatewayUnavailable: ")


def test_a_step_that_succeeded_at_last_never_reads_like_a_failure() -> None:
    (confirmed,) = RETRIED.described()

    lines = [line.plain.strip() for line in troubles(confirmed)]
    tree = shown(TraceTree(confirmed, RETRIED.record))

    assert [run.name for run in retried_states(confirmed.trace)] == ["AuthorizePayment"]
    assert confirmed.outcome.text == "confirmed the order"
    assert lines[0].startswith("AuthorizePayment succeeded at attempt 2, before: GatewayUnavailable: ")
    assert not any("failed" in line for line in lines)
    assert "AuthorizePayment AUTHORIZED 2 attempts, before: GatewayUnavailable" in tree
    assert "failed" not in tree


def test_a_lost_race_is_shown_as_what_it_is() -> None:
    _, loser = RACE.described()

    tree = shown(TraceTree(loser, RACE.record))

    assert loser.outcome.status is None
    assert loser.outcome.text == "found the order settled already"
    assert "ConfirmOrder lost the race: the order had changed" in tree
    assert "ConditionalCheckFailed" not in tree
    assert list(troubles(loser)) == []


def test_a_settlement_that_is_repeated_is_an_announcement() -> None:
    confirmed, _ = RACE.traces

    assert outcome(confirmed).text == "confirmed the order"
    told = told_states(confirmed)
    assert outcome(confirmed, {OrderStatus.CONFIRMED}, told).text == (
        "announced again that the order is CONFIRMED"
    )
    assert outcome(HELD, {OrderStatus.ON_HOLD}).text.startswith("held the order")


def test_a_redrive_that_only_delivered_a_notification_says_so() -> None:
    _, loser = RACE.traces
    told = told_states(loser)

    assert outcome(loser, {OrderStatus.CONFIRMED}, told - {"NotifyConfirmed"}).text == (
        "found the order settled already, and delivered the notification"
    )
    assert outcome(loser, {OrderStatus.CONFIRMED}).text.endswith("and delivered the notifications")
    assert outcome(loser).text.startswith("settled nothing: the order had changed")


def test_an_execution_of_an_order_that_was_settled_before_did_not_confirm_it() -> None:
    """The log has no earlier execution any more; the record says when the order was settled first."""
    record = RACE.record | {"settledAt": RACE.record["createdAt"], "status": "CONFIRMED"}

    (execution, *_) = described(record, RACE.traces[:1])

    assert execution.outcome.text.startswith("announced again that the order is CONFIRMED")


def test_a_running_execution_goes_on_in_its_states() -> None:
    running = cut_off(CANCELLED, 18)

    assert running.is_running
    assert outcome(running).text == (
        "goes on in ReserveInventory (1 attempt failed) and AuthorizePayment (1 attempt failed)"
    )


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            14,
            "was last seen in ReserveInventory and AuthorizePayment, and the log does not have its end",
        ),
        (
            -1,
            "held the order: ReserveInventory and AuthorizePayment failed, and the log does not have its end",
        ),
    ],
)
def test_an_execution_that_has_no_end_after_five_minutes_does_not_go_on(events: int, expected: str) -> None:
    seen = cut_off(CANCELLED, events)
    assert seen.started is not None

    before, after_ = (seen.at(seen.started + timedelta(minutes=5, seconds=each)) for each in (0, 1))

    assert before.is_running
    assert not after_.is_running
    assert outcome(after_).text == expected
    assert "goes on" not in shown(
        TraceTree(Execution(trace=after_, origin=Origin.FIRST, outcome=outcome(after_)), CANCELLED.record)
    )


def test_an_execution_that_has_ended_keeps_its_end() -> None:
    assert HELD.started is not None

    assert HELD.at(HELD.started + timedelta(days=1)) == HELD


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("FAILED", "held the order: ReserveInventory and AuthorizePayment failed, then failed: MessageLost"),
        ("TIMED_OUT", "held the order: ReserveInventory and AuthorizePayment failed, then timed out"),
        ("ABORTED", "held the order: ReserveInventory and AuthorizePayment failed, then was stopped"),
    ],
)
def test_an_execution_that_fails_after_it_held_the_order_says_both(ending: str, expected: str) -> None:
    assert outcome(replace(HELD, ending=ending, error="MessageLost")).text == expected


def test_an_execution_that_fails_before_it_settled_the_order_says_why() -> None:
    failed = replace(cut_off(CANCELLED, 8), ending="FAILED", error="OrderUnknown", cause="Who sent it?")

    assert outcome(failed).text == "failed: OrderUnknown: Who sent it?"


def test_the_start_of_an_execution_is_that_of_its_first_event() -> None:
    assert HELD.started == datetime.fromisoformat("2026-11-26T14:21:46.870+00:00")
    assert HELD.seconds == pytest.approx(6.7, abs=0.05)
