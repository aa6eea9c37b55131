"""Finds what Step Functions logged of an order's executions."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from orderctl.errors import OperatorError
from orderctl.stack import Stack
from orderctl.trace import ExecutionTrace, LoggedEvent, trace_execution


class ExecutionLog:
    """The log group of one deployment's state machine."""

    def __init__(self, stack: Stack) -> None:
        self._logs = stack.client("logs")
        self._group = _log_group(stack)

    def executions_of(self, order_id: str, since: datetime) -> list[ExecutionTrace]:
        """Trace every execution whose events name the order, the first one first."""
        return [trace_execution(arn, events) for arn, events in self.events_of(order_id, since).items()]

    def events_of(self, order_id: str, since: datetime) -> dict[str, list[LoggedEvent]]:
        """Return the events of these executions by the execution's ARN."""
        arns = {event["execution_arn"]: None for event in self._events(order_id, since)}
        return {arn: self._events_of_execution(arn, since) for arn in arns}

    def wait_for_executions_of(
        self, order_id: str, since: datetime, timeout: float, *, count: int = 1
    ) -> list[ExecutionTrace]:
        """Ask until the last event of each is there: a log is behind by seconds on AWS.

        `count` is how many executions there are at least.
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


def _log_group(stack: Stack) -> str:
    machine = stack.client("stepfunctions").describe_state_machine(stateMachineArn=stack.state_machine_arn)
    try:
        destination = machine["loggingConfiguration"]["destinations"][0]["cloudWatchLogsLogGroup"]
    except LookupError:
        raise OperatorError(
            "The state machine logs nothing to trace by",
            what_to_do="Deploy the stack again: its executions are logged to CloudWatch.",
        ) from None
    return str(destination["logGroupArn"]).split(":log-group:")[1].removesuffix(":*")
