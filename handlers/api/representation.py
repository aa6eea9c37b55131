"""Orders as the API shows them."""

from typing import Any

from handlers.contract.money import Money, OrderLine
from handlers.domain.order import Cancellation, Execution, Order, OrderSummary, RecordedStep, RecordedSteps


def accepted(order: Order) -> dict[str, Any]:
    """Return the response to the request that placed the order."""
    return {
        "orderId": order.order_id,
        "status": order.status,
        "total": _money(order.total),
        "createdAt": order.created_at,
        "links": {"self": f"/orders/{order.order_id}"},
    }


def full(order: Order, steps: RecordedSteps, console_domain: str | None) -> dict[str, Any]:
    """Return an order with its steps, without what is personal or internal.

    Without the domain of a console there is no link to one: a local cloud has none.
    """
    return {
        "orderId": order.order_id,
        "customerId": order.customer_id,
        "status": order.status,
        "reason": order.reason,
        "items": [_line(line) for line in order.items],
        "total": _money(order.total),
        "steps": _steps(steps),
        "execution": _execution(order.execution, console_domain),
        "cancellation": _cancellation(order.cancellation),
        "createdAt": order.created_at,
        "updatedAt": order.updated_at,
    }


def summary(order: OrderSummary) -> dict[str, Any]:
    """Return an order as one of a list."""
    return {
        "orderId": order.order_id,
        "status": order.status,
        "reason": order.reason,
        "total": _money(order.total),
        "createdAt": order.created_at,
        "updatedAt": order.updated_at,
    }


def _money(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}


def _line(line: OrderLine) -> dict[str, Any]:
    return {"productId": line.product_id, "quantity": line.quantity, "unitPrice": line.unit_price}


def _steps(steps: RecordedSteps) -> dict[str, Any]:
    recorded = {
        "inventory": steps.inventory,
        "payment": steps.payment,
        "notification": steps.notification,
    }
    return {name: _step(step) for name, step in recorded.items() if step}


def _step(step: RecordedStep) -> dict[str, Any]:
    of_payment = {"provider": step.provider, "reference": step.reference, "reason": step.reason}
    known = {name: value for name, value in of_payment.items() if value}
    return {"status": step.status, **known, "at": step.at}


def _cancellation(cancellation: Cancellation | None) -> dict[str, Any] | None:
    if cancellation is None:
        return None
    comment = {"comment": cancellation.comment} if cancellation.comment else {}
    return {"reason": cancellation.reason, **comment, "requestedAt": cancellation.requested_at}


def _execution(execution: Execution | None, console_domain: str | None) -> dict[str, Any] | None:
    if execution is None:
        return None
    link = {"consoleUrl": execution.console_url(console_domain)} if console_domain else {}
    return {"arn": execution.arn, **link}
