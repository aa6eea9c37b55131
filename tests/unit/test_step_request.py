"""Parsing the requests of the state machine."""

from typing import Any

import pytest

from handlers.api.step_request import InvalidStepRequest, parse_step_request
from handlers.domain.errors import OrderNotFound
from handlers.domain.reservation import InventoryOperation

ORDER = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
EVENT = {"operation": "reserve", "orderId": ORDER, "executionArn": "arn"}


def test_a_request_has_an_operation_an_order_and_an_execution() -> None:
    request = parse_step_request(EVENT, InventoryOperation)

    assert request.operation is InventoryOperation.RESERVE
    assert (request.order_id, request.execution_arn) == (ORDER, "arn")


@pytest.mark.parametrize("field", ["operation", "executionArn"])
@pytest.mark.parametrize("value", [None, "", 7, {"S": "order"}])
def test_a_missing_or_invalid_field_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidStepRequest, match=f"^{field} "):
        parse_step_request(EVENT | {field: value}, InventoryOperation)


@pytest.mark.parametrize(
    "order_id",
    [
        *("order", ORDER.upper(), f"{{{ORDER}}}", ORDER.replace("-", ""), ORDER + "\n"),
        *("", None, 7, {"S": ORDER}, [ORDER]),
    ],
)
def test_an_order_id_is_a_uuid_in_the_form_in_which_it_is_stored(order_id: object) -> None:
    with pytest.raises(OrderNotFound, match="order without a UUID"):
        parse_step_request(EVENT | {"orderId": order_id}, InventoryOperation)


def test_the_error_of_an_unknown_operation_names_the_known_ones() -> None:
    with pytest.raises(InvalidStepRequest, match="reserve, release"):
        parse_step_request(EVENT | {"operation": "refund"}, InventoryOperation)
