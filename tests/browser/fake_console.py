"""The console with made-up orders instead of a stack."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import uvicorn

from handlers.contract.clock import rfc3339
from handlers.contract.names import OpenKind
from orderctl.console.app import console_app
from orderctl.console.context import Console
from orderctl.console.guard import Access
from orderctl.console.order_feed import FeedOrder
from orderctl.stack import QUEUES, Stack
from tests.waiting import eventually

HOSTILE: Final = "<img src=x onerror=alert(1)>"
_NEWEST: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
_STATUSES: Final = ("CONFIRMED", "CONFIRMED", "CONFIRMED", "REJECTED", "CANCELLED")
_STACK: Final = Stack(
    endpoint_url="http://127.0.0.1:9",
    region="us-east-1",
    api_url="http://127.0.0.1:9/",
    api_key="key",
    console_url=None,
    state_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:orders",
    orders_table="orders",
    inventory_table="inventory",
    bus_name="orders",
    dlq_urls={queue: f"http://127.0.0.1:9/{queue}" for queue in QUEUES},
)


def made_up(number: int, *, status: str = "", customer: str = "") -> FeedOrder:
    """Make an order; a higher number is newer, by a second."""
    created = rfc3339(_NEWEST + timedelta(seconds=number))
    status = status or _STATUSES[number % len(_STATUSES)]
    is_open = status in ("PENDING", "ON_HOLD")
    return FeedOrder(
        order_id=str(UUID(int=10**30 + number)),
        customer_id=customer or f"cust-{number % 97}",
        status=status,
        reason={"REJECTED": "OUT_OF_STOCK", "ON_HOLD": "payment"}.get(status, ""),
        amount=255 + number % 5000,
        currency="USD",
        created_at=created,
        updated_at=created,
        settled_at="" if is_open else rfc3339(_NEWEST + timedelta(seconds=number + 4)),
        open_kind={"PENDING": OpenKind.IN_PROGRESS, "ON_HOLD": OpenKind.WAITING}.get(status, ""),
        since=created if is_open else "",
        is_to_be_cancelled=False,
    )


class FakeFeed:
    """Orders that a test puts there."""

    def __init__(self, orders: Iterable[FeedOrder]) -> None:
        self._changed: dict[str, int] = {}
        self._orders = {order.order_id: order for order in orders}
        self.version = 0
        self.epoch = 0

    def orders(self) -> list[FeedOrder]:
        found = list(self._orders.values())
        return sorted(found, key=lambda order: (order.created_at, order.order_id), reverse=True)

    def get(self, order_id: str) -> FeedOrder | None:
        return self._orders.get(order_id)

    def changed_since(self, version: int) -> list[FeedOrder]:
        return [self._orders[order_id] for order_id, at in list(self._changed.items()) if at > version]

    def put(self, *orders: FeedOrder) -> None:
        for order in orders:
            self._orders[order.order_id] = order
            self._changed[order.order_id] = self.version + 1
        self.version += 1

    def change(self, order: FeedOrder, status: str) -> None:
        self.put(replace(order, status=status))


class FakeLive:
    """What pages follow, without a thread and without AWS."""

    def __init__(self, feed: FakeFeed) -> None:
        self.feed = feed
        self.problem = ""
        self.dead_letters = 0
        self.is_stopped = False
        self.queues: dict[str, Any] = {}

    def start(self) -> None:
        pass

    def stop(self) -> None:
        self.is_stopped = True

    def up_to_date(self) -> None:
        pass

    @contextmanager
    def watched(self) -> Iterator[None]:
        yield


class FakeConsole:
    """A console that is served, at `address`."""

    def __init__(self, orders: int) -> None:
        self.orders = [made_up(number) for number in range(orders)]
        self.feed = FakeFeed(self.orders)
        self.live = FakeLive(self.feed)
        self.address = ""

    @contextmanager
    def served(self) -> Iterator["FakeConsole"]:
        config = uvicorn.Config(
            lambda: None, port=0, log_level="warning", access_log=False, timeout_graceful_shutdown=1
        )
        listener = config.bind_socket()
        access = Access(port=listener.getsockname()[1])
        console = Console(
            stack=_STACK,
            name="OrderProcessing-local",
            options="",
            access=access,
            live=cast("Any", self.live),
        )
        config.app = console_app(console)
        server = uvicorn.Server(config)
        self.address = access.address
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        eventually(lambda: server.started, "the start of the console")
        yield self
        server.should_exit = True
        thread.join()
