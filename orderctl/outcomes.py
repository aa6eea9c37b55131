"""Reads from the execution log how orders ended."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from handlers.contract.names import OrderStatus
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.stack import Stack

# An execution enters one of these only when its own write gave the order its new status.
_ANNOUNCED: Final = {
    "AnnounceConfirmed": OrderStatus.CONFIRMED,
    "AnnounceRejected": OrderStatus.REJECTED,
    "AnnounceCancelled": OrderStatus.CANCELLED,
    "AnnounceHeld": OrderStatus.ON_HOLD,
}
# FilterLogEvents can return an empty page with a token when it has scanned enough:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
MAX_PAGES: Final = 25
# The local cloud returns so many events and no token.
_MOST_EVENTS_OF_A_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An order got this status. Without execution data in the log, `order_id` and `reason` are empty."""

    order_id: str
    status: OrderStatus
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What was found, the oldest first, each order once for each status.

    `cut_off` has the statuses whose search ended at its limit of pages: their newest orders are missing.
    """

    found: tuple[Outcome, ...]
    cut_off: tuple[OrderStatus, ...]


class OutcomeLog:
    """The log group of a stack's state machine.

    A read costs at most 25 calls of FilterLogEvents for each of the four outcomes. An order that the sweeper
    put on hold is in no execution's log. On AWS, an event is in the log some seconds after it happened.
    """

    def __init__(self, stack: Stack) -> None:
        self._logs = stack.client("logs")
        self._group = DeployedWorkflow(stack).log_group

    def read(self, start: datetime, end: datetime) -> Outcomes:
        """Find how orders ended in this time."""
        found: dict[tuple[str, OrderStatus], Outcome] = {}
        cut_off = []
        for state, status in _ANNOUNCED.items():
            search = _Search(self._logs, self._group, state, start, end)
            for event in search.events():
                # An execution that takes over from a dead one announces the order again.
                key = _order_id(event) or event["execution_arn"]
                found.setdefault((key, status), _outcome(event, status))
            if search.cut_off:
                cut_off.append(status)
        oldest_first = sorted(found.values(), key=lambda each: each.at)
        return Outcomes(found=tuple(oldest_first), cut_off=tuple(cut_off))


class _Search:
    """The entries into one state; `cut_off` tells afterwards that the limit of pages was reached."""

    def __init__(self, logs: Any, group: str, state: str, start: datetime, end: datetime) -> None:
        self._logs = logs
        self._state = state
        self._request = {
            "logGroupName": group,
            "filterPattern": f'"{state}"',
            "startTime": _milliseconds(start),
            "endTime": _milliseconds(end),
        }
        self.cut_off = False

    def events(self) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            page = self._logs.filter_log_events(**self._request, **token)
            for event in page["events"]:
                message = json.loads(event["message"])
                if (
                    message["type"] == "TaskStateEntered"
                    and message.get("details", {}).get("name") == self._state
                ):
                    yield {**message, "at": event["timestamp"]}
            if "nextToken" not in page:
                self.cut_off = len(page["events"]) >= _MOST_EVENTS_OF_A_PAGE
                return
            token = {"nextToken": page["nextToken"]}
        self.cut_off = True


def _outcome(event: Mapping[str, Any], status: OrderStatus) -> Outcome:
    known = _input(event)
    cancelled = known.get("cancelled") or {}
    return Outcome(
        order_id=_order_id(event),
        status=status,
        reason=cancelled.get("reason") or known.get("reason") or "",
        at=datetime.fromtimestamp(event["at"] / 1000, UTC),
    )


def _order_id(event: Mapping[str, Any]) -> str:
    return str(_input(event).get("orderId", ""))


def _input(event: Mapping[str, Any]) -> dict[str, Any]:
    # A stage with logExecutionData=false has none.
    found = json.loads(event["details"].get("input") or "{}")
    return found if isinstance(found, dict) else {}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
