"""The stages and the differences between them."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from devtools.templates import template, unsynthesized
from infrastructure.config import StageConfig
from tests.infrastructure.resources import Template, of_type, only

_OUTPUTS: Final = frozenset(
    {
        "ApiUrl",
        "ApiKeyId",
        "ApiAuth",
        "OperatorRoleArn",
        "StateMachineArn",
        "OrdersTableName",
        "InventoryTableName",
        "EventBusName",
        "InventoryDlqUrl",
        "PaymentDlqUrl",
        "NotificationDlqUrl",
        "DeliveryDlqUrl",
        "ExecutionsUrl",
        "CancelConfirmedSeconds",
        "HoldExpiresAfterSeconds",
        "SweeperLogGroupName",
    }
)
_NAME_PROPERTIES: Final = {
    "AWS::ApiGateway::ApiKey": "Name",
    "AWS::ApiGateway::Model": "Name",
    "AWS::ApiGateway::RequestValidator": "Name",
    "AWS::ApiGateway::RestApi": "Name",
    "AWS::ApiGateway::UsagePlan": "UsagePlanName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::QueryDefinition": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::StepFunctions::StateMachineAlias": "Name",
}
# The names of these are within their API or their state machine.
_INNER: Final = frozenset({"AWS::ApiGateway::Model", "AWS::StepFunctions::StateMachineAlias"})
# Resources without a name of ours: they have none, or the CDK derives it from the construct's path.
_NAMELESS: Final = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Resource",
        "AWS::ApiGateway::Stage",
        "AWS::ApiGateway::UsagePlanKey",
        "AWS::Events::EventBusPolicy",
        "AWS::IAM::Policy",
        "AWS::KMS::Key",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Logs::MetricFilter",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::StepFunctions::StateMachineVersion",
    }
)


@pytest.mark.parametrize("stage", ["local_template", "dev_template", "prod_template"])
def test_a_stack_has_the_outputs_for_clients_and_operators(
    request: pytest.FixtureRequest, stage: str
) -> None:
    assert request.getfixturevalue(stage)["Outputs"].keys() == _OUTPUTS


def test_the_console_link_opens_the_state_machine(
    dev_template: dict[str, Any],
) -> None:
    parts = dev_template["Outputs"]["ExecutionsUrl"]["Value"]["Fn::Join"][1]

    text = "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)

    assert text == (
        "https://<AWS::Region>.console.aws.amazon.com/states/home?region=<AWS::Region>"
        f"#/statemachines/view/<{dev_template['Outputs']['StateMachineArn']['Value']['Ref']}>"
    )


def test_only_the_expected_resources_have_a_name(dev_template: dict[str, Any]) -> None:
    resources = dev_template["Resources"].values()
    assert {each["Type"] for each in resources} == _NAME_PROPERTIES.keys() | _NAMELESS

    names = {
        (each["Type"], each["Properties"][_NAME_PROPERTIES[each["Type"]]])
        for each in resources
        if _NAME_PROPERTIES.get(each["Type"]) in each.get("Properties", {})
        # Each has the name of the stack and one of its own: test_monitoring.py.
        and each["Type"] not in {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}
    }

    assert names == {
        ("AWS::Events::EventBus", "ecommerce-dev"),
        ("AWS::Logs::LogGroup", "/aws/vendedlogs/states/OrderProcessing-dev-OrderWorkflow"),
        ("AWS::ApiGateway::RestApi", "OrderProcessing-dev"),
        ("AWS::CloudWatch::Dashboard", "OrderProcessing-dev"),
        ("AWS::ApiGateway::Model", "PlaceOrder"),
        ("AWS::ApiGateway::Model", "CancelOrder"),
        ("AWS::StepFunctions::StateMachine", "orders-dev"),
        ("AWS::StepFunctions::StateMachineAlias", "live"),
        *(
            ("AWS::Logs::QueryDefinition", f"OrderProcessing-dev/{query}")
            for query in ("trace an order", "slowest states", "refusals by product", "errors by cause")
        ),
    }


# MiniStack has no dashboards, no composite alarms and no alarms of several metrics.
_MONITORING_IS_MISSING: Final = frozenset(
    f"{type_} is missing"
    for type_ in (
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::KMS::Key",
        "AWS::Logs::MetricFilter",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
    )
)


def test_local_differs_from_dev_only_in_monitoring_queries_archive_console_and_sweeper(
    dev_template: dict[str, Any], local_template: dict[str, Any]
) -> None:
    assert _differences(_named(dev_template, "dev"), _named(local_template, "local")) == {
        *_MONITORING_IS_MISSING,
        "AWS::Events::Archive is missing",
        "AWS::Logs::QueryDefinition is missing",
        "AWS::Lambda::Function CONSOLE_DOMAIN",
        "AWS::Lambda::Function SWEEP_AFTER_SECONDS",
        "AWS::Lambda::Function HOLD_EXPIRES_AFTER_SECONDS",
        "AWS::Events::EventBus Name",
        "AWS::StepFunctions::StateMachine StateMachineName",
        # HoldExpiresAfterSeconds
        "Outputs",
    }


def test_prod_differs_from_dev_only_in_retention_and_limits(
    dev_template: dict[str, Any], prod_template: dict[str, Any]
) -> None:
    assert _differences(_named(dev_template, "dev"), _named(prod_template, "prod")) == {
        "AWS::DynamoDB::GlobalTable DeletionPolicy",
        "AWS::DynamoDB::GlobalTable UpdateReplacePolicy",
        "AWS::DynamoDB::GlobalTable Replicas",
        "AWS::Logs::LogGroup RetentionInDays",
        "AWS::Logs::LogGroup DeletionPolicy",
        "AWS::Logs::LogGroup UpdateReplacePolicy",
        "AWS::SQS::Queue DeletionPolicy",
        "AWS::SQS::Queue UpdateReplacePolicy",
        "AWS::IAM::Policy PolicyDocument",  # no operator switches a fault on
        "AWS::ApiGateway::UsagePlan Throttle",
        "AWS::DynamoDB::GlobalTable WarmThroughput",
        "AWS::DynamoDB::GlobalTable GlobalSecondaryIndexes",  # their warm throughput
        "AWS::Events::EventBus Name",
        "AWS::StepFunctions::StateMachine StateMachineName",
        "AWS::CloudWatch::Alarm is extra",  # no orders
        "AWS::XRay::SamplingRule is extra",  # 5 % of the requests
        "AWS::CloudWatch::Alarm AlarmDescription",  # the commands name the stage
        "AWS::CloudWatch::CompositeAlarm AlarmDescription",
        "AWS::CloudWatch::Alarm Dimensions",  # our metrics have the stage
        "AWS::CloudWatch::Alarm Metrics",  # as above
        "AWS::CloudWatch::Dashboard DashboardBody",
    }


@pytest.fixture(scope="module")
def own_template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The template of a stage of somebody's own."""
    return template(StageConfig.for_stage("alice"), tmp_path_factory.mktemp("alice"))


