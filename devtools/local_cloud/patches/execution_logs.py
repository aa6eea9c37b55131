"""An execution's events are in its log group while it runs, as on AWS.

MiniStack logs no events of executions.
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from contextvars import copy_context
from datetime import datetime
from typing import Any, Final, Self

from ministack.services import cloudwatch_logs, stepfunctions

from devtools.local_cloud.patches.expected import expect_signature

# An execution that ends sooner is written once, because a write costs throughput.
_PAUSE_SECONDS: Final = 0.5
_OK: Final = 200


def apply() -> None:
    """Write the events of running executions, in a thread that ends with the process."""
    expect_signature(cloudwatch_logs._put_log_events, "data")
    expect_signature(cloudwatch_logs._create_log_stream, "data")
    threading.Thread(target=_write_open_logs, name="execution-logs", daemon=True).start()


class ExecutionLog:
    """The log stream of one execution of a machine; without one, if the machine logs nothing.

    Each execution has its own, because MiniStack sorts a whole stream at a late write. It must be opened in
    a thread of MiniStack that has an account and a Region.
    """

    def __init__(self, machine: Mapping[str, Any], execution_arn: str) -> None:
        self.opened_at = time.monotonic()
        self._execution_arn = execution_arn
        self._group = _log_group(machine)
        started = time.strftime("%Y-%m-%d-%H-%M", time.gmtime())
        self._stream = f"states/{machine['name']}/{started}/{uuid.uuid4().hex[:8]}"
        self._context = copy_context()
        self._pending: deque[Mapping[str, Any]] = deque()
        self._writing = threading.Lock()
        self._is_created = False

    @classmethod
    def open(cls, machine: Mapping[str, Any], execution_arn: str) -> Self:
        """Return the log of an execution that begins; it is written every half second until it is closed."""
        log = cls(machine, execution_arn)
        _open_logs.add(log)
        return log

    def close(self) -> None:
        """Write what is not yet written. What a hanging task adds later is not written, as on AWS."""
        _open_logs.discard(self)
        self.write()
        self._group = None

    def add(self, event: Mapping[str, Any]) -> None:
        """Take an event that has just happened. Threads of all branches call this."""
        self._pending.append(event)

    def write(self) -> None:
        """Write the events since the last write."""
        with self._writing:
            events = [self._pending.popleft() for _ in range(len(self._pending))]
            if events and self._group:
                self._context.run(self._put, self._group, events)

    def _put(self, group: str, events: list[Mapping[str, Any]]) -> None:
        place = {"logGroupName": group, "logStreamName": self._stream}
        if not self._is_created:
            cloudwatch_logs._create_log_stream(place)
            self._is_created = True
        entries = [_log_event(event, self._execution_arn) for event in events]
        status, _, response = cloudwatch_logs._put_log_events({**place, "logEvents": entries})
        if status != _OK:
            self._group = None
            stepfunctions.logger.warning(
                "Step Functions: %s is not logged: %s", self._execution_arn, response
            )


_open_logs: Final[set[ExecutionLog]] = set()


def _write_open_logs() -> None:
    while True:
        time.sleep(_PAUSE_SECONDS)
        for log in _open_logs.copy():
            if time.monotonic() - log.opened_at < _PAUSE_SECONDS:
                continue
            try:
                log.write()
            except Exception:  # noqa: BLE001  the other executions are written
                stepfunctions.logger.exception("Step Functions: the log of an execution could not be written")


def _log_group(machine: Mapping[str, Any]) -> str | None:
    """Return the log group of a machine whose log level is not OFF; ERROR and FATAL log like ALL."""
    settings = decapitalized(machine.get("loggingConfiguration") or {})
    if settings.get("level", "OFF") == "OFF" or not settings.get("destinations"):
        return None
    arn = str(settings["destinations"][0]["cloudWatchLogsLogGroup"]["logGroupArn"])
    return arn.split(":log-group:")[1].removesuffix(":*")


def decapitalized(value: Any) -> Any:
    """Return a logging configuration as the API writes it: CloudFormation writes `Level`, the API `level`."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: decapitalized(inner) for key, inner in value.items()}
    return [decapitalized(inner) for inner in value] if isinstance(value, list) else value


def _log_event(event: Mapping[str, Any], execution_arn: str) -> dict[str, Any]:
    milliseconds = int(_utc_time(event["timestamp"]).timestamp() * 1000)
    details: Any = next((value for key, value in event.items() if key.endswith("Details")), {})
    return {
        "timestamp": milliseconds,
        "message": json.dumps(
            {
                "id": str(event["id"]),
                "type": event["type"],
                "details": details,
                "redrive_count": "0",
                "previous_event_id": str(event.get("previousEventId", 0)),
                "event_timestamp": str(milliseconds),
                "execution_arn": execution_arn,
            },
            default=str,
        ),
    }


def _utc_time(timestamp: Any) -> datetime:
    return timestamp if isinstance(timestamp, datetime) else datetime.fromisoformat(timestamp)
