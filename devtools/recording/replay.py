"""Replays a recording: runs the definition with recorded responses, without network and waiting."""

import io
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from devtools.asl.definition import MACHINE
from devtools.asl.interpreter import ExecutionResult, Start, StateMachine, TaskFailure, current_state, run
from devtools.recording.history import history_of
from devtools.recording.placeholders import entered_times
from devtools.recording.recording import Outcome
from devtools.recording.task_responses import TaskResponse, TaskResponses
from orderctl.trace import LoggedEvent

_REGION: Final = "us-east-1"
_FUNCTION: Final = f"arn:aws:lambda:{_REGION}:000000000000:function:"
_ARN: Final = f"arn:aws:states:{_REGION}:000000000000:stateMachine:{MACHINE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the definition did; `used` are the responses it took, `missing` the attempts without one."""

    outcome: Outcome
    used: TaskResponses
    missing: tuple[str, ...]


def replay(definition: str, input_: Any, responses: TaskResponses) -> Replay:
    """Run a definition with its placeholders and recorded responses."""
    queue = _ResponseQueue(responses=responses)
    machine = _with_function_arns(definition)
    result = run(
        StateMachine(arn=_ARN, name=MACHINE, type="EXPRESS", role_arn="${RoleArn}", definition=machine),
        Start(arn="${ExecutionArn}", name="${ExecutionName}", started_at="${StartTime}", input=input_),
        client_for=lambda service, _: _ReplayClient(service, queue),
        sleep=lambda _: None,
        in_place=True,
    )
    used = {state: responses[state][:count] for state, count in queue.taken.items() if state in responses}
    return Replay(outcome=_outcome(result, definition), used=used, missing=tuple(sorted(queue.missing)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ResponseQueue:
    """The responses of each state in order. Each state runs in one branch, so in one thread.

    An attempt after a recorded failure fails the same way: a service that is down stays down. So a replay
    with more retries goes on, and its differences are those of the path.
    """

    responses: TaskResponses
    taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missing: list[str] = field(default_factory=list)

    def next(self, state: str) -> TaskResponse:
        attempt = self.taken[state]
        self.taken[state] += 1
        recorded = self.responses.get(state, ())
        if attempt < len(recorded):
            return recorded[attempt]
        self.missing.append(f"{state}, attempt {attempt}")
        if recorded and "Throw" in recorded[-1]:
            return recorded[-1]
        raise LookupError(f"{state} has no recorded response for attempt {attempt}")


class _ReplayClient:
    """Replaces a boto3 client: every method returns the next response of the calling state."""

    def __init__(self, service: str, queue: _ResponseQueue) -> None:
        self._service = service
        self._queue = queue

    def __getattr__(self, _: str) -> Callable[..., Any]:
        return self._call

    def _call(self, **_: Any) -> Any:
        response = self._queue.next(current_state())
        if "Throw" in response:
            error, cause = response["Throw"]["Error"], response["Throw"]["Cause"]
            raise TimeoutError if error == "States.Timeout" else TaskFailure(error, cause)
        result = json.loads(
            json.dumps(response["Return"])
        )  # a copy, because the interpreter changes its input
        if self._service == "lambda":
            return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(result).encode())}
        return result


def _outcome(result: ExecutionResult, definition: str) -> Outcome:
    waits: dict[str, list[float]] = defaultdict(list)
    for wait in result.waits:
        waits[wait.state].append(wait.longest)
    return Outcome(
        history=history_of(map(_logged, result.events), json.loads(definition), entered_times),
        waits=dict(waits),
        status=result.status,
        output=entered_times(result.output),
        error=result.error,
    )


@lru_cache(maxsize=32)
def _with_function_arns(definition: str) -> str:
    """Make an ARN of each resource that is a placeholder: the interpreter looks there for the service."""
    return definition.replace('"Resource": "${', f'"Resource": "{_FUNCTION}${{')


def _logged(event: dict[str, Any]) -> LoggedEvent:
    """Convert an event of GetExecutionHistory to one of the execution's log."""
    details: dict[str, Any] = next((value for key, value in event.items() if key.endswith("Details")), {})
    if event["type"] == "LambdaFunctionScheduled":
        details = {**details, "resource": details["resource"].removeprefix(_FUNCTION)}
    return LoggedEvent.from_json(
        {
            "id": event["id"],
            "previous_event_id": event["previousEventId"],
            "type": event["type"],
            "event_timestamp": event["timestamp"],
            "details": details,
        }
    )
