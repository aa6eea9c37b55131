"""The customers of the game day: they place orders, and API Gateway's metrics are what they saw."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from devtools.gameday.samples import Metric
from orderctl.api_client import ACCEPTED, OrdersApi
from orderctl.products import ProductsTable
from orderctl.settlement import wait_while_pending
from orderctl.stack import Stack

_API: Final = "AWS/ApiGateway"
CUSTOMER: Final = "game-day"
EMAIL: Final = "game-day@example.com"
_PRODUCT: Final = "GAME-DAY"
_SETTLED_SECONDS: Final = 60
Note = Callable[[Metric, float], None]


class Shop:
    """Places orders by the API; each request is sent once, so that no failure is hidden by a retry."""

    def __init__(self, stack: Stack, note: Note) -> None:
        self._stack = stack
        self._note = note
        self._api = OrdersApi(stack, retry_seconds=0)
        self._last = 0.0
        self.order_ids: list[str] = []
        ProductsTable(stack).set(_PRODUCT, available=100_000, unit_price=255, name="Tin whistle")

    def place(self) -> str | None:
        """Place an order; return its id, None when the API did not accept it.

        5XXError is 1 for a request that failed at the server, else 0. Latency is in milliseconds.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
        """
        self._last = time.monotonic()
        response = self._api.place(
            {
                "customerId": CUSTOMER,
                "customerEmail": EMAIL,
                "paymentMethod": "pm_card_visa",
                "items": [{"productId": _PRODUCT, "quantity": 1}],
            },
            idempotency_key=str(uuid4()),
        )
        failed = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        self._note(Metric(namespace=_API, name="5XXError"), float(failed))
        self._note(Metric(namespace=_API, name="Latency"), response.seconds * 1000)
        if response.status != ACCEPTED:
            return None
        self.order_ids.append(str(response.body["orderId"]))
        return self.order_ids[-1]

    def place_every(self, seconds: float) -> Callable[[], None]:
        """Return what places an order when the last one is so long ago."""

        def place_when_due() -> None:
            if time.monotonic() - self._last >= seconds:
                self.place()

        return place_when_due

    def not_settled(self, order_ids: list[str]) -> list[str]:
        """Return the orders that are not confirmed in a minute."""
        found = wait_while_pending(self._stack, order_ids, timeout=_SETTLED_SECONDS)
        confirmed = {each.order_id for each in found if each.status == "CONFIRMED"}
        return [order_id for order_id in order_ids if order_id not in confirmed]
