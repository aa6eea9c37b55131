"""The orders of one customer, as the API lists them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from handlers.contract.names import OrderStatus
from orderctl.api_client import OK, OrdersApi, problem

_MAX_PAGE: Final = 100
# With a condition that the API does not know.
MOST_LOOKED_THROUGH: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOrders:
    """Orders as the API summarises them; `more` tells that others were not looked at."""

    orders: Sequence[dict[str, Any]]
    more: bool


class CustomerList:
    """The customer's list, newest first."""

    def __init__(self, api: OrdersApi, customer_id: str) -> None:
        self._api = api
        self._customer_id = customer_id

    def find(
        self, limit: int, *, status: OrderStatus | None = None, before: datetime | None = None
    ) -> FoundOrders:
        """Read as many pages as `limit` orders take: with this status, and unchanged since before a time."""
        found: list[dict[str, Any]] = []
        looked_at = 0
        conditions = status is not None or before is not None
        for page, more in self._pages(_MAX_PAGE if conditions else min(_MAX_PAGE, limit)):
            looked_at += len(page)
            found += [order for order in page if _fits(order, status, before)]
            enough = len(found) >= limit or (conditions and looked_at >= MOST_LOOKED_THROUGH)
            if enough or not more:
                return FoundOrders(orders=found[:limit], more=more or len(found) > limit)
        return FoundOrders(orders=found, more=False)

    def _pages(self, size: int) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """Yield each page, and whether there is another one."""
        token = None
        while True:
            response = self._api.list_orders(self._customer_id, limit=size, next_token=token)
            if response.status != OK:
                raise problem(response)
            token = response.body.get("nextToken")
            yield response.body["orders"], bool(token)
            if not token:
                return


def _fits(order: dict[str, Any], status: OrderStatus | None, before: datetime | None) -> bool:
    return (status is None or order["status"] == status) and (
        before is None or datetime.fromisoformat(order["updatedAt"]) < before
    )
