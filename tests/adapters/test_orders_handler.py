"""Responses of the API to valid and to invalid requests."""

import io
import json
from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest

from handlers import orders
from handlers.contract.names import ORDER_RECORD
from tests.order_tables import EXECUTION, OrderTables
from tests.orders_api import VALID_ORDER, BusListener, OrdersApi


def test_an_accepted_order_has_its_total_and_its_location(api: OrdersApi) -> None:
    response = api.place({**VALID_ORDER, "items": [{"productId": "85123A", "quantity": 6}]})

    order_id = response.body["orderId"]
    assert response.status == 202
    assert response.headers["content-type"] == "application/json"
    assert response.headers["location"] == f"/prod/orders/{order_id}"
    assert "idempotency-replayed" not in response.headers
    assert UUID(order_id).version == 4
    assert response.body == {
        "orderId": order_id,
        "status": "PENDING",
        "total": {"amount": 1530, "currency": "USD"},
        "createdAt": response.body["createdAt"],
        "links": {"self": f"/orders/{order_id}"},
    }


def test_an_accepted_order_is_stored_and_announced(
    api: OrdersApi, tables: OrderTables, bus: BusListener
) -> None:
    order_id = api.place().body["orderId"]

    (event,) = bus.received()
    stored = tables.step(ORDER_RECORD, order_id=order_id)
    assert stored is not None
    assert (stored["customerEmail"], stored["paymentMethod"]) == ("ada@example.com", "pm_card_visa")
    assert (event["detail-type"], event["detail"]["orderId"]) == ("OrderPlaced", order_id)
    assert "ada@example.com" not in json.dumps(event)
    assert "pm_card_visa" not in json.dumps(event)


def test_an_order_of_a_split_product_is_stored_with_its_counters_which_nobody_else_sees(
    api: OrdersApi, tables: OrderTables, bus: BusListener
) -> None:
    tables.dynamodb.update_item(
        TableName=tables.names.inventory,
        Key={"productId": {"S": "85123A"}},
        UpdateExpression="SET counters = :counters",
        ExpressionAttributeValues={":counters": {"N": "10"}},
    )

    order_id = api.place().body["orderId"]

    (event,) = bus.received()
    stored = tables.step(ORDER_RECORD, order_id=order_id)
    assert stored is not None
    assert stored["counters"] == {"85123A": 10}
    assert "counters" not in json.dumps(event)
    assert "counters" not in api.read(order_id).text


def test_an_order_without_split_products_has_no_counters(api: OrdersApi, tables: OrderTables) -> None:
    stored = tables.step(ORDER_RECORD, order_id=api.place().body["orderId"])

    assert stored is not None
    assert "counters" not in stored


def test_every_request_without_a_key_places_an_order(api: OrdersApi) -> None:
    assert api.place().body["orderId"] != api.place().body["orderId"]


def test_a_replay_gets_the_first_response_and_emits_the_event_again(
    api: OrdersApi, tables: OrderTables, bus: BusListener
) -> None:
    first = api.place(key="k1")
    tables.dynamodb.update_item(
        TableName=tables.names.inventory,
        Key={"productId": {"S": "85123A"}},
        UpdateExpression="SET unitPrice = :price",
        ExpressionAttributeValues={":price": {"N": "999"}},
    )

    replay = api.post(json.dumps(VALID_ORDER, indent=2), key="k1")

    assert "idempotency-replayed" not in first.headers
    assert (replay.status, replay.headers["idempotency-replayed"]) == (202, "true")
    assert replay.body == first.body
    assert replay.headers["location"] == first.headers["location"]
    announced = [event["detail"] for event in bus.received()]
    assert len(announced) == 2
    assert announced[0] == announced[1]


def test_a_replay_of_a_settled_order_has_its_status_and_emits_nothing(
    api: OrdersApi, tables: OrderTables, bus: BusListener
) -> None:
    order_id = api.place(key="k1").body["orderId"]
    bus.received()
    _set(tables, order_id, status="CONFIRMED")

    replay = api.place(key="k1")

    assert replay.body["status"] == "CONFIRMED"
    assert bus.received() == []


