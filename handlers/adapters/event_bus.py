"""The bus that orders are announced on."""

import json
from typing import Any

from handlers.adapters.aws import translated
from handlers.domain.errors import DependencyUnavailable
from handlers.domain.events import Event
from handlers.domain.records import EVENT_SOURCE


class EventBus:
    """`client` is a boto3 EventBridge client."""

    def __init__(self, client: Any, bus_name: str) -> None:
        self._client = client
        self._bus_name = bus_name

    def emit(self, event: Event) -> None:
        """Raises DependencyUnavailable when the bus did not take the event."""
        entry = {
            "EventBusName": self._bus_name,
            "Source": EVENT_SOURCE,
            "DetailType": event.detail_type.value,
            "Detail": json.dumps(event.detail, separators=(",", ":")),
        }
        with translated("event bus"):
            answer = self._client.put_events(Entries=[entry])
        # PutEvents answers 200 also when it refused every entry.
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
        if answer["FailedEntryCount"]:
            raise DependencyUnavailable(f"event bus: {answer['Entries'][0].get('ErrorCode', 'unknown')}")
