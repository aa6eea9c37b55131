"""What the functions of the workflow logged of one order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from orderctl.deployed_workflow import function_of, payload_of, states
from orderctl.stack import Stack

# A line of the function may have a time a little before the event of the state machine, or after it.
_AROUND: Final = timedelta(seconds=1)
# FilterLogEvents can return an empty page with a token when it has scanned enough:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
_MOST_PAGES: Final = 5
_MOST_LINES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line of a function's log; `fields` is empty when it is no JSON."""

    at: datetime
    level: str
    text: str
    fields: Mapping[str, Any]


class FunctionLogs:
    """The log groups of the functions that one definition of the workflow invokes.

    Reading costs GetFunctionConfiguration, once for each function, and at most 5 calls of FilterLogEvents.
    """

    def __init__(self, stack: Stack, definition: Mapping[str, Any]) -> None:
        self._lambda = stack.client("lambda")
        self._logs = stack.client("logs")
        tasks = {name: state for name, state in states(definition) if function_of(state)}
        self._functions = {name: function_of(task) for name, task in tasks.items()}
        # The step that the function logs.
        self._operations = {name: str(payload_of(task).get("operation", "")) for name, task in tasks.items()}
        self._groups: dict[str, str] = {}

    def function(self, state_name: str) -> str:
        """Return the name of the function that the state invokes; "" when it invokes none."""
        # arn:aws:lambda:REGION:ACCOUNT:function:NAME, and :ALIAS
        arn = self._functions.get(state_name, "")
        return arn.split(":")[6] if arn.count(":") > 5 else arn  # noqa: PLR2004  the fields of an ARN

    def lines(self, state_name: str, order_id: str, start: datetime, end: datetime) -> list[LogLine]:
        """Return the lines that name the order and are from this time, the oldest first."""
        arn = self._functions.get(state_name)
        if arn is None:
            return []
        request: dict[str, Any] = {
            "logGroupName": self._group(arn),
            "filterPattern": f'"{order_id}"',
            "startTime": int((start - _AROUND).timestamp() * 1000),
            "endTime": int((end + _AROUND).timestamp() * 1000),
        }
        found: list[LogLine] = []
        for _ in range(_MOST_PAGES):
            page = self._logs.filter_log_events(**request)
            found += filter(partial(self._is_of, state_name), map(_line, page["events"]))
            if "nextToken" not in page:
                break
            request["nextToken"] = page["nextToken"]
        return sorted(found, key=lambda line: line.at)[:_MOST_LINES]

    def _is_of(self, state_name: str, line: LogLine) -> bool:
        """Tell whether the line can be of this state: the same function works for others, a moment later."""
        others = set(self._operations.values()) - {self._operations[state_name]}
        return line.fields.get("step") not in others

    def _group(self, arn: str) -> str:
        if arn not in self._groups:
            found = self._lambda.get_function_configuration(FunctionName=arn)
            name = found["FunctionName"]
            # https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html
            self._groups[arn] = found.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        return self._groups[arn]


def _line(event: Mapping[str, Any]) -> LogLine:
    text = str(event["message"]).rstrip()
    try:
        fields = json.loads(text)
    except ValueError:
        fields = {}
    if not isinstance(fields, dict):
        fields = {}
    return LogLine(
        at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
        level=str(fields.get("level", "")),
        text=text,
        fields=fields,
    )
