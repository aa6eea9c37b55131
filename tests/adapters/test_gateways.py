"""The contract of all payment providers, and Stripe against a fake of its HTTP API."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from moto import mock_aws

from handlers.adapters.gateways.choice import payment_gateway
from handlers.adapters.gateways.simulated import SimulatedGateway
from handlers.adapters.gateways.stripe import StripeGateway, read_secret_key
from handlers.domain.errors import (
    GatewayUnavailable,
    PaymentAlreadyCaptured,
    PaymentNotAuthorized,
    RefundPending,
)
from handlers.domain.payment_gateway import (
    Authorization,
    GatewayRejected,
    PaymentGateway,
    PaymentRequest,
)
from tests.fake_stripe import SECRET_KEY, FakeStripe, error, fake_stripe
from tests.fakes import LedgerGateway
from tests.moto_clients import client
from tests.order_tables import ORDER
from tests.waiting import TIMEOUT_SECONDS

REFUND = ("POST", "/v1/refunds")
NO_REFUNDS = (200, {"object": "list", "data": [], "has_more": False})


def payment(
    method: str = "pm_card_visa", *, order_id: str = ORDER, amount: int = 1530, currency: str = "USD"
) -> PaymentRequest:
    return PaymentRequest(order_id=order_id, amount=amount, currency=currency, method=method)


def key() -> str:
    return SECRET_KEY


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    with fake_stripe() as stripe:
        yield stripe


@pytest.fixture
def stripe_gateway(stripe: FakeStripe) -> StripeGateway:
    return StripeGateway(key, base_url=stripe.url, read_timeout_seconds=TIMEOUT_SECONDS)


@pytest.fixture(params=["simulated", "stripe", "ledger"])
def gateway(request: pytest.FixtureRequest) -> PaymentGateway:
    return _gateway(request)


@pytest.fixture(params=["stripe", "ledger"])
def stateful_gateway(request: pytest.FixtureRequest) -> PaymentGateway:
    """A provider that stores payments; the simulated one stores nothing."""
    return _gateway(request)


def _gateway(request: pytest.FixtureRequest) -> PaymentGateway:
    if request.param == "stripe":
        stripe_gateway: StripeGateway = request.getfixturevalue("stripe_gateway")
        return stripe_gateway
    return SimulatedGateway() if request.param == "simulated" else LedgerGateway()


def authorized(gateway: PaymentGateway, request: PaymentRequest) -> str:
    reference = gateway.authorize(request).reference
    assert reference is not None
    return reference


def captured(gateway: PaymentGateway, request: PaymentRequest) -> str:
    reference = authorized(gateway, request)
    gateway.capture(request, reference)
    return reference


def refund_keys(stripe: FakeStripe) -> list[str | None]:
    return [call.idempotency_key for call in stripe.calls if (call.method, call.path) == REFUND]


def given_back(stripe: FakeStripe) -> list[int]:
    return [refund["amount"] for refund in stripe.refunds.values() if refund["status"] == "succeeded"]


def test_a_good_card_is_authorised(gateway: PaymentGateway) -> None:
    assert gateway.authorize(payment()).status == "AUTHORIZED"


def test_a_declined_card_has_a_reason_and_no_reference(gateway: PaymentGateway) -> None:
    authorization = gateway.authorize(payment("pm_card_declined"))

    assert authorization.status == "DECLINED"
    assert authorization.reason
    assert authorization.reference is None


def test_a_good_card_has_a_reference_and_no_reason(gateway: PaymentGateway) -> None:
    authorization = gateway.authorize(payment())

    assert authorization.reference
    assert authorization.reason is None


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_declined"])
def test_a_repeated_authorisation_has_the_same_result(gateway: PaymentGateway, method: str) -> None:
    assert gateway.authorize(payment(method)) == gateway.authorize(payment(method))


def test_each_order_has_its_own_reference(gateway: PaymentGateway) -> None:
    first, second = authorized(gateway, payment()), authorized(gateway, payment(order_id="other"))

    assert first != second


def test_an_authorised_payment_can_be_captured_repeatedly(gateway: PaymentGateway) -> None:
    reference = authorized(gateway, payment())

    gateway.capture(payment(), reference)
    gateway.capture(payment(), reference)


def test_an_authorised_payment_can_be_voided_repeatedly(gateway: PaymentGateway) -> None:
    reference = authorized(gateway, payment())

    gateway.void(payment(), reference)
    gateway.void(payment(), reference)


def test_a_void_needs_no_reference(gateway: PaymentGateway) -> None:
    gateway.void(payment(), None)
    gateway.void(payment(), None)


def test_a_declined_payment_can_be_voided_without_reference(gateway: PaymentGateway) -> None:
    gateway.authorize(payment("pm_card_declined"))

    gateway.void(payment("pm_card_declined"), None)


def test_an_authorisation_after_a_void_is_voided(stateful_gateway: PaymentGateway) -> None:
    stateful_gateway.void(payment(), None)

    assert stateful_gateway.authorize(payment()).status == "VOIDED"


def test_an_authorisation_that_is_repeated_after_its_void_is_voided(
    stateful_gateway: PaymentGateway,
) -> None:
    stateful_gateway.void(payment(), authorized(stateful_gateway, payment()))

    assert stateful_gateway.authorize(payment()).status == "VOIDED"


def test_a_void_without_reference_releases_the_hold(stateful_gateway: PaymentGateway) -> None:
    reference = authorized(stateful_gateway, payment())
    stateful_gateway.void(payment(), None)

    with pytest.raises(PaymentNotAuthorized):
        stateful_gateway.capture(payment(), reference)


@pytest.mark.parametrize("with_reference", [True, False])
def test_a_captured_payment_is_not_voided(stateful_gateway: PaymentGateway, *, with_reference: bool) -> None:
    reference = authorized(stateful_gateway, payment())
    stateful_gateway.capture(payment(), reference)

    with pytest.raises(PaymentAlreadyCaptured, match=ORDER):
        stateful_gateway.void(payment(), reference if with_reference else None)


def test_a_voided_payment_is_not_captured(stateful_gateway: PaymentGateway) -> None:
    reference = authorized(stateful_gateway, payment())
    stateful_gateway.void(payment(), reference)

    with pytest.raises(PaymentNotAuthorized, match=ORDER):
        stateful_gateway.capture(payment(), reference)


def test_a_captured_payment_can_be_refunded_repeatedly(gateway: PaymentGateway) -> None:
    reference = captured(gateway, payment())

    gateway.refund(payment(), reference)
    gateway.refund(payment(), reference)


def test_a_refunded_payment_is_not_voided(stateful_gateway: PaymentGateway) -> None:
    reference = captured(stateful_gateway, payment())
    stateful_gateway.refund(payment(), reference)

    with pytest.raises(PaymentAlreadyCaptured, match=ORDER):
        stateful_gateway.void(payment(), reference)


def test_every_authorisation_fails_in_the_simulated_outage() -> None:
    gateway = SimulatedGateway()

    for _ in range(2):
        with pytest.raises(GatewayUnavailable):
            gateway.authorize(payment("pm_gateway_down"))
    gateway.void(payment("pm_gateway_down"), None)


def test_stripe_holds_the_amount_for_a_later_capture(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = authorized(stripe_gateway, payment())

    intent = stripe.intents[reference]
    assert (intent["amount"], intent["currency"]) == ("1530", "usd")
    assert intent["capture_method"] == "manual"
    assert intent["metadata[orderId]"] == ORDER
    assert intent["status"] == "requires_capture"


def test_a_payment_intent_is_created_with_the_key_of_its_order_and_changed_without_one(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = authorized(stripe_gateway, payment())
    stripe_gateway.capture(payment(), reference)
    stripe_gateway.void(payment(order_id="other"), None)

    assert [(call.path.split("/")[-1], call.idempotency_key) for call in stripe.calls] == [
        ("payment_intents", f"{ORDER}:create"),
        ("confirm", None),
        ("capture", None),
        ("payment_intents", "other:create"),
        ("cancel", None),
    ]
    assert all(call.api_version for call in stripe.calls)


def test_a_repeated_authorisation_makes_one_payment_intent(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    stripe_gateway.authorize(payment())
    stripe_gateway.authorize(payment())

    assert len(stripe.intents) == 1


@pytest.mark.parametrize("before_the_loss", [0, 1], ids=["of the creation", "of the confirmation"])
@pytest.mark.parametrize(
    ("method", "status"), [("pm_card_visa", "AUTHORIZED"), ("pm_card_declined", "DECLINED")]
)
def test_an_authorisation_whose_response_was_lost_is_found_by_a_retry(
    stripe: FakeStripe, stripe_gateway: StripeGateway, method: str, status: str, before_the_loss: int
) -> None:
    stripe.responses_before_a_loss = before_the_loss

    with pytest.raises(GatewayUnavailable):
        stripe_gateway.authorize(payment(method))

    authorization = stripe_gateway.authorize(payment(method))
    assert (authorization.status, len(stripe.intents)) == (status, 1)
    assert authorization.reason == ("generic_decline" if status == "DECLINED" else None)


def test_a_void_without_reference_confirms_nothing(stripe: FakeStripe, stripe_gateway: StripeGateway) -> None:
    stripe_gateway.void(payment(), None)

    assert [intent["status"] for intent in stripe.intents.values()] == ["canceled"]
    assert not [call for call in stripe.calls if "confirm" in call.path or "confirm" in call.form]


@pytest.mark.parametrize("before_the_loss", [0, 1], ids=["of the creation", "of the cancellation"])
def test_a_void_without_reference_whose_response_was_lost_can_be_repeated(
    stripe: FakeStripe, stripe_gateway: StripeGateway, before_the_loss: int
) -> None:
    stripe.responses_before_a_loss = before_the_loss
    with pytest.raises(GatewayUnavailable):
        stripe_gateway.void(payment(), None)

    stripe_gateway.void(payment(), None)

    assert [intent["status"] for intent in stripe.intents.values()] == ["canceled"]
    assert stripe_gateway.authorize(payment()).status == "VOIDED"


def test_an_authorisation_that_died_before_its_confirmation_is_voided_without_reference(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    stripe.answers["confirm"] = error(503, "api_error", None)
    with pytest.raises(GatewayUnavailable):
        stripe_gateway.authorize(payment())

    stripe_gateway.void(payment(), None)

    assert [intent["status"] for intent in stripe.intents.values()] == ["canceled"]
    assert stripe_gateway.authorize(payment()).status == "VOIDED"


def test_a_stored_500_of_a_creation_does_not_stop_the_order_for_a_day(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    stripe.answers["create"] = error(500, "api_error", None)
    with pytest.raises(GatewayUnavailable, match="500"):
        stripe_gateway.authorize(payment())

    reference = authorized(stripe_gateway, payment())
    stripe_gateway.void(payment(), None)

    assert stripe.intents[reference]["status"] == "canceled"


def test_a_second_stored_500_of_a_creation_is_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    for _ in range(2):
        stripe.answers["create"] = error(500, "api_error", None)
        with pytest.raises(GatewayUnavailable, match="500"):
            stripe_gateway.authorize(payment())

    with pytest.raises(GatewayUnavailable, match="stored for a day"):
        stripe_gateway.authorize(payment())


@pytest.mark.parametrize("operation", ["capture", "void"])
def test_a_500_does_not_stop_a_change_that_is_repeated(
    stripe: FakeStripe, stripe_gateway: StripeGateway, operation: str
) -> None:
    reference = authorized(stripe_gateway, payment())
    action, status = {"capture": ("capture", "succeeded"), "void": ("cancel", "canceled")}[operation]
    stripe.answers[action] = error(500, "api_error", None)
    with pytest.raises(GatewayUnavailable):
        getattr(stripe_gateway, operation)(payment(), reference)

    getattr(stripe_gateway, operation)(payment(), reference)

    assert stripe.intents[reference]["status"] == status


@pytest.mark.parametrize("operation", ["capture", "void"])
def test_a_stripe_operation_can_be_repeated_after_its_idempotency_key_expired(
    stripe: FakeStripe, stripe_gateway: StripeGateway, operation: str
) -> None:
    reference = authorized(stripe_gateway, payment())
    getattr(stripe_gateway, operation)(payment(), reference)
    stripe.forget_keys()

    getattr(stripe_gateway, operation)(payment(), reference)

    assert stripe.intents[reference]["status"] == ("succeeded" if operation == "capture" else "canceled")


@pytest.mark.parametrize("status", [409, 424, 429, 500, 502, 503])
@pytest.mark.parametrize("operation", ["authorize", "capture", "void", "refund"])
def test_a_temporary_stripe_error_is_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway, operation: str, status: int
) -> None:
    reference = authorized(stripe_gateway, payment())
    arguments = () if operation == "authorize" else (reference,)
    stripe.refusals.append(status)

    with pytest.raises(GatewayUnavailable, match=str(status)):
        getattr(stripe_gateway, operation)(payment(), *arguments)


def test_a_rate_limit_is_transient_by_its_code_too(stripe: FakeStripe, stripe_gateway: StripeGateway) -> None:
    stripe.answers["create"] = error(400, "invalid_request_error", "rate_limit")

    with pytest.raises(GatewayUnavailable, match="rate_limit"):
        stripe_gateway.authorize(payment())


def test_a_payment_that_is_still_processed_is_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    stripe.answers["confirm"] = (200, {"id": "pi_1", "status": "processing"})

    with pytest.raises(GatewayUnavailable, match="processing"):
        stripe_gateway.authorize(payment())


@pytest.mark.parametrize("call", ["creation", "confirmation"])
def test_a_void_during_the_authorisation_fails_until_stripe_has_responded(
    stripe: FakeStripe, stripe_gateway: StripeGateway, call: str
) -> None:
    if call == "confirmation":
        stripe.answers["confirm"] = error(503, "api_error", None)
        with pytest.raises(GatewayUnavailable):
            stripe_gateway.authorize(payment())
    stripe.arrived.clear()
    stripe.may_respond.clear()
    with ThreadPoolExecutor(max_workers=1) as background:
        pending = background.submit(stripe_gateway.authorize, payment())
        assert stripe.arrived.wait(TIMEOUT_SECONDS)
        with pytest.raises(GatewayUnavailable, match="409" if call == "creation" else "429"):
            stripe_gateway.void(payment(), None)
        stripe.may_respond.set()
        authorization = pending.result(TIMEOUT_SECONDS)

    stripe_gateway.void(payment(), None)

    assert authorization.status == "AUTHORIZED"
    assert [intent["status"] for intent in stripe.intents.values()] == ["canceled"]


def test_a_stripe_timeout_is_transient(stripe: FakeStripe) -> None:
    stripe.may_respond.clear()
    gateway = StripeGateway(key, base_url=stripe.url, read_timeout_seconds=0.05)

    with pytest.raises(GatewayUnavailable, match="Timeout"):
        gateway.authorize(payment())


def test_a_timeout_of_the_list_of_refunds_is_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.may_respond.clear()
    impatient = StripeGateway(key, base_url=stripe.url, read_timeout_seconds=0.05)

    with pytest.raises(GatewayUnavailable, match="Timeout"):
        impatient.refund(payment(), reference)

    assert refund_keys(stripe) == []


def test_an_unreachable_stripe_is_transient(closed_port: int) -> None:
    gateway = StripeGateway(key, base_url=f"http://127.0.0.1:{closed_port}")

    with pytest.raises(GatewayUnavailable, match="Refused"):
        gateway.authorize(payment())


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (payment("pm_card_declined"), "generic_decline"),
        (payment("pm_card_authenticationRequired"), "authentication_required"),
        (payment("pm_of_a_customer"), "customer_required"),
        (payment("pm_unknown"), "resource_missing"),
        (payment("pm_used_before"), "payment_method_refused"),
        (payment(amount=1), "amount_too_small"),
        (payment(amount=10**12), "amount_too_large"),
        (payment(amount=150_050, currency="MGA"), "amount_not_supported"),
        (payment(currency="KWD"), "currency_not_supported"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_one_payment_is_declined_with_a_reason_also_repeatedly(
    stripe_gateway: StripeGateway, refused: PaymentRequest, reason: str
) -> None:
    authorizations = [stripe_gateway.authorize(refused) for _ in range(2)]
    stripe_gateway.void(refused, None)

    assert authorizations == [Authorization.declined(reason)] * 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (error(402, "card_error", "card_declined", decline_code="lost_card"), "lost_card"),
        (error(402, "card_error", "expired_card"), "expired_card"),
        (error(402, "card_error", None), "declined"),
        (error(402, "card_error", "requires_action_not_handled"), "authentication_required"),
        ((200, {"id": "pi_1", "status": "requires_action"}), "authentication_required"),
        (
            error(400, "invalid_request_error", "payment_intent_authentication_failure"),
            "payment_intent_authentication_failure",
        ),
        (error(400, "card_error", "card_decline_rate_limit_exceeded"), "card_decline_rate_limit_exceeded"),
    ],
)
def test_a_confirmation_that_stripe_refuses_for_good_is_declined(
    stripe: FakeStripe, stripe_gateway: StripeGateway, answer: tuple[int, dict[str, Any]], reason: str
) -> None:
    stripe.answers["confirm"] = answer

    assert stripe_gateway.authorize(payment()) == Authorization.declined(reason)


def test_a_card_that_needs_authentication_is_taken_from_the_payment(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    stripe_gateway.authorize(payment("pm_card_authenticationRequired"))

    assert [intent["status"] for intent in stripe.intents.values()] == ["requires_payment_method"]


@pytest.mark.parametrize(
    ("currency", "amount", "at_stripe"),
    [
        ("USD", 1530, "1530"),
        ("HUF", 1530, "1530"),
        ("JPY", 1530, "1530"),
        ("ISK", 1530, "153000"),
        ("UGX", 1530, "153000"),
        ("MGA", 153_000, "1530"),
    ],
)
def test_an_amount_is_sent_in_the_minor_unit_of_stripe(
    stripe: FakeStripe, stripe_gateway: StripeGateway, currency: str, amount: int, at_stripe: str
) -> None:
    reference = authorized(stripe_gateway, payment(amount=amount, currency=currency))

    assert (stripe.intents[reference]["amount"], stripe.intents[reference]["currency"]) == (
        at_stripe,
        currency.lower(),
    )


@pytest.mark.parametrize("code", ["charge_expired_for_capture", "capture_charge_authorization_expired"])
def test_a_hold_that_expired_is_not_captured(
    stripe: FakeStripe, stripe_gateway: StripeGateway, code: str
) -> None:
    reference = authorized(stripe_gateway, payment())
    stripe.answers["capture"] = error(400, "invalid_request_error", code)

    with pytest.raises(PaymentNotAuthorized, match="VOIDED"):
        stripe_gateway.capture(payment(), reference)


def test_a_capture_that_the_bank_refuses_ends_the_authorisation(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = authorized(stripe_gateway, payment())
    stripe.answers["capture"] = error(402, "card_error", "card_declined")

    with pytest.raises(PaymentNotAuthorized, match="VOIDED"):
        stripe_gateway.capture(payment(), reference)


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "invalid_request_error", None, param="currency", message="Invalid currency"),
        error(400, "invalid_request_error", None, message="Your account cannot make live charges."),
        error(400, "idempotency_error", None),
        error(403, "invalid_request_error", None, message="This PaymentMethod needs a permission"),
        error(404, "invalid_request_error", "resource_missing"),
    ],
)
@pytest.mark.parametrize("action", ["create", "confirm"])
def test_what_is_wrong_with_our_request_or_account_is_neither_declined_nor_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway, answer: tuple[int, dict[str, Any]], action: str
) -> None:
    stripe.answers[action] = answer

    with pytest.raises(GatewayRejected, match=str(answer[0])):
        stripe_gateway.authorize(payment())


def test_stripe_gives_the_captured_amount_back_once(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())

    stripe_gateway.refund(payment(), reference)
    stripe_gateway.refund(payment(), reference)

    assert list(stripe.refunds.values()) == [
        {
            "id": "re_1",
            "payment_intent": reference,
            "amount": 1530,
            "status": "succeeded",
            "metadata[orderId]": ORDER,
        }
    ]
    assert refund_keys(stripe) == [f"{ORDER}:refund:0"]


@pytest.mark.parametrize("amounts", [[1530], [1000, 530]])
def test_what_was_given_back_by_hand_is_not_refunded_again(
    stripe: FakeStripe, stripe_gateway: StripeGateway, amounts: list[int]
) -> None:
    reference = captured(stripe_gateway, payment())
    for amount in amounts:
        stripe.add_refund(reference, amount, "succeeded")

    stripe_gateway.refund(payment(), reference)

    assert refund_keys(stripe) == []


def test_only_the_rest_is_refunded_after_a_refund_by_hand(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.add_refund(reference, 500, "succeeded")

    stripe_gateway.refund(payment(), reference)
    stripe_gateway.refund(payment(), reference)

    assert given_back(stripe) == [500, 1030]
    assert refund_keys(stripe) == [f"{ORDER}:refund:1"]


def test_a_refund_of_another_payment_does_not_count(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.add_refund(captured(stripe_gateway, payment(order_id="other")), 1530, "succeeded")

    stripe_gateway.refund(payment(), reference)

    assert stripe.refunds["re_2"]["payment_intent"] == reference


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_failed_later_is_made_again_with_a_new_key(
    stripe: FakeStripe, stripe_gateway: StripeGateway, status: str
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe_gateway.refund(payment(), reference)
    stripe.refunds["re_1"]["status"] = status

    stripe_gateway.refund(payment(), reference)

    assert given_back(stripe) == [1530]
    assert refund_keys(stripe) == [f"{ORDER}:refund:0", f"{ORDER}:refund:1"]


def test_a_refund_that_fails_at_once_is_transient(stripe: FakeStripe, stripe_gateway: StripeGateway) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.refund_status = "failed"
    with pytest.raises(GatewayUnavailable, match="re_1 is failed"):
        stripe_gateway.refund(payment(), reference)
    stripe.refund_status = "succeeded"

    stripe_gateway.refund(payment(), reference)

    assert given_back(stripe) == [1530]


@pytest.mark.parametrize("status", ["pending", "requires_action"])
def test_a_refund_is_pending_until_stripe_has_finished_it(
    stripe: FakeStripe, stripe_gateway: StripeGateway, status: str
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.refund_status = status
    for _ in range(2):
        with pytest.raises(RefundPending, match=f"re_1 of order {ORDER}"):
            stripe_gateway.refund(payment(), reference)
    stripe.refunds["re_1"]["status"] = "succeeded"

    stripe_gateway.refund(payment(), reference)

    assert refund_keys(stripe) == [f"{ORDER}:refund:0"]


def test_a_refund_by_hand_that_is_on_the_way_is_waited_for(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.add_refund(reference, 500, "pending")
    for _ in range(2):
        with pytest.raises(RefundPending, match="re_1"):
            stripe_gateway.refund(payment(), reference)
    stripe.refunds["re_1"]["status"] = "succeeded"

    stripe_gateway.refund(payment(), reference)

    assert given_back(stripe) == [500, 1030]


def test_two_refunds_at_the_same_time_share_a_key(stripe: FakeStripe, stripe_gateway: StripeGateway) -> None:
    reference = captured(stripe_gateway, payment())
    other_errors: list[str] = []

    def refund_too() -> None:
        try:
            stripe_gateway.refund(payment(), reference)
        except GatewayUnavailable as error:
            other_errors.append(str(error))

    stripe.interruptions["refund"] = refund_too
    stripe_gateway.refund(payment(), reference)

    assert other_errors == ["Stripe: 409"]
    assert refund_keys(stripe) == [f"{ORDER}:refund:0"] * 2
    assert given_back(stripe) == [1530]


@pytest.mark.parametrize("key_expired", [False, True])
def test_a_refund_that_has_not_seen_the_one_before_gives_nothing_back(
    stripe: FakeStripe, stripe_gateway: StripeGateway, *, key_expired: bool
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe_gateway.refund(payment(), reference)
    stripe.answers["list"] = NO_REFUNDS
    if key_expired:
        stripe.forget_keys()

    stripe_gateway.refund(payment(), reference)

    assert refund_keys(stripe) == [f"{ORDER}:refund:0"] * 2
    assert given_back(stripe) == [1530]


@pytest.mark.parametrize("before_the_loss", [0, 1], ids=["of the list", "of the refund"])
def test_a_refund_whose_response_was_lost_can_be_repeated(
    stripe: FakeStripe, stripe_gateway: StripeGateway, before_the_loss: int
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.responses_before_a_loss = before_the_loss
    with pytest.raises(GatewayUnavailable):
        stripe_gateway.refund(payment(), reference)

    stripe_gateway.refund(payment(), reference)

    assert given_back(stripe) == [1530]


def test_a_stored_500_of_a_refund_does_not_stop_it_for_a_day(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.answers["refund"] = error(500, "api_error", None)
    with pytest.raises(GatewayUnavailable, match="500"):
        stripe_gateway.refund(payment(), reference)

    stripe_gateway.refund(payment(), reference)

    assert given_back(stripe) == [1530]
    assert refund_keys(stripe) == [
        f"{ORDER}:refund:0",
        f"{ORDER}:refund:0",
        f"{ORDER}:refund:0-again",
    ]


def test_a_stored_500_of_a_refund_that_was_made_gives_nothing_back_again(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.answers["refund"] = error(500, "api_error", None)
    with pytest.raises(GatewayUnavailable, match="500"):
        stripe_gateway.refund(payment(), reference)
    stripe.add_refund(reference, 1530, "succeeded")
    stripe.answers["list"] = NO_REFUNDS

    stripe_gateway.refund(payment(), reference)

    assert refund_keys(stripe) == [f"{ORDER}:refund:0"] * 2


def test_a_second_stored_500_of_a_refund_is_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    for _ in range(2):
        stripe.answers["refund"] = error(500, "api_error", None)
        with pytest.raises(GatewayUnavailable, match="500"):
            stripe_gateway.refund(payment(), reference)

    with pytest.raises(GatewayUnavailable, match="stored for a day"):
        stripe_gateway.refund(payment(), reference)


def test_a_refund_by_hand_just_before_ours_is_enough(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.interruptions["refund"] = lambda: stripe.add_refund(reference, 1530, "succeeded")

    stripe_gateway.refund(payment(), reference)

    assert given_back(stripe) == [1530]


def test_a_refund_by_hand_just_before_ours_can_be_pending(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.interruptions["refund"] = lambda: stripe.add_refund(reference, 1530, "pending")

    with pytest.raises(RefundPending, match="re_1"):
        stripe_gateway.refund(payment(), reference)


def test_after_a_refund_of_a_part_just_before_ours_a_retry_refunds_the_rest(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.interruptions["refund"] = lambda: stripe.add_refund(reference, 500, "succeeded")
    with pytest.raises(GatewayUnavailable, match="have changed"):
        stripe_gateway.refund(payment(), reference)

    stripe_gateway.refund(payment(), reference)

    assert given_back(stripe) == [500, 1030]


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "invalid_request_error", "charge_disputed"),
        error(400, "invalid_request_error", None, message_code="insufficient_balance_for_refund"),
        error(400, "invalid_request_error", None, message="A previous attempt to refund ch_1 failed"),
        error(400, "idempotency_error", None),
        error(403, "invalid_request_error", None),
    ],
)
def test_a_refund_that_stripe_refuses_is_not_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway, answer: tuple[int, dict[str, Any]]
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.add_refund(reference, 1530, "failed")
    stripe.answers["refund"] = answer

    with pytest.raises(GatewayRejected, match=str(answer[0])):
        stripe_gateway.refund(payment(), reference)


def test_a_payment_that_is_not_captured_is_not_refunded(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = authorized(stripe_gateway, payment())

    with pytest.raises(GatewayRejected, match="400"):
        stripe_gateway.refund(payment(), reference)

    assert stripe.intents[reference]["status"] == "requires_capture"


def test_a_list_of_refunds_that_stripe_refuses_is_not_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    stripe.answers["list"] = error(404, "invalid_request_error", "resource_missing")

    with pytest.raises(GatewayRejected, match="404"):
        stripe_gateway.refund(payment(), reference)

    assert refund_keys(stripe) == []


def test_a_payment_with_more_refunds_than_a_page_is_not_refunded(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = captured(stripe_gateway, payment())
    for _ in range(101):
        stripe.add_refund(reference, 1530, "failed")

    with pytest.raises(GatewayRejected, match="more than 100 refunds"):
        stripe_gateway.refund(payment(), reference)

    assert refund_keys(stripe) == []


@pytest.mark.parametrize(
    ("currency", "amount", "at_stripe"),
    [("USD", 1530, 1530), ("JPY", 1530, 1530), ("ISK", 1530, 153_000), ("MGA", 153_000, 1530)],
)
def test_a_refund_is_in_the_minor_unit_of_stripe(
    stripe: FakeStripe, stripe_gateway: StripeGateway, currency: str, amount: int, at_stripe: int
) -> None:
    request = payment(amount=amount, currency=currency)
    reference = captured(stripe_gateway, request)
    stripe.add_refund(reference, 30, "succeeded")

    stripe_gateway.refund(request, reference)

    assert given_back(stripe) == [30, at_stripe - 30]


def test_an_amount_that_stripe_cannot_have_captured_is_not_refunded(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    with pytest.raises(GatewayRejected, match="amount_not_supported"):
        stripe_gateway.refund(payment(amount=150_050, currency="MGA"), "pi_1")

    assert stripe.calls == []


def test_a_key_that_was_replaced_is_read_again(stripe: FakeStripe) -> None:
    keys = iter(["sk_test_old", SECRET_KEY])
    gateway = StripeGateway(lambda: next(keys), base_url=stripe.url)

    assert gateway.authorize(payment()).status == "AUTHORIZED"
    assert [call.authorization for call in stripe.calls] == [
        "Bearer sk_test_old",
        f"Bearer {SECRET_KEY}",
        f"Bearer {SECRET_KEY}",
    ]


def test_a_refund_takes_a_key_that_was_replaced(stripe: FakeStripe, stripe_gateway: StripeGateway) -> None:
    reference = captured(stripe_gateway, payment())
    keys = iter(["sk_test_old", SECRET_KEY])
    stripe.calls.clear()

    StripeGateway(lambda: next(keys), base_url=stripe.url).refund(payment(), reference)

    assert [(call.method, call.authorization) for call in stripe.calls] == [
        ("GET", "Bearer sk_test_old"),
        ("GET", f"Bearer {SECRET_KEY}"),
        ("POST", f"Bearer {SECRET_KEY}"),
    ]


def test_a_key_that_is_still_wrong_is_sent_once_and_read_again_by_the_next_call(
    stripe: FakeStripe,
) -> None:
    keys = iter(["sk_test_old", "sk_test_old", SECRET_KEY])
    gateway = StripeGateway(lambda: next(keys), base_url=stripe.url)

    with pytest.raises(GatewayRejected, match="401"):
        gateway.authorize(payment())

    assert len(stripe.calls) == 1
    assert gateway.authorize(payment()).status == "AUTHORIZED"


def test_a_rejection_shows_neither_the_key_nor_the_token(stripe: FakeStripe) -> None:
    gateway = StripeGateway(lambda: "sk_test_wrong", base_url=stripe.url)

    with pytest.raises(GatewayRejected) as raised:
        gateway.authorize(payment())

    assert "401" in str(raised.value)
    assert "sk_test" not in str(raised.value)
    assert "pm_card_visa" not in str(raised.value)


def test_a_payment_request_does_not_show_the_token() -> None:
    assert "pm_card_visa" not in repr(payment())


@pytest.fixture
def secrets_manager() -> Iterator[Any]:
    with mock_aws():
        yield client("secretsmanager")


def test_stripes_key_is_read_from_the_secret(secrets_manager: Any) -> None:
    arn = secrets_manager.create_secret(Name="stripe", SecretString=f"{SECRET_KEY}\n")["ARN"]

    assert read_secret_key(secrets_manager, arn, takes_money=False) == SECRET_KEY


@pytest.mark.parametrize("secret", ["sk_test with\nrest", '{"key": "sk_test"}', ""])
def test_a_secret_that_is_not_a_key_is_refused_and_not_shown(secrets_manager: Any, secret: str) -> None:
    arn = secrets_manager.create_secret(Name="shop/provider", SecretString=secret or " ")["ARN"]

    with pytest.raises(GatewayRejected, match="shop/provider") as raised:
        read_secret_key(secrets_manager, arn, takes_money=False)

    assert "sk_test" not in str(raised.value)


@pytest.mark.parametrize("test_key", ["sk_test_51AbC", "rk_test_51AbC"])
def test_prod_refuses_a_test_key_and_says_which_one_it_needs(secrets_manager: Any, test_key: str) -> None:
    arn = secrets_manager.create_secret(Name="stripe", SecretString=test_key)["ARN"]
    environment = {"PAYMENT_GATEWAY": "stripe", "STRIPE_SECRET_ARN": arn, "STAGE": "prod"}
    payment = PaymentRequest(order_id="o-1", amount=100, currency="USD", method="pm_card_visa")

    with pytest.raises(GatewayRejected, match=r"holds a test key .* store the live key there") as raised:
        payment_gateway(environment).authorize(payment)

    assert test_key not in str(raised.value)


@pytest.mark.parametrize("live_key", ["sk_live_51AbC", "rk_live_51AbC"])
def test_prod_takes_a_live_key(secrets_manager: Any, live_key: str) -> None:
    arn = secrets_manager.create_secret(Name="stripe", SecretString=live_key)["ARN"]

    assert read_secret_key(secrets_manager, arn, takes_money=True) == live_key


def test_the_stage_chooses_the_provider(secrets_manager: Any) -> None:
    arn = secrets_manager.create_secret(Name="stripe", SecretString=SECRET_KEY)["ARN"]

    simulated = payment_gateway({"PAYMENT_GATEWAY": "simulated"})
    stripe = payment_gateway({"PAYMENT_GATEWAY": "stripe", "STRIPE_SECRET_ARN": arn, "STAGE": "dev"})

    assert isinstance(simulated, SimulatedGateway)
    assert isinstance(stripe, StripeGateway)


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(ValueError, match="not a valid PaymentProvider"):
        payment_gateway({"PAYMENT_GATEWAY": "paypal"})
