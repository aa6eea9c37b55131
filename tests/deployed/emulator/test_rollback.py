"""A bad definition is rolled back in one command, and the next deployment is live again."""

from pathlib import Path

from typer.testing import CliRunner

from devtools.local_cloud.cloud import deploy_changes
from devtools.local_cloud.folder import Folder
from orderctl.live_version import LiveVersion
from orderctl.main import app
from tests.deployed.deployed_shop import DeployedShop

DEFINITION = "statemachines/order_workflow.asl.json"
GOOD, BAD = '"Result": "OUT_OF_STOCK"', '"Result": "SOLD_OUT"'


def test_a_bad_definition_is_rolled_back_and_the_next_deployment_is_live(
    shop: DeployedShop, checkout: Path, restored: Folder
) -> None:
    live = LiveVersion(shop.stack)
    good = live.read()
    assert _reason_of_a_rejection(shop) == "OUT_OF_STOCK"
    text = (checkout / DEFINITION).read_text()
    assert text.count(GOOD) == 1
    (checkout / DEFINITION).write_text(text.replace(GOOD, BAD))
    deploy_changes(restored, checkout=checkout)
    bad = live.read()
    assert bad == good + 1
    assert _reason_of_a_rejection(shop) == "SOLD_OUT"

    outcome = CliRunner().invoke(app, ["rollback"])

    assert outcome.exit_code == 0
    assert live.read() == good
    assert _reason_of_a_rejection(shop) == "OUT_OF_STOCK"
    deploy_changes(restored)
    assert live.read() == bad + 1
    assert _reason_of_a_rejection(shop) == "OUT_OF_STOCK"


def _reason_of_a_rejection(shop: DeployedShop) -> str:
    product = shop.sell(available=1)
    placed = shop.place({product: 2})
    order_id = str(placed.body["orderId"])
    shop.wait_until_not_pending(order_id)
    return str(shop.records(order_id)["ORDER"]["reason"])
