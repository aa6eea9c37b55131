"""The interface of a payment provider."""

from dataclasses import dataclass, field
from typing import Protocol, Self

from handlers.contract.names import PaymentProvider, PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """`amount` is in the minor unit of ISO 4217; `method` is the provider's token and is never shown."""

    order_id: str
    amount: int
    currency: str
    method: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """AUTHORIZED, DECLINED or VOIDED.

    `reference` is the provider's reference of the held money, `reason` the code for a DECLINED payment.
    """

    status: PaymentStatus
    reference: str | None = None
    reason: str | None = None

    @classmethod
    def declined(cls, reason: str) -> Self:
        """Return a payment that is refused for good, with the provider's code, e.g. `insufficient_funds`."""
        return cls(status=PaymentStatus.DECLINED, reason=reason)


class GatewayRejected(Exception):  # noqa: N818  the name is what a DLQ message shows
    """Not transient: the provider finds our request or our account wrong."""


class PaymentGateway(Protocol):
    """A provider. The order id is its idempotency key: a repeated call changes nothing.

    Every method raises GatewayUnavailable when the provider gave no response (it may have acted all the
    same), and GatewayRejected when a retry can't help.
    """

    @property
    def provider(self) -> PaymentProvider: ...

    def authorize(self, request: PaymentRequest) -> Authorization:
        """Hold the amount on the customer's card.

        A refusal of this payment (by the bank, of the card, of the amount) is a result, not an error: it is
        DECLINED and has a reason.
        """

    def capture(self, request: PaymentRequest, reference: str) -> None:
        """Take the held money; raises PaymentNotAuthorized when it is not held any more."""

    def void(self, request: PaymentRequest, reference: str | None) -> None:
        """Release the held money; raises PaymentAlreadyCaptured when it was taken.

        A void is a barrier. It may arrive before the authorisation that it undoes. Then there is no
        `reference` yet. A void itself never holds money, not even for a moment. From this call on an
        authorisation of the same order returns VOIDED (or DECLINED) and holds no money.
        """

    def refund(self, request: PaymentRequest, reference: str) -> None:
        """Give the whole captured amount back; raises RefundPending until the provider has finished.

        What was given back by hand at the provider counts: only the rest is refunded. A refund that failed
        does not count, and the next call makes a new one.
        """
