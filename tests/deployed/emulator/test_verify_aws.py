"""`make verify-aws` with the local cloud in place of AWS: a second stage beside `local`."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from devtools.checkout import REPOSITORY
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.settings import deployment_environment
from devtools.recording.recording import Recording
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop

# An order that orderctl places, and one whose notifications and events are received.
TESTS = "placed_shown_listed_and_traced or second_delivery"
LISTED = {
    "cloudformation": ("list_stacks", "StackSummaries"),
    "dynamodb": ("list_tables", "TableNames"),
    "events": ("list_event_buses", "EventBuses"),
    "lambda": ("list_functions", "Functions"),
    "logs": ("describe_log_groups", "logGroups"),
    "sns": ("list_topics", "Topics"),
    "sqs": ("list_queues", "QueueUrls"),
    "stepfunctions": ("list_state_machines", "stateMachines"),
    "apigateway": ("get_rest_apis", "items"),
    "iam": ("list_roles", "Roles"),
    "scheduler": ("list_schedules", "Schedules"),
}


def verify_aws(environment: Mapping[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  ours
        [sys.executable, "-m", "devtools.verify_aws", *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture
def in_place_of_aws(local_stack: Stack, local_folder: Folder) -> Mapping[str, str]:
    """The environment of a person whose endpoint is the local cloud."""
    given = deployment_environment(local_folder, str(local_stack.endpoint_url))
    return {name: value for name, value in given.items() if not name.startswith("PYTEST_")}


def listed_with(stack: Stack, text: str) -> Sequence[str]:
    """Return what the local cloud lists with this text, other than deleted CloudFormation stacks."""
    return [
        f"{service}: {each}"
        for service, (operation, key) in LISTED.items()
        for each in getattr(stack.client(service), operation)().get(key, [])
        if text in str(each) and "DELETE_COMPLETE" not in str(each)
    ]


def test_a_stage_is_deployed_tested_recorded_and_destroyed(
    shop: DeployedShop, in_place_of_aws: Mapping[str, str], tmp_path: Path
) -> None:
    ended = verify_aws(
        in_place_of_aws,
        *("review", "--folder", tmp_path, "--tests", TESTS, "--scenario", "payment_declined"),
    )

    report = (tmp_path / "report.md").read_text()
    assert ended.returncode == 0, ended.stdout
    assert "Cost: at most 0.04 USD" in ended.stdout.split("== doctor")[0]
    assert "# verify-aws of review: passed" in report
    assert "account ********0000" in report
    assert str(shop.stack.endpoint_url) in report
    assert "2 passed, 0 failed; 2 of at most" in report
    assert "1 the same, 0 on another path, 0 with other contents, 0 not recorded" in report
    assert "destroyed; nothing of the stack is left" in report
    assert Recording.read(tmp_path / "recordings" / "payment_declined.json").outcome.status == "SUCCEEDED"
    assert listed_with(shop.stack, "review") == []
    assert listed_with(shop.stack, "subscriber-") == []
    assert shop.api.list_orders("nobody", limit=1).status == 200


def test_a_stage_whose_bus_has_another_owner_is_not_deployed(
    local_stack: Stack, in_place_of_aws: Mapping[str, str], tmp_path: Path
) -> None:
    events = local_stack.client("events")
    events.create_event_bus(Name="ecommerce-taken")
    try:
        ended = verify_aws(in_place_of_aws, "taken", "--folder", tmp_path)
    finally:
        events.delete_event_bus(Name="ecommerce-taken")

    report = (tmp_path / "report.md").read_text()
    assert ended.returncode == 1
    assert "there is a bus ecommerce-taken that is not of OrderProcessing-taken" in report
    assert "| deploy" not in report
    assert listed_with(local_stack, "OrderProcessing-taken") == []
