"""The checks of an account and of a deployed stage."""

import json
import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from devtools.checkout import REPOSITORY
from orderctl.commands import doctor as command
from orderctl.doctor.examination import CHECKS, examine
from orderctl.doctor.finding import Finding, Verdict
from orderctl.doctor.place import Place
from orderctl.main import app
from tests.orderctl_json import read_documented

DEFINITION = (REPOSITORY / "statemachines/order_workflow.asl.json").read_text()
USER = "arn:aws:iam::123456789012:user/ada"
OUTPUTS = {
    "OrdersTableName": "orders",
    "EventBusName": "ecommerce-alice",
    "StateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:orders-alice",
    "PaymentDlqUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/payment",
}

LOG_GROUP = "/aws/vendedlogs/states/OrderProcessing-alice-OrderWorkflow"

Answers = Mapping[str, Any]


class Account:
    """An account in which all is well; `answers` has other answers or errors by operation."""

    def __init__(self, **answers: Any) -> None:
        self.simulated: list[Mapping[str, Any]] = []
        self._answers: dict[str, Any] = {
            "get_caller_identity": {
                "Arn": USER,
                "Account": "123456789012",
                "ResponseMetadata": {"HTTPHeaders": {"date": formatdate(usegmt=True)}},
            },
            "get_parameter": {"Parameter": {"Value": "30"}},
            "get_account_settings": {
                "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
            },
            "get_account": {"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/logs"},
            "describe_event_bus": error("ResourceNotFoundException", "DescribeEventBus"),
            "describe_stacks": error("ValidationError", "DescribeStacks"),
            "describe_log_groups": {"logGroups": [{"logGroupName": f"{LOG_GROUP}-of-another-stage"}]},
            "describe_state_machine": {"definition": DEFINITION.replace("${OrdersTableName}", "orders")}
            if "describe_stacks" in answers
            else error("StateMachineDoesNotExist", "DescribeStateMachine"),
            "get_role": {"Role": {"Arn": "arn:aws:iam::123456789012:role/path/deployer"}},
            **answers,
        }

    def client(self, _service: str) -> Any:
        def method(name: str) -> Any:
            def call(**arguments: Any) -> Any:
                if name == "simulate_principal_policy":
                    return self._simulate(arguments)
                answer = self._answers[name]
                if isinstance(answer, Exception):
                    raise answer
                return answer

            return call

        names = (*self._answers, "simulate_principal_policy")
        exceptions = SimpleNamespace(ParameterNotFound=ParameterNotFoundError)
        return SimpleNamespace(exceptions=exceptions, **{name: method(name) for name in names})

    def _simulate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.simulated.append(arguments)
        denied = self._answers.get("denied", ())
        return {
            "EvaluationResults": [
                {"EvalActionName": each, "EvalDecision": "implicitDeny" if each in denied else "allowed"}
                for each in arguments["ActionNames"]
            ]
        }


class ParameterNotFoundError(Exception):
    """The error of SSM for a missing parameter."""


def error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, operation)


def deployed(**outputs: str) -> dict[str, Any]:
    """Return the answer of DescribeStacks for a deployed stage."""
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in {**OUTPUTS, **outputs}.items()]
    return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", "Outputs": listed}]}


def findings(account: Account, stage: str = "alice") -> dict[str, Finding]:
    return dict(examine(Place(stage=stage, region="eu-west-1", client=account.client)))


def test_whoever_is_no_operator_is_told_which_command_needs_the_role_of_the_stack() -> None:
    role = "arn:aws:iam::123456789012:role/operators"
    other = findings(Account(describe_stacks=deployed(OperatorRoleArn=role)))
    operator = findings(
        Account(
            describe_stacks=deployed(OperatorRoleArn=role),
            get_caller_identity={
                "Arn": "arn:aws:sts::123456789012:assumed-role/operators/orderctl",
                "Account": "123456789012",
                "ResponseMetadata": {"HTTPHeaders": {"date": formatdate(usegmt=True)}},
            },
            get_role={"Role": {"Arn": role}},
        )
    )

    assert f"`--role operator` ({role})" in other["permissions"].text
    assert "--role" not in operator["permissions"].text


