"""The CDK app: `cdk deploy -c stage=local|dev|prod`. The one module that reads context."""

import sys
from typing import Final

from aws_cdk import App

from infrastructure.config import InvalidSettingError, StageConfig
from infrastructure.stack import OrderProcessingStack

_SETTINGS: Final = {
    "stage": "stage",
    "paymentGateway": "payment_gateway",
    "stripeSecretArn": "stripe_secret_arn",
    "notificationEmail": "notification_email",
    "currency": "currency",
}


def config_of(app: App) -> StageConfig:
    """Read the settings that were given with `-c`; the others keep their defaults."""
    given = {name: app.node.try_get_context(key) for key, name in _SETTINGS.items()}
    return StageConfig.for_stage(**{name: value for name, value in given.items() if value is not None})


def main() -> None:
    """Synthesize the one stack."""
    app = App(analytics_reporting=False)
    try:
        config = config_of(app)
    except InvalidSettingError as error:
        sys.exit(str(error))
    OrderProcessingStack(app, config.stack_name, config=config)
    app.synth()


if __name__ == "__main__":
    main()
