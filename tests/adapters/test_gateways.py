"""The contract of all payment providers, and Stripe against a fake of its HTTP API."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from moto import mock_aws

from handlers.adapters.gateways.choice import payment_gateway
from handlers.adapters.gateways.simulated import SimulatedGateway
from handlers.adapters.gateways.stripe import StripeGateway, read_secret_key
from handlers.domain.errors import GatewayUnavailable, PaymentAlreadyCaptured, PaymentNotAuthorized
from handlers.domain.payment_gateway import GatewayRejected, PaymentGateway, PaymentRequest
from tests.fake_stripe import SECRET_KEY, FakeStripe, fake_stripe
from tests.fakes import LedgerGateway
from tests.moto_clients import client
from tests.order_tables import ORDER
from tests.waiting import TIMEOUT_SECONDS


def payment(method: str = "pm_card_visa", *, order_id: str = ORDER, amount: int = 1530) -> PaymentRequest:
    return PaymentRequest(order_id=order_id, amount=amount, currency="USD", method=method)


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    with fake_stripe() as stripe:
        yield stripe


@pytest.fixture
def stripe_gateway(stripe: FakeStripe) -> StripeGateway:
    return StripeGateway(SECRET_KEY, base_url=stripe.url, read_timeout_seconds=TIMEOUT_SECONDS)


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


def test_a_good_card_is_authorised(gateway: PaymentGateway) -> None:
    assert gateway.authorize(payment()).status == "AUTHORIZED"


def test_a_declined_card_has_no_reference(gateway: PaymentGateway) -> None:
    authorization = gateway.authorize(payment("pm_card_declined"))

    assert authorization.status == "DECLINED"
    assert authorization.reference is None


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


def test_every_stripe_request_that_changes_something_has_an_idempotency_key_and_an_api_version(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    reference = authorized(stripe_gateway, payment())
    stripe_gateway.capture(payment(), reference)
    stripe_gateway.void(payment(order_id="other"), None)

    assert [call.idempotency_key for call in stripe.calls] == [
        f"{ORDER}:authorize",
        f"{ORDER}:capture",
        "other:authorize",
        "other:void",
    ]
    assert all(call.api_version for call in stripe.calls)


def test_a_repeated_authorisation_makes_one_payment_intent(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    stripe_gateway.authorize(payment())
    stripe_gateway.authorize(payment())

    assert len(stripe.intents) == 1


def test_an_authorisation_whose_response_was_lost_is_found_by_a_retry(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    stripe.lost_responses = 1

    with pytest.raises(GatewayUnavailable):
        stripe_gateway.authorize(payment())

    assert stripe_gateway.authorize(payment()).status == "AUTHORIZED"
    assert len(stripe.intents) == 1


@pytest.mark.parametrize("operation", ["capture", "void"])
def test_a_stripe_operation_can_be_repeated_after_its_idempotency_key_expired(
    stripe: FakeStripe, stripe_gateway: StripeGateway, operation: str
) -> None:
    reference = authorized(stripe_gateway, payment())
    getattr(stripe_gateway, operation)(payment(), reference)
    stripe.forget_keys()

    getattr(stripe_gateway, operation)(payment(), reference)

    assert stripe.intents[reference]["status"] == ("succeeded" if operation == "capture" else "canceled")


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503])
@pytest.mark.parametrize("operation", ["authorize", "capture", "void"])
def test_a_temporary_stripe_error_is_transient(
    stripe: FakeStripe, stripe_gateway: StripeGateway, operation: str, status: int
) -> None:
    reference = authorized(stripe_gateway, payment())
    arguments = () if operation == "authorize" else (reference,)
    stripe.refusals.append(status)

    with pytest.raises(GatewayUnavailable, match=str(status)):
        getattr(stripe_gateway, operation)(payment(), *arguments)


def test_a_void_during_the_authorisation_fails_until_stripe_has_responded(
    stripe: FakeStripe, stripe_gateway: StripeGateway
) -> None:
    stripe.may_respond.clear()
    with ThreadPoolExecutor(max_workers=1) as background:
        pending = background.submit(stripe_gateway.authorize, payment())
        assert stripe.arrived.wait(TIMEOUT_SECONDS)
        with pytest.raises(GatewayUnavailable, match="409"):
            stripe_gateway.void(payment(), None)
        stripe.may_respond.set()
        authorization = pending.result(TIMEOUT_SECONDS)

    stripe_gateway.void(payment(), None)

    assert authorization.status == "AUTHORIZED"
    assert [intent["status"] for intent in stripe.intents.values()] == ["canceled"]


def test_a_stripe_timeout_is_transient(stripe: FakeStripe) -> None:
    stripe.may_respond.clear()
    gateway = StripeGateway(SECRET_KEY, base_url=stripe.url, read_timeout_seconds=0.05)

    with pytest.raises(GatewayUnavailable, match="Timeout"):
        gateway.authorize(payment())


def test_an_unreachable_stripe_is_transient(closed_port: int) -> None:
    gateway = StripeGateway(SECRET_KEY, base_url=f"http://127.0.0.1:{closed_port}")

    with pytest.raises(GatewayUnavailable, match="Refused"):
        gateway.authorize(payment())


def test_a_token_that_stripe_does_not_know_is_declined(stripe_gateway: StripeGateway) -> None:
    stripe_gateway.void(payment("pm_unknown"), None)

    assert stripe_gateway.authorize(payment("pm_unknown")).status == "DECLINED"


def test_an_invalid_stripe_request_is_not_transient(stripe_gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRejected, match="amount_too_small"):
        stripe_gateway.authorize(payment(amount=1))


def test_a_rejection_shows_neither_the_key_nor_the_token(stripe: FakeStripe) -> None:
    gateway = StripeGateway("sk_test_wrong", base_url=stripe.url)

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

    assert read_secret_key(secrets_manager, arn) == SECRET_KEY


@pytest.mark.parametrize("secret", ["sk_test with\nrest", '{"key": "sk_test"}', ""])
def test_a_secret_that_is_not_a_key_is_refused_and_not_shown(secrets_manager: Any, secret: str) -> None:
    arn = secrets_manager.create_secret(Name="shop/provider", SecretString=secret or " ")["ARN"]

    with pytest.raises(GatewayRejected, match="shop/provider") as raised:
        read_secret_key(secrets_manager, arn)

    assert "sk_test" not in str(raised.value)


def test_the_stage_chooses_the_provider(secrets_manager: Any) -> None:
    arn = secrets_manager.create_secret(Name="stripe", SecretString=SECRET_KEY)["ARN"]

    simulated = payment_gateway({"PAYMENT_GATEWAY": "simulated"})
    stripe = payment_gateway({"PAYMENT_GATEWAY": "stripe", "STRIPE_SECRET_ARN": arn})

    assert isinstance(simulated, SimulatedGateway)
    assert isinstance(stripe, StripeGateway)


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(ValueError, match="not a valid PaymentProvider"):
        payment_gateway({"PAYMENT_GATEWAY": "paypal"})
