"""Check the template of every stage with cfn-lint (the workflow included) and cdk-nag's AwsSolutions."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aws_cdk import Acknowledgment, Validations
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from devtools.templates import unsynthesized
from handlers.contract.names import PaymentProvider, Stage
from infrastructure.config import StageConfig
from infrastructure.stack import OrderProcessingStack
from infrastructure.workflow import DEFINITION

# Prod must choose a payment provider. Stripe has all resources of the other one.
_OF_PROD: Final = {
    "payment_gateway": PaymentProvider.STRIPE,
    "stripe_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe-AbCdEf",
}
_IGNORED_CFN_LINT_RULES: Final = [
    "W3005",  # the CDK writes every dependency down, also those that a reference implies
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An accepted violation of a cdk-nag rule, and its construct."""

    rule: str
    under: str
    reason: str


_ACCEPTED: Final = (
    Accepted(
        rule="IAM5[Resource::*]",
        under="Functions",
        reason="X-Ray's PutTraceSegments and PutTelemetryRecords have no resource-level permissions.",
    ),
    Accepted(
        rule="IAM5[Resource::*]",
        under="Workflow",
        reason="X-Ray's actions and CloudWatch's log delivery have no resource-level permissions.",
    ),
    Accepted(
        rule="IAM5[Resource::*]",
        under="Operator",
        reason="Lambda's GetAccountSettings has no resource-level permissions.",
    ),
    Accepted(
        rule="IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:"
        "<ApiOrders6608CF0C>/<ApiOrdersDeploymentStageprod1F99E342>/GET/orders/*]",
        under="Operator",
        reason="An operator reads any order, and each has a path of its own.",
    ),
    Accepted(
        rule="L1",
        under="Functions",
        reason="The pinned Powertools layer and the tests are for Python 3.13.",
    ),
    Accepted(
        rule="SQS3",
        under="Messaging",
        reason="They are dead-letter queues of the state machine and a rule, which the check does not see.",
    ),
    Accepted(
        rule="APIG2",
        under="Api",
        reason="API Gateway validates parameters; the function validates bodies and names every violation.",
    ),
    Accepted(
        rule="APIG3",
        under="Api",
        reason="Callers are servers with a throttled key. Each owner decides about a firewall.",
    ),
    Accepted(
        rule="APIG4",
        under="Api",
        reason="Callers are servers of the shop. Every method needs an API key; a test checks that.",
    ),
    Accepted(
        rule="APIG6",
        under="Api",
        reason="API Gateway creates the log group of the execution log, and it would never expire; "
        "the access log, the functions' logs and X-Ray have the same information.",
    ),
    Accepted(
        rule="COG4",
        under="Api",
        reason="This API has no end users, so it has no user pool.",
    ),
    Accepted(
        rule="IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        under="Api",
        reason="The role is for every API of the account and region, and AWS maintains its policy.",
    ),
)


def main() -> None:
    """Print the findings for the templates of all stages, and exit with 1 if there are any."""
    found = [finding for config in _configs() for finding in _findings(config)]
    for finding in found:
        print(finding)  # noqa: T201  the output of a command
    sys.exit(1 if found else 0)


def _configs() -> Iterator[StageConfig]:
    for stage in Stage:
        yield StageConfig.for_stage(stage, **(_OF_PROD if stage is Stage.PROD else {}))


def _findings(config: StageConfig) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        app, stack = unsynthesized(config, Path(folder))
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        _accept(stack)
        try:
            app.synth()
        except RuntimeError:
            yield f"{config.stage}: cdk-nag's findings are in the report above"
        yield from _cfn_lint(config, json.loads(Path(folder, stack.template_file).read_text()))


def _accept(stack: OrderProcessingStack) -> None:
    for accepted in _ACCEPTED:
        Validations.of(stack.node.find_child(accepted.under)).acknowledge(
            Acknowledgment(id=f"AwsSolutions::AwsSolutions-{accepted.rule}", reason=accepted.reason)
        )


def _cfn_lint(config: StageConfig, template: dict[str, Any]) -> Iterator[str]:
    _inline_definitions(template)
    for match in lint(json.dumps(template), config=ManualArgs(ignore_checks=_IGNORED_CFN_LINT_RULES)):
        path = "/".join(str(part) for part in match.path or [])
        yield f"{config.stage}: {match.rule.id} {match.message} ({path})"


def _inline_definitions(template: dict[str, Any]) -> None:
    """Put the workflow into the template, because cfn-lint does not read an S3 location."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            del resource["Properties"]["DefinitionS3Location"]
            resource["Properties"]["DefinitionString"] = DEFINITION.read_text()


if __name__ == "__main__":
    main()
