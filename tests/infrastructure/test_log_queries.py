"""The saved queries read fields that the logs really have; the share of traced requests is a setting."""

import re
from typing import Any

from infrastructure.log_queries import ORDER_ID
from tests.infrastructure.resources import of_type, only

# What handlers/adapters/operation_log.py and the handlers log, what Powertools adds, and Step Functions' own.
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
FIELDS = {
    *("service", "step", "outcome", "durationMs", "error", "cause", "operation", "xray_trace_id"),
    *("type", "details.name", "execution_arn", "event_timestamp"),
}


def _queries(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = of_type(template, "AWS::Logs::QueryDefinition").values()
    return {each["Name"].rpartition("/")[2]: each for each in found}


def _groups(query: dict[str, Any]) -> set[str]:
    return {each["Ref"] for each in query["LogGroupNames"]}


def test_an_order_is_traced_through_all_functions_and_its_workflow(dev_template: dict[str, Any]) -> None:
    query = _queries(dev_template)["trace an order"]
    functions = {
        each["LoggingConfig"]["LogGroup"]["Ref"]
        for each in of_type(dev_template, "AWS::Lambda::Function").values()
    }
    machine = only(dev_template, "AWS::StepFunctions::StateMachine")
    (destination,) = machine["LoggingConfiguration"]["Destinations"]

    assert _groups(query) == functions | {
        destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]
    }
    assert ORDER_ID in query["QueryString"]


def test_every_query_begins_each_command_but_the_first_with_a_pipe(dev_template: dict[str, Any]) -> None:
    for query in _queries(dev_template).values():
        first, *others = query["QueryString"].splitlines()

        assert not first.startswith("|")
        assert others
        assert all(line.startswith("| ") for line in others)
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
        assert sum(line.startswith("| stats ") for line in others) <= 2


def test_the_fields_that_a_query_shows_or_groups_by_are_in_the_logs(dev_template: dict[str, Any]) -> None:
    named = set()
    for query in _queries(dev_template).values():
        for line in query["QueryString"].splitlines():
            if shown := re.match(r"(?:\| )?fields ([\w@., ]+?)(?: as \w+)?$", line):
                named |= set(shown[1].split(", "))
            if grouped := re.search(r" by ([\w., ]+)$", line):
                named |= set(grouped[1].split(", "))

    own = {"state", "product", "@timestamp"}
    assert named - own <= FIELDS
    assert {"step", "outcome", "error", "details.name", "execution_arn"} <= named


def test_the_local_cloud_has_no_queries(local_template: dict[str, Any]) -> None:
    assert _queries(local_template) == {}


def test_an_owner_chooses_the_share_of_traced_requests(
    dev_template: dict[str, Any], template_with_options: dict[str, Any]
) -> None:
    rule = only(template_with_options, "AWS::XRay::SamplingRule")["SamplingRule"]
    (api,) = of_type(template_with_options, "AWS::ApiGateway::RestApi")
    (stage,) = of_type(template_with_options, "AWS::ApiGateway::Stage")

    assert not of_type(dev_template, "AWS::XRay::SamplingRule")
    assert (rule["FixedRate"], rule["ReservoirSize"]) == (0.25, 0)
    assert rule["ServiceType"] == "AWS::ApiGateway::Stage"
    # {name of the API}/{name of its stage}
    assert of_type(template_with_options, "AWS::ApiGateway::RestApi")[api]["Name"] == "OrderProcessing-dev"
    assert rule["ServiceName"] == {"Fn::Join": ["", ["OrderProcessing-dev/", {"Ref": stage}]]}
    assert len(rule["RuleName"]) <= 32


def test_prod_traces_five_percent_of_the_requests(prod_template: dict[str, Any]) -> None:
    rule = only(prod_template, "AWS::XRay::SamplingRule")["SamplingRule"]

    assert (rule["FixedRate"], rule["ReservoirSize"]) == (0.05, 0)


def test_a_trace_goes_from_the_api_through_the_functions_and_the_workflow(
    dev_template: dict[str, Any],
) -> None:
    functions = of_type(dev_template, "AWS::Lambda::Function").values()
    assert only(dev_template, "AWS::ApiGateway::Stage")["TracingEnabled"] is True
    assert only(dev_template, "AWS::StepFunctions::StateMachine")["TracingConfiguration"] == {"Enabled": True}
    assert {each["Handler"]: each.get("TracingConfig", {}).get("Mode") for each in functions} == {
        **{
            f"handlers.{service}.handler": "Active"
            for service in ("orders", "inventory", "payment", "notification", "sweeper")
        },
        # It is not part of a trace. Lambda would begin one for each batch of the stream.
        "handlers.metrics.handler": None,
    }
