"""Reads what Step Functions logged of an order's executions."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from handlers.contract.names import ORDER_RECORD, OpenKind, open_key
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.dynamodb import to_item, to_plain
from orderctl.stack import Stack
from orderctl.trace import LONGEST_EXECUTION, ExecutionTrace, LoggedEvent, trace_execution

# An execution starts so soon after its event, and its first log line has that time.
_SOON: Final = timedelta(seconds=20)
_A_MOMENT: Final = timedelta(seconds=1)
# FilterLogEvents can return an empty page with a token when it has scanned enough, so a search is limited by
# its pages: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
MAX_PAGES: Final = 50
_TIMES: Final = ("createdAt", "updatedAt", "closedAt", "executionStartedAt")
_WAITING: Final = open_key(OpenKind.WAITING, "")
# An order with one of these had several executions. A request to cancel removes `attempts`.
_TAKEN_UP: Final = ("attempts", "redrivenAt", "cancelRequestedAt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A period of the log."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where an execution is in the log: its stream, and the time of the event that was found."""

    stream: str
    at: datetime


class ExecutionLog:
    """The log group of one stack's state machine.

    An order that is closed or held after one execution costs five calls, however old it is and however many
    orders there are: DescribeStateMachine, GetItem, FilterLogEvents for its creation and for the start of its
    last execution, and FilterLogEvents in the stream of the execution. Each further execution costs one more.
    `incomplete` tells that a search ended at its limit of pages.
    """

    def __init__(self, stack: Stack) -> None:
        self._logs = stack.client("logs")
        self._dynamodb = stack.client("dynamodb")
        self._orders_table = stack.orders_table
        self._group = DeployedWorkflow(stack).log_group
        self.incomplete = False

    def executions_of(
        self, order_id: str, since: datetime | None = None, *, count: int = 1
    ) -> list[ExecutionTrace]:
        """Trace every execution whose events name the order, the oldest first.

        `since` is when the order was placed, by default as its record says; an order without a record has
        none. Where fewer than `count` are found, the search goes on to now.
        """
        events = self.events_of(order_id, since, count=count)
        now = datetime.now(UTC)
        return [trace_execution(arn, each).at(now) for arn, each in events.items()]

    def events_of(
        self, order_id: str, since: datetime | None = None, *, count: int = 1
    ) -> dict[str, list[LoggedEvent]]:
        """Return the events of the order's executions, by the ARN of the execution, the oldest first."""
        record = self._record(order_id)
        if since is None:
            if "createdAt" not in record:
                return {}
            since = datetime.fromisoformat(record["createdAt"])
        found = self._find(order_id, _around_known_times(record, since))
        if len(found) < count or not _is_whole(record, found):
            found |= self._find(
                order_id, [Window(start=since - _A_MOMENT, end=_last_activity(record, found, count))]
            )
        oldest_first = sorted(found.items(), key=lambda each: each[1].at)
        return {arn: self._events_of_execution(arn, place) for arn, place in oldest_first}

    def wait_for_executions_of(
        self, order_id: str, since: datetime | None = None, timeout: float = 0, *, count: int = 1
    ) -> list[ExecutionTrace]:
        """Wait until `count` executions or more are logged to their end, at most `timeout` seconds.

        On AWS, an event is in the log some seconds after it happened.
        """
        deadline = time.monotonic() + timeout
        while True:
            found = self.executions_of(order_id, since, count=count)
            complete = len(found) >= count and all(execution.ending != "RUNNING" for execution in found)
            if complete or time.monotonic() > deadline:
                return found
            time.sleep(0.5)

    def _record(self, order_id: str) -> dict[str, Any]:
        item = self._dynamodb.get_item(
            TableName=self._orders_table,
            Key=to_item({"orderId": order_id, "record": ORDER_RECORD}),
            ProjectionExpression=", ".join((*_TIMES, "executionArn", "openKey", *_TAKEN_UP)),
            ConsistentRead=True,
        ).get("Item", {})
        return to_plain(item)

    def _find(self, order_id: str, windows: Iterable[Window]) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for window in windows:
            for event, place in self._events(order_id, window):
                first = found.setdefault(event["execution_arn"], place)
                if place.at < first.at:
                    found[event["execution_arn"]] = place
        return found

    def _events_of_execution(self, arn: str, place: Found) -> list[LoggedEvent]:
        window = Window(start=place.at - LONGEST_EXECUTION, end=place.at + LONGEST_EXECUTION)
        events = (event for event, _ in self._events(arn, window, place.stream))
        return [LoggedEvent.from_json(event) for event in events if event["execution_arn"] == arn]

    def _events(
        self, term: str, window: Window, stream: str | None = None
    ) -> Iterator[tuple[dict[str, Any], Found]]:
        request: dict[str, Any] = {
            "logGroupName": self._group,
            "filterPattern": f'"{term}"',
            "startTime": _milliseconds(window.start),
            "endTime": _milliseconds(window.end),
            **({"logStreamNames": [stream]} if stream else {}),
        }
        for _ in range(MAX_PAGES):
            page = self._logs.filter_log_events(**request)
            for event in page["events"]:
                at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield json.loads(event["message"]), Found(stream=event["logStreamName"], at=at)
            if "nextToken" not in page:
                return
            request["nextToken"] = page["nextToken"]
        self.incomplete = True


def _around_known_times(record: dict[str, Any], since: datetime) -> list[Window]:
    """Return short windows where executions began: after the order was placed, and the last one."""
    starts = [since]
    if started := record.get("executionStartedAt"):
        starts.append(datetime.fromisoformat(started))
    windows = [Window(start=start - _A_MOMENT, end=start + _SOON) for start in starts]
    return windows[:1] if starts[-1] - since < _SOON else windows


def _is_whole(record: dict[str, Any], found: dict[str, Found]) -> bool:
    """Tell whether no other execution is to be expected: the order rests, and was never taken up again."""
    taken_up = any(record.get(name) for name in _TAKEN_UP)
    rests = record.get("closedAt") or record.get("openKey", "").startswith(_WAITING)
    return bool(rests) and not taken_up and record.get("executionArn") in found


def _last_activity(record: dict[str, Any], found: dict[str, Found], count: int) -> datetime:
    if len(found) < count or not record.get("closedAt"):
        return datetime.now(UTC) + _A_MOMENT
    return max(datetime.fromisoformat(record[name]) for name in _TIMES if name in record) + LONGEST_EXECUTION


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
