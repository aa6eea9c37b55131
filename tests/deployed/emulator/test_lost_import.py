"""An import whose events are lost. Only on an emulator: a change of a rule takes a moment on AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.test_order_import import HEADER, import_


def test_an_order_whose_event_was_lost_is_settled_by_a_second_import(
    shop: DeployedShop, tmp_path: Path
) -> None:
    product = shop.sell()
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEADER}\n1,{product},MUG,4,2026-03-02,2.55,,Freedonia\n")

    with no_workflow_started(shop.stack):
        lost = import_(path, "--timeout", "0")
    again = import_(path)

    assert lost.exit_code == 1
    assert "1  PENDING" in lost.output
    assert "1 orders are not settled after 0 s" in lost.stderr
    assert again.exit_code == 0, again.output
    assert "1  CONFIRMED" in again.output


@contextmanager
def no_workflow_started(stack: Stack) -> Iterator[None]:
    """Disable the rule, so that the bus drops the events of new orders."""
    events = stack.client("events")
    rules = events.list_rules(EventBusName=stack.bus_name)["Rules"]
    (rule,) = [found["Name"] for found in rules if "OrderPlaced" in found.get("EventPattern", "")]
    events.disable_rule(Name=rule, EventBusName=stack.bus_name)
    try:
        yield
    finally:
        events.enable_rule(Name=rule, EventBusName=stack.bus_name)
