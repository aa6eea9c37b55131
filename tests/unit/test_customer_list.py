"""`orderctl orders --customer` with conditions that the API does not know."""

from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.contract.names import OrderStatus
from orderctl.api_client import Response
from orderctl.customer_list import MOST_LOOKED_THROUGH, CustomerList
from orderctl.errors import OperatorError

TIME = "2026-11-22T15:00:00.000Z"


class PagedApi:
    """Lists these orders, page by page."""

    def __init__(self, orders: list[dict[str, Any]]) -> None:
        self.orders = orders
        self.requests = 0

    def list_orders(self, _: str, *, limit: int, next_token: str | None = None) -> Response:
        self.requests += 1
        start = int(next_token or 0)
        page: dict[str, Any] = {"orders": self.orders[start : start + limit]}
        if start + limit < len(self.orders):
            page["nextToken"] = str(start + limit)
        return Response(status=200, headers={}, body=page, seconds=0.0)


def orders(count: int, status: str = "CONFIRMED", updated: str = TIME) -> list[dict[str, Any]]:
    return [{"orderId": str(number), "status": status, "updatedAt": updated} for number in range(count)]


def listed(api: PagedApi) -> CustomerList:
    return CustomerList(api, "cust-1")  # type: ignore[arg-type]


def test_a_list_without_conditions_reads_no_more_than_its_limit() -> None:
    api = PagedApi(orders(500))

    found = listed(api).find(150)

    assert (len(found.orders), found.more, api.requests) == (150, True, 2)


def test_orders_with_a_status_are_found_on_later_pages() -> None:
    api = PagedApi([*orders(250), *orders(1, "REJECTED"), *orders(3)])

    found = listed(api).find(20, status=OrderStatus.REJECTED)

    assert ([order["status"] for order in found.orders], found.more) == (["REJECTED"], False)


def test_only_older_orders_are_found() -> None:
    api = PagedApi([*orders(2, updated="2026-11-22T16:00:00.000Z"), *orders(1)])

    found = listed(api).find(20, before=datetime(2026, 11, 22, 15, 30, tzinfo=UTC))

    assert [order["updatedAt"] for order in found.orders] == [TIME]


def test_the_search_ends_after_a_thousand_orders() -> None:
    api = PagedApi([*orders(MOST_LOOKED_THROUGH), *orders(1, "REJECTED")])

    found = listed(api).find(20, status=OrderStatus.REJECTED)

    assert (found.orders, found.more, api.requests) == ([], True, 10)


def test_an_error_of_the_api_ends_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    api = PagedApi([])
    refused = Response(status=400, headers={}, body={"title": "Bad request"}, seconds=0.0)
    monkeypatch.setattr(api, "list_orders", lambda *_, **__: refused)

    with pytest.raises(OperatorError, match="400"):
        listed(api).find(1)
