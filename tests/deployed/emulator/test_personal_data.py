"""Canaries: a customer's address, token and id are found only where docs/privacy.md says.

Only on an emulator: it reads every log group, queue and file of the deployment.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from devtools.local_cloud.folder import Folder
from orderctl.stack import QUEUES, Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import orderctl, outage, wait_until_parked
from tests.deployed.subscribers import Subscriber
from tests.waiting import eventually

# The tables of the local cloud: only its user can read them, and `down` removes them.
_TABLES: Final = "state"


@dataclass(frozen=True, slots=True)
class Canary:
    """What names a customer, found nowhere else; the orders end in every way that an order can."""

    email: str
    token: str
    customer: str
    order_ids: tuple[str, ...]


@pytest.fixture(scope="module")
def canary(shop: DeployedShop, notifications: Subscriber, events: Subscriber) -> Canary:  # noqa: ARG001  they listen first
    """Place an order for each outcome, break each service, and redrive all."""
    # None of them is a part of another one.
    email, token = f"canary-{uuid4().hex}@example.com", f"pm_canary_{uuid4().hex}"
    customer = f"customer-{uuid4().hex}"
    product = shop.sell(available=10)

    def place(quantity: int = 1, payment: str = token) -> str:
        response = shop.place({product: quantity}, payment=payment, customer=customer, email=email)
        return str(response.body["orderId"])

    orders = [
        place(),
        place(quantity=11),
        place(payment="pm_card_declined"),
        place(payment="pm_gateway_down"),
    ]
    shop.wait_until_not_pending(*orders)
    for service, parked in {"inventory": 1, "payment": 1, "notification": 2}.items():
        with outage(service):
            broken = place()
            shop.wait_until_not_pending(broken)
            wait_until_parked(shop.stack, [broken], count=parked)
        orders.append(broken)
    return Canary(email, token, customer, tuple(orders))


def _logs(stack: Stack) -> Iterator[tuple[str, str]]:
    logs = stack.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for event in events["events"]:
                    yield name, event["message"]


def _messages(stack: Stack, queue: str) -> list[str]:
    """Read the messages of a queue without hiding them from the other tests."""
    sqs, url = stack.client("sqs"), stack.dlq_urls[queue]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in found.get("Messages", [])]


def _files(folder: Path) -> Mapping[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_no_log_has_the_address_or_the_token_and_no_function_logs_the_customer(
    shop: DeployedShop, canary: Canary
) -> None:
    found = list(_logs(shop.stack))

    assert any(order_id in text for order_id in canary.order_ids for _, text in found)
    for group, text in found:
        assert canary.email not in text, group
        assert canary.token not in text, group
        if canary.customer in text:
            assert group.startswith("/aws/vendedlogs/states/"), group


def test_no_event_and_no_dead_letter_has_the_address_or_the_token(
    shop: DeployedShop, canary: Canary, events: Subscriber
) -> None:
    parked = [text for queue in QUEUES for text in _messages(shop.stack, queue)]
    announced = [json.dumps(event) for event in events.received()]

    assert any(canary.customer in text for text in announced)
    for text in (*parked, *announced):
        assert canary.email not in text
        assert canary.token not in text


def test_a_notification_has_the_address_and_neither_the_token_nor_the_customers_id(
    canary: Canary, notifications: Subscriber
) -> None:
    texts = [json.dumps(each) for each in notifications.wait_for(canary.order_ids[0], count=2)]

    assert all(canary.email in text for text in texts)
    assert not any(name in text for text in texts for name in (canary.token, canary.customer))


def test_no_metric_names_a_customer_or_an_order(shop: DeployedShop, canary: Canary) -> None:
    metrics = shop.stack.client("cloudwatch").list_metrics()["Metrics"]

    text = json.dumps(metrics, default=str)
    for name in (canary.email, canary.token, canary.customer, *canary.order_ids):
        assert name not in text


@pytest.mark.parametrize("command", [("show",), ("trace",), ("dlq", "list")])
def test_no_command_of_an_operator_shows_the_address_or_the_token(
    canary: Canary, command: tuple[str, ...]
) -> None:
    shown = [orderctl(*command, *order) for order in _arguments(command, canary)]

    for result in shown:
        assert canary.email not in result.output
        assert canary.token not in result.output


def _arguments(command: tuple[str, ...], canary: Canary) -> list[tuple[str, ...]]:
    return [()] if command[0] == "dlq" else [(order_id,) for order_id in canary.order_ids]


def test_of_the_files_of_the_local_cloud_only_its_tables_have_the_address_or_the_token(
    shop: DeployedShop, canary: Canary, local_folder: Folder
) -> None:
    # It is saved while the cloud runs, a moment after the last change.
    eventually(
        lambda: any(canary.email.encode() in text for text in _files(local_folder.root / _TABLES).values()),
        "the saved tables",
    )

    with_names = {
        file.relative_to(local_folder.root).parts[0]
        for file, text in _files(local_folder.root).items()
        if canary.email.encode() in text or canary.token.encode() in text
    }

    assert with_names == {_TABLES}
    assert shop.stack.endpoint_url


def test_a_customer_who_is_forgotten_is_in_no_order_any_more(shop: DeployedShop, canary: Canary) -> None:
    orderctl("dlq", "redrive", "all")
    for order_id in canary.order_ids:
        if shop.records(order_id)["ORDER"].get("reason") != "payment":
            shop.wait_until_not_pending(order_id)
    closed = [each for each in canary.order_ids if "openKey" not in shop.records(each)["ORDER"]]

    result = orderctl("forget", "--customer", canary.customer, "--yes")

    assert "Erased: " in result.output
    assert closed
    for order_id in closed:
        text = json.dumps(shop.records(order_id), default=str)
        assert not any(name in text for name in (canary.email, canary.token, canary.customer))


def test_no_recording_has_an_address_or_a_token() -> None:
    recordings = Path(__file__).parents[2] / "workflow" / "recordings"

    texts: list[Any] = [file.read_text() for file in recordings.glob("*.json")]

    assert texts
    assert not any("@example.com" in text or "pm_card" in text for text in texts)
