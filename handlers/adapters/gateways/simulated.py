"""A payment provider that holds no money: the token decides, nothing is remembered."""

from typing import Final
from uuid import NAMESPACE_URL, uuid5

from handlers.contract.names import PaymentStatus
from handlers.domain.errors import GatewayUnavailable
from handlers.domain.payment_gateway import Authorization, PaymentRequest

DECLINED_TOKEN: Final = "pm_card_declined"  # noqa: S105  a test card's name, no password
OUTAGE_TOKEN: Final = "pm_gateway_down"  # noqa: S105  as above


class SimulatedGateway:
    """Any token is authorised but the two above.

    It can't tell an authorisation that comes after a void. No money is held by it, and the order's
    record, where the first decision stays, answers VOIDED all the same.
    """

    def authorize(self, request: PaymentRequest) -> Authorization:
        if request.method == OUTAGE_TOKEN:
            raise GatewayUnavailable("the simulated payment provider is down for this token")
        if request.method == DECLINED_TOKEN:
            return Authorization(status=PaymentStatus.DECLINED)
        return Authorization(status=PaymentStatus.AUTHORIZED, reference=_reference(request.order_id))

    def capture(self, request: PaymentRequest, reference: str) -> None:
        """Nothing is held, so nothing is taken."""

    def void(self, request: PaymentRequest, reference: str | None) -> None:
        """Nothing is held, so nothing is let go."""


def _reference(order_id: str) -> str:
    return f"sim_{uuid5(NAMESPACE_URL, order_id).hex}"
