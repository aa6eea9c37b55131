"""Requests to cancel an order: what is stored, announced and answered."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from handlers import orders
from handlers.adapters import aws
from handlers.contract.clock import rfc3339, utc_now
from handlers.contract.names import ORDER_RECORD
from tests.aws_failures import FAILURES
from tests.order_tables import EXECUTION, OrderTables
from tests.orders_api import ApiResponse, Break, BusListener, Context, Interrupt, Logs, OrdersApi

Refused = Callable[..., ApiResponse]
COMMENT: Final = "I ordered the wrong size"
UNKNOWN: Final = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
CLOSED: Final[dict[str, Any]] = {"openShard": None, "openKey": None, "closedAt": "2026-11-22T15:14:40.000Z"}


@pytest.fixture
def order_id(api: OrdersApi, bus: BusListener) -> str:
    """An order that was placed, and whose event was received."""
    placed: str = api.place().body["orderId"]
    bus.received()
    return placed


@pytest.fixture
def cancel_in_vain(api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str) -> Refused:
    """Cancel the order; fail when that changes it or starts anything."""

    def cancel(body: object = None, **how: Any) -> ApiResponse:
        before = _stored(tables, order_id)
        response = api.cancel(order_id, body, **how)
        assert _stored(tables, order_id) == before
        assert bus.received() == []
        return response

    return cancel


def _hours_ago(hours: float) -> str:
    return rfc3339(utc_now() - timedelta(hours=hours))


def _stored(tables: OrderTables, order_id: str) -> dict[str, Any]:
    record = tables.step(ORDER_RECORD, order_id=order_id)
    assert record is not None
    return record


def _requested(order_id: str) -> tuple[str, dict[str, str]]:
    detail = {"orderId": order_id, "customerId": "cust-17850", "reason": "CUSTOMER"}
    return "OrderCancellationRequested", detail


def _announced(bus: BusListener) -> list[tuple[str, dict[str, str]]]:
    return [(event["detail-type"], event["detail"]) for event in bus.received()]


def test_a_request_to_cancel_is_stored_announced_and_shown(
    api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str
) -> None:
    placed = api.read(order_id).body

    response = api.cancel(order_id, {"reason": COMMENT})

    requested_at = response.body["cancellation"]["requestedAt"]
    assert (response.status, response.headers["content-type"]) == (202, "application/json")
    assert response.body == placed | {
        "cancellation": {"reason": "CUSTOMER", "comment": COMMENT, "requestedAt": requested_at},
        "updatedAt": requested_at,
    }
    assert api.read(order_id).body == response.body
    assert _announced(bus) == [_requested(order_id)]
    stored = _stored(tables, order_id)
    assert (stored["cancelReason"], stored["openKey"]) == ("CUSTOMER", f"IN_PROGRESS#{requested_at}")


@pytest.mark.parametrize("body", [None, "", "{}"])
def test_a_request_to_cancel_needs_no_reason(api: OrdersApi, order_id: str, body: str | None) -> None:
    response = api.cancel(order_id, body)

    assert response.status == 202
    assert response.body["cancellation"].keys() == {"reason", "requestedAt"}


@pytest.mark.parametrize("reason", ["x", "x" * 200, "zu groß 😀", "<b>&\"'"])
def test_a_reason_is_shown_as_it_was_sent(api: OrdersApi, order_id: str, reason: str) -> None:
    response = api.cancel(order_id, {"reason": reason})

    assert (response.status, response.body["cancellation"]["comment"]) == (202, reason)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 201}, "/reason"),
        ({"reason": "a\nb"}, "/reason"),
        ({"reason": "a\n"}, "/reason"),
        ({"reason": "\x00"}, "/reason"),
        ({"reason": "\x1b[31m"}, "/reason"),
        ({"reason": "\x7f"}, "/reason"),
        ({"reason": "\x85"}, "/reason"),
        ({"reason": 1}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"reason": COMMENT, "refund": "half"}, "/refund"),
        ("[]", ""),
        ("null", ""),
        ("{", ""),
        (" ", ""),
        ('{"reason": "\\ud800"}', ""),
    ],
)
def test_a_body_that_breaks_a_rule_is_refused_and_changes_nothing(
    cancel_in_vain: Refused, body: object, pointer: str
) -> None:
    response = cancel_in_vain(body)

    assert (response.status, response.pointers) == (400, [pointer])
    assert COMMENT not in response.text


def test_a_body_that_is_not_json_is_refused(cancel_in_vain: Refused) -> None:
    response = cancel_in_vain({"reason": COMMENT}, headers={"Content-Type": "text/plain"})

    assert response.status == 415
    assert "Content-Type: application/json" in response.body["detail"]


def test_a_reason_may_be_base64(api: OrdersApi, order_id: str) -> None:
    body = b64encode(json.dumps({"reason": COMMENT}).encode()).decode()

    response = api.call("POST", f"/orders/{order_id}/cancel", body=body, is_base64=True)

    assert (response.status, response.body["cancellation"]["comment"]) == (202, COMMENT)


@pytest.mark.parametrize("key", ["", "k" * 256, "ä", "a\tb"])
def test_an_invalid_idempotency_key_is_refused(cancel_in_vain: Refused, key: str) -> None:
    response = cancel_in_vain(headers={"Idempotency-Key": key})

    assert response.status == 400
    assert "Idempotency-Key" in response.body["detail"]


def test_the_idempotency_key_of_an_order_can_be_sent_to_cancel_it(api: OrdersApi) -> None:
    order_id = api.place(key="k1").body["orderId"]

    assert api.cancel(order_id, headers={"Idempotency-Key": "k1"}).status == 202


@pytest.mark.parametrize("order_id", [UNKNOWN, "ORDER", "1", "%20", '"', "ä"])
def test_an_order_that_does_not_exist_is_not_cancelled(
    api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str
) -> None:
    response = api.cancel(order_id, {"reason": COMMENT})

    assert (response.status, response.headers["content-type"]) == (404, "application/problem+json")
    assert tables.dynamodb.scan(TableName=tables.names.orders)["Count"] == 0
    assert bus.received() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "PENDING"},
        {"status": "ON_HOLD", "reason": "payment", "openKey": "WAITING#2026-11-22T15:14:40.000Z"},
        {"status": "ON_HOLD", "reason": "payment"},
        {"status": "CONFIRMED", **CLOSED},
        {"status": "CONFIRMED", "openKey": "WAITING#2026-11-22T15:14:40.000Z"},
    ],
    ids=["pending", "on hold, waiting", "on hold, in progress", "confirmed, closed", "confirmed, waiting"],
)
def test_the_next_execution_cancels_the_order_and_no_earlier_one_can_close_it(
    api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str, fields: dict[str, Any]
) -> None:
    of_an_execution = {"executionArn": EXECUTION, "executionStartedAt": _hours_ago(1), "unannounced": True}
    tables.change(order_id, updatedAt=_hours_ago(23), attempts=5, **of_an_execution | fields)

    response = api.cancel(order_id)

    stored = _stored(tables, order_id)
    assert (response.status, response.body["status"]) == (202, fields["status"])
    assert _announced(bus) == [_requested(order_id)]
    assert stored["openKey"] == f"IN_PROGRESS#{stored['cancelRequestedAt']}"
    assert "openShard" in stored
    assert not {"attempts", "closedAt", *of_an_execution} & stored.keys()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "REJECTED", "reason": "OUT_OF_STOCK", **CLOSED}, "The order was rejected"),
        (
            {"status": "CONFIRMED", "updatedAt": _hours_ago(25), **CLOSED},
            "it could be cancelled for 24 hours",
        ),
        ({"status": "CONFIRMED", "updatedAt": _hours_ago(25)}, "it could be cancelled for 24 hours"),
    ],
    ids=["rejected", "confirmed too long ago", "confirmed too long ago, announced"],
)
def test_an_order_that_can_not_be_cancelled_says_why_and_stays_as_it_is(
    tables: OrderTables, order_id: str, cancel_in_vain: Refused, fields: dict[str, Any], said: str
) -> None:
    tables.change(order_id, **fields)

    response = cancel_in_vain({"reason": COMMENT})

    assert (response.status, response.body["type"]) == (409, "urn:problem-type:ecommerce:not-cancellable")
    assert said in response.body["detail"]
    assert "retry-after" not in response.headers


def test_a_shop_can_refuse_to_cancel_confirmed_orders(
    api: OrdersApi, tables: OrderTables, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANCEL_CONFIRMED_SECONDS", "0")
    orders._service.cache_clear()
    tables.change(order_id, status="CONFIRMED", updatedAt=_hours_ago(0), **CLOSED)

    confirmed = api.cancel(order_id)
    tables.change(order_id, status="ON_HOLD")

    assert (confirmed.status, confirmed.body["type"]) == (409, "urn:problem-type:ecommerce:not-cancellable")
    assert "takes no confirmed order back" in confirmed.body["detail"]
    assert api.cancel(order_id).status == 202


def test_an_order_that_is_being_confirmed_can_be_cancelled_a_moment_later(
    api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str, cancel_in_vain: Refused
) -> None:
    tables.change(order_id, status="CONFIRMED", updatedAt=_hours_ago(0))

    early = cancel_in_vain()
    tables.change(order_id, **CLOSED)
    later = api.cancel(order_id)

    assert (early.status, early.body["type"]) == (409, "urn:problem-type:ecommerce:order-being-confirmed")
    assert int(early.headers["retry-after"]) > 0
    assert later.status == 202
    assert _announced(bus) == [_requested(order_id)]


def test_an_order_that_is_rejected_while_the_request_arrives_is_not_cancelled(
    api: OrdersApi, tables: OrderTables, interrupt: Interrupt, order_id: str
) -> None:
    orders._service.cache_clear()
    interrupt("dynamodb", "update_item", lambda: tables.change(order_id, status="REJECTED"))

    response = api.cancel(order_id)

    assert (response.status, response.body["type"]) == (409, "urn:problem-type:ecommerce:not-cancellable")
    assert "cancelRequestedAt" not in _stored(tables, order_id)


@pytest.mark.parametrize("status", ["PENDING", "ON_HOLD", "CONFIRMED"])
def test_a_repeated_request_answers_like_the_first_and_starts_the_workflow_again(
    api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str, status: str
) -> None:
    first = api.cancel(order_id, {"reason": COMMENT})
    tables.change(order_id, status=status)

    second = api.cancel(order_id, {"reason": "another reason"})

    assert (second.status, second.body) == (202, first.body | {"status": status})
    assert _announced(bus) == [_requested(order_id)] * 2


def test_a_repeated_request_starts_nothing_while_the_order_waits_for_an_operator(
    api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str
) -> None:
    api.cancel(order_id)
    bus.received()
    tables.change(order_id, status="ON_HOLD", openKey="WAITING#2026-11-22T15:14:40.000Z")

    second = api.cancel(order_id)

    assert (second.status, second.body["status"]) == (202, "ON_HOLD")
    assert bus.received() == []


def test_a_repeated_request_is_accepted_when_the_time_for_a_first_one_is_over(
    api: OrdersApi, tables: OrderTables, order_id: str
) -> None:
    tables.change(order_id, status="CONFIRMED", updatedAt=_hours_ago(23), **CLOSED)
    api.cancel(order_id)
    tables.change(order_id, updatedAt=_hours_ago(25), cancelRequestedAt=_hours_ago(25))

    assert api.cancel(order_id).status == 202


def test_a_request_for_a_cancelled_order_shows_it_and_starts_nothing(
    api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str
) -> None:
    api.cancel(order_id, {"reason": COMMENT})
    tables.change(order_id, status="CANCELLED", reason="CUSTOMER", **CLOSED)
    bus.received()
    before = _stored(tables, order_id)

    response = api.cancel(order_id)

    assert (response.status, response.body["status"], response.body["reason"]) == (
        202,
        "CANCELLED",
        "CUSTOMER",
    )
    assert response.body["cancellation"]["comment"] == COMMENT
    assert bus.received() == []
    assert _stored(tables, order_id) == before


@pytest.mark.parametrize("reason", ["OPERATOR", "HOLD_EXPIRED"])
def test_a_customer_does_not_replace_the_reason_of_an_earlier_cancellation(
    api: OrdersApi, tables: OrderTables, bus: BusListener, order_id: str, reason: str
) -> None:
    tables.change(order_id, status="ON_HOLD", cancelRequestedAt=_hours_ago(1), cancelReason=reason)

    response = api.cancel(order_id, {"reason": COMMENT})

    assert response.body["cancellation"] == {
        "reason": reason,
        "requestedAt": response.body["cancellation"]["requestedAt"],
    }
    assert [detail["reason"] for _, detail in _announced(bus)] == [reason]


def test_two_requests_at_the_same_time_get_the_same_response(
    api: OrdersApi, interrupt: Interrupt, order_id: str
) -> None:
    orders._service.cache_clear()
    others: list[ApiResponse] = []
    interrupt(
        "dynamodb", "update_item", lambda: others.append(api.cancel(order_id, {"reason": "the first one"}))
    )

    response = api.cancel(order_id, {"reason": COMMENT})

    assert [each.body for each in others] == [response.body]
    assert response.body["cancellation"]["comment"] == "the first one"


def test_an_order_that_was_cancelled_is_shown_with_what_happened_to_its_money(
    api: OrdersApi, tables: OrderTables, order_id: str
) -> None:
    api.cancel(order_id)
    tables.change(order_id, status="CANCELLED", reason="CUSTOMER", **CLOSED)
    at = "2026-11-22T15:14:33.000Z"
    for record, status in (
        ("STEP#inventory", "RELEASED"),
        ("STEP#payment", "REFUNDED"),
        ("STEP#notification#received", "SENT"),
        ("STEP#notification#confirmed", "SKIPPED"),
    ):
        item = {"orderId": order_id, "record": record, "status": status, "at": at}
        tables.dynamodb.put_item(
            TableName=tables.names.orders, Item={name: {"S": text} for name, text in item.items()}
        )

    assert api.read(order_id).body["steps"] == {
        "inventory": {"status": "RELEASED", "at": at},
        "payment": {"status": "REFUNDED", "at": at},
        "notification": {"status": "SENT", "at": at},
    }


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("call", ["dynamodb update_item", "events put_events", "dynamodb query"])
def test_a_request_that_fails_half_way_is_completed_by_the_retry(
    bus: BusListener, break_once: Break, order_id: str, call: str, error: Exception
) -> None:
    api = OrdersApi()
    orders._service.cache_clear()
    service, method = call.split()
    break_once(service, method, error)

    failed = api.cancel(order_id, {"reason": COMMENT})
    retried = api.cancel(order_id, {"reason": COMMENT})

    assert (failed.status, failed.headers["content-type"]) == (503, "application/problem+json")
    assert int(failed.headers["retry-after"]) > 0
    assert (retried.status, retried.body["cancellation"]["comment"]) == (202, COMMENT)
    assert _announced(bus)[-1] == _requested(order_id)


def test_an_event_that_the_bus_refuses_fails_the_request(
    api: OrdersApi, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    monkeypatch.setattr(aws.client("events"), "put_events", lambda **_: refused)

    failed = api.cancel(order_id)
    monkeypatch.undo()

    assert (failed.status, "retry-after" in failed.headers) == (503, True)


def test_a_request_without_time_for_its_event_is_announced_by_the_retry(
    api: OrdersApi, bus: BusListener, interrupt: Interrupt, order_id: str
) -> None:
    orders._service.cache_clear()
    context = Context()
    interrupt("dynamodb", "update_item", lambda: context.pass_millis(9_000))

    slow = OrdersApi(context=context).cancel(order_id)

    assert (slow.status, bus.received()) == (503, [])
    assert api.cancel(order_id).status == 202
    assert _announced(bus) == [_requested(order_id)]


def test_the_reason_is_in_no_event_and_in_no_log_line(
    api: OrdersApi, tables: OrderTables, bus: BusListener, logs: Logs, order_id: str
) -> None:
    cancelled = api.cancel(order_id, {"reason": COMMENT})
    refused = api.cancel(order_id, {"reason": COMMENT, "refund": 1})
    tables.change(order_id, status="REJECTED", cancelRequestedAt=None, cancelReason=None, cancelComment=None)
    too_late = api.cancel(order_id, {"reason": COMMENT})

    _, *lines = logs()
    assert [each.status for each in (cancelled, refused, too_late)] == [202, 400, 409]
    assert [line["httpStatus"] for line in lines] == [202, 400, 409]
    assert (lines[0]["orderId"], lines[0]["orderStatus"]) == (order_id, "PENDING")
    assert lines[0]["step"] == "POST /orders/{orderId}/cancel"
    assert lines[2]["error"] == "NotCancellable"
    assert COMMENT not in json.dumps(lines) + json.dumps(bus.received())


def test_a_list_of_orders_has_no_reason_of_a_client(api: OrdersApi, order_id: str) -> None:
    api.cancel(order_id, {"reason": COMMENT})

    listed = api.list(customerId="cust-17850")

    assert [each["orderId"] for each in listed.body["orders"]] == [order_id]
    assert COMMENT not in listed.text


@pytest.mark.parametrize(("settled_hours_ago", "status"), [(23, 202), (25, 409)])
def test_the_time_to_cancel_begins_when_the_order_was_confirmed_first(
    api: OrdersApi, tables: OrderTables, order_id: str, settled_hours_ago: int, status: int
) -> None:
    settled_at = _hours_ago(settled_hours_ago)
    tables.change(order_id, status="CONFIRMED", updatedAt=_hours_ago(1), settledAt=settled_at, **CLOSED)

    response = api.cancel(order_id)

    assert response.status == status
    assert status == 202 or settled_at in response.body["detail"]


def test_the_words_of_a_customer_who_was_forgotten_are_not_stored(
    api: OrdersApi, tables: OrderTables, order_id: str
) -> None:
    tables.change(order_id, status="CONFIRMED", updatedAt=_hours_ago(1), forgottenAt=_hours_ago(1), **CLOSED)

    response = api.cancel(order_id, {"reason": COMMENT})

    assert (response.status, "comment" in response.body["cancellation"]) == (202, False)
    assert "cancelComment" not in _stored(tables, order_id)
