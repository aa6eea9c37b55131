"""Errors in domain words. The state machine retries the transient ones by class name."""

from collections.abc import Mapping


class DependencyUnavailable(Exception):  # noqa: N818  the name is what Retry matches in the state machine
    """Transient: a service that we call is throttling, failing or too slow."""


class GatewayUnavailable(DependencyUnavailable):
    """Transient: the payment provider can't be reached or can't respond."""


class NotificationInProgress(Exception):  # noqa: N818  as above
    """Transient: another execution of the order is sending the same notification right now."""


class NotificationRefused(Exception):  # noqa: N818  as above
    """Permanent: the topic can't take the message. An operator mends that; a redrive then sends it."""


class OrderNotFound(Exception):  # noqa: N818  as above
    """There is no order with this id. The event is not from this system, or the order was deleted."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id} is not in the Orders table")


class PaymentNotAuthorized(Exception):  # noqa: N818  as above
    """A capture was requested, but the order has no authorisation."""

    def __init__(self, order_id: str, status: str | None) -> None:
        super().__init__(
            f"order {order_id} has no authorisation to capture: its payment is {status or 'absent'}"
        )


class CancellationRequested(Exception):  # noqa: N818  as above
    """Somebody asked to cancel the order: nothing may be captured any more."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id} is being cancelled")


class PaymentAlreadyCaptured(Exception):  # noqa: N818  as above
    """A void was requested, but the money is captured. Only a refund can undo that."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"the payment of order {order_id} is captured and can only be refunded")


class RefundPending(Exception):  # noqa: N818  as above
    """Not transient: the provider accepted the refund, which takes hours or days. A redrive finishes it."""

    def __init__(self, order_id: str, refund_id: str) -> None:
        super().__init__(
            f"the refund {refund_id} of order {order_id} is not finished: "
            "redrive this message when the provider shows it as done"
        )


class NotCancellable(Exception):  # noqa: N818  as above
    """The order can't be cancelled; the message says why, in words for the client."""


class CancelLater(Exception):  # noqa: N818  as above
    """The order was confirmed a moment ago, and the customer is being told so: it can be cancelled soon."""


class UnknownProducts(Exception):  # noqa: N818  as above
    """The order asks for products without a price; `product_ids` has each by its position in the order."""

    def __init__(self, product_ids: Mapping[int, str]) -> None:
        super().__init__(f"{len(product_ids)} products are not in the catalogue")
        self.product_ids = product_ids


class IdempotencyKeyReused(Exception):  # noqa: N818  as above
    """The idempotency key was used before, with another body."""
