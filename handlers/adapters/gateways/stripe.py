"""Stripe: one PaymentIntent per order, confirmed at once and captured later."""

import re
from typing import Any, Final
from urllib.parse import quote

from handlers.adapters.aws import translated
from handlers.adapters.gateways.stripe_http import StripeHttp, StripeResponse
from handlers.contract.names import PaymentStatus
from handlers.domain.errors import PaymentAlreadyCaptured, PaymentNotAuthorized
from handlers.domain.payment_gateway import Authorization, GatewayRejected, PaymentRequest

API_URL: Final = "https://api.stripe.com"
# Two calls, which is as many as an operation makes, end before the Lambda's 8 s.
READ_TIMEOUT_SECONDS: Final = 3.0

_KEY: Final = re.compile(r"[A-Za-z0-9_]+")
_INTENTS: Final = "/v1/payment_intents"
_PAYMENT_REQUIRED: Final = 402
# https://docs.stripe.com/payments/paymentintents/lifecycle
_STATUS_OF_INTENT: Final = {
    "requires_capture": PaymentStatus.AUTHORIZED,
    "succeeded": PaymentStatus.AUTHORIZED,
    "canceled": PaymentStatus.VOIDED,
}


def read_secret_key(secrets_manager: Any, secret_arn: str) -> str:
    """Read Stripe's secret key, the whole of the secret's text; raises DependencyUnavailable."""
    with translated("Secrets Manager"):
        response = secrets_manager.get_secret_value(SecretId=secret_arn)
    key: str = response.get("SecretString", "").strip()
    # An HTTP header allows nothing else, and its error would quote the key.
    if not _KEY.fullmatch(key):
        raise GatewayRejected(f"the secret {secret_arn} does not hold a Stripe key")
    return key


class StripeGateway:
    """Stripe keeps an idempotency key for a day at least, and repeats even a 500 for that long.

    An order that is authorised again after that gets a second PaymentIntent. Only the recorded one is
    ever captured; the hold of the other one expires.
    https://docs.stripe.com/api/idempotent_requests
    """

    def __init__(
        self, secret_key: str, *, base_url: str = API_URL, read_timeout_seconds: float = READ_TIMEOUT_SECONDS
    ) -> None:
        self._http = StripeHttp(secret_key, base_url=base_url, read_timeout_seconds=read_timeout_seconds)

    def authorize(self, request: PaymentRequest) -> Authorization:
        response = self._create(request)
        if _is_declined(response):
            return Authorization(status=PaymentStatus.DECLINED)
        if response.replayed:
            response = self._http.get(_path(response.body["id"]))
        if not response.accepted or response.body["status"] not in _STATUS_OF_INTENT:
            raise response.rejection()
        return Authorization(status=_STATUS_OF_INTENT[response.body["status"]], reference=response.body["id"])

    def capture(self, request: PaymentRequest, reference: str) -> None:
        response = self._http.post(
            _path(reference, "capture"), {}, idempotency_key=f"{request.order_id}:capture"
        )
        match _status_after(response):
            case "succeeded":
                return
            case "canceled":
                raise PaymentNotAuthorized(request.order_id, PaymentStatus.VOIDED)
            case _:
                raise response.rejection()

    def void(self, request: PaymentRequest, reference: str | None) -> None:
        if reference is None:
            response = self._create(request)
            if _is_declined(response):
                return
            reference = response.body["id"]
        self._cancel(request.order_id, reference)

    def _cancel(self, order_id: str, reference: str) -> None:
        response = self._http.post(_path(reference, "cancel"), {}, idempotency_key=f"{order_id}:void")
        match _status_after(response):
            case "canceled":
                return
            case "succeeded":
                raise PaymentAlreadyCaptured(order_id)
            case _:
                raise response.rejection()

    def _create(self, request: PaymentRequest) -> StripeResponse:
        """Create the order's PaymentIntent, or return the first response to this idempotency key."""
        form = {
            "amount": str(request.amount),
            "currency": request.currency.lower(),
            "payment_method": request.method,
            "payment_method_types[]": "card",
            "capture_method": "manual",
            "confirm": "true",
            # The customer is not there any more to pass a 3-D Secure check.
            "error_on_requires_action": "true",
            "metadata[orderId]": request.order_id,
        }
        response = self._http.post(_INTENTS, form, idempotency_key=f"{request.order_id}:authorize")
        if not response.accepted and not _is_declined(response):
            raise response.rejection()
        return response


def _path(reference: str, *action: str) -> str:
    return "/".join([_INTENTS, quote(reference, safe=""), *action])


def _is_declined(response: StripeResponse) -> bool:
    """Tell whether the customer's payment method is the cause: refused, unknown or used up."""
    return response.status == _PAYMENT_REQUIRED or response.error.get("param") == "payment_method"


def _status_after(response: StripeResponse) -> str | None:
    """Return the status of the PaymentIntent, also when Stripe refused the call because of it."""
    intent = response.body if response.accepted else response.error.get("payment_intent", {})
    status: str | None = intent.get("status")
    return status
