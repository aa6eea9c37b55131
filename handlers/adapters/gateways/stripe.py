"""Stripe: one PaymentIntent per order, created, then confirmed, and captured later."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

from handlers.adapters.aws import translated
from handlers.adapters.gateways.stripe_http import StripeHttp, StripeResponse
from handlers.adapters.gateways.stripe_refunds import StripeRefund
from handlers.contract.money import iso_decimals
from handlers.contract.names import PaymentProvider, PaymentStatus
from handlers.contract.stripe_currencies import STRIPE_DECIMALS
from handlers.domain.errors import GatewayUnavailable, PaymentAlreadyCaptured, PaymentNotAuthorized
from handlers.domain.payment_gateway import Authorization, GatewayRejected, PaymentRequest

API_URL: Final = "https://api.stripe.com"
# Two calls, which is as many as an operation usually makes, end before the Lambda's 8 s. A third one (after a
# stored 500 or a refused refund, or with a new key) may be cut off: the workflow repeats the operation.
READ_TIMEOUT_SECONDS: Final = 3.0

# The customer is not there any more to pass a 3-D Secure check.
AUTHENTICATION_REQUIRED: Final = "authentication_required"
# A saved card belongs to a Customer at Stripe, which an order does not name.
CUSTOMER_REQUIRED: Final = "customer_required"
CURRENCY_NOT_CHARGED: Final = "currency_not_supported"
AMOUNT_NOT_CHARGED: Final = "amount_not_supported"
PAYMENT_METHOD_REFUSED: Final = "payment_method_refused"
DECLINED: Final = "declined"

_KEY: Final = re.compile(r"[A-Za-z0-9_]+")
# https://docs.stripe.com/keys
_TEST_KEY: Final = re.compile(r"(sk|rk)_test_")
_INTENTS: Final = "/v1/payment_intents"
_BAD_REQUEST: Final = 400
_PAYMENT_REQUIRED: Final = 402
# https://docs.stripe.com/error-codes What is wrong with this payment, and with no other.
_CODES_OF_PAYMENT: Final = frozenset(
    {
        *("amount_too_large", "amount_too_small", "invalid_charge_amount_no_decimal_compatible"),
        *("card_decline_rate_limit_exceeded", "payment_intent_authentication_failure"),
        *("payment_intent_incompatible_payment_method", "payment_intent_payment_attempt_failed"),
        *("payment_method_customer_decline", "payment_method_provider_decline"),
        "payment_method_unexpected_state",
    }
)
# What Stripe names when the card belongs to a Customer. Seen in its responses; its documents do not say it.
_CARD_OF_CUSTOMER: Final = "source"
# The parameters that differ between payments.
_PARAMETERS_OF_PAYMENT: Final = frozenset({"amount", "payment_method", _CARD_OF_CUSTOMER})
# https://docs.stripe.com/error-codes https://docs.stripe.com/payments/without-card-authentication
_AUTHENTICATION_CODES: Final = frozenset(
    {AUTHENTICATION_REQUIRED, "payment_intent_action_required", "requires_action_not_handled"}
)
# The hold ended, even if its PaymentIntent does not show it yet. https://docs.stripe.com/error-codes
_EXPIRED_CODES: Final = frozenset({"capture_charge_authorization_expired", "charge_expired_for_capture"})


def read_secret_key(secrets_manager: Any, secret_arn: str, *, takes_money: bool) -> str:
    """Read Stripe's secret key, the whole of the secret's text; raises DependencyUnavailable.

    Where a deployment `takes_money`, a test key is refused: it would confirm orders that nobody pays.
    """
    with translated("Secrets Manager"):
        response = secrets_manager.get_secret_value(SecretId=secret_arn)
    key: str = response.get("SecretString", "").strip()
    # An HTTP header allows nothing else, and its error would quote the key.
    if not _KEY.fullmatch(key):
        raise GatewayRejected(f"the secret {secret_arn} does not hold a Stripe key")
    if takes_money and _TEST_KEY.match(key):
        raise GatewayRejected(
            f"the secret {secret_arn} holds a test key of Stripe, which takes no money: "
            "store the live key there (sk_live_ or rk_live_)"
        )
    return key


class StripeGateway:
    """Only creations (of the PaymentIntent, of a refund) have an idempotency key, that of the order.

    The other calls change one PaymentIntent, whose status allows each change once. With a key, Stripe would
    repeat a 500 for a day, even when it did what was asked. https://docs.stripe.com/error-low-level#server-errors

    Stripe keeps a key for a day at least. An order that is authorised again after that gets a second
    PaymentIntent. Only the recorded one is ever captured; the hold of the other one expires.
    https://docs.stripe.com/api/idempotent_requests
    """

    provider: ClassVar = PaymentProvider.STRIPE

    def __init__(
        self,
        read_key: Callable[[], str],
        *,
        base_url: str = API_URL,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
    ) -> None:
        self._http = StripeHttp(read_key, base_url=base_url, read_timeout_seconds=read_timeout_seconds)

    def authorize(self, request: PaymentRequest) -> Authorization:
        created = self._create(request)
        if isinstance(created, Authorization):
            return created
        # https://docs.stripe.com/payments/without-card-authentication
        form = {"error_on_requires_action": "true"}
        return _authorization(self._http.post(_path(created, "confirm"), form))

    def capture(self, request: PaymentRequest, reference: str) -> None:
        response = self._http.post(_path(reference, "capture"), {})
        if response.status == _PAYMENT_REQUIRED or response.error.get("code") in _EXPIRED_CODES:
            raise PaymentNotAuthorized(request.order_id, PaymentStatus.VOIDED)
        match _intent(response).get("status"):
            case "succeeded":
                return
            case "canceled":
                raise PaymentNotAuthorized(request.order_id, PaymentStatus.VOIDED)
            case _:
                raise response.rejection()

    def void(self, request: PaymentRequest, reference: str | None) -> None:
        # What is only created holds no money, and can't be confirmed any more when it is cancelled.
        created = reference or self._create(request)
        if isinstance(created, Authorization):
            return
        response = self._http.post(_path(created, "cancel"), {})
        match _intent(response).get("status"):
            case "canceled":
                return
            case "succeeded":
                raise PaymentAlreadyCaptured(request.order_id)
            case _:
                raise response.rejection()

    def refund(self, request: PaymentRequest, reference: str) -> None:
        amount = _amount(request)
        if isinstance(amount, Authorization):
            raise GatewayRejected(f"Stripe: no such capture of order {request.order_id}: {amount.reason}")
        StripeRefund(http=self._http, order_id=request.order_id, intent=reference, amount=amount).give_back()

    def _create(self, request: PaymentRequest) -> str | Authorization:
        """Return the id of the order's PaymentIntent, new or not, or the refusal of such a payment."""
        amount = _amount(request)
        if isinstance(amount, Authorization):
            return amount
        form = {
            "amount": str(amount),
            "currency": request.currency.lower(),
            "payment_method": request.method,
            "payment_method_types[]": "card",
            "capture_method": "manual",
            "metadata[orderId]": request.order_id,
        }
        response = self._http.post(_INTENTS, form, idempotency_key=f"{request.order_id}:create")
        if response.is_stored_failure:
            # What the first key may have created is never confirmed: another key is safe.
            response = self._http.post(_INTENTS, form, idempotency_key=f"{request.order_id}:create-again")
        if response.is_stored_failure:
            raise GatewayUnavailable(f"Stripe: {response.status}, stored for a day")
        if not response.accepted:
            return _refusal(response)
        reference: str = response.body["id"]
        return reference


