"""Dashboard and alarms: their metrics exist, and each alarm tells somebody what to do."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest

from devtools.asl.definition import read_definition, states
from devtools.local_cloud.patches.execution_logs import _log_event
from devtools.templates import template as synthesized
from handlers.contract.metrics import METRICS_NAMESPACE, MetricName
from infrastructure.config import StageConfig
from infrastructure.monitoring.workflow_failures import CAUSES
from orderctl.command_list import load_command
from tests.infrastructure.documented_metrics import DOCUMENTED, counted_by_filters
from tests.infrastructure.resources import Template, function, listed, of_type, only, published
from tests.infrastructure.watched_metrics import (
    ALARM,
    COMPOSITE,
    UsedMetric,
    alarms_in,
    alarms_on_the_dashboard,
    metrics_of_alarms,
    metrics_of_widgets,
    widgets,
)

_OPERATIONS: Final = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
_ROWS: Final = ("Business", "API", "Workflow", "Functions", "Queues", "Tables")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
_METRICS_OF_AN_ALARM: Final = 10


@pytest.fixture(params=["dev", "prod", "dev with options"])
def template(request: pytest.FixtureRequest) -> dict[str, Any]:
    fixture = "template_with_options" if " " in request.param else f"{request.param}_template"
    chosen: dict[str, Any] = request.getfixturevalue(fixture)
    return chosen


def _stack(template: Template) -> str:
    name: str = only(template, "AWS::ApiGateway::RestApi")["Name"]
    return name


def _used(template: Template) -> list[UsedMetric]:
    return [*metrics_of_alarms(template), *metrics_of_widgets(template)]


def _alarms(template: Template) -> dict[str, dict[str, Any]]:
    return of_type(template, ALARM) | of_type(template, COMPOSITE)


def _undocumented(template: Template, used: UsedMetric) -> str | None:
    """Return what is wrong with a metric, as a sentence."""
    filters = counted_by_filters(_stack(template), frozenset(CAUSES))
    documented = (DOCUMENTED | filters).get(used.namespace, {}).get(used.name)
    if documented is None:
        return f"{used.user}: there is no metric {used.namespace} {used.name}"
    if frozenset(used.dimensions) not in documented.dimensions:
        return f"{used.user}: {used.name} is not published by {sorted(used.dimensions)}"
    if used.statistic not in documented.statistics:
        return f"{used.user}: {used.statistic} of {used.name} means nothing"
    if used.unit is not None:
        return f"{used.user}: {used.name} names a unit, and with another one there is no data"
    return None


def test_every_metric_is_one_that_aws_documents_or_our_code_emits(template: dict[str, Any]) -> None:
    used = _used(template)

    assert len(used) > 150
    assert [fault for each in used if (fault := _undocumented(template, each))] == []


@pytest.mark.parametrize(
    "typo",
    [
        {"namespace": "AWS/Lamda"},
        {"name": "Error"},
        {"dimensions": {"Function": "orders"}},
        {"dimensions": {}},
        {"statistic": "Average"},
        {"unit": "Seconds"},
    ],
)
def test_a_typo_in_a_metric_is_noticed(dev_template: dict[str, Any], typo: dict[str, Any]) -> None:
    used = next(each for each in _used(dev_template) if each.name == "Errors")

    assert _undocumented(dev_template, used) is None
    assert _undocumented(dev_template, replace(used, **typo)) is not None


def test_every_documented_metric_is_used(template_with_options: dict[str, Any]) -> None:
    names = {(each.namespace, each.name) for each in _used(template_with_options)}
    listed_names = {(namespace, name) for namespace, metrics in DOCUMENTED.items() for name in metrics}

    assert listed_names <= names


def test_every_dimension_is_a_resource_of_the_stack(template: dict[str, Any]) -> None:
    rule = next(iter(of_type(template, "AWS::Events::Rule")))
    bus_and_rule = {"Fn::Split": ["|", {"Ref": rule}]}
    (api_stage,) = of_type(template, "AWS::ApiGateway::Stage")
    orders = of_type(template, "AWS::DynamoDB::GlobalTable")[published(template, "OrdersTableName")]
    queues = of_type(template, "AWS::SQS::Queue")
    expected = {
        "ApiName": {_stack(template)},
        "Stage": {_ref(api_stage)},
        "StateMachineArn": {_ref(published(template, "StateMachineArn"))},
        "APIName": {"StartExecution"},
        "FunctionName": {_ref(each) for each in of_type(template, "AWS::Lambda::Function")},
        "QueueName": {json.dumps({"Fn::GetAtt": [each, "QueueName"]}) for each in queues},
        "TableName": {_ref(each) for each in of_type(template, "AWS::DynamoDB::GlobalTable")},
        "GlobalSecondaryIndexName": {each["IndexName"] for each in orders["GlobalSecondaryIndexes"]},
        # A reference to a rule on a bus of our own is BUS|RULE.
        "EventBusName": {json.dumps({"Fn::Select": [0, bus_and_rule]})},
        "RuleName": {json.dumps({"Fn::Select": [1, bus_and_rule]})},
        "stage": {_stack(template).removeprefix("OrderProcessing-")},
        "service": set(chain.from_iterable(name.services for name in MetricName)),
    }

    found: dict[str, set[str]] = {}
    for used in _used(template):
        for name, value in used.dimensions.items():
            found.setdefault(name, set()).add(value)

    assert found == expected


def _ref(logical_id: str) -> str:
    return json.dumps({"Ref": logical_id})


def test_a_metric_of_ours_is_of_a_service_that_emits_it(template: dict[str, Any]) -> None:
    ours = [each for each in _used(template) if each.namespace == METRICS_NAMESPACE]

    assert ours
    assert all(each.dimensions["service"] in MetricName(each.name).services for each in ours)


def test_every_alarm_says_what_it_means_and_a_command_that_orderctl_has(template: dict[str, Any]) -> None:
    stage = _stack(template).removeprefix("OrderProcessing-")

    for properties in _alarms(template).values():
        described = re.fullmatch(
            r"[A-Z].+\. First: `orderctl (.+)`\. Then: docs/operations\.md#alarms",
            properties["AlarmDescription"],
        )
        assert described, properties["AlarmName"]
        command, *arguments = described[1].split()
        assert arguments[-2:] == ["--stage", stage]
        _parse(command, arguments)


def _parse(name: str, arguments: list[str]) -> None:
    """Parse a command as orderctl does, to its last argument, and do not run it."""
    command = load_command(name)
    context = command.make_context(name, list(arguments))
    if hasattr(command, "resolve_command"):
        subcommand_name, subcommand, rest = command.resolve_command(
            context, context._protected_args + context.args
        )
        subcommand.make_context(subcommand_name, rest, parent=context)


def test_the_name_of_every_alarm_begins_with_the_stack(template: dict[str, Any]) -> None:
    names = [each["AlarmName"] for each in _alarms(template).values()]

    assert all(name.startswith(f"{_stack(template)}-") for name in names)
    assert len(names) == len(set(names))


def test_an_alarm_notifies_itself_or_by_one_composite_alarm(template: dict[str, Any]) -> None:
    (topic,) = _operations_topics(template)
    grouped = Counter(chain.from_iterable(map(alarms_in, of_type(template, COMPOSITE).values())))
    notifying = {id_ for id_, each in _alarms(template).items() if "AlarmActions" in each}

    assert set(grouped.values()) == {1}
    assert notifying.isdisjoint(grouped)
    assert notifying | set(grouped) == _alarms(template).keys()
    assert alarms_on_the_dashboard(template) == notifying
    for id_ in notifying:
        properties = _alarms(template)[id_]
        assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": topic}]


def test_one_cause_does_not_ring_five_bells(dev_template: dict[str, Any]) -> None:
    composites = {
        each["AlarmName"].rpartition("-")[2]: {
            _alarms(dev_template)[alarm]["AlarmName"].removeprefix("OrderProcessing-dev-").partition("-")[0]
            for alarm in alarms_in(each)
        }
        for each in of_type(dev_template, COMPOSITE).values()
    }

    assert composites == {
        "Api": {"ServerErrors", "SlowRequests"},
        "Workflow": {
            *("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled", "DeliveriesFailed"),
            *("SettlementFailed", "MessageLost", "OrderUnknown", "SweeperReemitting"),
        },
        "Functions": {"Errors", "NearTimeout", "Throttles"},
        "Parked": {"NotEmpty"},
        "ParkedForLong": {"Old"},
    }


def test_missing_data_is_an_alarm_only_where_something_should_always_happen(
    prod_template: dict[str, Any],
) -> None:
    chosen = {
        each["AlarmName"].removeprefix("OrderProcessing-prod-"): each["TreatMissingData"]
        for each in of_type(prod_template, ALARM).values()
    }

    assert {name: how for name, how in chosen.items() if how != "notBreaching"} == {
        "SweeperNotRunning": "breaching",
        "NoOrders": "breaching",
        "OrdersWaiting": "ignore",
    }


def test_no_alarm_has_more_metrics_or_a_longer_time_than_cloudwatch_takes(template: dict[str, Any]) -> None:
    for properties in of_type(template, ALARM).values():
        stats = [each["MetricStat"] for each in properties.get("Metrics", []) if "MetricStat" in each]
        periods = [each["Period"] for each in stats or [properties]]
        assert len(stats) <= _METRICS_OF_AN_ALARM
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        assert max(periods) * properties["EvaluationPeriods"] <= 24 * 60 * 60


@pytest.mark.parametrize(("service", "seconds"), [("orders", 15), ("payment", 8), ("metrics", 30)])
def test_an_invocation_is_near_its_timeout_after_four_fifths_of_it(
    dev_template: dict[str, Any], service: str, seconds: int
) -> None:
    (alarm,) = (
        each
        for each in of_type(dev_template, ALARM).values()
        if each["AlarmName"].endswith(f"NearTimeout-{service}")
    )

    assert function(dev_template, service)["Timeout"] == seconds
    assert alarm["Threshold"] == seconds * 1000 * 0.8
    assert alarm["ExtendedStatistic"] == "p99"


def test_every_function_has_an_alarm_for_errors(template: dict[str, Any]) -> None:
    names = {each["AlarmName"].removeprefix(f"{_stack(template)}-") for each in _alarms(template).values()}
    services = {each["Handler"].split(".")[1] for each in of_type(template, "AWS::Lambda::Function").values()}

    assert {name for name in names if name.startswith("Errors-")} == {f"Errors-{each}" for each in services}


def test_a_failed_execution_is_counted_by_its_cause_from_its_last_log_line(
    dev_template: dict[str, Any],
) -> None:
    failing = {state["Error"] for _, state in states(read_definition()) if state["Type"] == "Fail"}
    filters = {
        each["MetricTransformations"][0]["MetricName"]: each
        for each in of_type(dev_template, "AWS::Logs::MetricFilter").values()
    }

    assert failing == set(CAUSES) == filters.keys()
    for cause, properties in filters.items():
        message = _log_event(_execution_failed(cause), "arn:execution")["message"]
        assert _matches(properties["FilterPattern"], json.loads(message))
        assert not _matches(
            properties["FilterPattern"], json.loads(message.replace("ExecutionFailed", "FailStateEntered"))
        )
        assert properties["LogGroupName"]["Ref"].startswith("WorkflowLogs")


def _execution_failed(cause: str) -> dict[str, Any]:
    return {
        "id": 7,
        "type": "ExecutionFailed",
        "timestamp": "2026-11-26T12:00:00+00:00",
        "executionFailedEventDetails": {"error": cause, "cause": "because"},
    }


def _matches(pattern: str, line: Mapping[str, Any]) -> bool:
    """Evaluate a filter pattern of equations."""
    equations = re.findall(r'\(\$\.([a-z.]+) = "([A-Za-z]+)"\)', pattern)
    assert pattern == "{ " + " && ".join(f'($.{path} = "{value}")' for path, value in equations) + " }"
    return all(_at(line, path) == value for path, value in equations)


def _at(line: Any, path: str) -> Any:
    for key in path.split("."):
        line = line[key]
    return line


def _operations_topics(template: Template) -> list[str]:
    """Return the topics with a key of their own: those of customers have AWS's."""
    return [
        id_
        for id_, each in of_type(template, "AWS::SNS::Topic").items()
        if each["KmsMasterKeyId"] != "alias/aws/sns"
    ]


