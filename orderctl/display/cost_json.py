"""Writes what orders cost as JSON."""

from typing import Any

from orderctl.cost.bill import MILLION, Bill, Costs, Item, Monthly
from orderctl.cost.measured import Outcome


def cost_json(costs: Costs) -> dict[str, Any]:
    """Return the document of `orderctl cost --json`; dollars are those of a million orders, or of a month."""
    return {
        "orders": costs.orders,
        "lines": costs.lines,
        "region": costs.prices.region,
        "architecture": costs.prices.architecture,
        "pricesOf": costs.prices.date,
        "measuredOn": costs.measured.date,
        "tracedShare": costs.traced_share,
        "outcomes": [_outcome(costs, outcome) for outcome in Outcome],
        "monthly": [_monthly(each) for each in costs.monthly()],
        "stated": [
            {"name": each.name, "value": each.value, "unit": each.unit, "reason": each.reason}
            for each in costs.prices.stated.values()
        ],
        "prices": [
            {
                "name": each.name,
                "dollars": each.dollars,
                "per": each.per,
                "unit": each.unit,
                "source": each.source,
            }
            for each in costs.prices.prices.values()
        ],
    }


def _outcome(costs: Costs, outcome: Outcome) -> dict[str, Any]:
    bill = costs.bill(outcome)
    return {
        "outcome": outcome.value,
        "dollarsPerMillion": _million(bill),
        "dollars": costs.orders * bill.dollars,
        "withStripe": _million(costs.with_stripe(outcome)),
        "standardWorkflow": _million(costs.standard(outcome)),
        "withoutExecutionData": _million(costs.without_data(outcome)),
        "items": [_item(item) for item in bill.items if item.quantity],
        "kept": [_monthly(each) for each in costs.kept(outcome)],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "service": item.service,
        "operation": item.operation,
        "price": item.price,
        "quantity": item.quantity,
        "dollarsPerMillion": MILLION * item.dollars,
        "stated": item.stated,
    }


def _monthly(each: Monthly) -> dict[str, Any]:
    return {"what": each.what, "dollars": each.dollars}


def _million(bill: Bill) -> float:
    return MILLION * bill.dollars
