"""Waiting for the outcome of orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from handlers.contract.names import OrderStatus
from orderctl import settlement
from orderctl.settlement import OrderState, Settlement
from tests.dynamodb_items import to_item
from tests.fakes import time_with

TIMES = {"createdAt": "2026-11-22T15:14:31.000Z", "updatedAt": "2026-11-22T15:14:33.000Z"}
GONE = EndpointConnectionError(endpoint_url="http://dynamodb/")


class FakeStack:
    """A stack whose table gives scripted answers: the status of each order, or an error."""

    orders_table = "orders"

    def __init__(self, *answers: dict[str, str] | Exception) -> None:
        self._answers = list(answers)

    def client(self, _service: str) -> "FakeStack":
        return self

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803  boto3's name
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        asked = [key["orderId"]["S"] for key in RequestItems["orders"]["Keys"]]
        items = [to_item({"orderId": id_, "status": answer[id_], **TIMES}) for id_ in asked if id_ in answer]
        return {"Responses": {"orders": items}}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between two reads, which take no time."""
    pauses: list[float] = []
    monkeypatch.setattr(settlement, "time", time_with(pauses.append))
    return pauses


def known(found: Settlement) -> dict[str, str]:
    return {state.order_id: state.status for state in found.states}


def settling(*answers: dict[str, str] | Exception) -> Settlement:
    return Settlement(FakeStack(*answers), ["a", "b"])  # type: ignore[arg-type]


def test_the_wait_ends_when_no_order_is_pending(pauses: list[float]) -> None:
    waited = settling({"a": "PENDING", "b": "CONFIRMED"}, {"a": "ON_HOLD"})
    progress: list[int] = []

    waited.wait(timeout=60, on_progress=progress.append)

    assert known(waited) == {"a": "ON_HOLD", "b": "CONFIRMED"}
    assert progress == [1, 2]
    assert len(pauses) == 1


def test_a_table_that_does_not_respond_is_read_again() -> None:
    waited = settling({"a": "PENDING", "b": "CONFIRMED"}, GONE, {"a": "CONFIRMED"})

    waited.wait(timeout=60, retry_seconds=60)

    assert known(waited) == {"a": "CONFIRMED", "b": "CONFIRMED"}


@pytest.mark.parametrize(
    "error", [GONE, ClientError({"Error": {"Code": "ExpiredTokenException"}}, "BatchGetItem")]
)
def test_what_is_known_stays_known_when_the_table_can_not_be_read(error: Exception) -> None:
    waited = settling({"a": "PENDING", "b": "CONFIRMED"}, error)

    with pytest.raises(type(error)):
        waited.wait(timeout=60, retry_seconds=-1)

    assert known(waited) == {"a": "PENDING", "b": "CONFIRMED"}


def test_a_wait_can_be_for_something_else_than_the_end_of_pending() -> None:
    stack = FakeStack({"a": "ON_HOLD", "b": "CANCELLED"}, {"a": "CANCELLED"})
    waited = Settlement(
        stack,  # type: ignore[arg-type]
        ["a", "b"],
        pending=lambda state: state.status != "CANCELLED",
    )

    waited.wait(timeout=60)

    assert known(waited) == {"a": "CANCELLED", "b": "CANCELLED"}


@pytest.mark.parametrize("timeout", [0, float("nan")])
def test_a_wait_without_time_reads_once(timeout: float, pauses: list[float]) -> None:
    waited = settling({"a": "PENDING"})

    waited.wait(timeout=timeout)

    assert known(waited) == {"a": "PENDING"}
    assert pauses == []


def test_an_order_that_was_announced_again_took_until_it_was_settled_first() -> None:
    placed = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    state = OrderState(
        order_id="a",
        status=OrderStatus.CONFIRMED,
        reason="",
        created_at=placed,
        settled_at=placed + timedelta(seconds=2),
        updated_at=placed + timedelta(hours=3),
    )

    assert state.seconds == 2
    assert replace(state, settled_at=None).seconds == 3 * 3600
