"""The settings of a deployment, and the messages for invalid ones."""

import pytest

from infrastructure.config import InvalidSettingError, StageConfig

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:stripe-AbCdEf"


def test_the_default_is_a_development_stage_with_simulated_payments() -> None:
    config = StageConfig.for_stage()

    assert (config.stage, config.payment_gateway, config.currency) == ("dev", "simulated", "USD")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"stage": "a_b"},
            "stage is 'a_b': it must be 1 to 30 letters, digits and hyphens that begin with a letter",
        ),
        ({"stage": "Prod"}, "stage is 'Prod': write prod, or choose another name"),
        (
            {"stage": "prod"},
            (
                "stage prod needs paymentGateway: `-c paymentGateway=stripe -c stripeSecretArn=ARN` takes "
                "money, `-c paymentGateway=simulated` takes none"
            ),
        ),
        ({"payment_gateway": "paypal"}, "paymentGateway is 'paypal': choose simulated, stripe"),
        (
            {"payment_gateway": "stripe"},
            "stripeSecretArn is '': it must be the full ARN of the secret with the Stripe key",
        ),
        (
            {"payment_gateway": "stripe", "stripe_secret_arn": "stripe-key"},
            "stripeSecretArn is 'stripe-key': it must be the full ARN of the secret with the Stripe key",
        ),
        (
            {"stripe_secret_arn": SECRET},
            "stripeSecretArn is only used with paymentGateway=stripe",
        ),
        (
            {"stripe_secret_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/1234"},
            "stripeSecretKeyArn is only used with paymentGateway=stripe",
        ),
        (
            {"payment_gateway": "stripe", "stripe_secret_arn": SECRET, "stripe_secret_key_arn": "alias/shop"},
            "stripeSecretKeyArn is 'alias/shop': it must be the ARN of the KMS key of the secret",
        ),
        (
            {"payment_concurrency": "0"},
            "paymentConcurrency is '0': it must be a number from 1 to 99999 (executions at once)",
        ),
        (
            {"sweeper_concurrency": "many"},
            "sweeperConcurrency is 'many': it must be a number from 1 to 99999 (executions at once)",
        ),
        ({"notification_email": "ops"}, "notificationEmail is 'ops': it must be an e-mail address"),
        ({"operations_email": "ops"}, "operationsEmail is 'ops': it must be an e-mail address"),
        ({"api_auth": "cognito"}, "apiAuth is 'cognito': choose key, iam"),
        (
            {"requests_per_day": "0"},
            "requestsPerDay is '0': it must be a number from 1 to 2147483647 (requests)",
        ),
        (
            {"monthly_budget": "ten", "operations_email": "ops@example.com"},
            "monthlyBudget is 'ten': it must be a number from 1 to 10000000 (US dollars)",
        ),
        (
            {"monthly_budget": "10"},
            "monthlyBudget needs operationsEmail: who is told before it is spent",
        ),
        (
            {"log_retention_days": "10"},
            (
                "logRetentionDays is '10': choose 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, "
                "731, 1096, 1827, 2192, 2557, 2922, 3288, 3653"
            ),
        ),
        ({"log_execution_data": "no"}, "logExecutionData is 'no': choose true, false"),
        (
            {"contact_data_days": "0"},
            "contactDataDays is '0': it must be a number from 1 to 36500 (days)",
        ),
        (
            {"archive_days": "-1"},
            "archiveDays is '-1': it must be a number from 0 to 36500 (days; 0 is no archive)",
        ),
        (
            {"traced_percent": "101"},
            "tracedPercent is '101': it must be a number from 0 to 100 (percent of the requests)",
        ),
        *(
            (
                {"cancel_confirmed_for": given},
                (
                    f"cancelConfirmedFor is {given!r}: it must be a time such as 30s, 15m, 24h or 6d, from 0 "
                    "(off) to 180d"
                ),
            )
            for given in ("", "24", "24 h", "1w", "-1h", "181d", "1.5h", "24H", "999999999d", "٢h")
        ),
        *(
            (
                {"hold_expires_after": given},
                (
                    f"holdExpiresAfter is {given!r}: it must be a time such as 30s, 15m, 24h or 6d, from 1s "
                    "to 365d"
                ),
            )
            for given in ("0", "0s", "never", "366d")
        ),
        ({"snap_start": "on"}, "snapStart is 'on': choose true, false"),
        (
            {"stage": "local", "snap_start": "true"},
            "snapStart is 'true': the local cloud starts no function from a snapshot",
        ),
        ({"monitoring": "yes"}, "monitoring is 'yes': choose true, false"),
        (
            {"stage": "local", "monitoring": "true"},
            "monitoring is 'true': the local cloud has no alarms and no dashboard",
        ),
        (
            {"alarm_without_orders_for": "2d"},
            (
                "alarmWithoutOrdersFor is '2d': it must be a time such as 30s, 15m, 24h or 6d, from 0 (off) "
                "to 1d"
            ),
        ),
        ({"alarm_without_orders_for": "90s"}, "alarmWithoutOrdersFor is '90s': it must be whole minutes"),
        (
            {"alarm_without_orders_for": "1m"},
            "alarmWithoutOrdersFor is '1m': choose 2m or more, because orders are counted once a minute",
        ),
        (
            {"stage": "alice", "alarm_without_orders_for": "30m"},
            "alarmWithoutOrdersFor needs monitoring=true",
        ),
        (
            {"runbook_url": "docs/operations.md"},
            "runbookUrl is 'docs/operations.md': it must be an address that begins with https://",
        ),
        ({"currency": "euro"}, "currency is 'euro': it must be an ISO 4217 code such as USD"),
        (
            {"payment_gateway": "stripe", "stripe_secret_arn": SECRET, "currency": "KWD"},
            "currency is 'KWD': choose one that Stripe charges, see https://docs.stripe.com/currencies",
        ),
    ],
)
def test_the_error_of_an_invalid_setting_names_the_allowed_values_in_one_line(
    settings: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        StageConfig.for_stage(**settings)

    assert str(refused.value) == message


@pytest.mark.parametrize("currency", ["EUR", "ISK", "MGA", "UGX"])
def test_a_stage_with_stripe_can_have_a_currency_that_stripe_charges(currency: str) -> None:
    config = StageConfig.for_stage(payment_gateway="stripe", stripe_secret_arn=SECRET, currency=currency)

    assert config.currency == currency


def test_a_stage_with_simulated_payments_can_have_any_currency() -> None:
    assert StageConfig.for_stage(currency="KWD").currency == "KWD"


def test_a_confirmed_order_can_be_cancelled_for_a_day_and_a_hold_expires_after_six() -> None:
    day = 24 * 60 * 60

    config = StageConfig.for_stage()

    assert (config.cancel_confirmed_seconds, config.hold_expires_after_seconds) == (day, 6 * day)
    assert StageConfig.for_stage("local").hold_expires_after_seconds == 900


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("0", 0), ("0s", 0), ("30s", 30), ("15m", 900), ("2h", 7_200), ("180d", 180 * 86_400)],
)
def test_an_owner_chooses_how_long_a_confirmed_order_can_be_cancelled(given: str, seconds: int) -> None:
    assert StageConfig.for_stage(cancel_confirmed_for=given).cancel_confirmed_seconds == seconds


