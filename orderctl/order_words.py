"""Says in words where an order stands, and what comes next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from handlers.contract.clock import rfc3339
from handlers.contract.names import OrderStatus, PaymentStatus
from orderctl.dlq.verdict import Verdict
from orderctl.durations import age
from orderctl.execution_outcome import named
from orderctl.fault_switch import turn_off_command
from orderctl.order_report import OrderReport

_REASONS: Final = {
    "inventory": "the stock could not be reserved or put back",
    "payment": "the payment could not be made or given back",
    "workflow": "its workflow did not come to its end, however often the sweeper started it",
    "OUT_OF_STOCK": "a product is out of stock",
    "PAYMENT_DECLINED": "the payment was declined",
    "CUSTOMER": "its customer asked for it",
    "OPERATOR": "an operator asked for it",
    "HOLD_EXPIRED": "it was on hold for too long",
}


# Then the sweeper has taken an order up that is still in progress (infrastructure/config.py: 360 s, and a
# minute between two sweeps).
_OVERDUE: Final = timedelta(minutes=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What comes next, and the commands to run, the first one first."""

    text: str
    commands: tuple[str, ...] = ()


def status_words(report: OrderReport, now: datetime | None) -> str:
    """Say where the order stands, in one or two sentences; with `now`, also for how long it has waited."""
    match report.status:
        case OrderStatus.PENDING:
            words = _pending(report)
        case OrderStatus.ON_HOLD:
            words = _held(report, now)
        case OrderStatus.CONFIRMED:
            words = f"Confirmed: the stock is reserved and the payment is taken. {_told(report)}"
        case OrderStatus.REJECTED:
            words = f"Rejected: {_because(report)}. Nothing was charged. {_told(report)}"
        case OrderStatus.CANCELLED:
            words = f"Cancelled: {_because(report)}. {_given_back(report)} {_told(report)}"
    return f"{words} {_request(report)}".strip()


def next_step(
    report: OrderReport, now: datetime, *, options: str = "", cancel_confirmed_seconds: int = 0
) -> Next:
    """Say what comes next; `options` are those of the stack, which the commands need."""
    redrive = f"orderctl dlq redrive --order {report.order_id}{options}"
    cancel = f"orderctl cancel {report.order_id}{options}"
    ends = tuple(turn_off_command(service, options) for service in report.faults)
    if report.waits_for_operator:
        return _waits(report, ends, redrive, cancel)
    if not report.is_closed:
        return _goes_on(report, now, redrive, options)
    if report.to_redrive:
        return Next(text=f"{_fix(report)}, then run what is missing again.", commands=(*ends, redrive))
    if any(each.verdict is Verdict.ALREADY_DONE for each in report.parked):
        return Next(text="Nothing is missing. A redrive removes what is parked.", commands=(redrive,))
    return _done(report, now, cancel, timedelta(seconds=cancel_confirmed_seconds))


def _waits(report: OrderReport, ends: tuple[str, ...], redrive: str, cancel: str) -> Next:
    if report.status is not OrderStatus.ON_HOLD:
        return Next(text=f"{_fix(report)}, then let everybody be told.", commands=(*ends, redrive))
    if report.is_to_be_cancelled:
        return Next(text=f"{_fix(report)}, then run the cancellation again.", commands=(*ends, redrive))
    return Next(text=f"{_fix(report)}, then run it again. Or cancel it.", commands=(*ends, redrive, cancel))


def _fix(report: OrderReport) -> str:
    if not report.faults:
        return "Fix the cause"
    services = " and the ".join(f"{service} service" for service in report.faults)
    return f"A fault of the {services} is switched on: turn it off"


def _goes_on(report: OrderReport, now: datetime, redrive: str, options: str) -> Next:
    look = f"orderctl trace {report.order_id}{options}"
    if report.running:
        return Next(text="Nothing to do: an execution works on it. Look again in a moment.", commands=(look,))
    if any(each.verdict is Verdict.BEING_REDRIVEN for each in report.parked):
        return Next(text="Nothing to do: a redrive has taken it. Look again in a moment.", commands=(look,))
    if report.open_since and now - report.open_since > _OVERDUE:
        return Next(
            text="Nothing to do: the sweeper starts an execution. A redrive does so at once.",
            commands=(redrive,),
        )
    return Next(
        text="Nothing to do: an execution is at work, or starts in a moment. If it died, the sweeper starts "
        "another one. Look again in a moment.",
        commands=(look,),
    )


def _done(report: OrderReport, now: datetime, cancel: str, cancellable: timedelta) -> Next:
    if report.status is OrderStatus.CONFIRMED and "updatedAt" in report.record:
        confirmed_at = report.record.get("settledAt", report.record["updatedAt"])
        until = datetime.fromisoformat(confirmed_at) + cancellable
        if now < until:
            return Next(
                text=f"Nothing to do. Until {rfc3339(until)} it can be cancelled.", commands=(cancel,)
            )
    return Next(text="Nothing to do.")


def _pending(report: OrderReport) -> str:
    if report.running:
        return f"In progress: an execution {report.running[-1].outcome.text}."
    if not report.executions:
        return "In progress: the log has no execution of it so far."
    return f"In progress, and no execution runs: the last one {report.executions[-1].outcome.text}."


def _held(report: OrderReport, now: datetime | None) -> str:
    if report.waits_for_operator and report.open_since:
        since = report.open_since
        waited = f" ({age(now - since)})" if now else ""
        waits = f"it has waited for an operator since {rfc3339(since)}{waited}"
    elif report.is_to_be_cancelled:
        waits = "it is being cancelled"
    else:
        waits = "this is being announced, or it is being taken up again"
    return f"Held: {_broken(report)}. Nothing is lost, and {waits}."


def _broken(report: OrderReport) -> str:
    names = named(report.broken) or " and ".join(report.untold)
    return f"{names} failed" if names else _because(report)


def _told(report: OrderReport) -> str:
    untold = " and ".join(report.untold)
    failed = f": {untold} failed" if untold else ""
    if report.waits_for_operator:
        return f"But not everybody was told{failed}, and the sweeper has stopped trying."
    if not report.is_closed:
        return f"Not everybody was told yet{failed}."
    if report.to_redrive or untold:
        return f"But not everybody was told{failed}."
    return "Everything is done."


def _given_back(report: OrderReport) -> str:
    match (report.order["steps"].get("payment") or {}).get("status"):
        case PaymentStatus.REFUNDED:
            return "The stock is back and the payment is refunded."
        case PaymentStatus.VOIDED:
            return "The stock is back and no money was taken."
    return "The stock is back."


def _request(report: OrderReport) -> str:
    if not report.is_to_be_cancelled:
        return ""
    return (
        f"It is to be cancelled: {_REASONS.get(str(report.record.get('cancelReason')), 'it was asked for')}."
    )


def _because(report: OrderReport) -> str:
    return _REASONS.get(report.reason, report.reason or "the reason is not known")