def test_a_stage_of_ones_own_is_complete(dev_template: dict[str, Any], own_template: dict[str, Any]) -> None:
    # An access log needs a role of the whole account, which would outlive the stage.
    # Alarms and dashboard cost some dollars a month, so they are there on request.
    assert _differences(_named(dev_template, "dev"), _named(own_template, "alice")) == {
        *_MONITORING_IS_MISSING,
        "AWS::ApiGateway::Account is missing",
        "AWS::IAM::Role is missing",
        "AWS::Logs::LogGroup is missing",
        "AWS::ApiGateway::Stage AccessLogSetting",
        "AWS::ApiGateway::Stage DependsOn",
        "AWS::Events::EventBus Name",
        "AWS::StepFunctions::StateMachine StateMachineName",
    }


def test_a_stage_of_ones_own_keeps_nothing(own_template: dict[str, Any]) -> None:
    policies = {
        (each.get("DeletionPolicy", "Delete"), each.get("UpdateReplacePolicy", "Delete"))
        for each in own_template["Resources"].values()
        # A version is deleted with its state machine.
        # https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
        if each["Type"] != "AWS::StepFunctions::StateMachineVersion"
    }

    assert policies == {("Delete", "Delete")}
    assert not any(
        replica["DeletionProtectionEnabled"]
        for each in of_type(own_template, "AWS::DynamoDB::GlobalTable").values()
        for replica in each["Replicas"]
    )


def test_stages_in_one_account_share_no_name(
    own_template: dict[str, Any], dev_template: dict[str, Any], prod_template: dict[str, Any]
) -> None:
    names = [
        # A dashboard may have the name of an API.
        (each["Type"], each["Properties"][_NAME_PROPERTIES[each["Type"]]])
        for stage in (own_template, dev_template, prod_template)
        for each in stage["Resources"].values()
        if _NAME_PROPERTIES.get(each["Type"]) in each.get("Properties", {}) and each["Type"] not in _INNER
    ]

    assert len(names) == len(set(names)) > 21
    assert {"ecommerce", "ecommerce-alice"} < {name for _, name in names}


