"""The commands that need a local cloud, or that have none; and what a local cloud shows otherwise."""

from pathlib import Path

import pytest

from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.test_orderctl import BUYER, CARD, orderctl, single_spaced

NO_ORDER = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"


@pytest.mark.usefixtures("local_stack")
def test_the_demo_succeeds() -> None:
    outcome = orderctl("demo")

    assert outcome.exit_code == 0, outcome.output
    assert outcome.stdout.count("✓") == 5
    assert "in stock, card accepted CONFIRMED RESERVED CAPTURED SENT ✓" in single_spaced(outcome.stdout)
    assert "payment service down, then redriven CONFIRMED RESERVED CAPTURED SENT ✓" in single_spaced(
        outcome.stdout
    )
    assert "AuthorizePayment GatewayUnavailable: fault switch" in single_spaced(outcome.stdout)
    assert "Every order ended as expected." in outcome.stdout


@pytest.mark.usefixtures("local_stack")
@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("show", NO_ORDER), "There is no order"),
        (
            ("show", NO_ORDER, "--region", "us-east-1"),
            "--profile and --region need the stage of a stack on AWS",
        ),
    ],
)
def test_an_invalid_use_prints_a_short_error_message(arguments: tuple[str, ...], what: str) -> None:
    outcome = orderctl(*arguments)

    assert outcome.exit_code == 1
    assert outcome.stderr.startswith(f"error: {what}")


def test_every_command_without_a_stack_names_the_command_that_starts_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERCTL_HOME", str(tmp_path))

    for arguments in (
        ("place", "MUG:1", *BUYER, *CARD),
        ("show", NO_ORDER),
        ("orders", "--customer", "c"),
        ("trace", NO_ORDER),
        ("stock", "show"),
        ("stock", "set", "MUG", "1"),
    ):
        outcome = orderctl(*arguments)
        assert outcome.exit_code == 1
        assert "No local cloud is running" in outcome.stderr
        assert "orderctl up" in outcome.stderr


def test_an_order_names_its_execution_and_no_console(shop: DeployedShop, product: str) -> None:
    order_id = shop.place({product: 1}).body["orderId"]
    shop.wait_until_not_pending(order_id)

    execution = shop.api.get(order_id).body["execution"]

    assert ":express:" in execution["arn"]
    assert execution.keys() == {"arn"}
