"""The metrics of the workflow, from the log of its executions."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from devtools.gameday.expressions import matches
from devtools.gameday.function_metrics import LAMBDA
from devtools.gameday.logs import Event, LogGroup
from devtools.gameday.samples import Clock, Metric, Samples
from orderctl.deployed_workflow import DeployedWorkflow, function_of, states
from orderctl.stack import Stack
from orderctl.trace import ExecutionTrace, LoggedEvent, trace_execution

_STATES: Final = "AWS/States"
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
_COUNTED_ENDINGS: Final = {"FAILED": "ExecutionsFailed", "TIMED_OUT": "ExecutionsTimedOut"}
# Lambda's answer to an invocation beyond the concurrency, as Step Functions names it.
_THROTTLED: Final = "Lambda.TooManyRequestsException"


class WorkflowMetrics:
    """Reads the log group of a stack's workflow; `filters` are the metric filters of the template."""

    def __init__(
        self, stack: Stack, services: Mapping[str, str], filters: Mapping[Metric, str], clock: Clock
    ) -> None:
        workflow = DeployedWorkflow(stack)
        self._log = LogGroup(stack.client("logs"), workflow.log_group, clock.began)
        self._filters = filters
        self._clock = clock
        self._running: dict[str, list[Mapping[str, Any]]] = {}
        self._service_of = {
            name: services[function.rpartition(":")[2]]
            for name, state in states(workflow.definition)
            if (function := function_of(state))
        }

    def collect(self, samples: Samples, now: datetime) -> None:
        """Add what was logged since the last time."""
        for events in self._log.new_events(now):
            self._count_lines(samples, events)
            lines = [json.loads(event["message"]) for event in events]
            running = self._running.setdefault(lines[0]["execution_arn"], [])
            running += lines
            trace = trace_execution(
                lines[0]["execution_arn"], [LoggedEvent.from_json(each) for each in running]
            )
            if not trace.is_running:
                del self._running[trace.arn]
                self._count_execution(samples, trace)

    def _count_lines(self, samples: Samples, events: Sequence[Event]) -> None:
        for metric, pattern in self._filters.items():
            for event in events:
                if matches(pattern, json.loads(event["message"])):
                    samples.add(metric, self._clock.at_milliseconds(event["timestamp"]), 1.0)

    def _count_execution(self, samples: Samples, trace: ExecutionTrace) -> None:
        """Count the end of an execution, and the invocations that Lambda throttled.

        Lambda counts a throttled invocation in Throttles, and neither in Invocations nor in Errors.
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        if trace.ended and (name := _COUNTED_ENDINGS.get(trace.ending)):
            samples.add(Metric(namespace=_STATES, name=name), self._clock.at(trace.ended), 1.0)
        for run in trace.states:
            for attempt in run.attempts:
                if attempt.error == _THROTTLED:
                    metric = Metric(namespace=LAMBDA, name="Throttles", subject=self._service_of[run.name])
                    samples.add(metric, self._clock.at(attempt.started), 1.0)
