"""A redrive as JSON: what it would do, and what it did."""

from collections.abc import Iterable, Mapping
from typing import Any

from orderctl.dlq.aftermath import came_of
from orderctl.dlq.orders import KnownOrder
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.planned import planned
from orderctl.dlq.redrive import RedriveResult


def plan_json(plan: RedrivePlan, orders: Mapping[str, KnownOrder]) -> dict[str, Any]:
    """Return what a redrive would do; `orders` are those of the plan."""
    return {
        "dryRun": True,
        "orders": [
            {
                "orderId": each.order_id,
                "status": each.order and each.order.status.value,
                "reason": (each.order and each.order.reason) or None,
                "event": each.event,
                "messages": each.messages,
            }
            for each in planned(plan, orders)
        ],
        "leftOut": list(plan.left_out),
        "foreignMessages": len(plan.foreign),
    }


def result_json(plan: RedrivePlan, result: RedriveResult, came: Iterable[KnownOrder] = ()) -> dict[str, Any]:
    """Return what a redrive did; `came` has the orders that were emitted, after a wait."""
    return {
        "dryRun": False,
        "emitted": list(result.emitted_ids),
        "published": result.published,
        "alreadyDone": result.already_done,
        "stale": result.stale,
        "deletedMessages": result.deleted,
        "refused": list(result.refused),
        "unknown": list(result.unknown),
        "left": plan.size - result.done,
        "leftOut": list(plan.left_out),
        "foreignMessages": len(plan.foreign),
        "orders": [
            {
                "orderId": order.order_id,
                "status": order.status.value,
                "reason": order.reason or None,
                "cameOfIt": came_of(order),
            }
            for order in came
        ],
    }
