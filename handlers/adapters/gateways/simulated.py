"""A simulated payment provider: the token decides, and nothing is remembered."""

from typing import ClassVar, Final
from uuid import NAMESPACE_URL, uuid5

from handlers.contract.names import PaymentProvider, PaymentStatus
from handlers.domain.errors import GatewayUnavailable
from handlers.domain.payment_gateway import Authorization, PaymentRequest

DECLINED_TOKEN: Final = "pm_card_declined"  # noqa: S105  a test card's name, no password
DECLINED_REASON: Final = "card_declined"
OUTAGE_TOKEN: Final = "pm_gateway_down"  # noqa: S105  as above


class SimulatedGateway:
    """Authorises any token but the two above.

    It does not notice that an authorisation comes after a void. It holds no money, and the order's record
    keeps the first decision, VOIDED.
    """

    provider: ClassVar = PaymentProvider.SIMULATED

    def authorize(self, request: PaymentRequest) -> Authorization:
        if request.method == OUTAGE_TOKEN:
            raise GatewayUnavailable("the simulated payment provider is down for this token")
        if request.method == DECLINED_TOKEN:
            return Authorization.declined(DECLINED_REASON)
        return Authorization(status=PaymentStatus.AUTHORIZED, reference=_reference(request.order_id))

    def capture(self, request: PaymentRequest, reference: str) -> None:
        """Nothing is held, so nothing is taken."""

    def void(self, request: PaymentRequest, reference: str | None) -> None:
        """Nothing is held, so nothing is released."""

    def refund(self, request: PaymentRequest, reference: str) -> None:
        """Nothing was taken, so nothing is given back."""


def _reference(order_id: str) -> str:
    return f"sim_{uuid5(NAMESPACE_URL, order_id).hex}"
