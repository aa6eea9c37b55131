"""Address and payment token of orders that were settled long ago are erased."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers import eraser
from handlers.adapters.expired_contacts import ExpiredContacts
from handlers.adapters.time_budget import TimeBudget
from handlers.eraser import PARTS, Eraser
from tests.fakes import InterruptedClient
from tests.order_tables import EMAIL, OrderTables
from tests.orders_api import Context, OrdersApi, deployed

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
OLD, NEW = "2026-08-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z"
ORDERS = [f"6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b{number:02}" for number in range(8)]
MINUTES = TimeBudget(remaining_millis=lambda: 900_000)


class SmallPages:
    """Scans one record a page, some hundred at most, and refuses unused values, as AWS does.

    https://github.com/kestra-io/plugin-aws/issues/358 shows the error of AWS.
    """

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._pages = iter(range(300))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def scan(self, **request: Any) -> Any:
        next(self._pages)
        used = set(re.findall(r":\w+", request["FilterExpression"]))
        assert set(request["ExpressionAttributeValues"]) == used
        return self._dynamodb.scan(**request, Limit=1)


def place(tables: OrderTables, order_id: str, *, closed: bool = True, **fields: Any) -> None:
    tables.place({"85123A": 6}, order_id=order_id, **{"status": "CONFIRMED", "updatedAt": OLD} | fields)
    if closed:
        close(tables, order_id)


def close(tables: OrderTables, order_id: str) -> None:
    tables.dynamodb.update_item(
        TableName=tables.names.orders,
        Key={"orderId": {"S": order_id}, "record": {"S": "ORDER"}},
        UpdateExpression="REMOVE openShard, openKey",
    )


def settle(tables: OrderTables, order_id: str) -> None:
    close(tables, order_id)
    tables.dynamodb.update_item(
        TableName=tables.names.orders,
        Key={"orderId": {"S": order_id}, "record": {"S": "ORDER"}},
        UpdateExpression="SET #status = :confirmed, updatedAt = :old",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":confirmed": {"S": "CONFIRMED"}, ":old": {"S": OLD}},
    )


def stored(tables: OrderTables, order_id: str) -> dict[str, Any]:
    key = {"orderId": {"S": order_id}, "record": {"S": "ORDER"}}
    item: dict[str, Any] = tables.dynamodb.get_item(TableName=tables.names.orders, Key=key)["Item"]
    return item


def run_for_a_week(tables: OrderTables, *, dynamodb: Any = None, budget: TimeBudget = MINUTES) -> int:
    contacts = ExpiredContacts(dynamodb or tables.dynamodb, tables.names.orders)
    days = (NOW + timedelta(days=day) for day in range(PARTS))
    erasers = [Eraser(contacts=contacts, after=timedelta(days=90), now=lambda day=day: day) for day in days]  # type: ignore[misc]
    return sum(each.run(budget) for each in erasers)


@pytest.mark.parametrize("status", ["CONFIRMED", "REJECTED", "CANCELLED"])
def test_an_order_that_was_settled_long_ago_has_no_address_and_no_token(
    tables: OrderTables, status: str
) -> None:
    place(tables, ORDERS[0], status=status)
    before = stored(tables, ORDERS[0])

    assert run_for_a_week(tables) == 1

    after = stored(tables, ORDERS[0])
    assert EMAIL not in json.dumps(after)
    assert "pm_card_visa" not in json.dumps(after)
    assert before["requestHash"] != after["requestHash"]
    assert {**before, "requestHash": after["requestHash"]}.items() >= after.items()


def test_the_words_of_a_customer_who_cancelled_are_erased_and_the_reason_stays(tables: OrderTables) -> None:
    cancelled = {"status": "CANCELLED", "cancelRequestedAt": OLD, "cancelReason": "CUSTOMER"}
    place(tables, ORDERS[0], **cancelled, cancelComment="I moved to 1 Main Street")

    assert run_for_a_week(tables) == 1

    after = stored(tables, ORDERS[0])
    assert "Main Street" not in json.dumps(after)
    assert (after["status"]["S"], after["cancelReason"]["S"]) == ("CANCELLED", "CUSTOMER")


def test_the_words_of_a_customer_who_cancelled_after_the_address_was_erased_are_erased_too(
    tables: OrderTables,
) -> None:
    place(tables, ORDERS[0])
    run_for_a_week(tables)
    tables.change(ORDERS[0], status="CANCELLED", cancelComment="I moved to 1 Main Street")

    erased = [run_for_a_week(tables), run_for_a_week(tables)]

    assert erased == [1, 0]
    assert "Main Street" not in json.dumps(stored(tables, ORDERS[0]))


@pytest.mark.parametrize(
    "fields",
    [
        {"updatedAt": NEW},
        {"closed": False, "openShard": "1", "openKey": f"IN_PROGRESS#{OLD}"},
        {"status": "ON_HOLD"},
        {"status": "PENDING"},
        {
            "status": "CANCELLED",
            "closed": False,
            "openShard": "1",
            "openKey": f"IN_PROGRESS#{OLD}",
            "cancelComment": "too late",
        },
    ],
    ids=["settled a month ago", "still announced", "on hold", "pending", "still cancelled"],
)
def test_any_other_order_keeps_them(tables: OrderTables, fields: dict[str, Any]) -> None:
    place(tables, ORDERS[0], **fields)
    before = stored(tables, ORDERS[0])

    assert run_for_a_week(tables) == 0

    assert stored(tables, ORDERS[0]) == before


def test_an_order_is_erased_once_in_whatever_part_it_is(tables: OrderTables) -> None:
    for order_id in ORDERS:
        place(tables, order_id)

    assert run_for_a_week(tables) == len(ORDERS)
    assert run_for_a_week(tables) == 0


def test_an_order_that_is_opened_again_in_between_keeps_them(tables: OrderTables) -> None:
    place(tables, ORDERS[0])
    opened = InterruptedClient(
        tables.dynamodb,
        "update_item",
        lambda: place(tables, ORDERS[0], closed=False, openShard="1", openKey=f"IN_PROGRESS#{OLD}"),
    )

    assert run_for_a_week(tables, dynamodb=opened) == 0

    assert stored(tables, ORDERS[0])["customerEmail"]["S"] == EMAIL


@pytest.mark.parametrize("position", range(len(ORDERS)))
def test_what_a_run_that_died_has_left_is_erased_by_the_next_one(tables: OrderTables, position: int) -> None:
    for order_id in ORDERS:
        place(tables, order_id)
    calls = iter(range(len(ORDERS) + 1))

    class Dying:
        def __getattr__(self, name: str) -> Any:
            if name == "update_item" and next(calls) == position:
                raise KeyboardInterrupt
            return getattr(tables.dynamodb, name)

    with pytest.raises(KeyboardInterrupt):
        run_for_a_week(tables, dynamodb=Dying())

    assert run_for_a_week(tables) == len(ORDERS) - position


def test_an_old_idempotency_key_of_an_erased_order_is_refused(tables: OrderTables) -> None:
    tables.stock("85123A", 6)
    with deployed(tables):
        order_id = OrdersApi().place(key="key-1").body["orderId"]
        settle(tables, order_id)
        assert OrdersApi().place(key="key-1").status == 202

        assert run_for_a_week(tables) == 1

        assert OrdersApi().place(key="key-1").status == 422
        assert OrdersApi().read(order_id).status == 200


def test_a_part_is_read_to_its_last_page(tables: OrderTables) -> None:
    for order_id in ORDERS:
        place(tables, order_id)

    assert run_for_a_week(tables, dynamodb=SmallPages(tables.dynamodb)) == len(ORDERS)


def test_a_run_stops_before_its_time_is_over(tables: OrderTables) -> None:
    for order_id in ORDERS:
        place(tables, order_id)
    a_second = TimeBudget(remaining_millis=lambda: 1_000)

    # Of more orders than parts, each run erases one at most.
    assert 1 <= run_for_a_week(tables, dynamodb=SmallPages(tables.dynamodb), budget=a_second) <= PARTS


def test_the_function_runs_with_its_settings(tables: OrderTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_TABLE", tables.names.orders)
    monkeypatch.setenv("CONTACT_DATA_DAYS", "90")
    eraser._eraser.cache_clear()

    assert eraser.handler({}, Context(remaining_millis=900_000)) == {"orders": 0}

    eraser._eraser.cache_clear()
