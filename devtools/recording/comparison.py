"""Compares a replay with its recording, and shows the first state that differs."""

import json
from collections.abc import Iterator
from difflib import unified_diff
from itertools import zip_longest
from typing import Any, Final

from devtools.recording.history import Event
from devtools.recording.recording import Outcome

_LINES_AROUND: Final = 2


def differences(recorded: Outcome, replayed: Outcome) -> str:
    """Return a text with the differences of each branch; it is empty if there are none."""
    return "\n\n".join(_parts(recorded.to_json(), replayed.to_json()))


def _parts(recorded: dict[str, Any], replayed: dict[str, Any]) -> Iterator[str]:
    histories = recorded.pop("history"), replayed.pop("history")
    for name in dict.fromkeys([*histories[0], *histories[1]]):
        events = histories[0].get(name, []), histories[1].get(name, [])
        if events[0] != events[1]:
            yield f"{name}: {_place(*events)}\n{_diff(*events)}"
    for name, value in recorded.items():
        if value != replayed[name]:
            yield f"{name}:\n{_diff(value, replayed[name])}"


def _place(recorded: list[Event], replayed: list[Event]) -> str:
    before = "the start"
    for expected, found in zip_longest(recorded, replayed):
        if expected != found:
            return f"differs in {_state(found) or _state(expected) or before}"
        before = f"the state after {_state(expected) or before}"
    return ""


def _state(event: Event | None) -> str:
    return str((event or {}).get("state", ""))


def _diff(recorded: Any, replayed: Any) -> str:
    before, after = (json.dumps(value, indent=1).splitlines() for value in (recorded, replayed))
    return "\n".join(unified_diff(before, after, "recorded", "replayed", lineterm="", n=_LINES_AROUND))
