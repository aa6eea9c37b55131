"""The sweeper's schedule and timeouts."""

from typing import Any

import pytest

from devtools.asl.definition import read_definition
from devtools.local_cloud.patches.schedules import LATE_AFTER
from handlers import sweeper
from handlers.adapters.aws import CONFIG
from tests.infrastructure.resources import Template, function, of_type, only, statements_of_role

MINUTE_SECONDS = 60


def _sweeper_id(template: Template) -> str:
    (logical_id,) = (
        logical_id
        for logical_id, each in of_type(template, "AWS::Lambda::Function").items()
        if each["Handler"] == "handlers.sweeper.handler"
    )
    return logical_id


def _after_seconds(template: Template) -> int:
    return int(function(template, "sweeper")["Environment"]["Variables"]["SWEEP_AFTER_SECONDS"])


@pytest.mark.parametrize("stage", ["local_template", "dev_template", "prod_template"])
def test_a_sweep_runs_every_minute(request: pytest.FixtureRequest, stage: str) -> None:
    template = request.getfixturevalue(stage)

    schedule = only(template, "AWS::Scheduler::Schedule")

    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [_sweeper_id(template), "Arn"]}


def test_a_failed_sweep_is_not_retried(dev_template: dict[str, Any]) -> None:
    target = only(dev_template, "AWS::Scheduler::Schedule")["Target"]
    invocations = only(dev_template, "AWS::Lambda::EventInvokeConfig")

    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert "DeadLetterConfig" not in target
    assert invocations["FunctionName"] == {"Ref": _sweeper_id(dev_template)}
    assert invocations["MaximumRetryAttempts"] == 0


def test_only_the_schedule_of_this_account_may_start_a_sweep(dev_template: dict[str, Any]) -> None:
    role = only(dev_template, "AWS::Scheduler::Schedule")["Target"]["RoleArn"]
    trust = dev_template["Resources"][role["Fn::GetAtt"][0]]["Properties"]["AssumeRolePolicyDocument"]

    statements = statements_of_role(dev_template, role)

    assert [(each["Action"], each["Resource"]) for each in statements] == [
        ("lambda:InvokeFunction", {"Fn::GetAtt": [_sweeper_id(dev_template), "Arn"]})
    ]
    (statement,) = trust["Statement"]
    assert statement["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_schedule_is_created_after_the_permissions_of_its_role(dev_template: dict[str, Any]) -> None:
    (schedule,) = (
        each for each in dev_template["Resources"].values() if each["Type"] == "AWS::Scheduler::Schedule"
    )
    depends_on = {dev_template["Resources"][logical_id]["Type"] for logical_id in schedule["DependsOn"]}

    assert depends_on == {"AWS::IAM::Role", "AWS::IAM::Policy"}


@pytest.mark.parametrize("stage", ["dev_template", "prod_template"])
def test_no_order_is_emitted_again_while_its_execution_can_still_run(
    request: pytest.FixtureRequest, stage: str
) -> None:
    longest_execution = read_definition()["TimeoutSeconds"]

    assert _after_seconds(request.getfixturevalue(stage)) >= longest_execution + MINUTE_SECONDS


def test_an_order_on_the_local_cloud_is_overdue_within_a_minute(local_template: dict[str, Any]) -> None:
    assert _after_seconds(local_template) <= MINUTE_SECONDS


def test_a_hold_expires_within_15_minutes_only_on_the_local_cloud(
    local_template: dict[str, Any], dev_template: dict[str, Any], prod_template: dict[str, Any]
) -> None:
    six_days = str(6 * 24 * 60 * 60)

    seconds = [
        function(template, "sweeper")["Environment"]["Variables"]["HOLD_EXPIRES_AFTER_SECONDS"]
        for template in (local_template, dev_template, prod_template)
    ]

    assert seconds == ["900", six_days, six_days]


def test_no_order_on_the_local_cloud_is_overdue_before_its_late_execution_stops_the_sweeps(
    local_template: dict[str, Any],
) -> None:
    assert _after_seconds(local_template) >= 2 * LATE_AFTER.total_seconds()


def test_a_sweep_ends_before_the_next_one_and_a_call_ends_before_the_sweep(
    dev_template: dict[str, Any],
) -> None:
    attempts = CONFIG.retries["total_max_attempts"]
    one_call = (CONFIG.connect_timeout + CONFIG.read_timeout) * attempts
    timeout = function(dev_template, "sweeper")["Timeout"]

    assert one_call * 1000 < sweeper._BATCH_MILLIS
    assert sweeper._BATCH_MILLIS < timeout * 1000 < MINUTE_SECONDS * 1000
