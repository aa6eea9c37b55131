"""Fixtures of the adapters' tests."""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest

from handlers import orders
from handlers.adapters import aws
from orderctl.dlq.redrive import Redrive
from tests.fakes import InterruptedClient
from tests.order_tables import OrderTables
from tests.orders_api import Break, BusListener, Interrupt, Logs, OrdersApi, deployed


@pytest.fixture(autouse=True)
def _redrives_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no redrive sleep until the next second; the tests of that wait have clocks of their own."""
    monkeypatch.setitem(Redrive.__init__.__kwdefaults__, "sleep", lambda _: None)


@pytest.fixture
def tables(dev_template: dict[str, Any]) -> Iterator[OrderTables]:
    with OrderTables.in_moto(dev_template) as tables:
        yield tables


@pytest.fixture
def bus(tables: OrderTables) -> Iterator[BusListener]:
    """The orders function with its tables and its bus; 100 of one product are in stock."""
    with deployed(tables) as bus:
        tables.stock("85123A", 100)
        yield bus


@pytest.fixture
def api(bus: BusListener) -> OrdersApi:  # noqa: ARG001  what the function needs
    return OrdersApi()


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    stream = StringIO()
    monkeypatch.setattr(orders.logger.registered_handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Interrupt:
    """Run an action before the first call of a method of a service's client."""

    def interrupt(service: str, method: str, action: Callable[[], Any]) -> None:
        interrupted = InterruptedClient(aws.client(service), method, action)
        monkeypatch.setattr(
            orders, "client", lambda name: interrupted if name == service else aws.client(name)
        )

    return interrupt


@pytest.fixture
def break_once(interrupt: Interrupt) -> Break:
    def break_once(service: str, method: str, error: Exception) -> None:
        def action() -> None:
            raise error

        interrupt(service, method, action)

    return break_once
