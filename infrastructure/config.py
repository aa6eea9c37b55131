"""What differs between deployments, and nothing else."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self, TypeVar

from handlers.contract.names import PaymentProvider

Choice = TypeVar("Choice", bound=StrEnum)

STACK_PREFIX: Final = "OrderProcessing"
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# With the six characters that Secrets Manager appends: a permission without them matches nothing.
_SECRET_ARN: Final = re.compile(r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+-[A-Za-z0-9]{6}")


class InvalidSettingError(ValueError):
    """A setting of the deployment has a value that is not allowed. The message says what is allowed."""


class Stage(StrEnum):
    """`local` is an emulated cloud on one machine; `dev` and `prod` are on AWS."""

    LOCAL = "local"
    DEV = "dev"
    PROD = "prod"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The limits of one API key."""

    requests_per_second: int
    burst: int
    requests_per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """An overdue order is emitted again, `max_attempts` times at most. Then it waits for an operator."""

    after_seconds: int
    max_attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One deployment: what its stage fixes, and what its owner chooses."""

    stage: Stage
    throttle: Throttle
    sweep: Sweep
    # A name of aws_logs.RetentionDays.
    log_retention: str
    # Deletion protection of tables and stack. The tables stay when the stack is deleted.
    keeps_data: bool
    # The emulator can't create an event archive.
    archives_events: bool
    payment_gateway: PaymentProvider
    stripe_secret_arn: str | None
    notification_email: str | None
    currency: str

    @classmethod
    def for_stage(
        cls,
        stage: str = Stage.DEV,
        *,
        payment_gateway: str = PaymentProvider.SIMULATED,
        stripe_secret_arn: str | None = None,
        notification_email: str | None = None,
        currency: str = "USD",
    ) -> Self:
        """Return the configuration of a stage with its owner's choices, or raise InvalidSettingError."""
        chosen = _one_of(Stage, "stage", stage)
        gateway = _one_of(PaymentProvider, "paymentGateway", payment_gateway)
        _require_secret(gateway, stripe_secret_arn)
        if notification_email is not None:
            _require(_EMAIL, "notificationEmail", notification_email, "an e-mail address")
        _require(_CURRENCY, "currency", currency, "an ISO 4217 code such as USD")
        return cls(
            stage=chosen,
            throttle=_PROD_THROTTLE if chosen is Stage.PROD else _DEV_THROTTLE,
            sweep=_LOCAL_SWEEP if chosen is Stage.LOCAL else _SWEEP,
            log_retention="THREE_MONTHS" if chosen is Stage.PROD else "TWO_WEEKS",
            keeps_data=chosen is Stage.PROD,
            archives_events=chosen is not Stage.LOCAL,
            payment_gateway=gateway,
            stripe_secret_arn=stripe_secret_arn,
            notification_email=notification_email,
            currency=currency,
        )

    @property
    def stack_name(self) -> str:
        """One name per stage. The bus has one name only, so each stage needs its own account or Region."""
        return f"{STACK_PREFIX}-{self.stage}"


_DEV_THROTTLE: Final = Throttle(requests_per_second=100, burst=200, requests_per_day=100_000)
_PROD_THROTTLE: Final = Throttle(requests_per_second=1_000, burst=2_000, requests_per_day=10_000_000)
# Longer than an execution can last (285 s), so that no order is emitted again while its execution runs. The
# rest is for the delivery of its event. While EventBridge is throttled, that can take up to an hour: such an
# order gets a second execution, which changes nothing.
_SWEEP: Final = Sweep(after_seconds=360, max_attempts=5)
# Shorter, because a laptop's user does not wait for 6 minutes. A local execution can last longer, or wait for
# its turn: meanwhile no sweep is started (devtools/local_cloud/patches/schedules.py).
_LOCAL_SWEEP: Final = Sweep(after_seconds=60, max_attempts=5)


def _one_of(allowed: type[Choice], setting: str, value: str) -> Choice:
    try:
        return allowed(value)
    except ValueError:
        raise InvalidSettingError(f"{setting} is {value!r}: choose {', '.join(allowed)}") from None


def _require(pattern: re.Pattern[str], setting: str, value: str, allowed: str) -> None:
    if not pattern.fullmatch(value):
        raise InvalidSettingError(f"{setting} is {value!r}: it must be {allowed}")


def _require_secret(gateway: PaymentProvider, arn: str | None) -> None:
    if gateway is PaymentProvider.STRIPE:
        _require(_SECRET_ARN, "stripeSecretArn", arn or "", "the full ARN of the secret with the Stripe key")
    elif arn is not None:
        raise InvalidSettingError("stripeSecretArn is only used with paymentGateway=stripe")
