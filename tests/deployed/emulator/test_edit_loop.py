"""What was edited in a checkout reaches the running local cloud, which keeps its address and its data."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from devtools.local_cloud import watching
from devtools.local_cloud.cloud import deploy_changes
from devtools.local_cloud.folder import Folder
from orderctl.errors import OperatorError
from orderctl.main import app
from orderctl.stack import Stack, find_stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.http_requests import order_of, post

DEFINITION = "statemachines/order_workflow.asl.json"


def test_an_edit_is_deployed_and_address_and_data_stay(
    shop: DeployedShop, product: str, customer: str, checkout: Path, restored: Folder
) -> None:
    _edit(checkout / "handlers/orders.py", '"Location": ', '"Edited": "yes", "Location": ')
    _edit(checkout / DEFINITION, '"Comment": "', '"Comment": "Edited. ')

    up = deploy_changes(restored, checkout=checkout)

    assert up.changes
    assert {"Functions/Orders", "Workflow/OrderWorkflow"} <= set(up.changes.changed)
    assert (up.changes.added, up.changes.removed) == ((), ())
    assert up.stack == shop.stack == find_stack()
    placed = post(shop, order_of(customer, [{"productId": product, "quantity": 1}]))
    assert (placed.status, placed.headers["Edited"]) == (202, "yes")
    assert _definition(shop.stack).startswith(_text_with(checkout, "Edited. "))
    assert deploy_changes(restored, checkout=checkout).changes is None


def test_a_deployment_that_fails_leaves_the_local_cloud_as_it_was(
    shop: DeployedShop, product: str, customer: str, checkout: Path, local_folder: Folder
) -> None:
    _edit(checkout / "infrastructure/stack.py", "class OrderProcessingStack", "class Broken")

    with pytest.raises(OperatorError, match="OrderProcessingStack") as problem:
        deploy_changes(local_folder, checkout=checkout)

    assert "could not be deployed" in str(problem.value)
    assert post(shop, order_of(customer, [{"productId": product, "quantity": 1}])).status == 202


@pytest.mark.usefixtures("local_stack")
def test_deploy_tells_that_nothing_has_changed() -> None:
    outcome = CliRunner().invoke(app, ["deploy"])

    assert outcome.exit_code == 0
    assert "is already up, with this checkout" in outcome.output


@pytest.mark.usefixtures("local_stack")
def test_watching_deploys_after_each_save(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "saves", lambda: iter([["handlers/orders.py"], ["app.py", "cdk.json"]]))

    outcome = CliRunner().invoke(app, ["up", "--watch"])

    assert outcome.exit_code == 0
    assert "saved: handlers/orders.py" in outcome.output
    assert "saved: app.py, cdk.json" in outcome.output
    assert outcome.output.count("is already up, with this checkout") == 3


@pytest.mark.usefixtures("local_stack")
def test_only_one_command_changes_the_local_cloud(local_folder: Folder) -> None:
    with local_folder.locked_for_changes():
        outcome = CliRunner().invoke(app, ["deploy"])

    assert outcome.exit_code == 1
    assert "another command is running" in outcome.output


def test_deploy_without_a_local_cloud_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="No local cloud is running"):
        deploy_changes(Folder.from_root(tmp_path))


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def _definition(stack: Stack) -> str:
    found = stack.client("stepfunctions").describe_state_machine(stateMachineArn=stack.state_machine_arn)
    return str(found["definition"])


def _text_with(checkout: Path, mark: str) -> str:
    text = (checkout / DEFINITION).read_text()
    return text[: text.index(mark) + len(mark)]
