"""The entry point of the CDK command line."""

import json
from pathlib import Path
from typing import Final

import pytest
from aws_cdk import App

import app
from app import config_of

_REPOSITORY: Final = Path(__file__).parents[2]


def test_settings_are_read_from_context() -> None:
    given = App(context={"stage": "prod", "notificationEmail": "ops@example.com", "currency": "EUR"})

    config = config_of(given)

    assert (config.stage, config.notification_email, config.currency) == ("prod", "ops@example.com", "EUR")


def test_the_default_stage_is_dev() -> None:
    assert config_of(App()).stack_name == "OrderProcessing-dev"


def test_an_unknown_stage_stops_the_synthesis_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "App", lambda **_: App(context={"stage": "staging"}))

    with pytest.raises(SystemExit) as stopped:
        app.main()

    assert stopped.value.code == "stage is 'staging': choose local, dev, prod"


def test_the_cdk_runs_the_app_in_the_virtual_environment() -> None:
    command = json.loads((_REPOSITORY / "cdk.json").read_text())["app"]

    assert command == ".venv/bin/python app.py"
