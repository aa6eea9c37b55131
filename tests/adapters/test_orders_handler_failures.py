"""Responses and log lines of the API when a dependency fails."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers import orders
from handlers.adapters import aws
from tests.aws_failures import FAILURES
from tests.order_tables import OrderTables
from tests.orders_api import (
    VALID_ORDER,
    Break,
    BusListener,
    Context,
    Interrupt,
    Logs,
    OrdersApi,
)


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("call", ["dynamodb batch_get_item", "dynamodb put_item", "events put_events"])
def test_a_request_that_is_retried_after_a_failure_places_one_order(
    bus: BusListener, break_once: Break, tables: OrderTables, call: str, error: Exception
) -> None:
    api = OrdersApi()
    service, method = call.split()
    break_once(service, method, error)

    failed = api.place(key="k1")
    retried = api.place(key="k1")

    assert (failed.status, failed.headers["content-type"]) == (503, "application/problem+json")
    assert int(failed.headers["retry-after"]) > 0
    assert retried.status == 202
    assert tables.dynamodb.scan(TableName=tables.names.orders)["Count"] == 1
    assert [event["detail"]["orderId"] for event in bus.received()] == [retried.body["orderId"]]


def test_an_event_that_the_bus_refuses_fails_the_request(
    api: OrdersApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    monkeypatch.setattr(aws.client("events"), "put_events", lambda **_: refused)

    failed = api.place(key="k1")
    monkeypatch.undo()

    assert (failed.status, "retry-after" in failed.headers) == (503, True)


@pytest.mark.parametrize("error", FAILURES)
def test_a_failed_read_can_be_retried(api: OrdersApi, break_once: Break, error: Exception) -> None:
    order_id = api.place().body["orderId"]
    orders._service.cache_clear()
    break_once("dynamodb", "query", error)

    failed, read, listed = api.read(order_id), api.read(order_id), api.list(customerId="cust-17850")

    assert (failed.status, "retry-after" in failed.headers) == (503, True)
    assert (read.status, listed.status) == (200, 200)


def test_the_later_of_two_requests_with_the_same_key_is_the_replay(
    api: OrdersApi, interrupt: Interrupt, tables: OrderTables
) -> None:
    winners = []

    def send_other_request() -> None:
        winners.append(api.place(key="k1"))

    interrupt("dynamodb", "put_item", send_other_request)

    loser = api.place(key="k1")

    (winner,) = winners
    assert (winner.status, loser.status) == (202, 202)
    assert loser.body == winner.body
    assert ("idempotency-replayed" in winner.headers, "idempotency-replayed" in loser.headers) == (
        False,
        True,
    )
    assert tables.dynamodb.scan(TableName=tables.names.orders)["Count"] == 1


def test_a_write_that_boto3_repeats_is_not_a_replay(
    api: OrdersApi, tables: OrderTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_item = tables.dynamodb.put_item

    def put_item_twice(**request: Any) -> Any:
        put_item(**request)
        return put_item(**request)

    monkeypatch.setattr(aws.client("dynamodb"), "put_item", put_item_twice)

    response = api.place()

    assert response.status == 202
    assert "idempotency-replayed" not in response.headers


@pytest.mark.usefixtures("bus")
@pytest.mark.parametrize("remaining_millis", [0, 3_000, 6_999])
def test_no_order_is_stored_when_there_is_no_time_for_the_write(
    tables: OrderTables, remaining_millis: int
) -> None:
    response = OrdersApi(context=Context(remaining_millis=remaining_millis)).place()

    assert (response.status, "retry-after" in response.headers) == (503, True)
    assert tables.dynamodb.scan(TableName=tables.names.orders)["Count"] == 0


def test_an_order_that_there_was_no_time_to_announce_is_announced_by_the_retry(
    api: OrdersApi, bus: BusListener, interrupt: Interrupt
) -> None:
    context = Context()
    interrupt("dynamodb", "put_item", lambda: context.pass_millis(9_000))

    slow = OrdersApi(context=context).place(key="k1")

    assert slow.status == 503
    assert bus.received() == []
    assert api.place(key="k1").headers["idempotency-replayed"] == "true"
    assert len(bus.received()) == 1


def test_an_unexpected_error_gives_a_response_without_internal_names(
    api: OrdersApi, break_once: Break, logs: Logs
) -> None:
    break_once("dynamodb", "put_item", KeyError("ada@example.com"))

    response = api.place()

    assert response.status == 500
    assert response.body == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "The request could not be processed.",
    }
    (line,) = logs()
    assert (line["level"], line["error"], line["httpStatus"]) == ("ERROR", "KeyError", 500)
    assert any("orders_table.py" in frame and "place" in frame for frame in line["raisedAt"])
    assert "ada@example.com" not in json.dumps(line)


def test_a_request_logs_one_line_with_the_order_id(api: OrdersApi, logs: Logs) -> None:
    order_id = api.place(key="k1").body["orderId"]
    api.read(order_id)
    api.list(customerId="cust-17850")

    placed, read, listed = logs()
    assert (placed["step"], placed["outcome"], placed["httpStatus"]) == ("POST /orders", "done", 202)
    assert placed["durationMs"] >= 0
    assert (placed["orderId"], placed["orderStatus"]) == (order_id, "PENDING")
    assert (read["orderId"], read["step"]) == (order_id, "GET /orders/{orderId}")
    assert (listed["httpStatus"], "orderId" in listed) == (200, False)


def test_log_lines_have_no_personal_data_and_nothing_that_the_client_sent(
    api: OrdersApi, break_once: Break, logs: Logs
) -> None:
    break_once("dynamodb", "batch_get_item", ClientError({"Error": {"Code": "ValidationException"}}, "Any"))

    for _ in range(2):
        api.place(key="a-very-special-key")
    api.place({**VALID_ORDER, "customerEmail": "eve@nowhere"}, key="a-very-special-key")
    api.read("cust-17850")

    lines = logs()
    printed = json.dumps(lines)
    assert [line["httpStatus"] for line in lines] == [503, 202, 400, 404]
    assert [line["outcome"] for line in lines] == ["error", "done", "refused", "refused"]
    for secret in (
        "ada@example.com",
        "eve@nowhere",
        "pm_card",
        "a-very-special-key",
        "cust-17850",
        "key-value-1",
    ):
        assert secret not in printed


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (
            "ThrottlingException",
            {"error": "DependencyUnavailable", "cause": "event bus: ThrottlingException"},
        ),
        ("AccessDeniedException", {"error": "AccessDeniedException", "operation": "PutEvents"}),
    ],
)
def test_a_log_line_names_the_error(
    api: OrdersApi,
    break_once: Break,
    logs: Logs,
    code: str,
    line: dict[str, str],
) -> None:
    break_once("events", "put_events", ClientError({"Error": {"Code": code}}, "PutEvents"))

    api.place()

    (written,) = logs()
    assert written["level"] == "ERROR"
    assert line.items() <= written.items()


def test_the_event_is_not_logged_even_with_the_setting_that_logs_events() -> None:
    # In a new process, because the setting is read when the handler is imported.
    program = "from tests.orders_api import OrdersApi; print(OrdersApi().post('ada@example.com').status)"
    environment = {**os.environ, "POWERTOOLS_LOGGER_LOG_EVENT": "true", "POWERTOOLS_LOG_LEVEL": "INFO"}

    printed = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    line, status = printed.splitlines()
    assert (json.loads(line)["httpStatus"], status) == (400, "400")
    assert "ada@example.com" not in printed
