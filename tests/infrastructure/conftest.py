"""A template with all optional settings."""

from typing import Any

import pytest

from devtools.templates import template
from infrastructure.config import StageConfig


@pytest.fixture(scope="session")
def template_with_options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The stage `dev` with every setting of an owner's choice."""
    config = StageConfig.for_stage(
        payment_gateway="stripe",
        stripe_secret_arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-AbCdEf",
        stripe_secret_key_arn="arn:aws:kms:eu-central-1:123456789012:key/1234-abcd",
        payment_concurrency="20",
        sweeper_concurrency="1",
        notification_email="ops@example.com",
        currency="EUR",
        api_auth="iam",
        requests_per_day="5000",
        monthly_budget="50",
        operations_email="operations@example.com",
        alarm_without_orders_for="2h",
        runbook_url="https://example.com/operations.md",
        log_retention_days="365",
        log_execution_data="false",
        archive_days="0",
        traced_percent="25",
        contact_data_days="90",
        cancel_confirmed_for="0",
        hold_expires_after="90m",
        snap_start="true",
    )
    return template(config, tmp_path_factory.mktemp("chosen"))
