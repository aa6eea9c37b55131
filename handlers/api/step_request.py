"""The request of the state machine to a service: one operation on one order."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

Operation = TypeVar("Operation", bound=StrEnum)


class InvalidStepRequest(ValueError):  # noqa: N818  the name is what a DLQ message shows
    """The state machine and the service disagree: a retry would not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest(Generic[Operation]):
    """`execution_arn` is of the execution that asks; the step's record keeps it."""

    operation: Operation
    order_id: str
    execution_arn: str


def parse_step_request(event: Mapping[str, Any], operations: type[Operation]) -> StepRequest[Operation]:
    """Parse `{"operation", "orderId", "executionArn"}`; raises InvalidStepRequest."""
    return StepRequest(
        operation=_operation(_text(event, "operation"), operations),
        order_id=_text(event, "orderId"),
        execution_arn=_text(event, "executionArn"),
    )


def _text(event: Mapping[str, Any], field: str) -> str:
    value = event.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidStepRequest(f"{field} must be a text that is not empty")
    return value


def _operation(name: str, operations: type[Operation]) -> Operation:
    try:
        return operations(name)
    except ValueError:
        known = ", ".join(operations)
        raise InvalidStepRequest(f"operation must be one of {known}") from None
