"""The CDK app: `cdk deploy -c stage=NAME`. The one module that reads context."""

import os
import sys
from typing import Final

from aws_cdk import App

from infrastructure.config import InvalidSettingError, StageConfig
from infrastructure.stack import OrderProcessingStack

# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
_OTHER_PARTITIONS: Final = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
_SETTINGS: Final = {
    "stage": "stage",
    "paymentGateway": "payment_gateway",
    "stripeSecretArn": "stripe_secret_arn",
    "stripeSecretKeyArn": "stripe_secret_key_arn",
    "paymentConcurrency": "payment_concurrency",
    "sweeperConcurrency": "sweeper_concurrency",
    "notificationEmail": "notification_email",
    "currency": "currency",
    "apiAuth": "api_auth",
    "requestsPerDay": "requests_per_day",
    "monthlyBudget": "monthly_budget",
    "operationsEmail": "operations_email",
    "monitoring": "monitoring",
    "alarmWithoutOrdersFor": "alarm_without_orders_for",
    "runbookUrl": "runbook_url",
    "logRetentionDays": "log_retention_days",
    "logExecutionData": "log_execution_data",
    "archiveDays": "archive_days",
    "tracedPercent": "traced_percent",
    "contactDataDays": "contact_data_days",
    "cancelConfirmedFor": "cancel_confirmed_for",
    "holdExpiresAfter": "hold_expires_after",
    "snapStart": "snap_start",
}


def config_of(app: App) -> StageConfig:
    """Read the settings that were given with `-c`; the others keep their defaults."""
    given = {name: app.node.try_get_context(key) for key, name in _SETTINGS.items()}
    return StageConfig.for_stage(**{name: value for name, value in given.items() if value is not None})


def require_supported_region(region: str) -> None:
    """Raise InvalidSettingError for a Region of another partition than `aws`.

    The Powertools layer has other addresses there, and so have the workflow's integrations and the console.
    """
    if region.startswith(_OTHER_PARTITIONS):
        raise InvalidSettingError(
            f"the Region is {region}: this app was not made for China, GovCloud or an isolated Region. "
            "Choose a commercial Region"
        )


def main() -> None:
    """Synthesize the one stack."""
    app = App(analytics_reporting=False)
    try:
        # The CDK command line sets it from the profile.
        require_supported_region(os.environ.get("CDK_DEFAULT_REGION", ""))
        config = config_of(app)
    except InvalidSettingError as error:
        sys.exit(str(error))
    OrderProcessingStack(app, config.stack_name, config=config)
    app.synth()


if __name__ == "__main__":
    main()
