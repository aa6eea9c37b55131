"""What the linters of the templates find and we accept: every exception, each with its reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Linter(StrEnum):
    """Who finds something in a template."""

    CDK_NAG = "cdk-nag"
    CFN_LINT = "cfn-lint"
    CHECKOV = "checkov"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a linter says of a resource; its logical id begins with the id of its construct."""

    rule: str
    resource: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A rule that what is under this construct of the stack may violate; "" is all of it."""

    linter: Linter
    rule: str
    under: str
    reason: str


ACCEPTED: Final = (
    Accepted(
        linter=Linter.CDK_NAG,
        rule="IAM5[Resource::*]",
        under="Functions",
        reason="X-Ray's PutTraceSegments and PutTelemetryRecords have no resource-level permissions.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="IAM5[Resource::<StorageOrders79EED263.Arn>/stream/*]",
        under="Functions",
        reason="Lambda lists the streams of the table before it reads the one; the list has no data.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="IAM5[Resource::*]",
        under="Workflow",
        reason="X-Ray's actions and CloudWatch's log delivery have no resource-level permissions.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="IAM5[Resource::*]",
        under="Operator",
        reason="Lambda's GetAccountSettings has no resource-level permissions.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="IAM5[Resource::arn:<AWS::Partition>:cloudformation:<AWS::Region>:<AWS::AccountId>:"
        "stack/<AWS::StackName>/*]",
        under="Operator",
        reason="The end of a stack's ARN is not known to whoever asks for the stack by its name.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:"
        "<ApiOrders6608CF0C>/<ApiOrdersDeploymentStageprod1F99E342>/GET/orders/*]",
        under="Operator",
        reason="An operator reads any order, and each has a path of its own.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:"
        "<ApiOrders6608CF0C>/<ApiOrdersDeploymentStageprod1F99E342>/POST/orders/*/cancel]",
        under="Operator",
        reason="An operator cancels any order, and each has a path of its own.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="L1",
        under="Functions",
        reason="The pinned Powertools layer and the tests are for Python 3.13.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="SQS3",
        under="Messaging",
        reason="They are dead-letter queues of the state machine and a rule, which the check does not see.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="APIG2",
        under="Api",
        reason="API Gateway validates parameters; the function validates bodies and names every violation.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="APIG3",
        under="Api",
        reason="Callers are servers with a throttled key. Each owner decides about a firewall.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="APIG4",
        under="Api",
        reason="Callers are servers of the shop. Every method needs an API key; a test checks that.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="APIG6",
        under="Api",
        reason="API Gateway creates the log group of the execution log, and it would never expire; "
        "the access log, the functions' logs and X-Ray have the same information.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="COG4",
        under="Api",
        reason="This API has no end users, so it has no user pool.",
    ),
    Accepted(
        linter=Linter.CDK_NAG,
        rule="IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        under="Api",
        reason="The role is for every API of the account and region, and AWS maintains its policy.",
    ),
    Accepted(
        linter=Linter.CHECKOV,
        rule="CKV_AWS_27",
        under="Messaging",
        reason="SQS encrypts the queues with its own keys (SSE-SQS); the check knows only a key of KMS.",
    ),
    *(
        Accepted(
            linter=Linter.CHECKOV,
            rule="CKV_AWS_158",
            under=construct,
            reason="CloudWatch encrypts every log group. A key of one's own can be lost, and the logs with "
            "it; they have no address and no payment token.",
        )
        for construct in ("Functions", "Workflow", "Api")
    ),
    Accepted(
        linter=Linter.CHECKOV,
        rule="CKV_AWS_115",
        under="Functions",
        reason="A reservation takes executions from all other functions, and a new account has none to give; "
        "paymentConcurrency and sweeperConcurrency are the owner's choice.",
    ),
    Accepted(
        linter=Linter.CHECKOV,
        rule="CKV_AWS_116",
        under="Functions",
        reason="API Gateway and the state machine wait for their functions, and the definition parks "
        "what fails; the next sweep does what one could not.",
    ),
    Accepted(
        linter=Linter.CHECKOV,
        rule="CKV_AWS_117",
        under="Functions",
        reason="They call AWS and the payment provider over TLS, and nothing inside a private network.",
    ),
    Accepted(
        linter=Linter.CHECKOV,
        rule="CKV_AWS_173",
        under="Functions",
        reason="Lambda encrypts the variables. They have names and ARNs; a Stripe key is in Secrets Manager.",
    ),
    Accepted(
        linter=Linter.CHECKOV,
        rule="CKV_AWS_120",
        under="Api",
        reason="An order changes within seconds, so a cached one would be out of date.",
    ),
    Accepted(
        linter=Linter.CFN_LINT,
        rule="W3005",
        under="",
        reason="The CDK writes every dependency down, also those that a reference implies.",
    ),
)


def not_accepted(linter: Linter, findings: Iterable[Finding], accepted: Sequence[Accepted]) -> Iterator[str]:
    """Yield the findings without an exception, and the exceptions without a finding."""
    unused = {(each.rule, each.under) for each in accepted if each.linter is linter}
    exceptions = frozenset(unused)
    for finding in findings:
        matching = {
            (rule, under)
            for rule, under in exceptions
            if rule == finding.rule and finding.resource.startswith(under)
        }
        unused -= matching
        if not matching:
            yield f"{linter}: {finding.rule} {finding.text}"
    for rule, under in sorted(unused):
        yield f"{linter}: {rule} is found nowhere under {under or 'the stack'}: remove its exception"
