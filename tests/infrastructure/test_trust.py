"""An AWS service may use what is ours only on behalf of this account."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.infrastructure.resources import Template, listed, of_type, only

# API Gateway sends no account when it assumes a role (said of integrations, and nothing else is documented
# for its logs): with the condition it could not write the access log.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
# https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/pull/479
_SENDS_NO_ACCOUNT: Final = frozenset({"apigateway.amazonaws.com"})
_SERVICES_WITH_ROLES: Final = frozenset(
    {"lambda.amazonaws.com", "states.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"}
)
_THIS_ACCOUNT: Final = {"Ref": "AWS::AccountId"}


@pytest.fixture(params=["local_template", "dev_template", "prod_template", "template_with_options"])
def template(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of the stages in turn, and one with all settings."""
    chosen: dict[str, Any] = request.getfixturevalue(request.param)
    return chosen


def _trusts(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the services that may assume a role, each with the conditions."""
    for role in of_type(template, "AWS::IAM::Role").values():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            for service in listed(statement["Principal"].get("Service", [])):
                yield service, statement.get("Condition", {})


def test_a_service_assumes_a_role_only_for_this_account(template: dict[str, Any]) -> None:
    trusts = list(_trusts(template))

    assert {service for service, _ in trusts} - _SENDS_NO_ACCOUNT == _SERVICES_WITH_ROLES
    for service, condition in trusts:
        if service not in _SENDS_NO_ACCOUNT:
            assert condition.get("StringEquals", {}).get("aws:SourceAccount") == _THIS_ACCOUNT, service


def test_a_role_trusts_either_a_service_or_this_account(template: dict[str, Any]) -> None:
    kinds = {
        kind
        for role in of_type(template, "AWS::IAM::Role").values()
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
        for kind in statement["Principal"]
    }
    accounts = [
        statement["Principal"]["AWS"]
        for role in of_type(template, "AWS::IAM::Role").values()
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
        if "AWS" in statement["Principal"]
    ]

    assert kinds == {"Service", "AWS"}
    assert all(_THIS_ACCOUNT in each["Fn::Join"][1] for each in accounts)


def test_a_service_invokes_a_function_only_for_the_api_of_this_account(template: dict[str, Any]) -> None:
    permissions = of_type(template, "AWS::Lambda::Permission").values()

    assert permissions
    for each in permissions:
        assert _THIS_ACCOUNT in each["SourceArn"]["Fn::Join"][1]


def test_a_service_writes_to_a_queue_or_a_topic_only_for_a_resource_of_this_stack(
    template: dict[str, Any],
) -> None:
    policies = [
        *of_type(template, "AWS::SQS::QueuePolicy").values(),
        *of_type(template, "AWS::SNS::TopicPolicy").values(),
    ]
    allowing = [
        statement
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    assert allowing
    for statement in allowing:
        assert statement["Principal"].keys() == {"Service"}
        if statement["Principal"]["Service"] == "cloudwatch.amazonaws.com":
            # All alarms have the name of the stack.
            alarms = statement["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1]
            stack = only(template, "AWS::ApiGateway::RestApi")["Name"]
            assert alarms == f":alarm:{stack}-*"
        else:
            source = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            assert source["Fn::GetAtt"][0] in template["Resources"]
