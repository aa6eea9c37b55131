"""Parsing the requests of the state machine."""

from typing import Any

import pytest

from handlers.api.step_request import InvalidStepRequest, parse_step_request
from handlers.domain.reservation import InventoryOperation

EVENT = {"operation": "reserve", "orderId": "order", "executionArn": "arn"}


def test_a_request_has_an_operation_an_order_and_an_execution() -> None:
    request = parse_step_request(EVENT, InventoryOperation)

    assert request.operation is InventoryOperation.RESERVE
    assert (request.order_id, request.execution_arn) == ("order", "arn")


@pytest.mark.parametrize("field", EVENT)
@pytest.mark.parametrize("value", [None, "", 7, {"S": "order"}])
def test_a_missing_or_invalid_field_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidStepRequest, match=f"^{field} "):
        parse_step_request(EVENT | {field: value}, InventoryOperation)


def test_the_error_of_an_unknown_operation_names_the_known_ones() -> None:
    with pytest.raises(InvalidStepRequest, match="reserve, release"):
        parse_step_request(EVENT | {"operation": "refund"}, InventoryOperation)
