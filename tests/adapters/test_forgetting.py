"""A customer is forgotten: nothing in the settled orders names the customer any more."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from typer.testing import CliRunner

from handlers.adapters.notification_records import NotificationRecords
from handlers.adapters.notification_topic import NotificationTopic
from handlers.adapters.orders_table import OrdersTable
from handlers.api.step_request import StepRequest
from handlers.domain.notification import NotificationKind
from handlers.notification import NotificationService
from orderctl.commands import forgetting
from orderctl.main import app
from tests.fakes import InterruptedClient
from tests.order_tables import EMAIL, EXECUTION, OrderTables
from tests.orderctl_json import read_documented
from tests.orders_api import OrdersApi, deployed

CUSTOMER = "cust-17850"
CLOSED, REJECTED, CANCELLED, OPEN, HELD = (
    f"6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b1{digit}" for digit in range(5)
)
COMMENT = "Ada moves to Graz"
IN_PROGRESS = {"openShard": "1", "openKey": "IN_PROGRESS#2026-11-22T15:14:31.123Z"}

Orderctl = Callable[..., Result]


@pytest.fixture(autouse=True)
def _orders(tables: OrderTables) -> None:
    place(tables, CLOSED, status="CONFIRMED")
    place(tables, REJECTED, status="REJECTED", reason="OUT_OF_STOCK")
    cancelled = {"cancelReason": "CUSTOMER", "cancelComment": COMMENT}
    place(tables, CANCELLED, status="CANCELLED", reason="CUSTOMER", **cancelled)
    # Somebody is still to be told.
    place(tables, OPEN, status="CONFIRMED", **IN_PROGRESS)
    place(tables, HELD, status="ON_HOLD", **IN_PROGRESS)


def place(tables: OrderTables, order_id: str, **fields: Any) -> None:
    tables.place({"85123A": 6}, order_id=order_id, **fields)
    if "openShard" not in fields:
        tables.dynamodb.update_item(
            TableName=tables.names.orders,
            Key={"orderId": {"S": order_id}, "record": {"S": "ORDER"}},
            UpdateExpression="REMOVE openShard, openKey",
        )


@pytest.fixture
def orderctl(tables: OrderTables, monkeypatch: pytest.MonkeyPatch) -> Orderctl:
    """Run `orderctl forget --customer ...` on the tables."""

    def run(*arguments: str, dynamodb: Any = tables.dynamodb, answer: str | None = None) -> Result:
        stack = SimpleNamespace(client=lambda _: dynamodb, orders_table=tables.names.orders)
        monkeypatch.setattr(forgetting, "find_stack", lambda *_: stack)
        command = ["forget", "--customer", CUSTOMER, "--rate", "100000", *arguments]
        return CliRunner().invoke(app, command, input=answer)

    return run


def stored(tables: OrderTables, order_id: str) -> dict[str, Any]:
    key = {"orderId": {"S": order_id}, "record": {"S": "ORDER"}}
    item: dict[str, Any] = tables.dynamodb.get_item(TableName=tables.names.orders, Key=key)["Item"]
    return item


def test_the_settled_orders_name_nobody_and_keep_what_accounting_needs(
    tables: OrderTables, orderctl: Orderctl
) -> None:
    before = stored(tables, CLOSED)

    result = orderctl("--yes")

    assert result.exit_code == 0, result.output
    assert "Erased: 3 orders" in result.output
    for order_id in (CLOSED, REJECTED, CANCELLED):
        text = str(stored(tables, order_id))
        assert not any(personal in text for personal in (CUSTOMER, EMAIL, "pm_card_visa", COMMENT))
        assert before["requestHash"]["S"] not in text
    after = stored(tables, CLOSED)
    assert {name: after[name] for name in ("items", "total", "status", "createdAt")} == {
        name: before[name] for name in ("items", "total", "status", "createdAt")
    }


def test_orders_in_progress_are_left_and_listed(tables: OrderTables, orderctl: Orderctl) -> None:
    before = stored(tables, OPEN), stored(tables, HELD)

    result = orderctl("--yes")

    assert OPEN in result.output
    assert HELD in result.output
    assert "orderctl dlq list" in result.output
    assert (stored(tables, OPEN), stored(tables, HELD)) == before


def test_a_second_run_finds_only_the_rest(tables: OrderTables, orderctl: Orderctl) -> None:
    orderctl("--yes")
    place(tables, OPEN, status="CONFIRMED")

    result = orderctl("--yes")

    assert "Erased: 1 order\n" in result.output
    assert CUSTOMER not in str(stored(tables, OPEN))
    assert "No order was erased" in orderctl("--yes").output


@pytest.mark.parametrize("arguments", [("--dry-run",), ()])
def test_nothing_changes_without_a_confirmation(
    tables: OrderTables, orderctl: Orderctl, arguments: tuple[str, ...]
) -> None:
    result = orderctl(*arguments, answer="n\n")

    assert ("Would be erased: 3 of 5 orders" in result.output) == bool(arguments)
    assert stored(tables, CLOSED)["customerEmail"]["S"] == EMAIL


def test_an_order_that_is_opened_in_between_is_left(tables: OrderTables, orderctl: Orderctl) -> None:
    client = InterruptedClient(
        tables.dynamodb, "update_item", lambda: place(tables, CLOSED, status="CONFIRMED", **IN_PROGRESS)
    )

    result = orderctl("--yes", dynamodb=client)

    assert "Erased: 2 orders\n" in result.output
    assert CLOSED in result.output
    assert stored(tables, CLOSED)["customerEmail"]["S"] == EMAIL


@pytest.mark.parametrize("argument", ["--dry-run", "--yes"])
def test_the_json_has_the_orders_that_are_left(
    tables: OrderTables, orderctl: Orderctl, argument: str
) -> None:
    result = orderctl("--json", argument)

    assert read_documented(result.stdout, "forget") == {
        "dryRun": argument == "--dry-run",
        "orders": 5,
        "erased": 3,
        "left": [{"orderId": OPEN, "status": "CONFIRMED"}, {"orderId": HELD, "status": "ON_HOLD"}],
    }
    assert (EMAIL in str(stored(tables, CLOSED))) == (argument == "--dry-run")


@pytest.mark.parametrize(
    ("interruption", "exit_code"), [(KeyboardInterrupt, 130), (ClientError({"Error": {"Code": "x"}}, "y"), 1)]
)
def test_a_run_that_was_cut_off_is_finished_by_the_next_one(
    tables: OrderTables, orderctl: Orderctl, interruption: Any, exit_code: int
) -> None:
    def cut_off() -> None:
        raise interruption

    interrupted = orderctl("--yes", dynamodb=InterruptedClient(tables.dynamodb, "update_item", cut_off))
    finished = orderctl("--yes")

    assert interrupted.exit_code == exit_code
    assert "Erased: 3 orders" in finished.output


def test_a_forgotten_order_can_still_be_read(tables: OrderTables, orderctl: Orderctl) -> None:
    orderctl("--yes")

    with deployed(tables):
        order = OrdersApi().read(CLOSED)
        listed = OrdersApi().list(customerId=CUSTOMER)

    assert (order.status, order.body["customerId"]) == (200, f"forgotten:{CLOSED}")
    assert {each["orderId"] for each in listed.body["orders"]} == {OPEN, HELD}


def test_nobody_is_told_about_a_forgotten_order(tables: OrderTables, orderctl: Orderctl) -> None:
    orderctl("--yes")
    service = NotificationService(
        orders=OrdersTable(tables.dynamodb, tables.names.orders),
        records=NotificationRecords(tables.dynamodb, tables.names.orders),
        topic=NotificationTopic(None, "no topic"),
    )
    kind = NotificationKind.CONFIRMED

    status = service.perform(StepRequest(operation=kind, order_id=CLOSED, execution_arn=EXECUTION))

    assert status == "SKIPPED"