def _amount(request: PaymentRequest) -> int | Authorization:
    """Return the amount in Stripe's minor unit, or the refusal of an amount that Stripe can't express."""
    decimals = STRIPE_DECIMALS.get(request.currency)
    if decimals is None:
        return Authorization.declined(CURRENCY_NOT_CHARGED)
    shift = decimals - iso_decimals(request.currency)
    if shift >= 0:
        return request.amount * int(10**shift)
    amount, rest = divmod(request.amount, int(10**-shift))
    return Authorization.declined(AMOUNT_NOT_CHARGED) if rest else amount


def _path(reference: str, *action: str) -> str:
    return "/".join([_INTENTS, quote(reference, safe=""), *action])


def _authorization(confirmed: StripeResponse) -> Authorization:
    """Tell what became of a PaymentIntent; a repeated confirmation is refused and shows it too.

    https://docs.stripe.com/payments/paymentintents/lifecycle
    """
    if not confirmed.accepted and confirmed.error.get("code") != "payment_intent_unexpected_state":
        return _refusal(confirmed)
    intent = _intent(confirmed)
    match intent.get("status"):
        case "requires_capture" | "succeeded":
            return Authorization(status=PaymentStatus.AUTHORIZED, reference=intent["id"])
        case "canceled":
            return Authorization(status=PaymentStatus.VOIDED, reference=intent["id"])
        case "requires_action":
            return Authorization.declined(AUTHENTICATION_REQUIRED)
        case "requires_payment_method":
            return Authorization.declined(_reason(intent.get("last_payment_error") or {}))
        case "processing":
            raise GatewayUnavailable("Stripe: the payment is still processing")
        case _:
            raise confirmed.rejection()


def _refusal(response: StripeResponse) -> Authorization:
    """Return DECLINED when this payment is the cause; raises GatewayRejected when the account or we are."""
    if response.status == _PAYMENT_REQUIRED or _concerns_payment(response):
        return Authorization.declined(_reason(response.error))
    raise response.rejection()


def _concerns_payment(response: StripeResponse) -> bool:
    if response.status != _BAD_REQUEST:
        return False
    code, parameter = response.error.get("code"), response.error.get("param")
    if code in _CODES_OF_PAYMENT or parameter in _PARAMETERS_OF_PAYMENT:
        return True
    # A card that was used before has neither. https://github.com/Automattic/woocommerce-payments/issues/323
    return code is None and parameter is None and "PaymentMethod" in response.error.get("message", "")


def _reason(error: Mapping[str, Any]) -> str:
    """Return the bank's reason, else Stripe's. https://docs.stripe.com/declines/codes"""
    code = error.get("code")
    if code in _AUTHENTICATION_CODES:
        return AUTHENTICATION_REQUIRED
    if error.get("param") == _CARD_OF_CUSTOMER:
        return CUSTOMER_REQUIRED
    fallback = PAYMENT_METHOD_REFUSED if error.get("type") == "invalid_request_error" else DECLINED
    return error.get("decline_code") or code or fallback


def _intent(response: StripeResponse) -> Mapping[str, Any]:
    """Return the PaymentIntent, also when Stripe refused the call because of its status."""
    intent: Mapping[str, Any] = (
        response.body if response.accepted else response.error.get("payment_intent", {})
    )
    return intent