def test_a_replay_succeeds_when_the_product_was_deleted(api: OrdersApi, tables: OrderTables) -> None:
    first = api.place(key="k1")
    tables.dynamodb.delete_item(TableName=tables.names.inventory, Key={"productId": {"S": "85123A"}})

    replay = api.place(key="k1")
    unknown = api.place(key="k2")

    assert (replay.status, replay.body, replay.headers["idempotency-replayed"]) == (202, first.body, "true")
    assert unknown.status == 422


def test_a_key_of_one_order_is_refused_for_another_order(
    api: OrdersApi, tables: OrderTables, bus: BusListener
) -> None:
    first = api.place(key="k1")
    bus.received()

    other = api.place({**VALID_ORDER, "customerId": "cust-2"}, key="k1")
    gone = api.place({**VALID_ORDER, "items": [{"productId": "gone", "quantity": 1}]}, key="k1")

    assert (other.status, other.body["title"]) == (422, "Idempotency key reused")
    assert (gone.status, gone.body["title"]) == (422, "Idempotency key reused")
    assert bus.received() == []
    stored = tables.step(ORDER_RECORD, order_id=first.body["orderId"])
    assert stored is not None
    assert stored["customerId"] == "cust-17850"


def test_two_clients_can_use_the_same_key(api: OrdersApi) -> None:
    other = OrdersApi(api_key_id="key-id-2", api_key=api.api_key)

    assert api.place(key="k1").body["orderId"] != other.place(key="k1").body["orderId"]


def test_clients_without_a_key_id_are_distinguished_by_their_api_key(api: OrdersApi) -> None:
    first = OrdersApi(api_key_id=None, api_key="value-1")
    second = OrdersApi(api_key_id=None, api_key="value-2")

    ids = [client.place(key="k1").body["orderId"] for client in (first, first, second, api)]

    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_a_rotated_api_key_keeps_its_orders(api: OrdersApi) -> None:
    rotated = OrdersApi(api_key_id=api.api_key_id, api_key="another-value")

    assert rotated.place(key="k1").body["orderId"] == api.place(key="k1").body["orderId"]


def test_the_idempotency_key_is_not_stored(api: OrdersApi, tables: OrderTables) -> None:
    api.place(key="a-very-special-key")

    assert "a-very-special-key" not in json.dumps(tables.dynamodb.scan(TableName=tables.names.orders))


@pytest.mark.parametrize("key", ["", "k" * 256, "ä", "a\tb"])
def test_an_invalid_idempotency_key_is_refused(api: OrdersApi, key: str) -> None:
    response = api.place(key=key)

    assert (response.status, response.headers["content-type"]) == (400, "application/problem+json")
    assert "Idempotency-Key" in response.body["detail"]


def test_every_unknown_product_is_named(api: OrdersApi, tables: OrderTables) -> None:
    items = [{"productId": product, "quantity": 1} for product in ("gone", "85123A", "never-was")]

    response = api.place({**VALID_ORDER, "items": items})

    assert (response.status, response.body["title"]) == (422, "Unknown products")
    assert response.body["errors"] == [
        {"pointer": "/items/0/productId", "detail": "gone is not in the catalogue"},
        {"pointer": "/items/2/productId", "detail": "never-was is not in the catalogue"},
    ]
    assert tables.dynamodb.scan(TableName=tables.names.orders)["Count"] == 0


def test_an_invalid_order_is_refused_with_every_violation(api: OrdersApi, tables: OrderTables) -> None:
    item = {"productId": "85123A", "quantity": 0}

    response = api.place({"customerId": "", "items": [item, item], "price": 1})

    assert (response.status, response.headers["content-type"]) == (400, "application/problem+json")
    assert response.body["type"] == "urn:problem-type:ecommerce:invalid-request"
    assert response.body["status"] == 400
    assert response.pointers == [
        "/customerEmail",
        "/paymentMethod",
        "/customerId",
        "/items/0/quantity",
        "/items/1/quantity",
        "/price",
        "/items/1/productId",
    ]
    assert tables.dynamodb.scan(TableName=tables.names.orders)["Count"] == 0


