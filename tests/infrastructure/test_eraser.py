"""The eraser: when it runs, and after how many days it erases."""

from typing import Any

from tests.infrastructure.resources import function, of_type


def _eraser_id(template: dict[str, Any]) -> str:
    (logical_id,) = (
        each
        for each, properties in of_type(template, "AWS::Lambda::Function").items()
        if properties["Handler"] == "handlers.eraser.handler"
    )
    return logical_id


def test_the_eraser_waits_as_many_days_as_the_owner_chose(template_with_options: dict[str, Any]) -> None:
    assert function(template_with_options, "eraser")["Environment"]["Variables"]["CONTACT_DATA_DAYS"] == "90"


def test_the_eraser_runs_once_on_each_day_and_is_not_retried(template_with_options: dict[str, Any]) -> None:
    eraser = _eraser_id(template_with_options)
    (schedule,) = (
        each
        for each in of_type(template_with_options, "AWS::Scheduler::Schedule").values()
        if each["Target"]["Arn"] == {"Fn::GetAtt": [eraser, "Arn"]}
    )
    (invocations,) = (
        each
        for each in of_type(template_with_options, "AWS::Lambda::EventInvokeConfig").values()
        if each["FunctionName"] == {"Ref": eraser}
    )

    # Far from midnight: two runs on one date would leave a part out for a week.
    assert schedule["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert schedule.get("ScheduleExpressionTimezone", "UTC") == "UTC"
    assert invocations["MaximumRetryAttempts"] == 0
