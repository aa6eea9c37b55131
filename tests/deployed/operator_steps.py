"""What an operator does to a deployed stack in the tests: breaks services, and looks at the dead letters."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from click.testing import Result
from typer.testing import CliRunner

from orderctl.dlq.queues import read_queues
from orderctl.main import app
from orderctl.stack import QUEUES, Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.waiting import eventually


@contextmanager
def outage(service: str) -> Iterator[None]:
    orderctl("fault", service, "on")
    try:
        yield
    finally:
        orderctl("fault", service, "off")


def orderctl(*arguments: str) -> Result:
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 0, outcome.output
    return outcome


def parked(stack: Stack, order_ids: set[str]) -> list[tuple[str, str]]:
    """Return the dead letters of these orders as (order id, step)."""
    with read_queues(stack, QUEUES, wait_seconds=0) as found:
        return [(str(each.order_id), each.step) for each in found.messages if each.order_id in order_ids]


def wait_until_parked(stack: Stack, order_ids: list[str], *, count: int) -> list[tuple[str, str]]:
    """Return the dead letters of these orders as soon as `count` of them were seen.

    On AWS, one look without a wait can miss messages.
    """
    seen: set[tuple[str, str]] = set()

    def arrived() -> list[tuple[str, str]]:
        seen.update(parked(stack, set(order_ids)))
        return list(seen) if len(seen) >= count else []

    return eventually(arrived, f"one of {count} dead letters of {order_ids}")


def place(shop: DeployedShop, product: str, count: int = 1) -> list[str]:
    return [shop.place({product: 1}).body["orderId"] for _ in range(count)]


def statuses(shop: DeployedShop, order_ids: list[str]) -> set[tuple[str, str | None]]:
    orders = [shop.records(order_id)["ORDER"] for order_id in order_ids]
    return {(order["status"], order.get("reason")) for order in orders}


def kinds(notifications: list[dict[str, Any]]) -> list[str]:
    return [each["kind"] for each in notifications]
