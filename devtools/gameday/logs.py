"""Reads what a log group got since the last look."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

# An execution can be logged when it has ended, with the times of its events.
_LATE: Final = timedelta(minutes=5)

Event = Mapping[str, Any]


class LogGroup:
    """One log group of the local cloud, where each invocation and each execution has a stream of its own.

    The lines of an invocation come together, those of an execution while it runs.
    """

    def __init__(self, logs: Any, name: str, since: datetime) -> None:
        self._logs = logs
        self._name = name
        self._since = since
        self._seen: set[tuple[str, int, str]] = set()

    def new_events(self, now: datetime) -> Iterator[list[Event]]:
        """Yield the events of each stream that were not there at the last look."""
        found: dict[str, list[Event]] = {}
        start = max(self._since, now - _LATE)
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._name, startTime=int(start.timestamp() * 1000)
        )
        for page in pages:
            for event in page["events"]:
                # The local cloud gives an event no id.
                key = (event["logStreamName"], event["timestamp"], event["message"])
                if key not in self._seen:
                    self._seen.add(key)
                    found.setdefault(event["logStreamName"], []).append(event)
        yield from found.values()
