"""Refunds at Stripe: its list says what was given back, and only the rest is refunded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from handlers.adapters.gateways.stripe_http import StripeHttp, StripeResponse
from handlers.domain.errors import GatewayUnavailable, RefundPending
from handlers.domain.payment_gateway import GatewayRejected

_REFUNDS: Final = "/v1/refunds"
# The longest page. https://docs.stripe.com/api/refunds/list
_PAGE: Final = 100
# The other statuses, `pending` and `requires_action`, are on the way. https://docs.stripe.com/api/refunds/object
_GIVEN_BACK: Final = "succeeded"
_NOT_GIVEN_BACK: Final = frozenset({"failed", "canceled"})


@dataclass(frozen=True, slots=True)
class _Refund:
    """`amount` is in Stripe's minor unit."""

    id: str
    amount: int
    status: str | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        return cls(body["id"], body["amount"], body["status"])


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeRefund:
    """The refund of one order. `amount` is all that was captured, in Stripe's minor unit.

    Stripe refuses to give back more than was captured, whatever the idempotency key is.
    https://docs.stripe.com/api/refunds/create
    """

    http: StripeHttp
    order_id: str
    intent: str
    amount: int

    def give_back(self) -> None:
        """Raises RefundPending while Stripe has not finished what covers the amount."""
        refunds = self._list()
        if not self._is_done(refunds):
            self._give_back_rest(refunds)

    def _give_back_rest(self, refunds: Sequence[_Refund]) -> None:
        for attempt in ("", "-again"):
            response = self._create(refunds, attempt)
            if response.accepted:
                self._require_done(refunds, _Refund.of(response.body))
                return
            # Somebody may have refunded by hand in between, or the call behind a stored 500 did it. The list
            # tells. Of the codes only charge_already_refunded does. https://docs.stripe.com/error-codes
            if self._was_done_meanwhile(refunds):
                return
            if not response.is_stored_failure:
                # Also a second refund to a card where one failed: the shop must pay that back in another way.
                # https://github.com/Automattic/woocommerce-payments/issues/2286
                # https://docs.stripe.com/refunds#failed-refunds
                raise response.rejection()
        raise GatewayUnavailable(f"Stripe: {response.status}, stored for a day")

    def _list(self) -> Sequence[_Refund]:
        """List the refunds of all statuses. A list shows at once what was written; only a search is late.

        https://docs.stripe.com/search#data-freshness
        """
        response = self.http.get(_REFUNDS, {"payment_intent": self.intent, "limit": str(_PAGE)})
        if not response.accepted:
            raise response.rejection()
        if response.body["has_more"]:
            raise GatewayRejected(f"Stripe: order {self.order_id} has more than {_PAGE} refunds")
        return [_Refund.of(body) for body in response.body["data"]]

    def _create(self, refunds: Sequence[_Refund], attempt: str) -> StripeResponse:
        """Refund the rest.

        Callers that saw the same list share a key. After a failed refund the list is longer, and the key new.
        """
        form = {
            "payment_intent": self.intent,
            "amount": str(self._rest(refunds)),
            "metadata[orderId]": self.order_id,
        }
        key = f"{self.order_id}:refund:{len(refunds)}{attempt}"
        return self.http.post(_REFUNDS, form, idempotency_key=key)

    def _require_done(self, refunds: Sequence[_Refund], created: _Refund) -> None:
        if not self._is_done([*refunds, created]):
            raise GatewayUnavailable(f"Stripe: the refund {created.id} is {created.status}")

    def _was_done_meanwhile(self, before: Sequence[_Refund]) -> bool:
        refunds = self._list()
        if self._is_done(refunds):
            return True
        if refunds != before:
            raise GatewayUnavailable(f"Stripe: the refunds of order {self.order_id} have changed")
        return False

    def _is_done(self, refunds: Sequence[_Refund]) -> bool:
        if _sum(refund for refund in refunds if refund.status == _GIVEN_BACK) >= self.amount:
            return True
        if self._rest(refunds) <= 0:
            on_the_way = next(refund for refund in refunds if _is_on_the_way(refund))
            raise RefundPending(self.order_id, on_the_way.id)
        return False

    def _rest(self, refunds: Sequence[_Refund]) -> int:
        return self.amount - _sum(refund for refund in refunds if refund.status not in _NOT_GIVEN_BACK)


def _is_on_the_way(refund: _Refund) -> bool:
    return refund.status != _GIVEN_BACK and refund.status not in _NOT_GIVEN_BACK


def _sum(refunds: Iterable[_Refund]) -> int:
    return sum(refund.amount for refund in refunds)
