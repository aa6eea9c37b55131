"""Reads what Step Functions logged of an order's executions."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from orderctl.deployed_workflow import DeployedWorkflow
from orderctl.stack import Stack
from orderctl.trace import ExecutionTrace, LoggedEvent, trace_execution


class ExecutionLog:
    """The log group of one stack's state machine."""

    def __init__(self, stack: Stack) -> None:
        self._logs = stack.client("logs")
        self._group = DeployedWorkflow(stack).log_group

    def executions_of(self, order_id: str, since: datetime) -> list[ExecutionTrace]:
        """Trace every execution whose events name the order, the oldest first."""
        return [trace_execution(arn, events) for arn, events in self.events_of(order_id, since).items()]

    def events_of(self, order_id: str, since: datetime) -> dict[str, list[LoggedEvent]]:
        """Return the events of the order's executions, by the ARN of the execution."""
        arns = {event["execution_arn"]: None for event in self._events(order_id, since)}
        return {arn: self._events_of_execution(arn, since) for arn in arns}

    def wait_for_executions_of(
        self, order_id: str, since: datetime, timeout: float, *, count: int = 1
    ) -> list[ExecutionTrace]:
        """Wait until `count` executions or more are logged to their end, at most `timeout` seconds.

        On AWS, an event is in the log some seconds after it happened.
        """
        deadline = time.monotonic() + timeout
        while True:
            found = self.executions_of(order_id, since)
            complete = len(found) >= count and all(execution.ending != "RUNNING" for execution in found)
            if complete or time.monotonic() > deadline:
                return found
            time.sleep(0.5)

    def _events_of_execution(self, arn: str, since: datetime) -> list[LoggedEvent]:
        events = (event for event in self._events(arn, since) if event["execution_arn"] == arn)
        return [LoggedEvent.from_json(event) for event in events]

    def _events(self, term: str, since: datetime) -> Iterator[dict[str, Any]]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._group,
            filterPattern=f'"{term}"',
            startTime=int(since.timestamp() * 1000),
        )
        for page in pages:
            for event in page["events"]:
                yield json.loads(event["message"])
