"""Finds the deployed stack that a command operates: on the local cloud or on AWS."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

import typer

from handlers.contract.names import STACK_PREFIX, ApiAuth, Stage, stack_name
from orderctl.errors import OperatorError
from orderctl.local_cloud import (
    LocalCloudFiles,
    emulator_url,
    is_running,
    local_client,
    local_cloud_folder,
)
from orderctl.role import OPERATOR, ROLE_VARIABLE
from orderctl.terminal import waiting

QUEUES: Final = ("inventory", "payment", "notification", "delivery")

# The stack in which a stage is, or that has this name already.
_LOCAL_STACK: Final = stack_name(Stage.LOCAL)


def _named_stack(given: str | None) -> str | None:
    return given if given is None or given.startswith(f"{STACK_PREFIX}-") else stack_name(given)


StackName = Annotated[
    str | None,
    typer.Option(
        "--stack",
        "--stage",
        metavar="NAME",
        envvar="ORDERCTL_STACK",
        callback=_named_stack,
        help="A stack on AWS or its stage, e.g. OrderProcessing-dev or dev. `local` is the local cloud.",
    ),
]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="AWS profile to use with --stack.")]
Region = Annotated[str | None, typer.Option(metavar="REGION", help="AWS Region to use with --stack.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The URLs and names of one deployed stack. `endpoint_url` is None on AWS."""

    endpoint_url: str | None
    region: str
    api_url: str  # ends with a slash
    api_key: str
    console_url: str | None  # the list of executions in the AWS console; None on a local cloud
    state_machine_arn: str
    orders_table: str
    inventory_table: str
    bus_name: str
    dlq_urls: Mapping[str, str]  # by QUEUES
    profile: str | None = None
    api_auth: str = ApiAuth.KEY
    # For so long a CONFIRMED order can be cancelled.
    cancel_confirmed_seconds: int = 0
    # When the sweeper cancels an order ON_HOLD, and where it logs; stacks of an earlier version don't say it.
    hold_expires_seconds: int | None = None
    sweeper_log_group: str | None = None
    # The role that orderctl assumes; None means that it uses the credentials of the profile.
    role: str | None = None
    # The one that the stack has for its operators; None on a local cloud.
    operator_role: str | None = None

    @property
    def credentials(self) -> Any:
        """Return botocore's credentials, which sign the requests of an API with the authorization IAM."""
        return _session(self.profile, self.region, self.role).get_credentials()

    def as_operator(self) -> Self:
        """Return the stack as its operators use it: they may put events on its bus."""
        return replace(self, role=self.operator_role)

    def client(self, service: str) -> Any:
        """Return the boto3 client of an AWS service of this stack."""
        return _client(service, self.endpoint_url, self.region, self.profile, self.role)

    def to_json(self) -> str:
        """Write the text that `from_json` parses."""
        return json.dumps(
            {
                "endpointUrl": self.endpoint_url,
                "region": self.region,
                "apiUrl": self.api_url,
                "apiKey": self.api_key,
                "consoleUrl": self.console_url,
                "stateMachineArn": self.state_machine_arn,
                "ordersTable": self.orders_table,
                "inventoryTable": self.inventory_table,
                "busName": self.bus_name,
                "dlqUrls": dict(self.dlq_urls),
                "cancelConfirmedSeconds": self.cancel_confirmed_seconds,
                "holdExpiresAfterSeconds": self.hold_expires_seconds,
                "sweeperLogGroup": self.sweeper_log_group,
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse stack.json; raise KeyError, TypeError or ValueError when it is invalid."""
        found = json.loads(text)
        return cls(
            endpoint_url=found["endpointUrl"],
            region=found["region"],
            api_url=found["apiUrl"],
            api_key=found["apiKey"],
            console_url=found["consoleUrl"],
            state_machine_arn=found["stateMachineArn"],
            orders_table=found["ordersTable"],
            inventory_table=found["inventoryTable"],
            bus_name=found["busName"],
            dlq_urls={queue: found["dlqUrls"][queue] for queue in QUEUES},
            cancel_confirmed_seconds=found.get("cancelConfirmedSeconds", 0),
            hold_expires_seconds=found.get("holdExpiresAfterSeconds"),
            sweeper_log_group=found.get("sweeperLogGroup"),
        )


def stack_options(name: str | None, profile: str | None, region: str | None) -> str:
    """Return the options of a stack as they follow another command: "" or " --stack NAME --profile P"."""
    given = {"--stack": name, "--profile": profile, "--region": region}
    return "".join(f" {option} {quote(value)}" for option, value in given.items() if value)


def find_stack(name: str | None = None, profile: str | None = None, region: str | None = None) -> Stack:
    """Return the stack `name` on AWS, or without a name the stack on the local cloud."""
    if name and name != _LOCAL_STACK:
        return _stack_on_aws(name, profile, region)
    if profile or region:
        raise OperatorError(
            "--profile and --region need the stage of a stack on AWS",
            what_to_do="Add the stage, for example --stage dev.",
        )
    return local_stack(LocalCloudFiles(local_cloud_folder()).stack_file)


def local_stack(file: Path) -> Stack:
    """Return the stack that this file of a local cloud describes; raise OperatorError when it is not up."""
    start = "Start one with `orderctl up`, or use a stack on AWS with --stack NAME."
    try:
        stack = Stack.from_json(file.read_text())
    except FileNotFoundError:
        raise OperatorError(
            "No local cloud is running", why=f"there is no {file}", what_to_do=start
        ) from None
    except (KeyError, TypeError, ValueError):
        raise OperatorError(
            f"{file} is not a valid stack file",
            why="another version wrote it, or it was edited",
            what_to_do="Create it again with `orderctl up --fresh`.",
        ) from None
    with waiting(f"waiting for the local cloud at {stack.endpoint_url}"):
        running = is_running(stack.endpoint_url) if stack.endpoint_url else False
    if not running:
        raise OperatorError(
            f"The local cloud at {stack.endpoint_url} does not respond",
            why="it was killed",
            what_to_do="Start it again with `orderctl up`; it finds its data.",
        )
    return stack


def _stack_on_aws(name: str, profile: str | None, region: str | None) -> Stack:
    with waiting(f"looking for the stack {name}"):
        named_region, client = aws_client(f"the stack {name}", profile, region)
        if role := _given_role(name, client, named_region):
            # Whoever may do nothing but assume the role can use the stack.
            _, client = aws_client(f"the stack {name}", profile, region, role)
        found = describe(name, client, region=named_region, profile=profile)
    endpoint_url = emulator_url()
    return on_emulator(found, endpoint_url) if endpoint_url else found


def on_emulator(stack: Stack, endpoint_url: str) -> Stack:
    """Return a stack that `describe` found on an emulator, with addresses that work on this machine."""
    # https://API.execute-api.REGION.amazonaws.com/STAGE/ needs AWS's DNS
    address = urlsplit(stack.api_url)
    api = (address.hostname or "").split(".")[0]
    return replace(
        stack,
        endpoint_url=endpoint_url,
        api_url=f"{endpoint_url}/_aws/execute-api/{api}{address.path}",
        console_url=None,
        # An emulator knows no roles.
        role=None,
        operator_role=None,
    )


def aws_client(
    of: str, profile: str | None, region: str | None, role: str | None = None
) -> tuple[str, Callable[[str], Any]]:
    """Return the Region, and what makes the boto3 client of a service there; `of` is for the message."""
    # Unlike the CDK and the other SDKs, boto3 reads only AWS_DEFAULT_REGION:
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    named_region = _session(profile, region or os.environ.get("AWS_REGION") or None).region_name
    if not named_region:
        raise OperatorError(f"No region is set for {of}", what_to_do="Add --region, or set AWS_REGION.")
    return named_region, partial(
        _client, endpoint_url=emulator_url(), region=named_region, profile=profile, role=role
    )


def describe(name: str, client: Callable[[str], Any], *, region: str, profile: str | None = None) -> Stack:
    """Read the outputs of a deployed stack; raise OperatorError when there is no such stack."""
    found = _deployed(name, client, region)
    outputs = _outputs(found)
    try:
        return Stack(
            endpoint_url=None,
            region=region,
            api_url=outputs["ApiUrl"],
            api_key=client("apigateway").get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"],
            console_url=outputs["ExecutionsUrl"],
            state_machine_arn=outputs["StateMachineArn"],
            orders_table=outputs["OrdersTableName"],
            inventory_table=outputs["InventoryTableName"],
            bus_name=outputs["EventBusName"],
            dlq_urls={queue: outputs[f"{queue.capitalize()}DlqUrl"] for queue in QUEUES},
            profile=profile,
            # Stacks of an earlier version have no such output.
            api_auth=outputs.get("ApiAuth", ApiAuth.KEY),
            cancel_confirmed_seconds=int(outputs.get("CancelConfirmedSeconds", 0)),
            hold_expires_seconds=int(after) if (after := outputs.get("HoldExpiresAfterSeconds")) else None,
            sweeper_log_group=outputs.get("SweeperLogGroupName"),
            role=_role(outputs),
            operator_role=outputs.get("OperatorRoleArn"),
        )
    except KeyError as missing:
        raise OperatorError(
            f"The stack {name} has no output {missing}",
            why=f"it belongs to another app, or its deployment failed ({found['StackStatus']})",
            what_to_do="Deploy this app's stack with `make deploy`.",
        ) from None


def _deployed(name: str, client: Callable[[str], Any], region: str) -> Mapping[str, Any]:
    from botocore.exceptions import ClientError  # noqa: PLC0415  takes 0.15 s, not every command needs it

    try:
        found: Mapping[str, Any] = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise OperatorError(
            f"There is no stack {name} in {region}",
            what_to_do="Check --stack, --profile and --region, or deploy the stack with `make deploy`.",
        ) from None
    return found


def _outputs(deployed: Mapping[str, Any]) -> Mapping[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in deployed.get("Outputs", [])}


def _given_role(name: str, client: Callable[[str], Any], region: str) -> str | None:
    given = os.environ.get(ROLE_VARIABLE) or None
    return _outputs(_deployed(name, client, region)).get("OperatorRoleArn") if given == OPERATOR else given


def _role(outputs: Mapping[str, str]) -> str | None:
    """Return the ARN of the role to assume: the given one, or for `operator` that of the stack."""
    given = os.environ.get(ROLE_VARIABLE) or None
    return outputs["OperatorRoleArn"] if given == OPERATOR else given


@cache
def _client(
    service: str, endpoint_url: str | None, region: str, profile: str | None, role: str | None = None
) -> Any:
    from orderctl.aws_calls import CONFIG, watched  # noqa: PLC0415  as above

    if endpoint_url:
        return watched(local_client(service, endpoint_url, region))
    return watched(_session(profile, region, role).client(service, config=CONFIG))


@cache
def _session(profile: str | None, region: str | None, role: str | None = None) -> Any:
    # The clients of one session share its credentials, and what it has read of botocore's files.
    if role is not None:
        from orderctl.assumed_role import assumed  # noqa: PLC0415  as above

        return assumed(profile, region, role)
    import boto3  # noqa: PLC0415  as above

    return boto3.Session(profile_name=profile, region_name=region)
