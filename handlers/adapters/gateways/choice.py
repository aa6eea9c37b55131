"""The payment provider that a stage is configured for."""

from collections.abc import Mapping
from functools import partial

from handlers.adapters.aws import client
from handlers.adapters.gateways.simulated import SimulatedGateway
from handlers.contract.names import PaymentProvider, Stage
from handlers.domain.payment_gateway import PaymentGateway


def payment_gateway(environment: Mapping[str, str]) -> PaymentGateway:
    """Return the gateway that PAYMENT_GATEWAY names. Stripe's key is read here, and after a 401 again.

    STAGE tells whether the money is real: prod refuses a test key.
    """
    match PaymentProvider(environment["PAYMENT_GATEWAY"]):
        case PaymentProvider.SIMULATED:
            return SimulatedGateway()
        case PaymentProvider.STRIPE:
            # Only a stage that takes money loads it.
            from handlers.adapters.gateways.stripe import StripeGateway, read_secret_key  # noqa: PLC0415

            secrets_manager, arn = client("secretsmanager"), environment["STRIPE_SECRET_ARN"]
            takes_money = environment["STAGE"] == Stage.PROD
            return StripeGateway(partial(read_secret_key, secrets_manager, arn, takes_money=takes_money))