def test_an_account_that_is_ready_has_no_problem() -> None:
    found = findings(Account())

    assert found.keys() == CHECKS.keys()
    assert {finding.verdict for finding in found.values()} == {"ok"}
    assert found["event bus"].text == "ecommerce-alice is free"
    assert found["state machine"].text == "orders-alice is free"
    assert found["stack"].text == "OrderProcessing-alice is not deployed yet"


def test_a_deployed_stage_is_checked_too() -> None:
    account = Account(describe_stacks=deployed(), describe_event_bus={})

    found = findings(account)

    assert {finding.verdict for finding in found.values()} == {"ok"}
    assert found["event bus"].text == "ecommerce-alice is this stage's"
    assert found["state machine"].text == "orders-alice is this stage's"
    assert found["log group"].text == f"{LOG_GROUP} is this stage's"
    assert found["workflow"].text == "the deployed workflow is that of this checkout"
    assert [each["ResourceArns"] for each in account.simulated] == [
        ["arn:aws:dynamodb:eu-west-1:123456789012:table/orders"],
        ["arn:aws:dynamodb:eu-west-1:123456789012:table/orders/index/customer-orders"],
        ["arn:aws:dynamodb:eu-west-1:123456789012:table/orders/index/open-orders"],
        ["arn:aws:events:eu-west-1:123456789012:event-bus/ecommerce-alice"],
        [OUTPUTS["StateMachineArn"]],
        ["arn:aws:sqs:eu-west-1:123456789012:payment"],
    ]


IDENTITY = {"Arn": USER, "Account": "1", "ResponseMetadata": {}}