def _named(template_: Template, stage: str) -> dict[str, Any]:
    """Return a template without the names and hashes that depend on the stage."""
    text = json.dumps(template_)
    for name in (f"OrderProcessing-{stage}", f"OrderProcessing{stage}"):
        text = text.replace(name, "STAGE")
    text = text.replace(f'"STAGE": "{stage}"', '"STAGE": "STAGE"')
    text = re.sub(r"(?<=[A-Za-z])([0-9A-F]{8})+([0-9a-f]{32})?", "", text)
    named: dict[str, Any] = json.loads(text)
    assert len(named["Resources"]) == len(template_["Resources"])
    return named


def _differences(one: Template, other: Template) -> set[str]:
    """Return the types that only one template has, and the properties that differ."""
    resources, others = one["Resources"], other["Resources"]
    differences = {f"{resources[each]['Type']} is missing" for each in resources.keys() - others.keys()}
    differences |= {f"{others[each]['Type']} is extra" for each in others.keys() - resources.keys()}
    for shared in resources.keys() & others.keys():
        ours, theirs = _flat(resources[shared]), _flat(others[shared])
        changed = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
        differences |= {f"{resources[shared]['Type']} {name}" for name in changed}
    rest = {name for name in one.keys() | other.keys() if name != "Resources"}
    return differences | {name for name in rest if one.get(name) != other.get(name)}


def _flat(resource: dict[str, Any]) -> dict[str, Any]:
    properties = resource.get("Properties", {})
    variables = properties.get("Environment", {}).get("Variables", {})
    return resource | properties | variables | {"Properties": None, "Environment": None}


@pytest.mark.parametrize(("stage", "protected"), [("local", False), ("dev", False), ("prod", True)])
def test_only_the_stack_of_prod_is_protected_from_deletion(
    tmp_path: Path, stage: str, *, protected: bool
) -> None:
    _, stack = unsynthesized(StageConfig.for_stage(stage, payment_gateway="simulated"), tmp_path)

    assert stack.termination_protection is protected


def test_an_owner_shortens_what_is_kept(template_with_options: dict[str, Any]) -> None:
    retentions = {
        each["RetentionInDays"] for each in of_type(template_with_options, "AWS::Logs::LogGroup").values()
    }
    machine = only(template_with_options, "AWS::StepFunctions::StateMachine")

    assert retentions == {365}
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert of_type(template_with_options, "AWS::Events::Archive") == {}


def test_an_owner_with_a_budget_is_told_before_it_is_spent(
    dev_template: dict[str, Any], template_with_options: dict[str, Any]
) -> None:
    budget = only(template_with_options, "AWS::Budgets::Budget")
    told = {
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"], subscriber["Address"])
        for each in budget["NotificationsWithSubscribers"]
        for subscriber in each["Subscribers"]
    }

    assert budget["Budget"]["BudgetLimit"] == {"Amount": 50, "Unit": "USD"}
    address = "operations@example.com"
    assert told == {("ACTUAL", 80, address), ("FORECASTED", 100, address)}
    assert of_type(dev_template, "AWS::Budgets::Budget") == {}


def test_the_api_takes_no_outdated_tls(dev_template: dict[str, Any]) -> None:
    api = only(dev_template, "AWS::ApiGateway::RestApi")

    assert api["SecurityPolicy"].startswith("SecurityPolicy_TLS13_1_2")
    assert api["EndpointAccessMode"] == "STRICT"


def test_the_map_of_personal_data_has_the_times_of_the_templates(
    dev_template: dict[str, Any], prod_template: dict[str, Any]
) -> None:
    map_ = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
    (dev, prod) = (
        {each["RetentionInDays"] for each in of_type(template, "AWS::Logs::LogGroup").values()}
        for template in (dev_template, prod_template)
    )
    archive = only(dev_template, "AWS::Events::Archive")["RetentionDays"]
    queues = {each["MessageRetentionPeriod"] for each in of_type(dev_template, "AWS::SQS::Queue").values()}

    assert (dev, prod, archive, queues) == ({14}, {90}, 30, {14 * 24 * 60 * 60})
    rows = {row.split(" | ")[0]: row for row in map_.splitlines() if row.startswith("| ")}
    for log in ("| logs of the functions", "| access log of the API"):
        assert "| 14 days, 90 in prod |" in rows[log]
    assert "| 30 days |" in rows["| archive of the bus"]
    assert "14 days at most" in rows["| dead-letter queues"]
