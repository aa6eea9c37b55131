"""Shows how the system is doing, as lines and as JSON."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from handlers.contract.clock import rfc3339
from orderctl.display.fault_text import fault_json, fault_text
from orderctl.display.layout import counted
from orderctl.durations import age
from orderctl.fault_switch import turn_off_command
from orderctl.system_status import OpenCounts, QueueState, SystemStatus


def system_lines(status: SystemStatus, options: str = "") -> dict[str, str]:
    """Return a line for each part that could be read; `options` are those of the stack, for commands."""
    lines: dict[str, str] = {}
    if status.open_orders:
        lines |= {"in progress": _counts(status.open_orders.in_progress, status.open_orders)}
        lines |= {"waiting": _waiting(status.open_orders, status.at)}
    if status.settle_seconds:
        seconds = status.settle_seconds
        lines["settling"] = (
            f"{seconds.p50:.1f} s (median), {seconds.p99:.1f} s (p99) of the newest "
            f"{counted(seconds.orders, 'order')} of the last hour"
        )
    if status.queues is not None:
        lines["dead letters"] = _queues(status.queues, status.at)
    if status.faults is not None:
        on = [f"{service} {fault_text(fault)}" for service, fault in status.faults.items() if fault]
        lines["faults"] = "; ".join(on) or "none"
        if first := _faults_to_end(status, options):
            lines["faults"] += f". Before a redrive, run {first}"
    if sweep := status.last_sweep:
        lines["sweeper"] = (
            f"last run {age(status.at - sweep.at)} ago: {sweep.reemitted} emitted again, "
            f"{sweep.expired} cancelled, {sweep.given_up} given up"
        )
    return lines


def system_json(status: SystemStatus) -> dict[str, Any]:
    """Return all parts; one that could not be read is null."""
    orders, sweep, seconds = status.open_orders, status.last_sweep, status.settle_seconds
    return {
        "openOrders": orders
        and {
            "inProgress": dict(sorted(orders.in_progress.items())),
            "waiting": dict(sorted(orders.waiting.items())),
            "longestWaitingSince": orders.longest_waiting_since,
            "complete": orders.complete,
        },
        "settleSeconds": seconds
        and {"orders": seconds.orders, "p50": seconds.p50, "p90": seconds.p90, "p99": seconds.p99},
        "queues": status.queues
        and [
            {
                "queue": queue.name,
                "messages": queue.waiting,
                "hidden": queue.hidden,
                "oldestSentAt": rfc3339(queue.oldest) if queue.oldest else None,
            }
            for queue in status.queues
        ],
        "faults": status.faults and [fault_json(service, fault) for service, fault in status.faults.items()],
        "sweeper": sweep
        and {
            "lastRunAt": rfc3339(sweep.at),
            "emittedAgain": sweep.reemitted,
            "cancelled": sweep.expired,
            "givenUp": sweep.given_up,
        },
        "notes": list(status.notes),
    }


def _faults_to_end(status: SystemStatus, options: str) -> str:
    """Return the commands that end the faults of services that have dead letters."""
    parked = {queue.name for queue in status.queues or () if queue.waiting or queue.hidden}
    on = [service for service, fault in (status.faults or {}).items() if fault and service in parked]
    return " and ".join(f"`{turn_off_command(service, options)}`" for service in on)


def _counts(counts: Counter[str], orders: OpenCounts) -> str:
    if not counts:
        return "no order"
    more = "" if orders.complete else "at least "
    listed = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{more}{counted(counts.total(), 'order')}: {listed}"


def _waiting(orders: OpenCounts, now: datetime) -> str:
    if orders.longest_waiting_since is None:
        return "no order"
    longest = age(now - datetime.fromisoformat(orders.longest_waiting_since))
    counts = _counts(orders.waiting, orders)
    return f"{counts}, for an operator, the longest for {longest}. See `orderctl dlq list`"


def _queues(queues: Sequence[QueueState], now: datetime) -> str:
    filled = [_queue(queue, now) for queue in queues if queue.waiting or queue.hidden]
    return ", ".join(filled) or "none"


def _queue(queue: QueueState, now: datetime) -> str:
    oldest = f", the oldest {age(now - queue.oldest)} old" if queue.oldest else ""
    hidden = f", {queue.hidden} being read by others" if queue.hidden else ""
    return f"{queue.name} {queue.waiting}{oldest}{hidden}"
