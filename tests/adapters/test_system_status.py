"""status: how the system is doing, from the index, the queues, the functions and the logs in moto."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from typer.testing import CliRunner

from devtools.asl.definition import DEFINITION
from handlers.contract.clock import rfc3339
from handlers.contract.fault import FAULT_VARIABLE, Fault
from orderctl import system_status
from orderctl.commands import status
from orderctl.main import app
from orderctl.stack import Stack
from tests.backlog import Backlog
from tests.execution_logs import RecordedLog
from tests.moto_clients import client
from tests.orderctl_json import read_documented

Orderctl = Callable[..., Result]
GROUP, SWEEPS = "/aws/vendedlogs/states/Orders", "/sweeper"
CONFIRMED = RecordedLog.read("confirmed_at_second_attempt")


class Workflow:
    """The deployed state machine and its functions; `faults` are those of the functions."""

    def __init__(self) -> None:
        self.faults: dict[str, Fault] = {}

    def describe_state_machine(self, **_: str) -> dict[str, Any]:
        definition = DEFINITION.read_text()
        for service in ("Inventory", "Payment", "Notification"):
            definition = definition.replace(f"${{{service}FunctionArn}}", service.lower())
        group = {"logGroupArn": f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"}
        logging = {"destinations": [{"cloudWatchLogsLogGroup": group}]}
        return {"definition": definition, "loggingConfiguration": logging}

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803  boto3's name
        fault = self.faults.get(FunctionName)
        variables = {FAULT_VARIABLE: str(fault)} if fault else {}
        function = {"FunctionName": FunctionName, "RevisionId": "1", "Timeout": 8}
        return {**function, "Environment": {"Variables": variables}}


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        for group in (GROUP, SWEEPS):
            client("logs").create_log_group(logGroupName=group)
        client("logs").create_log_stream(logGroupName=SWEEPS, logStreamName="1")
        yield backlog


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> Workflow:
    workflow = Workflow()
    of_stack = Stack.client
    fakes = {"stepfunctions": workflow, "lambda": workflow}
    monkeypatch.setattr(Stack, "client", lambda stack, name: fakes.get(name) or of_stack(stack, name))
    return workflow


@pytest.fixture
def orderctl(backlog: Backlog, workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> Orderctl:
    assert workflow is not None
    stack = replace(backlog.stack, sweeper_log_group=SWEEPS)
    monkeypatch.setattr(status, "find_stack", lambda *_: stack)
    return lambda *arguments: CliRunner().invoke(app, ["status", *arguments])


def _now() -> datetime:
    return datetime.now(UTC)


def swept(at: datetime, **values: int) -> None:
    message = json.dumps({"SweepsCompleted": [1.0], **{name: [value] for name, value in values.items()}})
    event = {"timestamp": int(at.timestamp() * 1000), "message": message}
    client("logs").put_log_events(logGroupName=SWEEPS, logStreamName="1", logEvents=[event])


def line(outcome: Result, name: str) -> str:
    found = [each for each in outcome.stdout.splitlines() if each.startswith(f"{name} ")]
    return found[0].removeprefix(name).strip() if found else ""


def test_open_orders_are_counted_by_status(backlog: Backlog, orderctl: Orderctl) -> None:
    since = (_now() - timedelta(hours=3, minutes=5)).isoformat(timespec="milliseconds")
    for _ in range(2):
        backlog.place("PENDING")
    backlog.place("ON_HOLD", since=since.replace("+00:00", "Z"))
    backlog.place("CONFIRMED")

    outcome = orderctl()

    assert line(outcome, "in progress") == "2 orders: 2 PENDING"
    waiting = line(outcome, "waiting")
    assert waiting.startswith("1 order: 1 ON_HOLD, for an operator, the longest for 3 h 5 min.")


def test_a_count_that_is_not_whole_says_so(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_status, "_MOST_OF_A_PARTITION", 1)
    for _ in range(9):
        backlog.place("PENDING")

    assert line(orderctl(), "in progress").startswith("at least ")


def test_queues_are_shown_with_their_oldest_message_and_keep_it(backlog: Backlog, orderctl: Orderctl) -> None:
    backlog.park("payment", backlog.place("ON_HOLD"))

    outcome = orderctl()

    assert line(outcome, "dead letters").startswith("payment 1, the oldest ")
    assert len(backlog.parked("payment")) == 1


def test_full_queues_are_only_counted(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog.park("payment", str(uuid4()))
    monkeypatch.setattr(system_status, "_MOST_MESSAGES_READ", 0)

    assert line(orderctl(), "dead letters") == "payment 1"


def test_active_faults_are_shown(backlog: Backlog, workflow: Workflow, orderctl: Orderctl) -> None:
    without = line(orderctl(), "faults")

    workflow.faults["payment"] = Fault(rate=0.3)

    assert without == "none"
    assert line(orderctl(), "faults") == "payment on, about 30% of its calls fail"

    backlog.park("payment", backlog.place("ON_HOLD"))

    assert line(orderctl(), "faults") == (
        "payment on, about 30% of its calls fail. Before a redrive, run `orderctl fault payment off`"
    )


def test_the_newest_run_of_the_sweeper_is_shown(orderctl: Orderctl) -> None:
    swept(_now() - timedelta(minutes=10), OrdersReemitted=9)
    swept(_now(), OrdersReemitted=4, HoldsExpired=2, OrdersGivenUp=1)

    assert line(orderctl(), "sweeper").endswith(" ago: 4 emitted again, 2 cancelled, 1 given up")


def test_a_sweeper_that_does_not_run_is_reported(orderctl: Orderctl) -> None:
    swept(_now() - timedelta(minutes=16))

    outcome = orderctl()

    assert line(outcome, "sweeper") == ""
    assert "The sweeper has not completed a run in the last 15 minutes." in outcome.stderr


def test_faults_and_the_sweep_are_read_without_taking_a_dead_letter(
    backlog: Backlog, workflow: Workflow
) -> None:
    backlog.park("payment", str(uuid4()))
    workflow.faults["payment"] = Fault(rate=0.3)
    swept(_now() - timedelta(minutes=2), OrdersReemitted=3)
    stack = replace(backlog.stack, sweeper_log_group=SWEEPS)

    found = system_status.read_faults_and_sweep(stack, _now())

    on = {service.value for service, fault in (found.faults or {}).items() if fault}
    assert (on, found.last_sweep and found.last_sweep.reemitted, found.notes) == ({"payment"}, 3, [])
    first = client("sqs").receive_message(
        QueueUrl=stack.dlq_urls["payment"], MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )
    assert first["Messages"][0]["Attributes"]["ApproximateReceiveCount"] == "1"


def test_the_time_to_settle_is_that_of_the_last_hour(backlog: Backlog, orderctl: Orderctl) -> None:
    executions = json.loads(json.dumps(CONFIRMED.executions))
    order_id = str(uuid4())
    # The output of the last event of an execution names its order.
    executions[0]["events"][-1]["details"]["output"] = json.dumps({"orderId": order_id})
    recorded = RecordedLog(record=CONFIRMED.record, executions=executions)
    times = recorded.put_into_log(GROUP, order_id, since=_now() - timedelta(minutes=30))
    settled = rfc3339(datetime.fromisoformat(times["createdAt"]) + timedelta(seconds=0.2))
    backlog.place("CONFIRMED", orderId=order_id, settledAt=settled, **times)
    # A redrive only told somebody of this one, which was settled long ago.
    told = {**times, "createdAt": "2026-11-01T12:00:00.000Z", "settledAt": "2026-11-01T12:00:01.000Z"}
    client("logs").put_log_events(
        logGroupName=GROUP,
        logStreamName="states/0",
        logEvents=[succeeded(backlog.place("CONFIRMED", **told))],
    )

    outcome = orderctl()

    assert line(outcome, "settling") == ("0.2 s (median), 0.2 s (p99) of the newest 1 order of the last hour")


def succeeded(order_id: str) -> dict[str, Any]:
    details = {"output": json.dumps({"orderId": order_id})}
    message = json.dumps({"type": "ExecutionSucceeded", "details": details})
    return {"timestamp": int(_now().timestamp() * 1000), "message": message}


def test_what_an_operator_may_not_read_hides_nothing_else(
    backlog: Backlog, workflow: Workflow, orderctl: Orderctl
) -> None:
    backlog.place("PENDING")

    def denied(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetFunctionConfiguration")

    workflow.get_function_configuration = denied  # type: ignore[method-assign]

    outcome = orderctl()

    assert outcome.exit_code == 0
    assert line(outcome, "in progress") == "1 order: 1 PENDING"
    assert "Faults can't be read. You may not call GetFunctionConfiguration" in outcome.stderr


def test_the_status_as_json_has_what_is_documented(
    backlog: Backlog, workflow: Workflow, orderctl: Orderctl
) -> None:
    empty = read_documented(orderctl("--json").stdout, "status")
    backlog.place("PENDING")
    backlog.park("payment", backlog.place("ON_HOLD"))
    workflow.faults["payment"] = Fault()
    swept(_now(), OrdersReemitted=4)

    full = read_documented(orderctl("--json").stdout, "status")

    assert (empty["sweeper"], empty["settleSeconds"], len(empty["notes"])) == (None, None, 1)
    assert full["openOrders"]["inProgress"] == {"PENDING": 1}
    assert full["openOrders"]["waiting"] == {"ON_HOLD": 1}
    assert {each["queue"]: each["messages"] for each in full["queues"]}["payment"] == 1
    assert [each["service"] for each in full["faults"] if each["on"]] == ["payment"]
    assert full["sweeper"]["emittedAgain"] == 4
