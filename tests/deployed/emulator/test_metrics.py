"""Every metric of the contract is really emitted, and every operation logs one line.

Only on an emulator: it reads the log groups of the functions, from which CloudWatch takes the metrics on AWS.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from handlers.contract.metrics import METRICS_NAMESPACE, MetricName
from handlers.contract.names import Stage
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import orderctl, outage
from tests.waiting import eventually

# Not emitted here, with the reason.
_NOT_EMITTED: Final[Mapping[MetricName, str]] = {
    MetricName.CHANGES_UNREADABLE: "the stream has no change that this system did not write; "
    "tests/adapters/test_metrics.py counts some",
}
Line = dict[str, Any]


@pytest.fixture(scope="module")
def orders(shop: DeployedShop) -> dict[str, str]:
    """Orders that end in every way, one that is replayed, and a fault in every service; by their end."""
    product = shop.sell(available=100)

    def place(quantity: int = 1, payment: str = "pm_card_visa", key: str | None = None) -> str:
        return str(shop.place({product: quantity}, payment=payment, key=key).body["orderId"])

    orders = {
        "confirmed": place(key="metrics-1"),
        "out of stock": place(quantity=101),
        "declined": place(payment="pm_card_declined"),
        "held": place(payment="pm_gateway_down"),
        "cancelled": place(quantity=2),
    }
    shop.wait_until_not_pending(*orders.values())
    shop.wait_until_closed(orders["confirmed"], orders["cancelled"])
    assert place(key="metrics-1") == orders["confirmed"]
    orderctl("cancel", orders["cancelled"], "--wait")
    for service in ("inventory", "payment", "notification"):
        with outage(service):
            orders[f"{service} down"] = place()
            shop.wait_until_not_pending(orders[f"{service} down"])
            eventually(lambda: _faults(shop.stack)[service], f"a fault in {service}")  # noqa: B023  called at once
    _sweep(shop.stack)
    return orders


def _sweep(stack: Stack) -> None:
    """Run a sweep now: the schedule pauses while an execution is late."""
    functions = stack.client("lambda")
    response = functions.invoke(FunctionName=_function(stack, "sweeper"))
    assert "FunctionError" not in response


def _function(stack: Stack, service: str) -> str:
    functions = stack.client("lambda").list_functions()["Functions"]
    (name,) = (
        str(each["FunctionName"]) for each in functions if each["Handler"] == f"handlers.{service}.handler"
    )
    return name


def _log(stack: Stack) -> Iterator[Line]:
    """Yield the lines of JSON in the logs of the functions."""
    functions, logs = stack.client("lambda"), stack.client("logs")
    for function in functions.list_functions()["Functions"]:
        group = function["LoggingConfig"]["LogGroup"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            for event in page["events"]:
                for text in event["message"].splitlines():
                    if text.startswith("{"):
                        yield json.loads(text)


def _emitted(stack: Stack) -> list[Line]:
    return [line for line in _log(stack) if "_aws" in line]


def _faults(stack: Stack) -> Counter[str]:
    return Counter(line["service"] for line in _emitted(stack) if MetricName.FAULTS_INJECTED in line)


@pytest.mark.usefixtures("orders")
def test_every_metric_of_the_contract_is_emitted_by_its_services_with_its_unit(shop: DeployedShop) -> None:
    expected = {
        (service, name.value, name.unit.value)
        for name in MetricName
        if name not in _NOT_EMITTED
        for service in name.services
    }

    def emitted() -> set[tuple[str, str, str]]:
        return {
            (line["service"], metric["Name"], metric["Unit"])
            for line in _emitted(shop.stack)
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        }

    eventually(lambda: expected <= emitted(), f"one of {expected}")
    # No metric is emitted that the contract does not have.
    assert emitted() == expected


@pytest.mark.usefixtures("orders")
def test_every_line_has_the_namespace_and_the_two_dimensions(shop: DeployedShop) -> None:
    for line in _emitted(shop.stack):
        (directive,) = line["_aws"]["CloudWatchMetrics"]

        assert directive["Namespace"] == METRICS_NAMESPACE
        assert [sorted(each) for each in directive["Dimensions"]] == [["service", "stage"]]
        assert line["stage"] == Stage.LOCAL
        # Powertools calls a service without a name so.
        assert line["service"] != "service_undefined"


@pytest.mark.usefixtures("orders")
def test_new_orders_are_counted_with_their_revenue(shop: DeployedShop) -> None:
    before = _sums(shop)
    order_ids = [str(shop.place({shop.sell(unit_price=700): 1}).body["orderId"]) for _ in range(3)]
    shop.wait_until_closed(*order_ids)

    def counted() -> bool:
        after = _sums(shop)
        return all(
            after[name] - before[name] >= more
            for name, more in {"OrdersAccepted": 3, "OrdersConfirmed": 3, "RevenueConfirmed": 2_100}.items()
        )

    eventually(counted, "three accepted and confirmed orders")


def _sums(shop: DeployedShop) -> Counter[str]:
    sums: Counter[str] = Counter()
    for line in _emitted(shop.stack):
        for name in MetricName:
            # An amount of money is an integer, and a float in the line.
            sums[name.value] += int(sum(line.get(name, ())))
    return sums


def test_an_operation_of_an_order_logs_one_line_with_its_outcome_and_duration(
    shop: DeployedShop, orders: dict[str, str]
) -> None:
    lines = [
        line for line in _log(shop.stack) if line.get("orderId") == orders["confirmed"] and "outcome" in line
    ]

    # On a busy machine a request can be sent again: then its order is found by its key.
    done = [line for line in lines if line["outcome"] != "error"]
    assert {(line["service"], line["step"], line["outcome"]) for line in done} == {
        ("inventory", "reserve", "RESERVED"),
        ("notification", "confirmed", "SENT"),
        ("notification", "received", "SENT"),
        ("orders", "POST /orders", "done"),
        ("payment", "authorize", "AUTHORIZED"),
        ("payment", "capture", "CAPTURED"),
    }
    for line in lines:
        assert line["durationMs"] >= 0
        assert isinstance(line["cold_start"], bool)
        assert line["function_request_id"]


def test_a_refused_order_names_the_products_that_are_short(
    shop: DeployedShop, orders: dict[str, str]
) -> None:
    (line,) = (
        line
        for line in _log(shop.stack)
        if line.get("orderId") == orders["out of stock"] and line.get("step") == "reserve"
    )

    assert len(line["products"]) == 1


def test_an_operation_that_failed_logs_one_line_with_its_error(
    shop: DeployedShop, orders: dict[str, str]
) -> None:
    errors = [
        line
        for line in _log(shop.stack)
        if line.get("orderId") == orders["payment down"] and line.get("outcome") == "error"
    ]

    assert {(line["level"], line["step"], line["error"]) for line in errors} >= {
        ("WARNING", "authorize", "GatewayUnavailable")
    }
    assert all(line["cause"].startswith("fault switch") for line in errors if line["service"] == "payment")
