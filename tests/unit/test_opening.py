"""`orderctl open`: pages of the AWS console."""

import webbrowser
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orderctl.commands import opening
from orderctl.main import app
from orderctl.stack import QUEUES, Stack
from tests.orderctl_json import read_documented

STACK = Stack(
    endpoint_url=None,
    region="eu-west-1",
    api_url="https://api.example.com/prod/",
    api_key="key",
    console_url="https://eu-west-1.console.aws.amazon.com/states/executions",
    state_machine_arn="",
    orders_table="orders",
    inventory_table="inventory",
    bus_name="ecommerce",
    dlq_urls=dict.fromkeys(QUEUES, ""),
)
EXECUTION = "https://eu-west-1.console.aws.amazon.com/states/executions/one"
DASHBOARD = (
    "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
    "#dashboards/dashboard/OrderProcessing-prod"
)
PAGES = [
    (["order", "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"], EXECUTION),
    (["executions"], STACK.console_url),
    (["dashboard"], DASHBOARD),
]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that the browser shows."""
    opened: list[str] = []
    order = {"execution": {"arn": "arn", "consoleUrl": EXECUTION}}
    monkeypatch.setattr(opening, "find_stack", lambda *_: STACK)
    monkeypatch.setattr(opening, "read_order", lambda *_: order)
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    return opened


def orderctl(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["open", *arguments], prog_name="orderctl")


@pytest.mark.parametrize(("arguments", "address"), PAGES)
def test_a_page_is_opened_and_its_address_printed(
    opened: list[str], arguments: list[str], address: str
) -> None:
    outcome = orderctl(*arguments, "--stage", "prod")

    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, f"{address}\n", "")
    assert opened == [address]


@pytest.mark.parametrize(("arguments", "address"), PAGES)
def test_the_address_alone_can_be_printed(opened: list[str], arguments: list[str], address: str) -> None:
    outcome = orderctl(*arguments, "--print", "--json", "--stage", "prod")

    assert read_documented(outcome.stdout, f"open {arguments[0]}") == {"address": address}
    assert opened == []


def test_a_machine_without_a_browser_prints_the_address(
    opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)

    outcome = orderctl("dashboard", "--stage", "prod")

    assert (outcome.exit_code, outcome.stdout, opened) == (0, f"{DASHBOARD}\n", [])
    assert "No browser could be opened" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        (
            ["order", "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"],
            "orderctl trace 6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11",
        ),
        (["executions"], "orderctl stats"),
        (["dashboard"], "orderctl watch"),
    ],
)
def test_a_local_cloud_has_no_console(
    opened: list[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], instead: str
) -> None:
    monkeypatch.setattr(opening, "find_stack", lambda *_: replace(STACK, console_url=None))

    outcome = orderctl(*arguments)

    assert outcome.exit_code == 1
    assert outcome.stderr == (
        f"error: A local cloud has no AWS console\nUse `{instead}` here, or name a stage with --stage.\n"
    )
    assert opened == []


def test_an_order_that_no_execution_settled_has_no_page(
    opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing: dict[str, Any] = {"execution": None}
    monkeypatch.setattr(opening, "read_order", lambda *_: nothing)

    outcome = orderctl(
        "order", "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11", "--stage", "prod", "--profile", "shop"
    )

    assert outcome.exit_code == 1
    assert (
        "`orderctl trace 6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11 --stack OrderProcessing-prod --profile shop`"
        in outcome.stderr
    )
    assert opened == []
