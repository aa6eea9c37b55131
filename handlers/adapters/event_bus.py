"""The event bus."""

from collections.abc import Sequence
from typing import Any

from handlers.adapters.aws import translated
from handlers.contract.events import Event
from handlers.domain.errors import DependencyUnavailable


class EventBus:
    """`client` is a boto3 EventBridge client."""

    def __init__(self, client: Any, bus_name: str) -> None:
        self._client = client
        self._bus_name = bus_name

    def emit(self, event: Event) -> None:
        """Raises DependencyUnavailable when the bus did not take the event."""
        (refusal,) = self._refusals([event])
        if refusal:
            raise DependencyUnavailable(f"event bus: {refusal}")

    def emit_all(self, events: Sequence[Event]) -> list[bool]:
        """Return for each event whether the bus took it; raises DependencyUnavailable."""
        return [not refusal for refusal in self._refusals(events)] if events else []

    def _refusals(self, events: Sequence[Event]) -> list[str | None]:
        with translated("event bus"):
            response = self._client.put_events(Entries=[event.entry(self._bus_name) for event in events])
        # PutEvents responds with 200 also when it refused every entry. The results are in the entries' order.
        return [entry.get("ErrorCode") for entry in response["Entries"]]
