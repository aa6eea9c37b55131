"""What differs between deployments, and nothing else."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self, TypeVar

from aws_cdk import RemovalPolicy

from handlers.contract.durations import parse_span
from handlers.contract.names import ApiAuth, PaymentProvider, Stage, orders_per_second, stack_name
from handlers.contract.stripe_currencies import STRIPE_DECIMALS

Choice = TypeVar("Choice", bound=StrEnum)

CONSOLE_DOMAIN: Final = "console.aws.amazon.com"
# With prefix and the generated suffixes, every name stays within its service's limit.
_STAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,29}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL: Final = re.compile(r"https://[^\s()]+")
# With the six characters that Secrets Manager appends: a permission without them matches nothing.
_SECRET_ARN: Final = re.compile(r"arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+-[A-Za-z0-9]{6}")
_KEY_ARN: Final = re.compile(r"arn:aws:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_LOG_RETENTIONS: Final = {
    "1": "ONE_DAY",
    "3": "THREE_DAYS",
    "5": "FIVE_DAYS",
    "7": "ONE_WEEK",
    "14": "TWO_WEEKS",
    "30": "ONE_MONTH",
    "60": "TWO_MONTHS",
    "90": "THREE_MONTHS",
    "120": "FOUR_MONTHS",
    "150": "FIVE_MONTHS",
    "180": "SIX_MONTHS",
    "365": "ONE_YEAR",
    "400": "THIRTEEN_MONTHS",
    "545": "EIGHTEEN_MONTHS",
    "731": "TWO_YEARS",
    "1096": "THREE_YEARS",
    "1827": "FIVE_YEARS",
    "2192": "SIX_YEARS",
    "2557": "SEVEN_YEARS",
    "2922": "EIGHT_YEARS",
    "3288": "NINE_YEARS",
    "3653": "TEN_YEARS",
}


class _Switch(StrEnum):
    TRUE = "true"
    FALSE = "false"


class InvalidSettingError(ValueError):
    """A setting of the deployment has a value that is not allowed. The message says what is allowed."""


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

    stage: str
    throttle: Throttle
    sweep: Sweep
    # A name of aws_logs.RetentionDays.
    log_retention: str
    # Inputs and outputs of states. They name the customer, and the console shows them.
    logs_execution_data: bool
    # Deletion protection of tables and stack. Tables, queues and logs stay when the stack is deleted.
    keeps_data: bool
    # None: there is no archive of events. The emulator can't create one.
    archive_days: int | None
    # It needs a role of the whole account and Region, which stays when the stack is deleted.
    logs_access: bool
    # What tables and indexes take at once, without the half hours in which DynamoDB adapts to a new peak.
    prewarmed_for_orders_per_second: int | None
    # Where an execution has its page. The emulator has none.
    console_domain: str | None
    # The emulator can't create them.
    saves_log_queries: bool
    # The share of the API's requests that X-Ray follows; None: a request a second and 5 % of the others,
    # which are all when there are fewer than one a second.
    traced_percent: int | None
    payment_gateway: PaymentProvider
    stripe_secret_arn: str | None
    stripe_secret_key_arn: str | None
    # Executions at once; None means that a function shares what the account has.
    payment_concurrency: int | None
    sweeper_concurrency: int | None
    notification_email: str | None
    currency: str
    api_auth: ApiAuth
    # Of the whole account in a month, in US dollars; `operations_email` is told when it is nearly spent.
    monthly_budget: int | None
    operations_email: str | None
    # Dashboard and alarms. The emulator can't create them, and they cost some dollars a month.
    monitored: bool
    # An alarm rings when no order was accepted for so long; None: there is no such alarm.
    alarm_without_orders_seconds: int | None
    # Where docs/operations.md can be read; the dashboard links to it.
    runbook_url: str | None
    # The orders function starts from a snapshot, which costs some dollars a month: docs/performance.md.
    snap_start: bool
    # For so long a CONFIRMED order can be cancelled; 0: not at all.
    cancel_confirmed_seconds: int
    # After so long an order that is ON_HOLD is cancelled; a redrive that fails begins the time anew.
    hold_expires_after_seconds: int
    # After so many days a settled order has no address and no payment token any more; None: it keeps them.
    contact_data_days: int | None

    @classmethod
    def for_stage(  # noqa: PLR0913  one for each setting
        cls,
        stage: str = Stage.DEV,
        *,
        payment_gateway: str | None = None,
        stripe_secret_arn: str | None = None,
        stripe_secret_key_arn: str | None = None,
        payment_concurrency: str | None = None,
        sweeper_concurrency: str | None = None,
        notification_email: str | None = None,
        currency: str = "USD",
        api_auth: str = ApiAuth.KEY,
        requests_per_day: str = "100000",
        monthly_budget: str | None = None,
        operations_email: str | None = None,
        monitoring: str | None = None,
        alarm_without_orders_for: str | None = None,
        runbook_url: str | None = None,
        log_retention_days: str | None = None,
        log_execution_data: str = "true",
        archive_days: str = "30",
        traced_percent: str | None = None,
        contact_data_days: str | None = None,
        cancel_confirmed_for: str = "24h",
        hold_expires_after: str | None = None,
        snap_start: str = "false",
    ) -> Self:
        """Return the configuration of a stage with its owner's choices, or raise InvalidSettingError."""
        _require_stage(stage)
        gateway = _payment_gateway(stage, payment_gateway)
        _require_secret(gateway, stripe_secret_arn, stripe_secret_key_arn)
        for setting, email in {
            "notificationEmail": notification_email,
            "operationsEmail": operations_email,
        }.items():
            if email is not None:
                _require(_EMAIL, setting, email, "an e-mail address")
        if monthly_budget is not None and operations_email is None:
            raise InvalidSettingError("monthlyBudget needs operationsEmail: who is told before it is spent")
        _require_currency(gateway, currency)
        if runbook_url is not None:
            _require(_URL, "runbookUrl", runbook_url, "an address that begins with https://")
        is_prod, is_local = stage == Stage.PROD, stage == Stage.LOCAL
        monitored = _is_monitored(stage, monitoring)
        return cls(
            stage=stage,
            throttle=Throttle(
                requests_per_second=orders_per_second(stage),
                burst=2 * orders_per_second(stage),
                requests_per_day=_number("requestsPerDay", requests_per_day, "requests", 1, 2_147_483_647),
            ),
            sweep=_LOCAL_SWEEP if is_local else _SWEEP,
            log_retention=_log_retention(log_retention_days or (90 if is_prod else 14)),
            logs_execution_data=_one_of(_Switch, "logExecutionData", str(log_execution_data).lower())
            is _Switch.TRUE,
            keeps_data=is_prod,
            archive_days=None
            if is_local
            # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
            else _number("archiveDays", archive_days, "days; 0 is no archive", 0, 36_500) or None,
            console_domain=None if is_local else CONSOLE_DOMAIN,
            logs_access=stage in list(Stage),
            saves_log_queries=not is_local,
            traced_percent=_traced_percent(traced_percent, _TRACED_PERCENT_OF_PROD if is_prod else None),
            prewarmed_for_orders_per_second=orders_per_second(stage) if is_prod else None,
            payment_gateway=gateway,
            stripe_secret_arn=stripe_secret_arn,
            stripe_secret_key_arn=stripe_secret_key_arn,
            payment_concurrency=_concurrency("paymentConcurrency", payment_concurrency),
            sweeper_concurrency=_concurrency("sweeperConcurrency", sweeper_concurrency),
            notification_email=notification_email,
            currency=currency,
            api_auth=_one_of(ApiAuth, "apiAuth", api_auth),
            monthly_budget=None
            if monthly_budget is None
            else _number("monthlyBudget", monthly_budget, "US dollars", 1, 10_000_000),
            operations_email=operations_email,
            monitored=monitored,
            alarm_without_orders_seconds=_alarm_without_orders(
                alarm_without_orders_for, default=_ALARM_WITHOUT_ORDERS_FOR if is_prod else "0", on=monitored
            ),
            runbook_url=runbook_url,
            snap_start=_has_snapshots(stage, snap_start),
            cancel_confirmed_seconds=_seconds(
                "cancelConfirmedFor", cancel_confirmed_for, least=0, most=_CANCEL_CONFIRMED_AT_MOST
            ),
            hold_expires_after_seconds=_seconds(
                "holdExpiresAfter",
                (_LOCAL_HOLD_EXPIRES_AFTER if is_local else _HOLD_EXPIRES_AFTER)
                if hold_expires_after is None
                else hold_expires_after,
                least=1,
                most=_HOLD_EXPIRES_AT_MOST,
            ),
            contact_data_days=None
            if contact_data_days is None
            else _number("contactDataDays", contact_data_days, "days", 1, 36_500),
        )

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of tables, queues and logs; those of a creation that failed are removed in any case.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
        """
        return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if self.keeps_data else RemovalPolicy.DESTROY

    @property
    def stack_name(self) -> str:
        """One name per stage, so that many stages live in one account and Region."""
        return stack_name(self.stage)


# Longer than an execution can last (285 s), so that no order is emitted again while its execution runs. The
# rest is for the delivery of its event. While EventBridge is throttled, that can take up to an hour: such an
# order gets a second execution, which changes nothing.
_SWEEP: Final = Sweep(after_seconds=360, max_attempts=5)
# Shorter, because a laptop's user does not wait for 6 minutes. A local execution can last longer, or wait for
# its turn: meanwhile no sweep is started (devtools/local_cloud/patches/schedules.py).
_LOCAL_SWEEP: Final = Sweep(after_seconds=60, max_attempts=5)


# The hold on most cards ends 7 days after the authorisation, on some after 5:
# https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
_HOLD_EXPIRES_AFTER: Final = "6d"
_LOCAL_HOLD_EXPIRES_AFTER: Final = "900s"
_HOLD_EXPIRES_AT_MOST: Final = "365d"
# Card networks take no refund after about half a year: https://docs.stripe.com/refunds
_CANCEL_CONFIRMED_AT_MOST: Final = "180d"
_ALARM_WITHOUT_ORDERS_FOR: Final = "30m"
_TRACED_PERCENT_OF_PROD: Final = 5
# Orders are counted in batches of a minute, so there may be a minute without a count: metrics_function.py.
_ALARM_WITHOUT_ORDERS_AT_LEAST_SECONDS: Final = 120
# One period of an alarm may be a day.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
_ALARM_WITHOUT_ORDERS_AT_MOST: Final = "1d"


def _one_of(allowed: type[Choice], setting: str, value: str) -> Choice:
    try:
        return allowed(value)
    except ValueError:
        raise InvalidSettingError(f"{setting} is {value!r}: choose {', '.join(allowed)}") from None


def _require(pattern: re.Pattern[str], setting: str, value: str, allowed: str) -> None:
    if not pattern.fullmatch(value):
        raise InvalidSettingError(f"{setting} is {value!r}: it must be {allowed}")


def _require_stage(stage: str) -> None:
    _require(_STAGE, "stage", stage, "1 to 30 letters, digits and hyphens that begin with a letter")
    # Else a typing error would make a production that keeps nothing.
    meant = next((each for each in Stage if each == stage.lower()), None)
    if meant and meant != stage:
        raise InvalidSettingError(f"stage is {stage!r}: write {meant}, or choose another name")


def _is_monitored(stage: str, given: str | None) -> bool:
    if given is None:
        return stage in {Stage.DEV, Stage.PROD}
    chosen = _one_of(_Switch, "monitoring", str(given).lower()) is _Switch.TRUE
    if chosen and stage == Stage.LOCAL:
        raise InvalidSettingError("monitoring is 'true': the local cloud has no alarms and no dashboard")
    return chosen


def _has_snapshots(stage: str, given: str) -> bool:
    chosen = _one_of(_Switch, "snapStart", str(given).lower()) is _Switch.TRUE
    if chosen and stage == Stage.LOCAL:
        raise InvalidSettingError("snapStart is 'true': the local cloud starts no function from a snapshot")
    return chosen


def _alarm_without_orders(given: str | None, *, default: str, on: bool) -> int | None:
    seconds = _seconds(
        "alarmWithoutOrdersFor",
        default if given is None else given,
        least=0,
        most=_ALARM_WITHOUT_ORDERS_AT_MOST,
    )
    if seconds % 60:
        raise InvalidSettingError(f"alarmWithoutOrdersFor is {given!r}: it must be whole minutes")
    if 0 < seconds < _ALARM_WITHOUT_ORDERS_AT_LEAST_SECONDS:
        raise InvalidSettingError(
            f"alarmWithoutOrdersFor is {given!r}: choose 2m or more, because orders are counted once a minute"
        )
    if given is not None and seconds and not on:
        raise InvalidSettingError("alarmWithoutOrdersFor needs monitoring=true")
    return seconds or None if on else None


def _payment_gateway(stage: str, given: str | None) -> PaymentProvider:
    if given is None and stage == Stage.PROD:
        raise InvalidSettingError(
            "stage prod needs paymentGateway: `-c paymentGateway=stripe -c stripeSecretArn=ARN` takes money, "
            "`-c paymentGateway=simulated` takes none"
        )
    return _one_of(PaymentProvider, "paymentGateway", given or PaymentProvider.SIMULATED)


def _require_secret(gateway: PaymentProvider, arn: str | None, key_arn: str | None) -> None:
    if gateway is PaymentProvider.STRIPE:
        _require(_SECRET_ARN, "stripeSecretArn", arn or "", "the full ARN of the secret with the Stripe key")
        if key_arn is not None:
            _require(_KEY_ARN, "stripeSecretKeyArn", key_arn, "the ARN of the KMS key of the secret")
        return
    for setting, given in {"stripeSecretArn": arn, "stripeSecretKeyArn": key_arn}.items():
        if given is not None:
            raise InvalidSettingError(f"{setting} is only used with paymentGateway=stripe")


def _require_currency(gateway: PaymentProvider, currency: str) -> None:
    _require(_CURRENCY, "currency", currency, "an ISO 4217 code such as USD")
    if gateway is PaymentProvider.STRIPE and currency not in STRIPE_DECIMALS:
        raise InvalidSettingError(
            f"currency is {currency!r}: choose one that Stripe charges, see https://docs.stripe.com/currencies"
        )


def _traced_percent(given: str | None, default: int | None) -> int | None:
    return default if given is None else _number("tracedPercent", given, "percent of the requests", 0, 100)


def _concurrency(setting: str, given: str | None) -> int | None:
    return None if given is None else _number(setting, given, "executions at once", 1, 99_999)


def _number(setting: str, given: str, of: str, least: int, most: int) -> int:
    text = str(given)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise InvalidSettingError(f"{setting} is {text!r}: it must be a number from {least} to {most} ({of})")
    return int(text)


def _seconds(setting: str, given: str, *, least: int, most: str) -> int:
    try:
        seconds = int(parse_span(str(given)).total_seconds())
    except ValueError:
        seconds = -1
    if not least <= seconds <= parse_span(most).total_seconds():
        allowed = "0 (off)" if least == 0 else f"{least}s"
        raise InvalidSettingError(
            f"{setting} is {str(given)!r}: it must be a time such as 30s, 15m, 24h or 6d, "
            f"from {allowed} to {most}"
        )
    return seconds


def _log_retention(days: str | int) -> str:
    if str(days) not in _LOG_RETENTIONS:
        raise InvalidSettingError(f"logRetentionDays is {str(days)!r}: choose {', '.join(_LOG_RETENTIONS)}")
    return _LOG_RETENTIONS[str(days)]
