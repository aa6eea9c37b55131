"""What an execution did to its order, in words."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from handlers.contract.names import NotificationStatus, OrderStatus
from orderctl.cause import one_line
from orderctl.trace import UNKNOWN, ExecutionTrace, StateRun

_LOST: Final = "DynamoDB.ConditionalCheckFailedException"
_CANCELLING: Final = "CancellationRequested"
_SETTLING: Final = {
    "CancelOrder": (OrderStatus.CANCELLED, "cancelled the order"),
    "ConfirmOrder": (OrderStatus.CONFIRMED, "confirmed the order"),
    "RejectOrder": (OrderStatus.REJECTED, "rejected the order"),
    "HoldOrder": (OrderStatus.ON_HOLD, "held the order"),
}
_REASONS: Final = {"OutOfStock": "OUT_OF_STOCK", "PaymentDeclined": "PAYMENT_DECLINED"}
_BROKEN: Final = {"InventoryBroken": "inventory", "PaymentBroken": "payment"}
_TELLING: Final = ("Notify", "Announce")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`status` is the one that it gave the order, None when it gave it none."""

    status: OrderStatus | None
    text: str


def is_overtaken(run: StateRun) -> bool:
    """Tell whether the state found that the order goes another way, which is no failure."""
    return run.error in {_LOST, _CANCELLING}


def failed_states(execution: ExecutionTrace) -> list[StateRun]:
    """Return the states whose task failed for good."""
    return [run for run in execution.states if run.error and run.exited and not is_overtaken(run)]


def retried_states(execution: ExecutionTrace) -> list[StateRun]:
    """Return the states that succeeded after failed attempts."""
    return [run for run in execution.states if run.errors and run.has_succeeded]


def broken_states(execution: ExecutionTrace) -> list[StateRun]:
    """Return the failed states for which an order is held: without them it can't be settled."""
    return [run for run in failed_states(execution) if not run.name.startswith((*_TELLING, "Park"))]


def untold_states(execution: ExecutionTrace) -> list[StateRun]:
    """Return the failed states that should have told somebody."""
    return [run for run in failed_states(execution) if run.name.startswith(_TELLING)]


def told_states(execution: ExecutionTrace) -> set[str]:
    """Return the states that told the customer something; a notification is sent once, whoever asks again."""
    return {
        run.name
        for run in execution.states
        if run.name.startswith("Notify") and run.has_succeeded and run.status in {"", NotificationStatus.SENT}
    }


def outcome(
    execution: ExecutionTrace, given: Collection[OrderStatus] = (), told: Collection[str] = ()
) -> Outcome:
    """Say what the execution did. One that held the order did not succeed, whatever its engine says.

    `given` are the statuses that earlier executions gave the order: a settled one is only announced again.
    `told` are the states with which they told the customer something.
    """
    found = _settled(execution, given, told_states(execution) - set(told))
    status = found.status if found else None
    if execution.is_running:
        return Outcome(status=status, text=_running(execution, found))
    if execution.ending == UNKNOWN:
        return Outcome(status=status, text=_without_end(execution, found))
    if execution.ending == "SUCCEEDED":
        return found or Outcome(status=None, text=_unsettled(execution))
    ended = {"TIMED_OUT": "timed out", "ABORTED": "was stopped"}.get(
        execution.ending, f"failed: {one_line(execution.error, execution.cause)}"
    )
    text = f"{found.text}, then {ended}" if found else ended
    return Outcome(status=status, text=text)


def settled_before(record: Mapping[str, Any], trace: ExecutionTrace) -> set[OrderStatus]:
    """Return the status that the order had before the execution: the log may not have an earlier one."""
    settled_at, status = record.get("settledAt"), record.get("status")
    if not settled_at or not trace.started or trace.started <= datetime.fromisoformat(settled_at):
        return set()
    return {OrderStatus(status)} if status in {OrderStatus.CONFIRMED, OrderStatus.REJECTED} else set()


def named(runs: Iterable[StateRun]) -> str:
    """List the names of states: A, B and C."""
    *others, last = [run.name for run in runs] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def _settled(
    execution: ExecutionTrace, given: Collection[OrderStatus], newly_told: Collection[str]
) -> Outcome | None:
    for name, (status, text) in _SETTLING.items():
        run = execution.state(name)
        if run is None or run.exited is None or (run.error and not is_overtaken(run)):
            continue
        if run.error:
            return Outcome(
                status=None, text=_lost_race(execution, name, newly_told, is_settled=status in given)
            )
        if status.is_settled and status in given:
            again = f"announced again that the order is {status}{_told(newly_told)}"
            return Outcome(status=status, text=f"{again}{_not_told(execution)}")
        return Outcome(status=status, text=f"{text}{_why(execution, status)}{_not_told(execution)}")
    return None


def _why(execution: ExecutionTrace, status: OrderStatus) -> str:
    if status is OrderStatus.ON_HOLD:
        if broken := broken_states(execution):
            return f": {named(broken)} failed"
        reasons = [reason for state, reason in _BROKEN.items() if execution.state(state)]
        return f" ({reasons[0]})" if reasons else ""
    reasons = [reason for state, reason in _REASONS.items() if execution.state(state)]
    return f" ({reasons[0]})" if reasons and status is OrderStatus.REJECTED else ""


def _not_told(execution: ExecutionTrace) -> str:
    untold = untold_states(execution)
    return f"; {named(untold)} failed" if untold else ""


def _lost_race(execution: ExecutionTrace, name: str, newly_told: Collection[str], *, is_settled: bool) -> str:
    if name == "HoldOrder":
        return "lost the race: the order went another way, so it was not held"
    found = "found the order settled already" if is_settled else "settled nothing: the order had changed"
    return f"{found}{_told(newly_told)}{_not_told(execution)}"


def _told(newly_told: Collection[str]) -> str:
    if not newly_told:
        return ""
    return f", and delivered the notification{'s' * (len(newly_told) != 1)}"


def _unsettled(execution: ExecutionTrace) -> str:
    if any(run.error == _CANCELLING for run in execution.states):
        return "stopped: somebody asked to cancel the order"
    return "changed nothing"


def _running(execution: ExecutionTrace, settled: Outcome | None) -> str:
    where = _where(execution)
    return f"{settled.text}, and goes on{where}" if settled else f"goes on{where}"


def _without_end(execution: ExecutionTrace, settled: Outcome | None) -> str:
    seen = settled.text if settled else f"was last seen{_where(execution)}"
    return f"{seen}, and the log does not have its end"


def _where(execution: ExecutionTrace) -> str:
    now = [run for run in execution.states if run.exited is None and not run.branches]
    return f" in {' and '.join(map(_progress, now))}" if now else ""


def _progress(run: StateRun) -> str:
    failed = len(run.errors)
    return f"{run.name} ({failed} attempt{'s' * (failed != 1)} failed)" if failed else run.name
