"""The entry point of the CDK command line."""

import inspect
import json
from pathlib import Path
from typing import Final

import pytest
from aws_cdk import App

import app
from app import config_of
from infrastructure.config import StageConfig

_REPOSITORY: Final = Path(__file__).parents[2]


def test_settings_are_read_from_context() -> None:
    given = App(
        context={
            "stage": "prod",
            "paymentGateway": "simulated",
            "notificationEmail": "ops@example.com",
            "currency": "EUR",
        }
    )

    config = config_of(given)

    assert (config.stage, config.notification_email, config.currency) == ("prod", "ops@example.com", "EUR")


def test_the_default_stage_is_dev() -> None:
    assert config_of(App()).stack_name == "OrderProcessing-dev"


def test_an_invalid_setting_stops_the_synthesis_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "App", lambda **_: App(context={"stage": "PROD"}))

    with pytest.raises(SystemExit) as stopped:
        app.main()

    assert stopped.value.code == "stage is 'PROD': write prod, or choose another name"


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"])
def test_a_region_of_another_partition_stops_the_synthesis(
    monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    monkeypatch.setattr(app, "App", lambda **_: App())
    monkeypatch.setenv("CDK_DEFAULT_REGION", region)

    with pytest.raises(SystemExit) as stopped:
        app.main()

    assert str(stopped.value.code).startswith(f"the Region is {region}: this app was not made for")


@pytest.mark.parametrize("region", ["", "us-east-1", "eu-central-2"])
def test_a_commercial_region_is_supported(region: str) -> None:
    app.require_supported_region(region)


def test_every_setting_can_be_given_as_context() -> None:
    assert set(app._SETTINGS.values()) == set(inspect.signature(StageConfig.for_stage).parameters)


def test_the_cdk_runs_the_app_in_the_virtual_environment() -> None:
    command = json.loads((_REPOSITORY / "cdk.json").read_text())["app"]

    assert command == ".venv/bin/python app.py"