@pytest.mark.parametrize(
    "body", [None, "", "{", "[]", "1", '{"a": NaN}', '{"a": 1, "a": 2}', '{"a": "\ud800"}']
)
def test_a_body_that_can_not_be_parsed_is_refused(api: OrdersApi, body: str | None) -> None:
    response = api.post(body)

    assert (response.status, response.pointers) == (400, [""])


def test_a_body_may_be_base64(api: OrdersApi) -> None:
    body = b64encode(json.dumps(VALID_ORDER).encode()).decode()

    assert api.post(body, is_base64=True).status == 202
    assert api.post(body + "!", is_base64=True).status == 400
    assert api.post(b64encode(b'"\xff"').decode(), is_base64=True).status == 400


def test_an_order_is_shown_as_it_was_placed(api: OrdersApi) -> None:
    placed = api.place().body

    response = api.read(placed["orderId"])

    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert response.body == {
        "orderId": placed["orderId"],
        "customerId": "cust-17850",
        "status": "PENDING",
        "reason": None,
        "items": [{"productId": "85123A", "quantity": 6, "unitPrice": 255}],
        "total": {"amount": 1530, "currency": "USD"},
        "steps": {},
        "execution": None,
        "cancellation": None,
        "createdAt": placed["createdAt"],
        "updatedAt": placed["createdAt"],
    }


def test_an_order_is_shown_with_its_steps_and_its_execution(api: OrdersApi, tables: OrderTables) -> None:
    order_id = api.place().body["orderId"]
    _set(tables, order_id, status="ON_HOLD", reason="inventory", executionArn=EXECUTION)
    _set(
        tables, order_id, executionStartedAt="2026-11-22T15:14:32.456Z", updatedAt="2026-11-22T15:14:40.000Z"
    )
    at = "2026-11-22T15:14:33.000Z"
    authorized = {"status": "AUTHORIZED", "provider": "stripe", "reference": "pi_1", "at": at}
    _set(tables, order_id, record="STEP#payment", **authorized)
    _set(tables, order_id, record="STEP#notification#received", status="SENT", at=at, messageId="m")

    order = api.read(order_id).body

    assert (order["status"], order["reason"]) == ("ON_HOLD", "inventory")
    assert order["steps"] == {
        "payment": authorized,
        "notification": {"status": "SENT", "at": at},
    }
    assert order["execution"]["arn"] == EXECUTION
    assert order["execution"]["consoleUrl"].endswith(f"details/{EXECUTION}?startDate=1795360472456")


def test_a_declined_payment_is_shown_with_its_reason(api: OrdersApi, tables: OrderTables) -> None:
    order_id = api.place().body["orderId"]
    at = "2026-11-22T15:14:33.000Z"
    recorded = {"status": "DECLINED", "provider": "stripe", "reason": "insufficient_funds", "at": at}
    _set(tables, order_id, record="STEP#payment", **recorded)

    payment = api.read(order_id).body["steps"]["payment"]

    assert payment == recorded


