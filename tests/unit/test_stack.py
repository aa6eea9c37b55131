"""How a command finds its deployment."""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner

import orderctl.stack
from orderctl.errors import OperatorError
from orderctl.local_cloud import emulator_url, local_cloud_folder
from orderctl.main import app
from orderctl.stack import Stack, aws_client, describe, find_stack, on_emulator

STACK = Stack(
    endpoint_url="http://127.0.0.1:4566",
    region="us-east-1",
    api_url="http://127.0.0.1:4566/_aws/execute-api/api/prod/",
    api_key="secret",
    console_url=None,
    state_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:orders",
    orders_table="orders",
    inventory_table="inventory",
    bus_name="ecommerce",
    dlq_urls={
        queue: f"http://queue/{queue}" for queue in ("inventory", "payment", "notification", "delivery")
    },
    cancel_confirmed_seconds=86_400,
    hold_expires_seconds=900,
)
OUTPUTS = {
    "ApiUrl": "https://api.execute-api.eu-west-1.amazonaws.com/prod/",
    "ApiKeyId": "key-1",
    "StateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:orders",
    "OrdersTableName": "orders",
    "InventoryTableName": "inventory",
    "EventBusName": "ecommerce",
    "InventoryDlqUrl": "https://sqs/inventory",
    "PaymentDlqUrl": "https://sqs/payment",
    "NotificationDlqUrl": "https://sqs/notification",
    "DeliveryDlqUrl": "https://sqs/delivery",
    "ExecutionsUrl": "https://console/executions",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The local cloud's folder of this test."""
    monkeypatch.setenv("ORDERCTL_HOME", str(tmp_path))
    return tmp_path


class Account:
    """An AWS account with one stack, as `describe` reads it."""

    def __init__(self, outputs: dict[str, str] | None) -> None:
        self._outputs = outputs

    def __call__(self, service: str) -> "Account":
        assert service in {"cloudformation", "apigateway"}
        return self

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803  as boto3 names it
        if self._outputs is None:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self._outputs.items()]
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": outputs}]}

    def get_api_key(self, *, apiKey: str, includeValue: bool) -> dict[str, str]:  # noqa: N803  as boto3 names it
        assert includeValue
        return {"value": f"value of {apiKey}"}


def test_a_stack_that_is_written_and_read_is_the_same() -> None:
    assert Stack.from_json(STACK.to_json()) == STACK


def test_a_stack_on_aws_is_read_from_its_outputs() -> None:
    stack = describe("OrderProcessing-dev", Account(OUTPUTS), region="eu-west-1", profile="shop")

    assert stack.endpoint_url is None
    assert stack.api_key == "value of key-1"
    assert stack.api_url == OUTPUTS["ApiUrl"]
    assert stack.console_url == OUTPUTS["ExecutionsUrl"]
    assert stack.dlq_urls["payment"] == "https://sqs/payment"
    assert (stack.region, stack.profile) == ("eu-west-1", "shop")
    assert stack.api_auth == "key"


def test_a_stack_says_whether_its_requests_must_be_signed() -> None:
    stack = describe("OrderProcessing-dev", Account(OUTPUTS | {"ApiAuth": "iam"}), region="eu-west-1")

    assert stack.api_auth == "iam"


def test_a_stack_says_for_how_long_a_confirmed_order_can_be_cancelled() -> None:
    current = describe(
        "OrderProcessing-dev", Account(OUTPUTS | {"CancelConfirmedSeconds": "3600"}), region="eu-west-1"
    )
    of_an_earlier_version = describe("OrderProcessing-dev", Account(OUTPUTS), region="eu-west-1")

    assert current.cancel_confirmed_seconds == 3600
    assert of_an_earlier_version.cancel_confirmed_seconds == 0


def test_a_stack_says_when_a_hold_expires() -> None:
    outputs = OUTPUTS | {"HoldExpiresAfterSeconds": "518400"}
    current = describe("OrderProcessing-dev", Account(outputs), region="eu-west-1")
    of_an_earlier_version = describe("OrderProcessing-dev", Account(OUTPUTS), region="eu-west-1")

    assert current.hold_expires_seconds == 518_400
    assert of_an_earlier_version.hold_expires_seconds is None


def test_a_stack_on_an_emulator_has_addresses_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4599/")
    found = describe("OrderProcessing-review", Account(OUTPUTS), region="eu-west-1")

    stack = on_emulator(found, str(emulator_url()))

    assert stack.endpoint_url == "http://127.0.0.1:4599"
    assert stack.api_url == "http://127.0.0.1:4599/_aws/execute-api/api/prod/"
    assert stack.console_url is None
    assert stack.client("sqs").meta.endpoint_url == "http://127.0.0.1:4599"
    assert (stack.orders_table, stack.api_key) == (found.orders_table, found.api_key)


def test_the_region_of_the_other_sdks_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    region, client = aws_client("the stage review", None, None)

    assert (region, client("sqs").meta.region_name) == ("eu-west-1", "eu-west-1")


def test_without_an_endpoint_there_is_no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")

    assert emulator_url() is None


