"""The permissions of every role."""

import json
from typing import Any, Final

import pytest

from handlers.contract.names import CUSTOMER_ORDERS_INDEX, OPEN_ORDERS_INDEX
from orderctl.doctor.stack_checks import _ACTIONS
from tests.infrastructure.resources import (
    allowed_statements,
    function,
    listed,
    of_type,
    only,
    published,
    statements_of_role,
    strings,
)

# AWS actions without resource-level permissions.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
_XRAY: Final = frozenset({"xray:PutTraceSegments", "xray:PutTelemetryRecords"})
_WITHOUT_RESOURCES: Final = _XRAY | {
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
# Each order has a path of its own in the API; who asks for a stack by its name does not know the end of its
# ARN; the last action has no resources.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
_OF_OPERATORS: Final = frozenset(
    {"execute-api:Invoke", "cloudformation:DescribeStacks", "lambda:GetAccountSettings"}
)
# Lambda lists the streams of a table before it reads one.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-read-stream-only.html
_OF_STREAMS: Final = frozenset({"dynamodb:ListStreams"})
_OWN_LOGS: Final = frozenset({"logs:CreateLogStream", "logs:PutLogEvents"})
_READ_AND_RECORD: Final = frozenset({"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"})


@pytest.fixture(params=["local_template", "dev_template", "prod_template", "template_with_options"])
def template(request: pytest.FixtureRequest) -> dict[str, Any]:
    chosen: dict[str, Any] = request.getfixturevalue(request.param)
    return chosen


def test_no_statement_allows_all_actions_of_a_service(template: dict[str, Any]) -> None:
    actions = {action for each in allowed_statements(template) for action in listed(each["Action"])}

    assert not [action for action in actions if "*" in action]


def test_only_actions_without_resource_level_permissions_are_allowed_on_all_resources(
    template: dict[str, Any],
) -> None:
    unbounded = {
        action
        for each in allowed_statements(template)
        if any("*" in part for part in strings(each.get("Resource", [])))
        for action in listed(each["Action"])
    }

    assert unbounded - _OF_OPERATORS - _OF_STREAMS == _WITHOUT_RESOURCES


def test_only_the_log_role_of_api_gateway_has_a_managed_policy(template: dict[str, Any]) -> None:
    managed = [
        part
        for role in of_type(template, "AWS::IAM::Role").values()
        for part in strings(role.get("ManagedPolicyArns", []))
        if "policy/" in part
    ]

    assert managed == [":iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"]


def _may(template: dict[str, Any], service: str, *, traced: bool = True) -> dict[str, set[str]]:
    """Return the allowed actions of a service's function by resource, without logs and traces."""
    properties = function(template, service)
    may: dict[str, set[str]] = {}
    for each in statements_of_role(template, properties["Role"]):
        for resource in listed(each["Resource"]):
            may.setdefault(json.dumps(resource), set()).update(listed(each["Action"]))
    assert may.pop(json.dumps("*"), set()) == (_XRAY if traced else set())
    assert may.pop(_arn(properties["LoggingConfig"]["LogGroup"]["Ref"])) == _OWN_LOGS
    return may


def _arn(logical_id: str, suffix: str = "") -> str:
    arn = {"Fn::GetAtt": [logical_id, "Arn"]}
    return json.dumps({"Fn::Join": ["", [arn, suffix]]} if suffix else arn)


def test_the_orders_service_reads_prices_stores_orders_and_emits_events(dev_template: dict[str, Any]) -> None:
    orders_table = published(dev_template, "OrdersTableName")

    assert _may(dev_template, "orders") == {
        _arn(orders_table): _READ_AND_RECORD | {"dynamodb:Query"},
        _arn(orders_table, f"/index/{CUSTOMER_ORDERS_INDEX}"): {"dynamodb:Query"},
        _arn(published(dev_template, "InventoryTableName")): {"dynamodb:BatchGetItem"},
        _arn(published(dev_template, "EventBusName")): {"events:PutEvents"},
    }


def test_the_inventory_service_changes_stock_and_records_its_step(dev_template: dict[str, Any]) -> None:
    assert _may(dev_template, "inventory") == {
        _arn(published(dev_template, "OrdersTableName")): _READ_AND_RECORD,
        _arn(published(dev_template, "InventoryTableName")): {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    }


def test_the_payment_service_may_use_only_the_orders_table(dev_template: dict[str, Any]) -> None:
    assert _may(dev_template, "payment") == {
        _arn(published(dev_template, "OrdersTableName")): _READ_AND_RECORD | {"dynamodb:Query"}
    }


def test_the_payment_service_may_read_the_stripe_secret_with_its_key_and_no_other(
    template_with_options: dict[str, Any],
) -> None:
    secret_arn = function(template_with_options, "payment")["Environment"]["Variables"]["STRIPE_SECRET_ARN"]

    assert _may(template_with_options, "payment") == {
        _arn(published(template_with_options, "OrdersTableName")): _READ_AND_RECORD | {"dynamodb:Query"},
        json.dumps(secret_arn): {"secretsmanager:GetSecretValue"},
        json.dumps("arn:aws:kms:eu-central-1:123456789012:key/1234-abcd"): {"kms:Decrypt"},
    }


def test_the_notification_service_may_publish_only_to_the_topic(dev_template: dict[str, Any]) -> None:
    topic = function(dev_template, "notification")["Environment"]["Variables"]["TOPIC_ARN"]

    assert _may(dev_template, "notification") == {
        _arn(published(dev_template, "OrdersTableName")): {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        json.dumps(topic): {"sns:Publish"},
    }


def test_the_sweeper_finds_open_orders_emits_them_and_parks_announcements(
    dev_template: dict[str, Any],
) -> None:
    orders_table = published(dev_template, "OrdersTableName")

    assert _may(dev_template, "sweeper") == {
        _arn(orders_table): {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        _arn(orders_table, f"/index/{OPEN_ORDERS_INDEX}"): {"dynamodb:Query"},
        _arn(published(dev_template, "EventBusName")): {"events:PutEvents"},
        _arn(published(dev_template, "DeliveryDlqUrl")): {"sqs:SendMessage"},
    }


def test_the_eraser_reads_and_changes_only_the_orders_table(
    dev_template: dict[str, Any], template_with_options: dict[str, Any]
) -> None:
    handlers = {each["Handler"] for each in of_type(dev_template, "AWS::Lambda::Function").values()}

    assert "handlers.eraser.handler" not in handlers
    assert _may(template_with_options, "eraser") == {
        _arn(published(template_with_options, "OrdersTableName")): {"dynamodb:Scan", "dynamodb:UpdateItem"}
    }


def test_the_metrics_function_reads_the_stream_and_nothing_else(dev_template: dict[str, Any]) -> None:
    orders_table = published(dev_template, "OrdersTableName")

    assert _may(dev_template, "metrics", traced=False) == {
        json.dumps({"Fn::GetAtt": [orders_table, "StreamArn"]}): {
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
        },
        _arn(orders_table, "/stream/*"): {"dynamodb:ListStreams"},
    }


def test_the_workflow_has_the_permissions_of_its_states(dev_template: dict[str, Any]) -> None:
    machine = only(dev_template, "AWS::StepFunctions::StateMachine")
    services = ("inventory", "payment", "notification")
    functions = of_type(dev_template, "AWS::Lambda::Function")
    queues = of_type(dev_template, "AWS::SQS::Queue")

    may = {
        action: {_referred(resource) for resource in listed(each["Resource"])}
        for each in statements_of_role(dev_template, machine["RoleArn"])
        for action in listed(each["Action"])
    }

    assert {action for action, resources in may.items() if resources == {"*"}} == _WITHOUT_RESOURCES
    assert {action: resources for action, resources in may.items() if resources != {"*"}} == {
        "lambda:InvokeFunction": {
            logical_id
            for logical_id, each in functions.items()
            if each["Handler"] in {f"handlers.{service}.handler" for service in services}
        },
        "dynamodb:UpdateItem": {published(dev_template, "OrdersTableName")},
        "events:PutEvents": {published(dev_template, "EventBusName")},
        "sqs:SendMessage": set(queues),
    }


def _referred(resource: Any) -> str:
    logical_id: str = resource if isinstance(resource, str) else resource["Fn::GetAtt"][0]
    return logical_id


def test_only_the_rule_may_start_the_workflow(dev_template: dict[str, Any]) -> None:
    (target,) = only(dev_template, "AWS::Events::Rule")["Targets"]

    statements = statements_of_role(dev_template, target["RoleArn"])

    assert [(each["Action"], each["Resource"]) for each in statements] == [
        ("states:StartExecution", {"Ref": published(dev_template, "StateMachineArn")})
    ]


def _role_of_a_function(template: dict[str, Any], service: str) -> str:
    role: str = function(template, service)["Role"]["Fn::GetAtt"][0]
    return role


def test_only_this_system_and_its_operators_may_speak_for_it_on_the_bus(template: dict[str, Any]) -> None:
    bus = published(template, "EventBusName")
    policy = only(template, "AWS::Events::EventBusPolicy")
    statement = policy["Statement"]
    machine = only(template, "AWS::StepFunctions::StateMachine")

    assert policy["EventBusName"] == {"Ref": bus}
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert (statement["Action"], statement["Resource"]) == (
        "events:PutEvents",
        {"Fn::GetAtt": [bus, "Arn"]},
    )
    assert statement["Condition"]["ForAnyValue:StringEquals"] == {"events:source": "ecommerce.orders"}
    allowed = {each["Fn::GetAtt"][0] for each in statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]}
    assert allowed == {
        _role_of_a_function(template, "orders"),
        _role_of_a_function(template, "sweeper"),
        machine["RoleArn"]["Fn::GetAtt"][0],
        published(template, "OperatorRoleArn"),
    }


def test_every_role_that_may_put_events_on_the_bus_may_speak_there(template: dict[str, Any]) -> None:
    condition = only(template, "AWS::Events::EventBusPolicy")["Statement"]["Condition"]
    speakers = {each["Fn::GetAtt"][0] for each in condition["ArnNotEquals"]["aws:PrincipalArn"]}

    with_permission = {
        role["Ref"]
        for policy in of_type(template, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if "events:PutEvents" in listed(statement["Action"])
        for role in policy["Roles"]
    }

    assert with_permission == speakers


def test_an_operator_may_do_what_orderctl_checks_and_breaks_nothing_in_prod(
    dev_template: dict[str, Any], prod_template: dict[str, Any]
) -> None:
    may = {
        name: {
            action
            for statement in statements_of_role(
                template, {"Fn::GetAtt": [published(template, "OperatorRoleArn"), "Arn"]}
            )
            for action in listed(statement["Action"])
        }
        for name, template in {"dev": dev_template, "prod": prod_template}.items()
    }

    checked = {action for actions in _ACTIONS.values() for action in actions}
    assert checked <= may["prod"]
    assert may["dev"] - may["prod"] == {
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:UpdateFunctionConfiguration",
    }


def test_an_operator_may_call_every_operation_of_the_api(dev_template: dict[str, Any]) -> None:
    role = {"Fn::GetAtt": [published(dev_template, "OperatorRoleArn"), "Arn"]}

    paths = {
        parts[-1].lstrip("/")
        for statement in statements_of_role(dev_template, role)
        if listed(statement["Action"]) == ["execute-api:Invoke"]
        for resource in listed(statement["Resource"])
        for parts in [resource["Fn::Join"][1]]
    }

    assert paths == {"POST/orders", "GET/orders", "GET/orders/*", "POST/orders/*/cancel"}