@pytest.mark.parametrize("stage", ["local", "dev"])
def test_an_owner_chooses_when_a_hold_expires(stage: str) -> None:
    assert StageConfig.for_stage(stage, hold_expires_after="2d").hold_expires_after_seconds == 172_800


@pytest.mark.parametrize(
    ("stage", "monitored"), [("prod", True), ("dev", True), ("alice", False), ("local", False)]
)
def test_prod_and_dev_are_monitored_and_other_stages_on_request(stage: str, *, monitored: bool) -> None:
    config = StageConfig.for_stage(stage, payment_gateway="simulated")

    assert config.monitored is monitored


def test_an_owner_can_do_without_alarms() -> None:
    config = StageConfig.for_stage("prod", payment_gateway="simulated", monitoring="false")

    assert (config.monitored, config.alarm_without_orders_seconds) == (False, None)


@pytest.mark.parametrize(
    ("stage", "given", "seconds"),
    [
        ("prod", None, 1_800),
        ("prod", "0", None),
        ("prod", "6h", 21_600),
        ("dev", None, None),
        ("dev", "2m", 120),
    ],
)
def test_the_alarm_without_orders_is_on_in_prod_and_off_elsewhere(
    stage: str, given: str | None, seconds: int | None
) -> None:
    config = StageConfig.for_stage(stage, payment_gateway="simulated", alarm_without_orders_for=given)

    assert config.alarm_without_orders_seconds == seconds


@pytest.mark.parametrize(
    ("stage", "given", "percent"),
    [("prod", None, 5), ("prod", "100", 100), ("prod", "0", 0), ("dev", None, None), ("dev", "25", 25)],
)
def test_prod_traces_a_few_requests_and_an_owner_chooses_how_many(
    stage: str, given: str | None, percent: int | None
) -> None:
    config = StageConfig.for_stage(stage, payment_gateway="simulated", traced_percent=given)

    assert config.traced_percent == percent


@pytest.mark.parametrize("stage", ["prod", "dev", "local"])
def test_a_function_starts_from_a_snapshot_only_where_the_owner_chose_it(stage: str) -> None:
    assert not StageConfig.for_stage(stage, payment_gateway="simulated").snap_start


def test_an_owner_chooses_snapshots() -> None:
    assert StageConfig.for_stage("prod", payment_gateway="simulated", snap_start="true").snap_start
