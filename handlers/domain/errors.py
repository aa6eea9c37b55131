"""What can go wrong, in domain words. The state machine retries the transient ones by class name."""

from collections.abc import Sequence
from dataclasses import dataclass


class DependencyUnavailable(Exception):  # noqa: N818  the name is what Retry matches in the state machine
    """Transient: a service that we call is throttling, failing or too slow."""


class GatewayUnavailable(DependencyUnavailable):
    """Transient: the payment provider can't be reached or can't answer."""


class NotificationInProgress(Exception):  # noqa: N818  as above
    """Transient: another execution of the same order is sending this very notification."""


class OrderNotFound(Exception):  # noqa: N818  as above
    """There is no order with this id: the event is not from this system, or the order was deleted."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id} is not in the Orders table")


class PaymentNotAuthorized(Exception):  # noqa: N818  as above
    """Capture was asked for an order that holds no authorisation."""

    def __init__(self, order_id: str, status: str | None) -> None:
        super().__init__(
            f"order {order_id} has no authorisation to capture: its payment is {status or 'absent'}"
        )


class PaymentAlreadyCaptured(Exception):  # noqa: N818  as above
    """Void was asked for money that has been taken: only a refund, decided by a person, can undo that."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"the payment of order {order_id} is captured and can only be refunded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """`pointer` (RFC 6901) names the place in the request's body; `detail` never repeats what stood there."""

    pointer: str
    detail: str


class InvalidRequest(Exception):  # noqa: N818  domain words, as above
    """The client has to ask differently; `violations` are all that is wrong with the body."""

    def __init__(self, detail: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(detail)
        self.violations = tuple(violations)


class UnknownProducts(Exception):  # noqa: N818  as above
    """The order asks for products that the catalogue has no price for; `violations` name each one."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(f"{len(violations)} products are not in the catalogue")
        self.violations = tuple(violations)


class IdempotencyKeyReused(Exception):  # noqa: N818  as above
    """The idempotency key was used before, for another order."""
