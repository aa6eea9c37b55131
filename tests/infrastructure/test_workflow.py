"""The deployed state machine and its rule."""

import re
from typing import Any

from devtools.asl.definition import DEFINITION
from tests.infrastructure.resources import of_type, only, published


def test_the_workflow_is_express_and_has_tracing(dev_template: dict[str, Any]) -> None:
    machine = only(dev_template, "AWS::StepFunctions::StateMachine")

    assert machine["StateMachineType"] == "EXPRESS"
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_every_state_of_every_execution_is_logged_with_its_data(dev_template: dict[str, Any]) -> None:
    logging = only(dev_template, "AWS::StepFunctions::StateMachine")["LoggingConfiguration"]
    (destination,) = logging["Destinations"]
    log_group_id, attribute = destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"]

    log_group = of_type(dev_template, "AWS::Logs::LogGroup")[log_group_id]

    assert (logging["Level"], logging["IncludeExecutionData"], attribute) == ("ALL", True, "Arn")
    assert log_group["LogGroupName"].startswith("/aws/vendedlogs/states/")


def test_every_placeholder_of_the_definition_has_a_value_and_no_value_is_unused(
    dev_template: dict[str, Any],
) -> None:
    placeholders = set(re.findall(r"\$\{(\w+)\}", DEFINITION.read_text()))

    substitutions = only(dev_template, "AWS::StepFunctions::StateMachine")["DefinitionSubstitutions"]

    assert substitutions.keys() == placeholders


def test_each_placeholder_has_the_value_of_the_resource_that_it_names(dev_template: dict[str, Any]) -> None:
    substitutions = only(dev_template, "AWS::StepFunctions::StateMachine")["DefinitionSubstitutions"]

    names = {
        name: {"Ref": published(dev_template, name)}
        for name in substitutions
        if not name.endswith("FunctionArn")
    }
    functions = {
        name: {"Fn::GetAtt": [_function_id(dev_template, name.removesuffix("FunctionArn").lower()), "Arn"]}
        for name in substitutions
        if name.endswith("FunctionArn")
    }

    assert substitutions == names | functions


def _function_id(template: dict[str, Any], service: str) -> str:
    (logical_id,) = (
        logical_id
        for logical_id, each in of_type(template, "AWS::Lambda::Function").items()
        if each["Handler"] == f"handlers.{service}.handler"
    )
    return logical_id


def test_a_new_order_and_a_request_to_cancel_one_start_the_workflow(dev_template: dict[str, Any]) -> None:
    rule = only(dev_template, "AWS::Events::Rule")

    (target,) = rule["Targets"]

    assert rule["EventBusName"] == {"Ref": published(dev_template, "EventBusName")}
    assert rule["EventPattern"] == {
        "source": ["ecommerce.orders"],
        "detail-type": ["OrderPlaced", "OrderCancellationRequested"],
    }
    assert rule["State"] == "ENABLED"
    (alias_id,) = of_type(dev_template, "AWS::StepFunctions::StateMachineAlias")
    assert target["Arn"] == {"Ref": alias_id}


def test_every_revision_is_published_as_a_version_that_stays(dev_template: dict[str, Any]) -> None:
    machine = published(dev_template, "StateMachineArn")
    (version_id,) = of_type(dev_template, "AWS::StepFunctions::StateMachineVersion")
    version = dev_template["Resources"][version_id]

    assert version["Properties"] == {
        "StateMachineArn": {"Ref": machine},
        "StateMachineRevisionId": {"Fn::GetAtt": [machine, "StateMachineRevisionId"]},
    }
    policies = (version["DeletionPolicy"], version["UpdateReplacePolicy"])
    assert policies == ("RetainExceptOnCreate", "Retain")


def test_the_alias_points_to_the_newest_version(dev_template: dict[str, Any]) -> None:
    (version_id,) = of_type(dev_template, "AWS::StepFunctions::StateMachineVersion")

    alias = only(dev_template, "AWS::StepFunctions::StateMachineAlias")

    assert alias["RoutingConfiguration"] == [{"StateMachineVersionArn": {"Ref": version_id}, "Weight": 100}]


def test_the_name_of_the_state_machine_is_short(dev_template: dict[str, Any]) -> None:
    assert only(dev_template, "AWS::StepFunctions::StateMachine")["StateMachineName"] == "orders-dev"


def test_the_input_of_the_workflow_is_the_whole_event(dev_template: dict[str, Any]) -> None:
    (target,) = only(dev_template, "AWS::Events::Rule")["Targets"]

    assert not {"Input", "InputPath", "InputTransformer"} & target.keys()


def test_an_event_that_can_not_be_delivered_for_an_hour_goes_to_the_delivery_queue(
    dev_template: dict[str, Any],
) -> None:
    (rule_id,) = of_type(dev_template, "AWS::Events::Rule")
    (target,) = only(dev_template, "AWS::Events::Rule")["Targets"]
    queue_id = published(dev_template, "DeliveryDlqUrl")

    senders = [
        each
        for policy in of_type(dev_template, "AWS::SQS::QueuePolicy").values()
        if policy["Queues"] == [{"Ref": queue_id}]
        for each in policy["PolicyDocument"]["Statement"]
        if each["Effect"] == "Allow"
    ]

    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 30}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue_id, "Arn"]}}
    assert [(each["Action"], each["Principal"], each["Condition"]) for each in senders] == [
        (
            "sqs:SendMessage",
            {"Service": "events.amazonaws.com"},
            {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule_id, "Arn"]}}},
        )
    ]
