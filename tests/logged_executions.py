"""The log of the workflow in moto, with entries as Step Functions writes them."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.moto_clients import client

GROUP: Final = "/aws/vendedlogs/states/Orders"
_STREAM: Final = "states/1"


@dataclass
class LoggedExecutions:
    """`calls` has the number of FilterLogEvents."""

    calls: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._logs = client("logs")
        self._logs.create_log_group(logGroupName=GROUP)
        self._logs.create_log_stream(logGroupName=GROUP, logStreamName=_STREAM)

    def filter_log_events(self, **arguments: Any) -> Any:
        self.calls.append(arguments)
        return self._logs.filter_log_events(**arguments)

    def describe_state_machine(self, **_: Any) -> dict[str, Any]:
        group = {"logGroupArn": f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"}
        return {"loggingConfiguration": {"destinations": [{"cloudWatchLogsLogGroup": group}]}}

    def started(self, order_id: str, at: datetime, *, execution: str = "one") -> None:
        """Log that an event of an order started an execution."""
        event = {"id": "1", "detail-type": "OrderPlaced", "detail": {"orderId": order_id}}
        self._log("ExecutionStarted", at, execution, {"input": json.dumps(event)})

    def entered(self, state: str, at: datetime, *, execution: str = "one", **input_: Any) -> None:
        """Log that an execution entered and left a state; without `input_` the log has no execution data."""
        data = {"input": json.dumps(input_)} if input_ else {}
        self._log("TaskStateEntered", at, execution, {"name": state, **data})
        self._log("TaskStateExited", at, execution, {"name": state})

    def succeeded(self, at: datetime, *, execution: str = "one", **output: Any) -> None:
        """Log the end of an execution."""
        data = {"output": json.dumps(output)} if output else {}
        self._log("ExecutionSucceeded", at, execution, data)

    def _log(self, type_: str, at: datetime, execution: str, details: dict[str, Any]) -> None:
        message = {
            "id": "1",
            "previous_event_id": "0",
            "type": type_,
            "execution_arn": f"arn:aws:states:us-east-1:123456789012:express:Orders:{execution}:1",
            "event_timestamp": str(int(at.timestamp() * 1000)),
            "details": details,
        }
        event = {"timestamp": int(at.timestamp() * 1000), "message": json.dumps(message)}
        self._logs.put_log_events(logGroupName=GROUP, logStreamName=_STREAM, logEvents=[event])
