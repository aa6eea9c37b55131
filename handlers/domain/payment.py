"""What the payment service records for an order, and what that allows."""

from dataclasses import dataclass
from enum import StrEnum

from handlers.contract.names import PaymentProvider, PaymentStatus
from handlers.domain.errors import PaymentAlreadyCaptured, PaymentNotAuthorized


class PaymentOperation(StrEnum):
    """A step of the order, its compensation, the step that takes the money, and what a cancellation does."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    # Of executions that run an earlier version of the workflow: it goes when none of those is left.
    VOID = "void"
    REVERSE = "reverse"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentStep:
    """The recorded decision, and the `provider` that made it: it is absent in records that are older.

    `reference` is the provider's, absent when no money was ever held; `reason` is that of a DECLINED payment;
    `amount` (minor units) is that of a REFUNDED one.
    """

    order_id: str
    status: PaymentStatus
    at: str
    execution_arn: str
    provider: PaymentProvider | None
    reference: str | None = None
    reason: str | None = None
    amount: int | None = None

    @property
    def held_reference(self) -> str:
        """Return the provider's reference of the held money; raises PaymentNotAuthorized."""
        if self.reference is None:
            raise PaymentNotAuthorized(self.order_id, self.status)
        return self.reference


def require_authorized(order_id: str, step: PaymentStep | None) -> PaymentStep:
    """Return a payment that is AUTHORIZED or CAPTURED; raises PaymentNotAuthorized."""
    if step is None or step.status not in {PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED}:
        raise PaymentNotAuthorized(order_id, step.status if step else None)
    return step


def require_not_captured(step: PaymentStep) -> PaymentStep:
    """Return a payment that is not captured; raises PaymentAlreadyCaptured."""
    if step.status is PaymentStatus.CAPTURED:
        raise PaymentAlreadyCaptured(step.order_id)
    return step
