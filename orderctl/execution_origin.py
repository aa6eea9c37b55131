"""Who started each execution of an order, as far as its events and its record tell.

The API, the sweeper and a redrive emit the same events. What is known besides: when the order was placed,
when somebody asked to cancel it, after which execution nothing but a redrive starts another one, and how many
times the sweeper took the order up since. Where that does not decide it, the execution ran "again".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from handlers.contract.names import CancelReason, DetailType
from orderctl.trace import ExecutionTrace, StartEvent

# The API writes the order, or the request to cancel it, and emits the event within its timeout of 15 s.
_AT_ONCE: Final = timedelta(seconds=20)
# EventBridge has the times of events in whole seconds.
_ROUNDED: Final = timedelta(seconds=1)
# After these only a redrive, or a request to cancel the order, starts another execution.
_LEAVING: Final = ("CloseOrder", "LeaveToOperator")
_NEWLY_COUNTED: Final = ("redrive", "cancellation")


class Origin(StrEnum):
    """Who started an execution."""

    FIRST = "first"
    SWEEP = "sweep"
    REDRIVE = "redrive"
    CANCELLATION = "cancellation"
    REPEATED_CANCELLATION = "repeated cancellation"
    DUPLICATE = "duplicate"
    REPLAY = "replay"
    AGAIN = "again"


_TEXTS: Final = {
    Origin.FIRST: "the API, when the order was placed",
    Origin.SWEEP: "the sweeper",
    Origin.REDRIVE: "a redrive",
    Origin.CANCELLATION: "the request to cancel the order",
    Origin.REPEATED_CANCELLATION: "a repeated request to cancel the order",
    Origin.DUPLICATE: "the same event, which EventBridge delivered twice",
    Origin.REPLAY: "a replay of the archive of events",
    Origin.AGAIN: "a repeated request, the sweeper or a redrive",
}


def origin_text(origin: Origin, record: Mapping[str, Any]) -> str:
    """Say who started the execution."""
    if origin is Origin.CANCELLATION and record.get("cancelReason") == CancelReason.HOLD_EXPIRED:
        return "the sweeper, because the hold has expired"
    return _TEXTS[origin]


def origins(record: Mapping[str, Any], executions: Sequence[ExecutionTrace]) -> list[Origin]:
    """Return who started each of these executions of an order, the oldest first; `record` is the order's."""
    found = [
        _origin(record, execution, executions[:position]) for position, execution in enumerate(executions)
    ]
    return _with_repeated_cancellations(record, executions, _with_sweeps(record, found))


def _origin(
    record: Mapping[str, Any], execution: ExecutionTrace, earlier: Sequence[ExecutionTrace]
) -> Origin:
    event = execution.event
    if event is None:
        return Origin.AGAIN
    if event.is_replayed:
        return Origin.REPLAY
    if any(each.event and each.event.id == event.id for each in earlier):
        return Origin.DUPLICATE
    is_first = not any(each.event and each.event.detail_type == event.detail_type for each in earlier)
    if is_first and _is_at_once(event, record):
        return _FIRST_OF[event.detail_type]
    return Origin.REDRIVE if _is_redrive(event, record, earlier) else Origin.AGAIN


_FIRST_OF: Final = {
    DetailType.ORDER_PLACED.value: Origin.FIRST,
    DetailType.ORDER_CANCELLATION_REQUESTED.value: Origin.CANCELLATION,
}
_TIME_OF: Final = {
    DetailType.ORDER_PLACED.value: "createdAt",
    DetailType.ORDER_CANCELLATION_REQUESTED.value: "cancelRequestedAt",
}


def _is_at_once(event: StartEvent, record: Mapping[str, Any]) -> bool:
    """Tell whether the event came right after what it says."""
    since = _time(record, _TIME_OF.get(event.detail_type, ""))
    return since is not None and since - _ROUNDED <= event.at <= since + _AT_ONCE


def _is_redrive(event: StartEvent, record: Mapping[str, Any], earlier: Iterable[ExecutionTrace]) -> bool:
    """Tell whether the event is the first one since an execution closed the order or left it to an operator.

    A request to cancel the order opens it too. An event after it that does not name it is a late one.
    """
    earlier = list(earlier)
    if event.detail_type == DetailType.ORDER_CANCELLATION_REQUESTED and _has_untaken_message(record, earlier):
        return False
    left = max(_times_of_leaving(earlier), default=None)
    if left is None or event.at < left - _ROUNDED:
        return False
    requested = _time(record, "cancelRequestedAt")
    if requested is not None and (
        left < requested if event.detail_type != DetailType.ORDER_PLACED else event.at > requested
    ):
        return False
    return not any(each.event and each.event.at >= left for each in earlier)


def _has_untaken_message(record: Mapping[str, Any], executions: Iterable[ExecutionTrace]) -> bool:
    """Tell whether the order has a parked message that no redrive has taken: a redrive would have."""
    parked = [
        state.exited
        for execution in executions
        for state in execution.states
        if state.name.startswith("Park") and state.exited is not None and state.has_succeeded
    ]
    if not parked:
        return False
    # The first whole second that is not before the newest message that a redrive took, without its zone.
    taken = record.get("redrivenAt")
    return taken is None or datetime.fromisoformat(taken).replace(tzinfo=UTC) + _ROUNDED < max(parked)


def _times_of_leaving(executions: Iterable[ExecutionTrace]) -> Iterator[datetime]:
    for execution in executions:
        for name in _LEAVING:
            state = execution.state(name)
            if state is not None and state.exited is not None and state.has_succeeded:
                yield state.exited


def _with_sweeps(record: Mapping[str, Any], found: list[Origin]) -> list[Origin]:
    """Name the executions of the sweeper: `attempts` counts them since the last redrive or cancellation."""
    unknown = _unknown_since_newly_counted(found)
    if len(unknown) > int(record.get("attempts") or 0):
        return found
    return [Origin.SWEEP if place in unknown else origin for place, origin in enumerate(found)]


def _with_repeated_cancellations(
    record: Mapping[str, Any], executions: Sequence[ExecutionTrace], found: list[Origin]
) -> list[Origin]:
    """Name the repeated requests to cancel the order: the sweeper has counted no execution of its own."""
    if int(record.get("attempts") or 0):
        return found
    repeated = [
        place
        for place in _unknown_since_newly_counted(found)
        if (event := executions[place].event) is not None
        and event.detail_type == DetailType.ORDER_CANCELLATION_REQUESTED
    ]
    return [
        Origin.REPEATED_CANCELLATION if place in repeated else origin for place, origin in enumerate(found)
    ]


def _unknown_since_newly_counted(found: Sequence[Origin]) -> list[int]:
    begin = max((place + 1 for place, origin in enumerate(found) if origin in _NEWLY_COUNTED), default=0)
    return [place for place in range(begin, len(found)) if found[place] is Origin.AGAIN]


def _time(record: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(record[name]) if record.get(name) else None
