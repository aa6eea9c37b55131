"""Interventions in a call of the workflow: fail it, lose its response, or run an action before it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

Call = Callable[[], Any]
Behaviour = Callable[[Call], Any]


@dataclass(slots=True, kw_only=True)
class Intervention:
    behaviour: Behaviour
    times: float


@dataclass(slots=True)
class Interventions:
    """The interventions by kind of call; they are used in the order of `plan`."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _planned: dict[str, list[Intervention]] = field(default_factory=dict)

    def plan(self, call: str, behaviour: Behaviour, times: float) -> None:
        self._planned.setdefault(call, []).append(Intervention(behaviour=behaviour, times=times))

    def around(self, call: str, real: Call) -> Any:
        behaviour = self._next(call)
        return behaviour(real) if behaviour else real()

    def clear(self) -> None:
        self._planned.clear()

    def _next(self, call: str) -> Behaviour | None:
        with self._lock:
            for intervention in self._planned.get(call, []):
                if intervention.times > 0:
                    intervention.times -= 1
                    return intervention.behaviour
        return None


def raising(error: Exception) -> Behaviour:
    def behaviour(_: Call) -> Any:
        raise error

    return behaviour


def responding(make_response: Callable[[], Any]) -> Behaviour:
    return lambda _: make_response()


def losing_the_response(call: Call) -> Any:
    """Make the call, and raise a timeout instead of returning its response."""
    call()
    raise ReadTimeoutError(endpoint_url="https://service")


def running_before(action: Callable[[], Any]) -> Behaviour:
    """Run an action, and then make the call."""

    def behaviour(call: Call) -> Any:
        action()
        return call()

    return behaviour


def refusal(code: str, status: int = 400) -> ClientError:
    """Return an error of an AWS service."""
    metadata = {"HTTPStatusCode": status, "RequestId": "3b0c5d2e"}
    return ClientError({"Error": {"Code": code, "Message": code}, "ResponseMetadata": metadata}, "Call")
