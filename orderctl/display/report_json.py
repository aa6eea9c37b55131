"""An order and its executions as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from handlers.contract.clock import rfc3339
from handlers.contract.names import ORDER_RECORD
from orderctl.cause import first_line, message, traceback
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.verdict import Verdict
from orderctl.execution_outcome import failed_states, is_overtaken, retried_states
from orderctl.order_report import Execution, OrderReport
from orderctl.order_words import Next, status_words
from orderctl.trace import Attempt, StateRun

_STEP_FIELDS: Final = ("status", "at", "provider", "reference", "reason")
_CANCELLATION_FIELDS: Final = ("requestedAt", "reason", "comment")


def report_json(report: OrderReport, next_: Next, now: datetime) -> dict[str, Any]:
    """Return what the API says of the order, and what else `show` tells."""
    order = report.order
    return {
        **{name: order[name] for name in ("orderId", "customerId")},
        "status": report.status.value,
        "reason": report.reason or None,
        "explanation": status_words(report, now),
        "closed": report.is_closed,
        "waitingSince": _time(report.open_since if report.waits_for_operator else None),
        "holdExpiresAt": _time(report.hold_expires_at),
        "cancellation": _cancellation(order.get("cancellation")),
        **{name: order[name] for name in ("items", "total", "createdAt", "updatedAt")},
        "steps": [
            {"step": name, **{field: step.get(field) for field in _STEP_FIELDS}}
            for name, step in order["steps"].items()
            if name != "notification"
        ],
        "notifications": [
            {"kind": kind, "status": each["status"], "at": each["at"]}
            for kind, each in report.notifications.items()
        ],
        "executions": [execution_summary(each) for each in report.executions],
        "parkedMessages": [letter_json(each.letter, each.verdict) for each in report.parked],
        "next": {"text": next_.text, "commands": list(next_.commands)},
        "notes": list(report.notes),
    }


def execution_summary(execution: Execution) -> dict[str, Any]:
    """Return who started an execution, what it did, and which of its steps did not succeed at once."""
    trace = execution.trace
    return {
        "arn": trace.arn,
        "startedBy": execution.origin.value,
        "startedAt": _time(trace.started),
        "endedAt": _time(trace.ended),
        # Step Functions calls the execution of a held order SUCCEEDED too.
        "ending": "ENDED" if trace.ending == "SUCCEEDED" else trace.ending,
        "orderStatus": execution.outcome.status and execution.outcome.status.value,
        "outcome": execution.outcome.text,
        "failedSteps": [_step(run) for run in failed_states(trace)],
        "retriedSteps": [_step(run) for run in retried_states(trace)],
    }


def execution_json(execution: Execution) -> dict[str, Any]:
    """Return an execution with its states; those of branches follow their Parallel state."""
    return {**execution_summary(execution), "states": list(_states(execution.trace.runs))}


def recorded_steps(records: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the services recorded of the steps of an order."""
    return [
        {"step": name.removeprefix("STEP#").replace("#", " "), "status": each["status"], "at": each["at"]}
        for name, each in records.items()
        if name != ORDER_RECORD
    ]


def letter_json(letter: DeadLetter, verdict: Verdict) -> dict[str, Any]:
    """Return a parked message, without its body."""
    return {
        "queue": letter.queue,
        "messageId": letter.message_id,
        "orderId": letter.order_id,
        "step": letter.step,
        "sentAt": rfc3339(letter.sent),
        "received": letter.received,
        "error": letter.error,
        "cause": first_line(letter.whole_cause) or None,
        "verdict": verdict.value,
    }


def whole_letter_json(letter: DeadLetter, verdict: Verdict) -> dict[str, Any]:
    """Return a parked message with its whole cause, its traceback and its body."""
    return {
        **letter_json(letter, verdict),
        "cause": message(letter.whole_cause) or None,
        "traceback": traceback(letter.whole_cause),
        "deliveryError": letter.delivery_error or None,
        "body": json.dumps(letter.body),
    }


def _cancellation(requested: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if requested is None:
        return None
    return {field: requested.get(field) for field in _CANCELLATION_FIELDS}


def _states(
    runs: Iterable[StateRun], parallel: str | None = None, branch: int | None = None
) -> Iterator[dict[str, Any]]:
    for run in runs:
        yield {**_state(run), "parallelState": parallel, "branch": branch}
        for number, lane in enumerate(run.branches):
            yield from _states(lane.runs, run.name, number)


def _state(run: StateRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "status": run.status or None,
        "enteredAt": rfc3339(run.entered),
        "exitedAt": _time(run.exited),
        "lostRace": is_overtaken(run),
        "attempts": [_attempt(each) for each in run.attempts],
    }


def _step(run: StateRun) -> Mapping[str, Any]:
    last = run.errors[-1]
    return {
        "step": run.name,
        "error": last.error,
        "cause": first_line(last.cause) or None,
        "attempts": [_attempt(each) for each in run.attempts],
        "waitSeconds": [round(seconds, 3) for seconds in run.waits],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "startedAt": rfc3339(attempt.started),
        "endedAt": _time(attempt.ended),
        "error": attempt.error or None,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else rfc3339(time)