def test_an_order_has_no_console_link_where_there_is_no_console(
    api: OrdersApi, tables: OrderTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONSOLE_DOMAIN")
    order_id = api.place().body["orderId"]
    _set(tables, order_id, executionArn=EXECUTION, executionStartedAt="2026-11-22T15:14:32.456Z")

    assert api.read(order_id).body["execution"] == {"arn": EXECUTION}


def test_no_response_has_the_address_or_the_token(api: OrdersApi) -> None:
    placed = api.place(key="k1")

    shown = placed.text + api.read(placed.body["orderId"]).text + api.list(customerId="cust-17850").text

    assert "ada@example.com" not in shown
    assert "pm_card_visa" not in shown


@pytest.mark.parametrize("order_id", ["6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11", "ORDER", "1", "%20", '"', "ä"])
def test_an_order_that_does_not_exist_is_not_found(api: OrdersApi, order_id: str) -> None:
    response = api.read(order_id)

    assert (response.status, response.headers["content-type"]) == (404, "application/problem+json")
    assert response.body["status"] == 404


def test_the_orders_of_a_customer_are_listed_in_pages_newest_first(api: OrdersApi) -> None:
    placed = [api.place().body["orderId"] for _ in range(3)]

    first = api.list(customerId="cust-17850", limit="2").body
    second = api.list(customerId="cust-17850", limit="2", nextToken=first["nextToken"]).body

    listed = first["orders"] + second["orders"]
    assert {order["orderId"] for order in listed} == set(placed)
    assert [order["createdAt"] for order in listed] == sorted((o["createdAt"] for o in listed), reverse=True)
    assert second["nextToken"] is None
    assert listed[0].keys() == {"orderId", "status", "reason", "total", "createdAt", "updatedAt"}


def test_a_customer_without_orders_has_an_empty_list(api: OrdersApi) -> None:
    response = api.list(customerId="nobody")

    assert (response.status, response.body) == (200, {"orders": [], "nextToken": None})


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"customerId": ""},
        {"customerId": "c", "limit": "0"},
        {"customerId": "c", "limit": "101"},
        {"customerId": "c", "nextToken": "garbage"},
        {"customerId": "c", "nextToken": ""},
    ],
)
def test_a_list_with_invalid_parameters_is_refused(api: OrdersApi, parameters: dict[str, str]) -> None:
    response = api.list(**parameters)

    assert (response.status, response.headers["content-type"]) == (400, "application/problem+json")


def test_a_page_token_is_refused_for_another_customer(api: OrdersApi) -> None:
    api.place()
    api.place()
    token = api.list(customerId="cust-17850", limit="1").body["nextToken"]

    assert api.list(customerId="someone-else", nextToken=token).status == 400


def _set(tables: OrderTables, order_id: str, *, record: str = ORDER_RECORD, **attributes: Any) -> None:
    tables.dynamodb.update_item(
        TableName=tables.names.orders,
        Key={"orderId": {"S": order_id}, "record": {"S": record}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames={f"#{name}": name for name in attributes},
        ExpressionAttributeValues={f":{name}": {"S": value} for name, value in attributes.items()},
    )


def test_a_body_that_is_not_json_is_refused_before_it_is_read(api: OrdersApi) -> None:
    response = api.post(json.dumps(VALID_ORDER), content_type="text/plain")

    assert response.status == 415
    assert "Content-Type: application/json" in response.body["detail"]
    assert api.list(customerId="cust-17850").body["orders"] == []


def test_a_card_number_is_stored_and_logged_nowhere(api: OrdersApi, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(orders.logger.registered_handler, "stream", log)

    response = api.place({**VALID_ORDER, "paymentMethod": "4242 4242 4242 4242"})

    assert (response.status, response.pointers) == (400, ["/paymentMethod"])
    assert "4242" not in response.text + log.getvalue()
    assert api.list(customerId="cust-17850").body["orders"] == []


@pytest.mark.parametrize(
    ("path", "allowed"), [("/orders", "GET, POST"), ("/orders/1", "GET"), ("/orders/1/cancel", "POST")]
)
@pytest.mark.parametrize("method", ["DELETE", "HEAD", "OPTIONS", "PATCH", "PUT"])
def test_a_method_that_a_path_does_not_know_is_refused_with_those_that_it_knows(
    api: OrdersApi, path: str, allowed: str, method: str
) -> None:
    response = api.call(method, path)

    assert (response.status, response.headers["allow"]) == (405, allowed)
    assert response.headers["content-type"] == "application/problem+json"


def test_an_order_id_that_no_route_matches_is_not_found(api: OrdersApi) -> None:
    response = api.call("GET", "/orders/{\n}")

    assert response.status == 404
