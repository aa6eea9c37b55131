"""The request of the state machine to a service: one operation on one order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from aws_lambda_powertools import Logger

from handlers.domain.errors import OrderNotFound

Operation = TypeVar("Operation", bound=StrEnum)
Handler = Callable[[dict[str, Any], Any], dict[str, str]]

# The state machine compares it.
UNKNOWN_ORDER: Final = "UNKNOWN"


class InvalidStepRequest(ValueError):  # noqa: N818  the name is what a DLQ message shows
    """The state machine and the service disagree: a retry would not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest(Generic[Operation]):
    """`execution_arn` is of the execution that asks; the step's record keeps it."""

    operation: Operation
    order_id: str
    execution_arn: str


def answers_unknown_orders(first: Operation, logger: Logger) -> Callable[[Handler], Handler]:
    """Let the `first` operation on an order return {"status": "UNKNOWN"} when there is no such order.

    Somebody else put such an event on the bus: there is nothing to retry, to park or to hold.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def answering(event: dict[str, Any], context: Any) -> dict[str, str]:
            try:
                return handler(event, context)
            except OrderNotFound:
                if event.get("operation") != first:
                    raise
                logger.append_keys(executionArn=event.get("executionArn"))
                return {"status": UNKNOWN_ORDER}

        return answering

    return decorate


def parse_step_request(event: Mapping[str, Any], operations: type[Operation]) -> StepRequest[Operation]:
    """Parse `{"operation", "orderId", "executionArn"}`; raises InvalidStepRequest or OrderNotFound."""
    return StepRequest(
        operation=_operation(_text(event, "operation"), operations),
        order_id=_order_id(event),
        execution_arn=_text(event, "executionArn"),
    )


def _text(event: Mapping[str, Any], field: str) -> str:
    value = event.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidStepRequest(f"{field} must be a text that is not empty")
    return value


def _order_id(event: Mapping[str, Any]) -> str:
    order_id = event.get("orderId")
    try:
        is_canonical = str(UUID(order_id)) == order_id
    except (AttributeError, TypeError, ValueError):
        is_canonical = False
    if not is_canonical:
        # What a stranger sent goes into no log.
        raise OrderNotFound("without a UUID")
    return str(order_id)


def _operation(name: str, operations: type[Operation]) -> Operation:
    try:
        return operations(name)
    except ValueError:
        known = ", ".join(operations)
        raise InvalidStepRequest(f"operation must be one of {known}") from None
