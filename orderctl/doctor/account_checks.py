"""What an account and a Region need before a stage is deployed."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Final

from botocore.exceptions import ClientError

from handlers.contract.names import (
    INVOCATIONS_PER_ORDER,
    Stage,
    event_bus_name,
    orders_per_second,
    state_machine_name,
    workflow_log_group,
)
from orderctl.doctor.finding import Finding, ok, problem, unknown, warning
from orderctl.doctor.place import Place
from orderctl.lambda_limits import executions_at_once

# What the pinned CDK asks of the bootstrap stack: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
_BOOTSTRAP_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"
_LEAST_BOOTSTRAP: Final = 6
# AWS refuses a request whose time differs by more: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_REFUSED_SKEW_SECONDS: Final = 300
_NOTED_SKEW_SECONDS: Final = 5
# Of one execution: a usual invocation takes 0.1 s.
_INVOCATIONS_PER_SECOND: Final = 10


def credentials(place: Place) -> Finding:
    """Whose credentials these are. Without valid ones nothing else can be checked."""
    return ok(f"{place.identity['Arn']} in account {place.identity['Account']}")


def region(place: Place) -> Finding:
    """The Region, and whether the app was made for its partition."""
    partition = place.identity["Arn"].split(":")[1]
    if partition != "aws":
        return problem(
            f"{place.region} in the partition {partition}: the app was not made for it",
            "Choose a commercial Region.",
        )
    return ok(place.region)


def clock(place: Place) -> Finding:
    """How far this machine's clock is from AWS's, by the Date header of a response."""
    sent = place.identity.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not sent:
        return unknown("the response had no date")
    skew = time.time() - parsedate_to_datetime(sent).timestamp()
    text = f"{abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    if abs(skew) < _NOTED_SKEW_SECONDS:
        return ok("as AWS's")
    what_to_do = "Let this machine synchronize its clock."
    return problem(text, what_to_do) if abs(skew) > _REFUSED_SKEW_SECONDS else warning(text, what_to_do)


def bootstrap(place: Place) -> Finding:
    """The version of the CDK's bootstrap stack."""
    what_to_do = f"Run `cdk bootstrap aws://{place.identity['Account']}/{place.region}`."
    found = _parameter(place, _BOOTSTRAP_PARAMETER)
    if found is None:
        return problem("the CDK has no bootstrap stack here", what_to_do)
    if int(found) < _LEAST_BOOTSTRAP:
        return problem(f"version {found}, which is older than {_LEAST_BOOTSTRAP}", what_to_do)
    return ok(f"version {found}")


def powertools_layer(place: Place) -> Finding:
    """AWS's public layer in the version that the tests ran."""
    pinned = version("aws-lambda-powertools")
    if _parameter(place, f"/aws/service/powertools/python/arm64/python3.13/{pinned}") is None:
        return problem(
            f"AWS has no layer of Powertools {pinned} in {place.region}",
            "Choose another Region, or pin a version that is there in pyproject.toml (`make lock`).",
        )
    return ok(f"Powertools {pinned}")


def lambda_concurrency(place: Place) -> Finding:
    """Whether the account allows as many executions at once as the rate of the stage needs."""
    limit = executions_at_once(place.client("lambda"))
    rate = orders_per_second(place.stage)
    carried = limit * _INVOCATIONS_PER_SECOND // INVOCATIONS_PER_ORDER
    if carried < rate:
        return warning(
            f"{limit} at once carry about {carried} orders/s; the API key lets {rate} in",
            "Ask for more: Service Quotas, AWS Lambda, Concurrent executions (L-B99A9384).",
        )
    return ok(f"{limit} at once carry about {carried} orders/s")


def api_gateway_role(place: Place) -> Finding:
    """The role of the account with which API Gateway writes access logs."""
    if place.stage not in list(Stage):
        return ok("not needed: a stage of one's own has no access log")
    if place.client("apigateway").get_account().get("cloudwatchRoleArn"):
        return ok("there is one")
    return ok("none yet: the stack makes one for the account")


def bus_name(place: Place) -> Finding:
    """Whether the name of the bus is free, or taken by this very stage."""
    name = event_bus_name(place.stage)
    return _of_name(
        place,
        "bus",
        name,
        lambda: place.client("events").describe_event_bus(Name=name),
        missing="ResourceNotFoundException",
        is_own=place.outputs.get("EventBusName") == name,
    )


def machine_name(place: Place) -> Finding:
    """Whether the name of the state machine is free, or taken by this very stage."""
    name = state_machine_name(place.stage)
    arn = f"arn:aws:states:{place.region}:{place.identity['Account']}:stateMachine:{name}"
    return _of_name(
        place,
        "state machine",
        name,
        lambda: place.client("stepfunctions").describe_state_machine(stateMachineArn=arn),
        # https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
        missing="StateMachineDoesNotExist",
        is_own=place.outputs.get("StateMachineArn") == arn,
    )


def log_group(place: Place) -> Finding:
    """Whether the workflow's log group can be made: that of a deleted prod stays, with its name."""
    name = workflow_log_group(place.stack_name)
    if place.stack is not None:
        return ok(f"{name} is this stage's")
    found = place.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if all(each["logGroupName"] != name for each in found):
        return ok(f"{name} is free")
    return problem(
        f"{name} is there without its stack: the deployment would fail",
        f"Export what you need of it, then `aws logs delete-log-group --log-group-name {name}`.",
    )


def _of_name(  # noqa: PLR0913  each check names its parts
    place: Place, kind: str, name: str, describe: Callable[[], object], *, missing: str, is_own: bool
) -> Finding:
    """Find whether something with a fixed name is not there yet, of this stage, or somebody else's."""
    try:
        describe()
    except ClientError as error:
        if error.response["Error"]["Code"] != missing:
            raise
        return ok(f"{name} is free")
    if is_own:
        return ok(f"{name} is this stage's")
    return problem(
        f"there is a {kind} {name} that is not of {place.stack_name}",
        "Choose another stage name, or another account or Region.",
    )


def _parameter(place: Place, name: str) -> str | None:
    ssm = place.client("ssm")
    try:
        return str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None
