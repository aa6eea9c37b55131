"""Replaces the values of one deployment, order or run by placeholders such as ${OrderId}."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from devtools.asl.definition import Definition
from orderctl.definition_drift import DefinitionDiffersError, substitutions
from orderctl.errors import OperatorError
from orderctl.trace import LoggedEvent

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# AWS writes 52 capital letters and digits, MiniStack a UUID.
_REQUEST_ID: Final = re.compile(r"(Request ?I[Dd]: )[\w-]+")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GENERATED: Final = frozenset({"MessageId", "messageId", "EventId"})
_EVENT_FIELDS: Final = {"id": "${EventId}", "time": "${EventTime}"}
# AWS does not always round the milliseconds of a start time the same way.
_SAME_MOMENT: Final = timedelta(milliseconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholders:
    """`texts` has the placeholder of each text; `started` is when the execution started."""

    texts: Mapping[str, str]
    started: datetime

    @classmethod
    def from_execution(cls, execution_arn: str, started: LoggedEvent, deployed: Mapping[str, str]) -> Self:
        """Read the texts to replace from an execution's first event; `deployed` has more texts."""
        _, _, _, region, account, *_ = execution_arn.split(":")
        event = json.loads(started.details["input"])
        texts = {text: placeholder for placeholder, text in deployed.items()}
        texts |= {execution_arn: "${ExecutionArn}", event["detail"]["orderId"]: "${OrderId}"}
        texts |= {event["id"]: "${EventId}", account: "${Account}", region: "${Region}"}
        return cls(texts=texts, started=started.at)

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Replace texts in the event that started the execution."""
        replaced: dict[str, Any] = self.replace({**event, **_EVENT_FIELDS})
        return replaced

    def replace(self, value: Any) -> Any:
        """Replace texts in a value and in all values inside it."""
        match value:
            case {"detail-type": _, "id": _, "time": _}:
                return {name: self.replace(_EVENT_FIELDS.get(name, each)) for name, each in value.items()}
            case dict():
                return {
                    name: f"${{{name[0].upper()}{name[1:]}}}" if name in _GENERATED else self.replace(each)
                    for name, each in value.items()
                }
            case list():
                return [self.replace(each) for each in value]
            case str():
                return self._text(_without_trace(value))
        return value

    def _text(self, text: str) -> str:
        for found in sorted(self.texts, key=len, reverse=True):
            # whole names only: the source `ecommerce.orders` is not the bus `ecommerce`
            text = re.sub(rf"(?<![\w.-]){re.escape(found)}(?![\w.-])", self.texts[found], text)
        text = _REQUEST_ID.sub(r"\1${Id}", _TIME.sub(self._time_placeholder, text))
        return _UUID.sub("${Id}", text)

    def _time_placeholder(self, match: re.Match[str]) -> str:
        """Return the placeholder of one of the two times that the workflow reads from its context."""
        moment = datetime.fromisoformat(match[0])
        return "${StartTime}" if moment <= self.started + _SAME_MOMENT else "${EnteredTime}"


def entered_times(value: Any) -> Any:
    """Replace the times of entered states, the only difference between replays."""
    match value:
        case dict():
            return {name: entered_times(each) for name, each in value.items()}
        case list():
            return [entered_times(each) for each in value]
        case str():
            return _TIME.sub("${EnteredTime}", value)
    return value


def substituted(definition: Definition, deployed: Definition) -> dict[str, str]:
    """Return the deployed text of each placeholder; raise OperatorError for another version's definition."""
    try:
        return substitutions(definition, deployed)
    except DefinitionDiffersError as error:
        raise OperatorError(
            "The deployed workflow is not the one of this checkout",
            why=f"it differs in {error}",
            what_to_do="Deploy it (`orderctl up`, or `make deploy`), then record again.",
        ) from None


def _without_trace(text: str) -> str:
    """Drop the stack trace and the request id of a function's error."""
    try:
        error = json.loads(text)
        return json.dumps({name: error[name] for name in ("errorMessage", "errorType")})
    except (ValueError, TypeError, KeyError):
        return text
