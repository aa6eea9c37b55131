"""A template with everything that an owner may choose."""

from pathlib import Path
from typing import Any, Final

import pytest

from infrastructure.config import StageConfig
from infrastructure.templates import template

SECRET_ARN: Final = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-AbCdEf"


@pytest.fixture(scope="session")
def chosen_template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The stage `dev` with Stripe, an e-mail subscription and another currency."""
    config = StageConfig.of(
        payment_gateway="stripe",
        stripe_secret_arn=SECRET_ARN,
        notification_email="ops@example.com",
        currency="EUR",
    )
    return template(config, Path(tmp_path_factory.mktemp("chosen")))
