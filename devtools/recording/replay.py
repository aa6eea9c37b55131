"""Replays a recording: runs the definition on recorded answers, with no network and no waiting."""

import io
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from devtools.asl.definition import MACHINE
from devtools.asl.interpreter import Execution, Machine, Start, TaskFailure, current_state, run
from devtools.recording.answers import Answer, Answers
from devtools.recording.history import history_of
from devtools.recording.placeholders import entered_times
from devtools.recording.recording import Outcome
from orderctl.trace import LoggedEvent

_REGION: Final = "us-east-1"
_ARN: Final = f"arn:aws:states:{_REGION}:000000000000:stateMachine:{MACHINE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the definition made of the answers; `used` are those it asked for."""

    outcome: Outcome
    used: Answers
    unanswered: tuple[str, ...]


def replay(definition: str, input_: Any, answers: Answers) -> Replay:
    """Run a definition, its placeholders left as they are, on recorded answers."""
    recorded = _Recorded(answers=answers)
    execution = run(
        Machine(arn=_ARN, name=MACHINE, type="EXPRESS", role_arn="${RoleArn}", definition=definition),
        Start(arn="${ExecutionArn}", name="${ExecutionName}", started_at="${StartTime}", input=input_),
        client_for=lambda service, _: _Client(service, recorded),
        sleep=lambda _: None,
    )
    used = {state: answers[state][:count] for state, count in recorded.asked.items() if state in answers}
    return Replay(
        outcome=_outcome(execution, definition), used=used, unanswered=tuple(sorted(recorded.unanswered))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """Hands out the answers of each state in their order. A state is in one branch, so in one thread."""

    answers: Answers
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unanswered: list[str] = field(default_factory=list)

    def next(self, state: str) -> Answer:
        attempt = self.asked[state]
        self.asked[state] += 1
        if attempt >= len(self.answers.get(state, ())):
            self.unanswered.append(f"{state}, attempt {attempt}")
            raise LookupError(f"{state} has no recorded answer for its attempt {attempt}")
        return self.answers[state][attempt]


class _Client:
    """Stands for a boto3 client: whatever is called, the calling state's next answer is given."""

    def __init__(self, service: str, recorded: _Recorded) -> None:
        self._service = service
        self._recorded = recorded

    def __getattr__(self, _: str) -> Callable[..., Any]:
        return self._call

    def _call(self, **_: Any) -> Any:
        answer = self._recorded.next(current_state())
        if "Throw" in answer:
            error, cause = answer["Throw"]["Error"], answer["Throw"]["Cause"]
            raise TimeoutError if error == "States.Timeout" else TaskFailure(error, cause)
        result = json.loads(json.dumps(answer["Return"]))  # the interpreter changes what it is given
        if self._service == "lambda":
            result["Payload"] = io.BytesIO(json.dumps(result["Payload"]).encode())
        return result


def _outcome(execution: Execution, definition: str) -> Outcome:
    waits: dict[str, list[float]] = defaultdict(list)
    for wait in execution.waits:
        waits[wait.state].append(wait.longest)
    return Outcome(
        history=history_of(map(_logged, execution.events), json.loads(definition), entered_times),
        waits=dict(waits),
        status=execution.status,
        output=entered_times(execution.output),
        error=execution.error,
    )


def _logged(event: dict[str, Any]) -> LoggedEvent:
    """Read an event of a history as it would be logged."""
    return LoggedEvent.from_json(
        {
            "id": event["id"],
            "previous_event_id": event["previousEventId"],
            "type": event["type"],
            "event_timestamp": event["timestamp"],
            "details": next((value for key, value in event.items() if key.endswith("Details")), {}),
        }
    )
