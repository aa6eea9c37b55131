"""Reads what `orderctl watch` shows, with a bounded number of calls."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from handlers.contract.clock import Clock, rfc3339, utc_now
from handlers.contract.names import OpenKind, OrderStatus
from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.open_orders import OpenOrder, OpenOrders
from orderctl.order_stats import dead_letters
from orderctl.stack import Stack

# Of each of the eight partitions of the index, for each of the two kinds.
_MOST_OF_A_PARTITION: Final = 200
_NEWEST: Final = 8
_HELD: Final = 8
# Where the first look into the log begins.
_LOOK_BACK: Final = timedelta(minutes=10)
# How long AWS may take to write a line of the log.
_LOG_DELAY: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is going on at a time.

    `in_progress` and `waiting` count open orders by status; there are more of the kinds in `cut_off`.
    `newest` has summaries as the API writes them.
    """

    at: datetime
    in_progress: Mapping[str, int]
    waiting: Mapping[str, int]
    cut_off: frozenset[OpenKind]
    newest: Sequence[Mapping[str, Any]]
    held: Sequence[OpenOrder]
    dead_letters: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return what `orderctl watch --json` prints."""
        return {
            "at": rfc3339(self.at),
            "complete": not self.cut_off,
            "inProgress": dict(self.in_progress),
            "waiting": dict(self.waiting),
            "newest": list(self.newest),
            "held": [
                {"orderId": each.order_id, "status": each.status, "reason": each.reason, "since": each.since}
                for each in self.held
            ],
            "deadLetters": dict(self.dead_letters),
        }


class Watch:
    """A stack that is read again and again.

    A look costs 22 calls: 16 of Query (for each of the eight partitions of the open-orders index the newest
    200 orders in progress and the 200 that have waited longest), 4 of GetQueueAttributes, 1 of
    FilterLogEvents (one page of what was logged since the look before) and 1 of BatchGetItem. On AWS the
    queries read at most 100 read units, and almost nothing when few orders are open.
    """

    def __init__(self, stack: Stack, now: Clock = utc_now) -> None:
        self._stack = stack
        self._now = now
        self._open = OpenOrders(stack)
        self._logs = stack.client("logs")
        self._group = DeployedWorkflow(stack).log_group
        self._read_from = now() - _LOOK_BACK
        self._processed: dict[str, None] = {}

    def look(self) -> Snapshot:
        """Read the state of now."""
        at = self._now()
        running = self._open.sample(OpenKind.IN_PROGRESS, most=_MOST_OF_A_PARTITION, newest_first=True)
        waiting = self._open.sample(OpenKind.WAITING, most=_MOST_OF_A_PARTITION)
        samples = {OpenKind.IN_PROGRESS: running, OpenKind.WAITING: waiting}
        self._read_log(at)
        candidates = [*(order.order_id for order in running.orders[:_NEWEST]), *self._processed]
        newest = self._open.summaries(list(dict.fromkeys(candidates)))
        newest.sort(key=lambda order: str(order["createdAt"]), reverse=True)
        held = [order for order in waiting.orders if order.status == OrderStatus.ON_HOLD]
        return Snapshot(
            at=at,
            in_progress=Counter(order.status for order in running.orders),
            waiting=Counter(order.status for order in waiting.orders),
            cut_off=frozenset(kind for kind, sample in samples.items() if not sample.complete),
            newest=newest[:_NEWEST],
            held=held[:_HELD],
            dead_letters=dead_letters(self._stack),
        )

    def _read_log(self, at: datetime) -> None:
        """Note the orders of the executions that came to their end last."""
        page = self._logs.filter_log_events(
            logGroupName=self._group,
            filterPattern='"ExecutionSucceeded"',
            startTime=int(self._read_from.timestamp() * 1000),
            endTime=int(at.timestamp() * 1000),
        )
        for event in page["events"]:
            order_id = _order_id(event["message"])
            if order_id:
                self._processed.pop(order_id, None)
                self._processed[order_id] = None
        self._processed = dict.fromkeys(list(self._processed)[-_NEWEST:])
        self._read_from = max(self._read_from, at - _LOG_DELAY)


def _order_id(message: str) -> str:
    """Return the id of the order; "" where the log has no execution data."""
    event = json.loads(message)
    if event.get("type") != "ExecutionSucceeded":
        return ""
    output = json.loads(event.get("details", {}).get("output") or "{}")
    return str(output.get("orderId", "")) if isinstance(output, dict) else ""
