"""An execution's events without ids, times and the order of its branches, which differ between runs."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from devtools.asl.definition import MACHINE, Definition, branches
from devtools.recording.task_responses import TaskResponse, returns, throws
from orderctl.trace import ATTEMPT, ATTEMPT_FAILED, ATTEMPT_SUCCEEDED, Lane, LoggedEvent, follow

Event = dict[str, Any]
History = dict[str, list[Event]]
"""The events of the execution (`OrderWorkflow`) and of each branch (`Compensate[0]`), in causal order."""

Normalise = Callable[[Any], Any]

_JSON_DETAILS: Final = ("input", "output", "parameters")
_WITHOUT_DETAILS: Final = ATTEMPT_SUCCEEDED | {"ExecutionStarted", "TaskStarted", "LambdaFunctionStarted"}
_PLAIN_DETAILS: Final = ("timeoutInSeconds", "heartbeatInSeconds", "error", "cause")
# Metadata of the call, which differs in every run and which no state reads.
_CALL_METADATA: Final = frozenset(
    {
        "MD5OfMessageAttributes", "MD5OfMessageBody", "MD5OfMessageSystemAttributes", "ResponseMetadata",
        "SdkHttpMetadata", "SdkResponseMetadata",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of a task; `waited` is the time in seconds since the failure of the attempt before it."""

    response: TaskResponse
    waited: float | None


def history_of(events: Iterable[LoggedEvent], definition: Definition, normalise: Normalise) -> History:
    """Sort the events by branch; events outside of branches belong to the execution itself."""
    starts = branches(definition)
    found: History = {name: [] for name in (MACHINE, *starts.values())}
    for event, lane in follow(events, Lane()):
        found[_name(lane, starts)].append(_event(event, lane, normalise))
    return {name: events for name, events in found.items() if events}


def attempts_of(events: Iterable[LoggedEvent], normalise: Normalise) -> dict[str, list[Attempt]]:
    """Return every attempt of every task by the name of its state."""
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    waited: dict[str, float | None] = {}
    failed: dict[str, LoggedEvent] = {}
    for event, lane in follow(events, Lane()):
        state = lane.runs[-1].name if lane.runs else ""
        if event.type in ATTEMPT:
            before = failed.get(state)
            waited[state] = (event.at - before.at).total_seconds() if before else None
        elif event.type in ATTEMPT_SUCCEEDED:
            result = normalise(_without_metadata(json.loads(event.details["output"])))
            attempts[state].append(Attempt(response=returns(result), waited=waited[state]))
        elif event.type in ATTEMPT_FAILED:
            failed[state] = event
            response = throws(event.details["error"], normalise(event.details.get("cause") or ""))
            attempts[state].append(Attempt(response=response, waited=waited[state]))
    return dict(attempts)


def entered(events: Iterable[Event]) -> list[str]:
    """Return the names of the states that the execution or a branch entered."""
    return [event["state"] for event in events if event["type"].endswith("StateEntered")]


def last_state(history: History) -> str:
    """Return the name of the state that the execution ended in."""
    return entered(history[MACHINE])[-1]


def _name(lane: Lane, starts: Mapping[str, str]) -> str:
    return starts[lane.runs[0].name] if lane.parent else MACHINE


def _event(event: LoggedEvent, lane: Lane, normalise: Normalise) -> Event:
    fields: Event = {"type": event.type}
    if lane.runs and not event.type.startswith("Execution"):
        fields["state"] = lane.runs[-1].name
    if event.type in _WITHOUT_DETAILS:
        return fields  # the recording has its input and output already
    if event.type == "TaskScheduled":
        fields["resource"] = f"{event.details['resourceType']}:{event.details['resource']}"
    if event.type == "LambdaFunctionScheduled":
        fields["resource"] = normalise(event.details["resource"])
        fields["parameters"] = normalise(json.loads(event.details["input"]))
        return fields | _plain_details(event, normalise)
    fields |= {
        name: normalise(json.loads(event.details[name])) for name in _JSON_DETAILS if event.details.get(name)
    }
    return fields | _plain_details(event, normalise)


def _plain_details(event: LoggedEvent, normalise: Normalise) -> Event:
    return {name: normalise(event.details[name]) for name in _PLAIN_DETAILS if event.details.get(name)}


def _without_metadata(result: Any) -> Any:
    if not isinstance(result, dict):
        return result
    kept = {name: result[name] for name in result.keys() - _CALL_METADATA}
    # DynamoDB gives no order to the attributes of a response.
    return json.loads(json.dumps(kept, sort_keys=True))
