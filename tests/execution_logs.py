"""Logs of executions of the local cloud, recorded with the records of their orders."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from orderctl.order_report import Execution, described
from orderctl.trace import ExecutionTrace, LoggedEvent, trace_execution
from tests.moto_clients import client

_FOLDER: Final = Path(__file__).parent / "unit" / "execution_logs"
_TIMES: Final = ("createdAt", "updatedAt", "closedAt", "cancelRequestedAt")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLog:
    """`record` is that of the order, `executions` are the events of each, the oldest execution first."""

    record: dict[str, Any]
    executions: list[dict[str, Any]]

    @classmethod
    def read(cls, name: str) -> Self:
        return cls(**json.loads((_FOLDER / f"{name}.json").read_text()))

    @property
    def traces(self) -> list[ExecutionTrace]:
        return [
            trace_execution(each["arn"], map(LoggedEvent.from_json, each["events"]))
            for each in self.executions
        ]

    def described(self, **changes: Any) -> list[Execution]:
        """Say of each execution who started it and what it did; `changes` are those of the record."""
        return described(self.record | changes, self.traces)

    def put_into_log(self, group: str, order_id: str, *, since: datetime) -> dict[str, str]:
        """Log the executions in moto as those of this order; return the times of its record.

        `since` is when the order is placed. CloudWatch Logs takes no events that are older than 14 days.
        """
        shift = since - datetime.fromisoformat(self.record["createdAt"])
        for number, execution in enumerate(self.executions):
            stream = f"states/{number}"
            client("logs").create_log_stream(logGroupName=group, logStreamName=stream)
            events = [
                {"timestamp": int(message["event_timestamp"]), "message": json.dumps(message)}
                for message in self._shifted(execution, order_id, shift)
            ]
            client("logs").put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        return {name: _later(self.record[name], shift) for name in _TIMES if name in self.record}

    def _shifted(
        self, execution: dict[str, Any], order_id: str, shift: timedelta
    ) -> Iterator[dict[str, Any]]:
        text = json.dumps(execution).replace(self.record["orderId"], order_id)
        for event in json.loads(text)["events"]:
            details = event["details"]
            if event["type"] == "ExecutionStarted":
                started_by = json.loads(details["input"])
                started_by["time"] = _later(started_by["time"], shift)
                details["input"] = json.dumps(started_by)
            at = int(event["event_timestamp"]) + int(shift.total_seconds() * 1000)
            yield {**event, "event_timestamp": str(at), "execution_arn": execution["arn"]}


def _later(time: str, shift: timedelta) -> str:
    later = datetime.fromisoformat(time).astimezone(UTC) + shift
    return later.isoformat(timespec="milliseconds").replace("+00:00", "Z")