def test_alarms_of_this_stack_may_publish_to_the_encrypted_topic(dev_template: dict[str, Any]) -> None:
    (topic,) = _operations_topics(dev_template)
    (key,) = of_type(dev_template, "AWS::KMS::Key")
    only_this_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}

    (of_cloudwatch,) = (
        each
        for each in of_type(dev_template, "AWS::KMS::Key")[key]["KeyPolicy"]["Statement"]
        if each["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    )
    (policy,) = (
        each["PolicyDocument"]
        for each in of_type(dev_template, "AWS::SNS::TopicPolicy").values()
        if each["Topics"] == [{"Ref": topic}]
    )
    allowed, denied = (
        [each for each in policy["Statement"] if each["Effect"] == effect] for effect in ("Allow", "Deny")
    )

    assert of_type(dev_template, "AWS::SNS::Topic")[topic]["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    assert of_cloudwatch["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert of_cloudwatch["Condition"] == only_this_account
    assert [each["Condition"] for each in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
    assert [(each["Principal"], listed(each["Action"])) for each in allowed] == [
        ({"Service": "cloudwatch.amazonaws.com"}, ["sns:Publish"])
    ]
    condition = allowed[0]["Condition"]
    assert condition["StringEquals"] == only_this_account["StringEquals"]
    assert condition["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1] == ":alarm:OrderProcessing-dev-*"


def test_operators_are_told_at_the_operations_email(template_with_options: dict[str, Any]) -> None:
    (topic,) = _operations_topics(template_with_options)
    (subscription,) = (
        each
        for each in of_type(template_with_options, "AWS::SNS::Subscription").values()
        if each["TopicArn"] == {"Ref": topic}
    )

    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "operations@example.com")


def test_an_alarm_without_orders_waits_as_long_as_the_owner_says(
    dev_template: dict[str, Any], prod_template: dict[str, Any], template_with_options: dict[str, Any]
) -> None:
    periods = [
        [
            each["Period"]
            for each in of_type(template, ALARM).values()
            if each["AlarmName"].endswith("-NoOrders")
        ]
        for template in (dev_template, prod_template, template_with_options)
    ]

    assert periods == [[], [30 * 60], [2 * 60 * 60]]


def test_every_row_of_the_dashboard_says_what_good_looks_like_and_links_to_the_runbook(
    template: dict[str, Any],
) -> None:
    texts = [each["properties"]["markdown"] for each in widgets(template) if each["type"] == "text"]
    rows = [
        re.fullmatch(r"## (\w+)\n([A-Z].+\.) Runbook: (?:\[.+\]\(|`)(\S+)#(\S+)[`)]", each) for each in texts
    ]
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", _OPERATIONS, re.MULTILINE)
    }

    assert [row[1] for row in rows if row] == list(_ROWS)
    assert {row[4] for row in rows if row} <= anchors


def test_the_rows_link_to_where_the_runbook_can_be_read(template_with_options: dict[str, Any]) -> None:
    texts = [
        each["properties"]["markdown"] for each in widgets(template_with_options) if each["type"] == "text"
    ]

    assert all("[docs/operations.md](https://example.com/operations.md#" in each for each in texts)


def test_quotas_that_bind_are_shown_as_a_share_of_their_limit(dev_template: dict[str, Any]) -> None:
    expressions = {
        line[0]["expression"]
        for widget in widgets(dev_template)
        if widget["type"] == "metric" and widget["properties"]["title"].startswith("Quota: ")
        for line in widget["properties"]["metrics"]
        if "expression" in line[0]
    }

    assert expressions == {
        "100 * used / SERVICE_QUOTA(used)",
        "100 * consumed / refill",
        "100 * (orders / PERIOD(orders)) / limit",
        "100 * (inventory / PERIOD(inventory)) / limit",
    }


def test_a_stage_of_ones_own_is_monitored_only_on_request(tmp_path: Path) -> None:
    own = synthesized(StageConfig.for_stage("alice"), tmp_path / "own")
    on_request = synthesized(StageConfig.for_stage("alice", monitoring="true"), tmp_path / "on_request")

    assert _alarms(own) == of_type(own, "AWS::CloudWatch::Dashboard") == {}
    assert _operations_topics(own) == []
    assert {each["AlarmName"].split("-")[1] for each in _alarms(on_request).values()} == {"alice"}


def _documented_alarms() -> list[tuple[str, str, str]]:
    section = _OPERATIONS.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    return [
        (names, meaning, command)
        for names, meaning, command in re.findall(
            r"^\| `(\S+)`[^|]* \| (.+) \| `(.+)` \|$", section, re.MULTILINE
        )
    ]


def test_the_runbook_lists_every_alarm_with_its_meaning_and_its_command(
    template_with_options: dict[str, Any],
) -> None:
    assert sorted(_documented_alarms()) == sorted(
        {_general(each) for each in _alarms(template_with_options).values()}
    )


def _general(alarm: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return name, meaning and command, with one name for all queues and one for all functions."""
    name, _, of = alarm["AlarmName"].removeprefix("OrderProcessing-dev-").partition("-")
    meaning, _, rest = alarm["AlarmDescription"].partition(" First: `")
    command = rest.partition(" --stage dev`")[0]
    if not of:
        return name, meaning, command
    placeholder = "QUEUE" if name in {"NotEmpty", "Old"} else "FUNCTION"
    return f"{name}-{placeholder}", meaning.replace(of, placeholder), command.replace(of, placeholder)


# https://aws.amazon.com/cloudwatch/pricing/, https://aws.amazon.com/kms/pricing/ (US East, a month)
_DOLLARS_OF_A_METRIC_OF_AN_ALARM: Final = 0.10
_DOLLARS_OF_A_COMPOSITE_ALARM: Final = 0.50
_DOLLARS_OF_A_DASHBOARD: Final = 3.00
_DOLLARS_OF_A_KEY: Final = 1.00


def test_the_runbook_says_what_the_alarms_of_prod_cost(prod_template: dict[str, Any]) -> None:
    metrics = sum(1 for _ in metrics_of_alarms(prod_template))
    composites = len(of_type(prod_template, COMPOSITE))
    dollars = (
        metrics * _DOLLARS_OF_A_METRIC_OF_AN_ALARM
        + composites * _DOLLARS_OF_A_COMPOSITE_ALARM
        + _DOLLARS_OF_A_DASHBOARD
        + _DOLLARS_OF_A_KEY
    )

    assert (
        f"{metrics} metrics of alarms, {composites} composite alarms, a dashboard and a key: "
        f"{dollars:.2f} USD a month"
    ) in _OPERATIONS


def test_the_runbook_says_what_our_own_metrics_cost() -> None:
    count = sum(len(name.services) for name in MetricName)

    assert f"at most {count}, at 0.30 USD each: {count * 0.30:.2f} USD a month" in _OPERATIONS