@pytest.mark.parametrize(
    ("check", "answers", "expected"),
    [
        (
            "credentials",
            {"get_caller_identity": error("ExpiredToken", "GetCallerIdentity")},
            ("problem", "GetCallerIdentity failed: ExpiredToken"),
        ),
        (
            "log group",
            {"describe_log_groups": {"logGroups": [{"logGroupName": LOG_GROUP}]}},
            ("problem", f"{LOG_GROUP} is there without its stack: the deployment would fail"),
        ),
        (
            "Region",
            {"get_caller_identity": {**IDENTITY, "Arn": "arn:aws-cn:iam::1:user/ada"}},
            ("problem", "eu-west-1 in the partition aws-cn: the app was not made for it"),
        ),
        (
            "CDK bootstrap",
            {"get_parameter": ParameterNotFoundError()},
            ("problem", "the CDK has no bootstrap stack here"),
        ),
        (
            "CDK bootstrap",
            {"get_parameter": {"Parameter": {"Value": "5"}}},
            ("problem", "version 5, which is older than 6"),
        ),
        (
            "CDK bootstrap",
            {"get_parameter": error("AccessDeniedException", "GetParameter")},
            ("unknown", "you may not call GetParameter"),
        ),
        (
            "Lambda concurrency",
            {"get_account_settings": {"AccountLimit": {"ConcurrentExecutions": 10}}},
            ("warning", "10 at once carry about 16 orders/s; the API key lets 100 in"),
        ),
        (
            "event bus",
            {"describe_event_bus": {}},
            ("problem", "there is a bus ecommerce-alice that is not of OrderProcessing-alice"),
        ),
        (
            "state machine",
            {"describe_state_machine": {"definition": "{}"}},
            ("problem", "there is a state machine orders-alice that is not of OrderProcessing-alice"),
        ),
        (
            "stack",
            {"describe_stacks": {"Stacks": [{"StackStatus": "ROLLBACK_COMPLETE"}]}},
            ("problem", "OrderProcessing-alice: ROLLBACK_COMPLETE"),
        ),
        (
            "stack",
            {"describe_stacks": {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS"}]}},
            ("warning", "OrderProcessing-alice: UPDATE_IN_PROGRESS"),
        ),
        (
            "workflow",
            {
                "describe_stacks": deployed(),
                "describe_state_machine": {"definition": json.dumps({"States": {}})},
            },
            (
                "warning",
                "the deployed workflow is not that of this checkout: it differs in /Comment",
            ),
        ),
        (
            "permissions",
            {"describe_stacks": deployed(), "denied": {"dynamodb:Query", "sqs:DeleteMessage"}},
            ("warning", "not allowed: dynamodb:Query, sqs:DeleteMessage"),
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    check: str, answers: Answers, expected: tuple[str, str]
) -> None:
    finding = findings(Account(**answers))[check]

    assert (finding.verdict, finding.text) == expected
    assert finding.what_to_do


@pytest.mark.parametrize(("ahead", "verdict"), [(2, "ok"), (60, "warning"), (-400, "problem")])
def test_the_clock_is_compared_with_that_of_aws(ahead: int, verdict: str) -> None:
    date = formatdate(time.time() - ahead, usegmt=True)
    identity = {**IDENTITY, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}

    assert findings(Account(get_caller_identity=identity))["clock"].verdict == verdict


def test_a_role_is_asked_for_its_own_arn() -> None:
    session = "arn:aws:sts::123456789012:assumed-role/deployer/ada"
    account = Account(get_caller_identity={**IDENTITY, "Arn": session}, describe_stacks=deployed())

    findings(account)

    assert {each["PolicySourceArn"] for each in account.simulated} == {
        "arn:aws:iam::123456789012:role/path/deployer"
    }


def test_nothing_else_is_checked_without_credentials() -> None:
    assert findings(Account(get_caller_identity=error("ExpiredToken", "GetCallerIdentity"))).keys() == {
        "credentials"
    }


def test_prod_needs_more_executions_at_once() -> None:
    finding = findings(Account(), stage="prod")["Lambda concurrency"]

    assert finding.verdict == "ok"
    assert finding.text == "900 at once carry about 1500 orders/s"


@pytest.mark.parametrize(("answers", "exit_code"), [({}, 0), ({"describe_event_bus": {}}, 1)])
def test_the_command_fails_on_a_problem(
    monkeypatch: pytest.MonkeyPatch, answers: Answers, exit_code: int
) -> None:
    monkeypatch.setattr(command, "aws_client", lambda *_: ("eu-west-1", Account(**answers).client))

    outcome = CliRunner().invoke(app, ["doctor", "--stage", "alice"])

    assert outcome.exit_code == exit_code
    assert "✓ CDK bootstrap       version 30" in outcome.output
    assert ("1 of 13 checks found a problem" in outcome.output) is bool(exit_code)


def test_the_json_has_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(describe_event_bus={})
    monkeypatch.setattr(command, "aws_client", lambda *_: ("eu-west-1", account.client))

    outcome = CliRunner().invoke(app, ["doctor", "--stage", "alice", "--json"])

    found = read_documented(outcome.stdout, "doctor")
    assert outcome.exit_code == 1
    assert found["stage"] == "alice"
    assert [each["check"] for each in found["checks"]] == list(CHECKS)
    assert [each["check"] for each in found["checks"] if each["verdict"] == "problem"] == ["event bus"]


def test_ctrl_c_says_how_many_checks_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Any) -> Iterator[tuple[str, Finding]]:
        yield "credentials", Finding(Verdict.OK, "fine")
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "aws_client", lambda *_: ("eu-west-1", Account().client))
    monkeypatch.setattr(command, "examine", interrupted)

    outcome = CliRunner().invoke(app, ["doctor", "--stage", "alice"])

    assert outcome.exit_code == 130
    assert "Interrupted: 1 of 13 checks are done, and nothing was changed" in outcome.stderr