def test_a_stack_that_is_not_deployed_is_reported() -> None:
    with pytest.raises(OperatorError, match=r"no stack OrderProcessing-prod in eu-west-1"):
        describe("OrderProcessing-prod", Account(None), region="eu-west-1")


def test_the_stack_of_another_app_is_refused() -> None:
    with pytest.raises(OperatorError, match=r"has no output 'ApiUrl'"):
        describe("Blog", Account({"BlogUrl": "https://blog"}), region="eu-west-1")


def test_a_missing_local_cloud_is_reported_with_the_command_that_starts_one() -> None:
    with pytest.raises(OperatorError, match=r"No local cloud is running.*\n.*orderctl up"):
        find_stack()


def test_the_stack_file_of_a_killed_cloud_is_reported(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    stale = STACK.to_json().replace("4566", str(port))
    (folder / "stack.json").write_text(stale)

    with pytest.raises(OperatorError, match=rf"127.0.0.1:{port} does not respond.*was killed"):
        find_stack()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"endpointUrl": "http://127.0.0.1:4566"}'])
def test_an_invalid_stack_file_is_reported(folder: Path, content: str) -> None:
    (folder / "stack.json").write_text(content)

    with pytest.raises(OperatorError, match="is not a valid stack file"):
        find_stack()


def test_a_profile_without_a_stack_is_refused() -> None:
    with pytest.raises(OperatorError, match="need the stage of a stack on AWS"):
        find_stack(profile="shop")


def test_the_folder_of_the_local_cloud_is_in_the_repository_by_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert local_cloud_folder() == folder

    monkeypatch.delenv("ORDERCTL_HOME")

    assert local_cloud_folder() == Path(__file__).parents[2] / ".local"


@pytest.mark.parametrize(
    ("given", "stack"),
    [
        (["--stage", "alice"], "OrderProcessing-alice"),
        (["--stack", "OrderProcessing-dev"], "OrderProcessing-dev"),
        (["--stack", "dev"], "OrderProcessing-dev"),
        ([], "OrderProcessing-prod"),
    ],
)
def test_a_stack_is_named_by_its_stage_or_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, given: list[str], stack: str
) -> None:
    monkeypatch.setenv("ORDERCTL_STACK", "prod")
    looked_for: list[str] = []
    monkeypatch.setattr("orderctl.stack._stack_on_aws", lambda name, *_: looked_for.append(name) or _no(name))

    outcome = CliRunner().invoke(app, ["status", *given])

    assert outcome.exit_code == 1
    assert looked_for == [stack]


def _no(name: str) -> Any:
    raise OperatorError(f"There is no stack {name}")


def test_the_stage_local_is_the_local_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERCTL_STACK", "prod")
    monkeypatch.setenv("ORDERCTL_HOME", str(tmp_path))

    outcome = CliRunner().invoke(app, ["status", "--stage", "local"])

    assert "No local cloud is running" in outcome.output


OPERATOR_ROLE = "arn:aws:iam::123456789012:role/operators"


@pytest.mark.parametrize(
    ("given", "role"),
    [
        (None, None),
        ("", None),
        ("operator", OPERATOR_ROLE),
        ("arn:aws:iam::123456789012:role/mine", "arn:aws:iam::123456789012:role/mine"),
    ],
)
def test_orderctl_assumes_the_role_that_is_given(
    monkeypatch: pytest.MonkeyPatch, given: str | None, role: str | None
) -> None:
    if given is None:
        monkeypatch.delenv("ORDERCTL_ROLE", raising=False)
    else:
        monkeypatch.setenv("ORDERCTL_ROLE", given)

    stack = describe(
        "OrderProcessing-dev", Account(OUTPUTS | {"OperatorRoleArn": OPERATOR_ROLE}), region="eu-west-1"
    )

    assert stack.role == role
    assert stack.as_operator().role == OPERATOR_ROLE


@pytest.mark.parametrize(("given", "may_look_up"), [("operator", True), (OPERATOR_ROLE, False)])
def test_who_may_only_assume_the_role_can_use_the_stack(
    monkeypatch: pytest.MonkeyPatch, given: str, *, may_look_up: bool
) -> None:
    def client(service: str, *, role: str | None = None, **_place: Any) -> Account:
        if role != OPERATOR_ROLE and (service != "cloudformation" or not may_look_up):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": service}}, "Any")
        return Account(OUTPUTS | {"OperatorRoleArn": OPERATOR_ROLE})

    monkeypatch.setenv("ORDERCTL_ROLE", given)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setattr(orderctl.stack, "_client", client)

    stack = find_stack("OrderProcessing-dev")

    assert (stack.api_key, stack.role) == ("value of key-1", OPERATOR_ROLE)


@mock_aws
def test_the_calls_of_an_assumed_role_have_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    # No other test has a session in this Region, whose credentials would be kept.
    stack = replace(STACK, endpoint_url=None, region="ca-west-1", role=OPERATOR_ROLE)

    identity = stack.client("sts").get_caller_identity()

    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/operators/orderctl"
