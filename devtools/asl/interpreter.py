"""Runs a state machine with moto's interpreter, patched to behave like Step Functions for our workflow.

    machine = StateMachine(arn=..., name=..., type="EXPRESS", role_arn=..., definition=json_text)
    start = Start(arn=..., name=..., started_at="2026-11-22T15:14:31.123Z", input={...})
    result = run(machine, start, client_for=lambda service, region: boto3_client)
    result.status, .output, .error, .cause, .events, .waits

A client that raises `TaskFailure` fails its task with that error; `current_state()` is the calling state.
Executions may run at the same time in many threads, each with its own `client_for` and `sleep`.
A definition that can't be parsed raises an exception. Later failures are in the result.
JSONPath only: moto fails on JSONata. Only this module and `moto_patches` touch moto's internals.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final

import devtools.asl.light_moto  # noqa: F401  before moto

# isort: split
from moto.stepfunctions.parser.api import HistoryEventType, StateMachineType
from moto.stepfunctions.parser.asl.eval import evaluation_details as details
from moto.stepfunctions.parser.asl.eval import program_state
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution_worker import SyncExecutionWorker
from moto.stepfunctions.parser.utils import TMP_THREADS

from devtools.asl.moto_patches import TaskFailure, current_state, patch_moto

__all__ = [
    "ClientFor",
    "Event",
    "ExecutionResult",
    "Start",
    "StateMachine",
    "TaskFailure",
    "Wait",
    "current_state",
    "run",
]

ClientFor = Callable[[str, str], Any]
"""Takes a boto3 service name and a region, and returns a boto3 client or an object like one."""

Event = dict[str, Any]
"""An event of GetExecutionHistory, with an RFC 3339 time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachine:
    """A state machine; `type` is EXPRESS or STANDARD, `definition` is JSON text."""

    arn: str
    name: str
    type: str
    role_arn: str
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The values that StartExecution sets; `started_at` is RFC 3339 UTC with milliseconds."""

    arn: str
    name: str
    started_at: str
    input: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A pause before a retry or in a Wait state; `longest` is the longest pause that jitter could choose."""

    state: str
    seconds: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResult:
    """How an execution ended."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    events: tuple[Event, ...]
    waits: tuple[Wait, ...]


def run(  # noqa: PLR0913  what an execution needs is by name
    machine: StateMachine,
    start: Start,
    *,
    client_for: ClientFor,
    sleep: Callable[[float], None] = time.sleep,
    on_event: Callable[[Event], None] = lambda _: None,
    in_place: bool = False,
) -> ExecutionResult:
    """Run one execution to its end. Every pause is recorded, and calls `sleep`.

    Every event calls `on_event` when it happens, in the order of the ids, in the thread of its branch.
    `in_place` is for clients that never wait: it saves time, but nothing ends at its timeout.
    """
    patch_moto()
    callbacks = _Callbacks(client_for=client_for, sleep=sleep, on_event=on_event, in_place=in_place)
    worker = _Worker(_evaluation(machine, start), callbacks)
    worker.start()  # type: ignore[no-untyped-call]  # moto is only partly typed
    TMP_THREADS.clear()  # moto keeps every thread it ever started
    return _result(worker.env, callbacks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Callbacks:
    """What the patched moto needs to know of an execution, and tells of it."""

    client_for: ClientFor
    sleep: Callable[[float], None]
    on_event: Callable[[Event], None]
    in_place: bool
    waits: list[Wait] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def wait(self, state: str, seconds: float, longest: float) -> None:
        self.waits.append(Wait(state=state, seconds=seconds, longest=longest))
        self.sleep(seconds)

    def event(self, event: Event) -> None:
        event = {**event, "type": event["type"].value}
        self.events.append(event)
        self.on_event(event)


class _Worker(SyncExecutionWorker):
    def __init__(self, evaluation: details.EvaluationDetails, callbacks: _Callbacks) -> None:
        no_listener: Any = SimpleNamespace(terminated=lambda: None)
        super().__init__(
            evaluation, exec_comm=no_listener, cloud_watch_logging_session=None, activity_store={}
        )
        self._callbacks = callbacks

    def _get_evaluation_entrypoint(self) -> Any:
        # One parse takes seconds and 100 MB, so executions share it.
        with _parsing:
            return _parsed(self._evaluation_details.state_machine_details.definition)

    def _get_evaluation_environment(self) -> Any:
        env: Any = super()._get_evaluation_environment()
        env.event_manager.callbacks = self._callbacks  # all branches share one event manager
        return env


_parsing: Final = threading.Lock()


@lru_cache(maxsize=32)
def _parsed(definition: str) -> Any:
    return AmazonStateLanguageParser.parse(definition)[0]


def _evaluation(machine: StateMachine, start: Start) -> details.EvaluationDetails:
    _, _, _, region, account, _ = machine.arn.split(":", 5)
    return details.EvaluationDetails(
        details.AWSExecutionDetails(account, region, machine.role_arn),
        details.ExecutionDetails(start.arn, start.name, machine.role_arn, start.input, start.started_at),
        details.StateMachineDetails(
            machine.arn, machine.name, StateMachineType(machine.type), machine.definition
        ),
    )


_STATUSES: Final[dict[type, str]] = {
    program_state.ProgramEnded: "SUCCEEDED",
    program_state.ProgramError: "FAILED",
    program_state.ProgramTimedOut: "TIMED_OUT",
    program_state.ProgramStopped: "ABORTED",
}


def _result(env: Any, callbacks: _Callbacks) -> ExecutionResult:
    end = env.program_state()
    if isinstance(end, program_state.ProgramTimedOut):
        # moto adds this event only when the hanging state returns, which is too late.
        env.event_manager.add_event(env.event_history_context, HistoryEventType.ExecutionTimedOut)
    failure = (end.error or {}) if isinstance(end, program_state.ProgramError) else {}
    succeeded = isinstance(end, program_state.ProgramEnded)
    return ExecutionResult(
        status=_STATUSES[type(end)],
        output=env.states.get_input() if succeeded else None,
        error=failure.get("error"),
        cause=failure.get("cause"),
        events=tuple(callbacks.events),
        waits=tuple(callbacks.waits),
    )
