"""What the payment service asks of a payment provider."""

from dataclasses import dataclass, field
from typing import Protocol

from handlers.contract.names import PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """`amount` is in the currency's minor unit; `method` is the provider's token, shown nowhere."""

    order_id: str
    amount: int
    currency: str
    method: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """AUTHORIZED, DECLINED or VOIDED; `reference` is the provider's name for the money that is held."""

    status: PaymentStatus
    reference: str | None = None


class GatewayRejected(Exception):  # noqa: N818  the name is what a DLQ message shows
    """Not transient: the provider finds our request or our account wrong."""


class PaymentGateway(Protocol):
    """A provider, which knows a payment by its order id: asking again does nothing again.

    Every method raises GatewayUnavailable when the provider gave no answer (it may have acted all the
    same), and GatewayRejected when asking again can't help.
    """

    def authorize(self, request: PaymentRequest) -> Authorization:
        """Hold the amount on the customer's card; a refusal by the bank is an answer, not an error."""

    def capture(self, request: PaymentRequest, reference: str) -> None:
        """Take the money that is held; raises PaymentNotAuthorized when it is held no longer."""

    def void(self, request: PaymentRequest, reference: str | None) -> None:
        """Let go of what is held; raises PaymentAlreadyCaptured when the money was taken.

        A void is a barrier. It may overtake the authorisation that it is to undo: then there is no
        `reference` yet, and from this call on an authorisation of the same order comes back VOIDED (or
        DECLINED), and holds no money.
        """
