"""The metrics of the functions, from their logs: our own, and those that Lambda counts."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from devtools.gameday.logs import Event, LogGroup
from devtools.gameday.samples import Clock, Metric, Samples
from handlers.contract.metrics import SERVICE_DIMENSION, MetricName, MetricUnit

LAMBDA: Final = "AWS/Lambda"
# The local cloud writes this line for each invocation, as Lambda does.
_REPORT: Final = re.compile(r"REPORT RequestId: \S+\tDuration: ([\d.]+) ms")
_FAILED: Final = ("[ERROR]", "Task timed out")
_OF_LAMBDA: Final = ("START ", "END ", "REPORT ")


class FunctionMetrics:
    """Reads the log groups of all functions of a stack; `groups` by service."""

    def __init__(self, logs: Any, groups: Mapping[str, str], clock: Clock) -> None:
        self._groups = {service: LogGroup(logs, name, clock.began) for service, name in groups.items()}
        self._clock = clock

    def collect(self, samples: Samples, now: datetime) -> None:
        """Add what was logged since the last time."""
        for service, group in self._groups.items():
            for events in group.new_events(now):
                self._add_invocation(samples, service, events)
                for event in events:
                    self._add_own(samples, event["message"])

    def _add_invocation(self, samples: Samples, service: str, events: Sequence[Event]) -> None:
        """Count one invocation at its start, as Lambda does.

        Invocations: all that ran. Errors: those that raised or timed out. Duration: milliseconds.
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        for event in events:
            if reported := _REPORT.match(event["message"]):
                duration = float(reported[1])
                at = self._clock.at_milliseconds(event["timestamp"] - duration)
                failed = _failed([each["message"] for each in events])
                for name, value in {
                    "Invocations": 1.0,
                    "Errors": float(failed),
                    "Duration": duration,
                }.items():
                    samples.add(Metric(namespace=LAMBDA, name=name, subject=service), at, value)

    def _add_own(self, samples: Samples, message: str) -> None:
        """Take the values of a line in the embedded format, as CloudWatch does.

        Ages in seconds grow with the clock. So a threshold of an hour stays one.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
        """
        if not message.startswith("{") or '"_aws"' not in message:
            return
        line = json.loads(message)
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        at = self._clock.at_milliseconds(line["_aws"]["Timestamp"])
        for each in directive["Metrics"]:
            metric = Metric(
                namespace=directive["Namespace"], name=each["Name"], subject=line[SERVICE_DIMENSION]
            )
            factor = self._clock.factor if _grows(each["Name"]) else 1.0
            values = line[each["Name"]]
            for value in values if isinstance(values, list) else [values]:
                samples.add(metric, at, value * factor)


def _failed(lines: Sequence[str]) -> bool:
    """Tell whether an invocation failed: each ends in a line of ours, unless its code could not be loaded."""
    ours = [line for line in lines if not line.startswith(_OF_LAMBDA)]
    return not ours or any(line.startswith(_FAILED) for line in ours)


def _grows(name: str) -> bool:
    return MetricName(name).unit is MetricUnit.SECONDS
