"""An order's executions are found in a long log with a few calls."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from orderctl.execution_log import MAX_PAGES, ExecutionLog
from tests.dynamodb_items import to_item
from tests.moto_clients import client

ORDER = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
GROUP = "/aws/vendedlogs/states/Orders"
TABLE = "orders"
# CloudWatch Logs takes no events that are older than 14 days.
PLACED = datetime.now(UTC).replace(microsecond=123_000) - timedelta(days=7)


class CountedLogs:
    """CloudWatch Logs that counts its calls and remembers their arguments."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self._logs = client("logs")

    def filter_log_events(self, **arguments: Any) -> Any:
        self.calls.append(dict(arguments))
        return self._logs.filter_log_events(**arguments)


class LoggedStack:
    """A stack with only an Orders table and a log group."""

    orders_table = TABLE
    state_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"

    def __init__(self) -> None:
        self.logs = CountedLogs()

    def client(self, service: str) -> Any:
        return {"logs": self.logs, "dynamodb": client("dynamodb"), "stepfunctions": self}[service]

    def describe_state_machine(self, **_: Any) -> dict[str, Any]:
        group = {"logGroupArn": f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"}
        return {"loggingConfiguration": {"destinations": [{"cloudWatchLogsLogGroup": group}]}}

    def log(
        self,
        execution: str,
        at: datetime,
        *,
        order_id: str = ORDER,
        stream: str = "states/1",
        events: int = 3,
    ) -> str:
        """Log the first of an execution's three events, of which one names the order; return its ARN."""
        arn = f"arn:aws:states:us-east-1:123456789012:express:Orders:{execution}:1"
        types = ("ExecutionStarted", "PassStateEntered", "ExecutionSucceeded")[:events]
        messages = [
            {
                "id": str(number),
                "previous_event_id": str(number - 1),
                "type": type_,
                "execution_arn": arn,
                "event_timestamp": str(int((at.timestamp() + number) * 1000)),
                "details": {"input": order_id} if number == 1 else {"name": "Done"},
            }
            for number, type_ in enumerate(types, start=1)
        ]
        client("logs").put_log_events(
            logGroupName=GROUP,
            logStreamName=stream,
            logEvents=[
                {"timestamp": int(each["event_timestamp"]), "message": json.dumps(each)} for each in messages
            ],
        )
        return arn

    def store(self, **fields: Any) -> None:
        times = {name: _text(value) for name, value in fields.items() if isinstance(value, datetime)}
        item = {"orderId": ORDER, "record": "ORDER", "createdAt": _text(PLACED), **fields, **times}
        client("dynamodb").put_item(TableName=TABLE, Item=to_item(item))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def stack() -> Iterator[LoggedStack]:
    with mock_aws():
        client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "orderId", "KeyType": "HASH"},
                {"AttributeName": "record", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("orderId", "record")
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        client("logs").create_log_group(logGroupName=GROUP)
        for stream in ("states/1", "states/2"):
            client("logs").create_log_stream(logGroupName=GROUP, logStreamName=stream)
        yield LoggedStack()


def test_a_closed_order_of_last_week_costs_two_calls_of_the_log(stack: LoggedStack) -> None:
    arn = stack.log("first", PLACED)
    stack.log("other", PLACED, order_id="another order", stream="states/2")
    stack.store(
        executionArn=arn, executionStartedAt=PLACED, closedAt=PLACED + timedelta(seconds=3), updatedAt=PLACED
    )

    (execution,) = ExecutionLog(stack).executions_of(ORDER, PLACED)  # type: ignore[arg-type]

    assert (execution.arn, execution.ending) == (arn, "SUCCEEDED")
    find, read = stack.logs.calls
    assert find["endTime"] - find["startTime"] <= 30_000
    assert read["logStreamNames"] == ["states/1"]
    assert read["endTime"] - read["startTime"] == 10 * 60_000


def test_an_order_that_waits_for_an_operator_costs_two_calls_of_the_log(stack: LoggedStack) -> None:
    arn = stack.log("first", PLACED)
    stack.store(executionArn=arn, executionStartedAt=PLACED, openKey="WAITING#2026", updatedAt=PLACED)

    (execution,) = ExecutionLog(stack).executions_of(ORDER)  # type: ignore[arg-type]

    assert execution.arn == arn
    assert len(stack.logs.calls) == 2


def test_the_last_execution_is_found_by_its_start(stack: LoggedStack) -> None:
    redriven = PLACED + timedelta(days=3)
    first = stack.log("first", PLACED)
    last = stack.log("last", redriven, stream="states/2")
    stack.store(executionArn=last, executionStartedAt=redriven, closedAt=redriven, updatedAt=redriven)

    found = ExecutionLog(stack).executions_of(ORDER, PLACED)  # type: ignore[arg-type]

    assert [each.arn for each in found] == [first, last]
    assert len(stack.logs.calls) == 4


@pytest.mark.parametrize("taken_up", [{"redrivenAt": "2026"}, {"attempts": 1}, {"cancelRequestedAt": "2026"}])
def test_the_executions_between_are_searched_when_the_order_was_taken_up_again(
    stack: LoggedStack, taken_up: dict[str, Any]
) -> None:
    arns = [stack.log(str(hour), PLACED + timedelta(hours=hour)) for hour in range(3)]
    end = PLACED + timedelta(hours=2)
    stack.store(executionArn=arns[-1], executionStartedAt=end, closedAt=end, updatedAt=end, **taken_up)

    found = ExecutionLog(stack).executions_of(ORDER, PLACED)  # type: ignore[arg-type]

    assert [each.arn for each in found] == arns


def test_an_order_in_progress_is_searched_up_to_now(stack: LoggedStack) -> None:
    stack.store(updatedAt=PLACED)
    arn = stack.log("late", datetime.now(UTC) - timedelta(seconds=30))

    found = ExecutionLog(stack).executions_of(ORDER, PLACED)  # type: ignore[arg-type]

    assert [each.arn for each in found] == [arn]


def test_a_duplicate_that_is_expected_is_searched_up_to_now(stack: LoggedStack) -> None:
    arn = stack.log("first", PLACED)
    stack.store(executionArn=arn, executionStartedAt=PLACED, closedAt=PLACED, updatedAt=PLACED)
    duplicate = stack.log("duplicate", PLACED + timedelta(hours=5))

    found = ExecutionLog(stack).executions_of(ORDER, PLACED, count=2)  # type: ignore[arg-type]

    assert [each.arn for each in found] == [arn, duplicate]


@pytest.mark.parametrize(("minutes", "ending"), [(1, "RUNNING"), (6, "UNKNOWN")])
def test_an_execution_without_an_end_runs_for_five_minutes_at_most(
    stack: LoggedStack, minutes: int, ending: str
) -> None:
    stack.store(updatedAt=PLACED)
    stack.log("killed", datetime.now(UTC) - timedelta(minutes=minutes), events=2)

    (execution,) = ExecutionLog(stack).executions_of(ORDER, PLACED)  # type: ignore[arg-type]

    assert execution.ending == ending


def test_a_search_ends_at_its_limit_of_pages(stack: LoggedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.store(updatedAt=PLACED)
    monkeypatch.setattr(
        CountedLogs, "filter_log_events", lambda self, **_: self.calls.append({}) or _EMPTY_PAGE
    )
    log = ExecutionLog(stack)  # type: ignore[arg-type]

    assert log.executions_of(ORDER, PLACED) == []
    assert log.incomplete
    assert len(stack.logs.calls) == 2 * MAX_PAGES


_EMPTY_PAGE = {"events": [], "nextToken": "more"}
