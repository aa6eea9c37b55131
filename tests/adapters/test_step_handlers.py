"""The three functions as Lambda calls them; each returns a status and logs one line."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from handlers import inventory, notification, payment
from handlers.api.step_request import InvalidStepRequest
from handlers.domain.errors import OrderNotFound
from tests.moto_clients import client
from tests.order_tables import EMAIL, EXECUTION, ORDER, OrderTables

SERVICES = [
    (inventory, "reserve", "RESERVED"),
    (payment, "authorize", "AUTHORIZED"),
    (notification, "received", "SENT"),
]


class Context:
    """The context object of a Lambda invocation."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "6d2a4a6b-2f9b-4c0e-8a06-0a2a2f0d3b11"

    def get_remaining_time_in_millis(self) -> int:
        return 8_000


@pytest.fixture(autouse=True)
def _deployed(tables: OrderTables, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ORDERS_TABLE", tables.names.orders)
    monkeypatch.setenv("INVENTORY_TABLE", tables.names.inventory)
    monkeypatch.setenv("TOPIC_ARN", client("sns").create_topic(Name="notifications")["TopicArn"])
    monkeypatch.setenv("PAYMENT_GATEWAY", "simulated")
    _clear_caches()
    yield
    _clear_caches()


def _clear_caches() -> None:
    """Clear the cached services, as in a cold start."""
    for service in (inventory, payment, notification):
        service._service.cache_clear()


def request(operation: str) -> dict[str, str]:
    return {"operation": operation, "orderId": ORDER, "executionArn": EXECUTION}


@pytest.fixture
def order(tables: OrderTables) -> None:
    tables.stock("85123A", 10)
    tables.place({"85123A": 6})


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize(("service", "operation", "status"), SERVICES)
def test_a_function_returns_only_the_status(service: ModuleType, operation: str, status: str) -> None:
    assert service.handler(request(operation), Context()) == {"status": status}


@pytest.mark.usefixtures("order")
@pytest.mark.parametrize(("service", "operation", "status"), SERVICES)
def test_a_function_logs_one_line_without_personal_data(
    service: ModuleType, operation: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(service.logger.registered_handler, "stream", log)

    service.handler(request(operation), Context())

    [line] = log.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["orderId"], entry["step"], entry["outcome"]) == (ORDER, operation, status)
    assert EMAIL not in line
    assert "pm_card_visa" not in line


@pytest.mark.parametrize(
    ("service", "operation"), [(service, operation) for service, operation, _ in SERVICES]
)
@pytest.mark.parametrize("order_id", [ORDER, "no UUID\nlevel=ERROR", None])
def test_a_function_answers_that_it_knows_of_no_such_order_and_says_so_in_its_log(
    service: ModuleType, operation: str, order_id: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(service.logger.registered_handler, "stream", log)

    answer = service.handler({**request(operation), "orderId": order_id}, Context())

    assert answer == {"status": "UNKNOWN"}
    entry = json.loads(log.getvalue())
    assert (entry["level"], entry["message"]) == ("WARNING", "the event names no order")
    assert entry["executionArn"] == EXECUTION
    assert "no UUID" not in log.getvalue()


def test_only_the_first_steps_answer_for_an_order_that_does_not_exist() -> None:
    with pytest.raises(OrderNotFound, match=ORDER):
        payment.handler(request("void"), Context())


@pytest.mark.parametrize("service", [inventory, payment, notification])
def test_a_function_refuses_an_operation_that_is_not_its_own(service: ModuleType) -> None:
    with pytest.raises(InvalidStepRequest, match="operation must be one of"):
        service.handler(request("refund"), Context())


def test_a_warm_function_keeps_its_clients() -> None:
    assert inventory._service() is inventory._service()


@pytest.mark.parametrize("service", ["inventory", "payment", "notification"])
def test_importing_a_function_needs_no_environment(service: str) -> None:
    imported = subprocess.run(  # noqa: S603  fixed arguments
        [sys.executable, "-c", f"import handlers.{service}"],
        cwd=Path(__file__).parents[2],
        env={},
        check=False,
        capture_output=True,
        text=True,
    )

    assert imported.returncode == 0, imported.stderr
