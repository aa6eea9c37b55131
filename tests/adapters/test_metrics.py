"""The lines from which CloudWatch takes metrics, and what the metrics function does with a batch."""

import io
import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest

from handlers import metrics
from handlers.adapters.fault_injection import inject_fault
from handlers.adapters.metrics import emit
from handlers.contract.metrics import MetricName
from handlers.domain.errors import DependencyUnavailable
from tests.order_tables import OrderTables
from tests.orders_api import OrdersApi, deployed

# As in https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html, with the attributes of an order.
CHANGE: dict[str, Any] = {
    "eventID": "c4ca4238a0b923820dcc509a6f75849b",
    "eventName": "MODIFY",
    "eventVersion": "1.1",
    "eventSource": "aws:dynamodb",
    "awsRegion": "us-east-1",
    "dynamodb": {
        "ApproximateCreationDateTime": 1795360473,
        "Keys": {"orderId": {"S": "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"}, "record": {"S": "ORDER"}},
        "OldImage": {
            "record": {"S": "ORDER"},
            "status": {"S": "PENDING"},
            "customerEmail": {"S": "ada@example.com"},
            "paymentMethod": {"S": "pm_card_visa"},
            "createdAt": {"S": "2026-11-22T15:14:31.123Z"},
            "updatedAt": {"S": "2026-11-22T15:14:31.123Z"},
            "total": {"M": {"amount": {"N": "765"}, "currency": {"S": "USD"}}},
        },
        "NewImage": {
            "record": {"S": "ORDER"},
            "status": {"S": "CONFIRMED"},
            "customerEmail": {"S": "ada@example.com"},
            "paymentMethod": {"S": "pm_card_visa"},
            "createdAt": {"S": "2026-11-22T15:14:31.123Z"},
            "updatedAt": {"S": "2026-11-22T15:14:33.500Z"},
            "total": {"M": {"amount": {"N": "765"}, "currency": {"S": "USD"}}},
        },
        "SequenceNumber": "4421584500000000017450439092",
        "SizeBytes": 59,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    },
    "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/stream/2026-11-22T15:00:00.000",
}
PERSONAL = ("ada@example.com", "pm_card_visa")


class Context:
    """The context object of a Lambda invocation."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:metrics"
    aws_request_id = "6d2a4a6b-2f9b-4c0e-8a06-0a2a2f0d3b11"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "dev")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "metrics")


def _changed(path: str, value: Any) -> dict[str, Any]:
    """Return the change with another value at a path, or without it when the value is None."""
    record = deepcopy(CHANGE)
    *parents, last = path.split(".")
    target = record
    for name in parents:
        target = target[name]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return record


def _emitted(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "_aws" in line]


def test_a_line_has_the_namespace_both_dimensions_and_the_unit_of_each_metric(
    capsys: pytest.CaptureFixture[str],
) -> None:
    emit(
        {
            MetricName.ORDERS_CONFIRMED: [2],
            MetricName.REVENUE_CONFIRMED: [1530],
            MetricName.SETTLE_SECONDS: [1, 3],
        }
    )

    (line,) = _emitted(capsys)
    (directive,) = line.pop("_aws")["CloudWatchMetrics"]
    assert directive["Namespace"] == "OrderProcessing"
    assert [set(each) for each in directive["Dimensions"]] == [{"service", "stage"}]
    assert {each["Name"]: each["Unit"] for each in directive["Metrics"]} == {
        "OrdersConfirmed": "Count",
        "RevenueConfirmed": "None",
        "SettleSeconds": "Seconds",
    }
    assert line == {
        "service": "metrics",
        "stage": "dev",
        "OrdersConfirmed": [2],
        "RevenueConfirmed": [1530],
        "SettleSeconds": [1, 3],
    }


def test_a_line_has_at_most_100_values_of_a_metric_and_no_value_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    emit({MetricName.ORDERS_CONFIRMED: [250], MetricName.SETTLE_SECONDS: range(250)})

    lines = _emitted(capsys)
    assert [len(line["SettleSeconds"]) for line in lines] == [100, 100, 50]
    assert sorted(value for line in lines for value in line["SettleSeconds"]) == list(range(250))
    assert [line["OrdersConfirmed"] for line in lines if "OrdersConfirmed" in line] == [[250]]
    assert {(line["service"], line["stage"]) for line in lines} == {("metrics", "dev")}


@pytest.mark.parametrize(
    "values", [{}, {MetricName.SETTLE_SECONDS: []}, {MetricName.SETTLE_SECONDS: [1] * 100}]
)
@pytest.mark.filterwarnings("error")
def test_without_a_value_there_is_no_line(
    values: dict[MetricName, list[float]], capsys: pytest.CaptureFixture[str]
) -> None:
    emit(values)

    assert sum(len(line["SettleSeconds"]) for line in _emitted(capsys)) == sum(map(len, values.values()))


def _counted(
    records: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, list[float]], list[dict[str, Any]]]:
    """Let the function count a batch; return the values by metric and its log."""
    log = io.StringIO()
    monkeypatch.setattr(metrics.logger.registered_handler, "stream", log)
    metrics.handler({"Records": records}, Context())
    names = {name.value for name in MetricName}
    values = {name: value for line in _emitted(capsys) for name, value in line.items() if name in names}
    assert not [each for each in PERSONAL if each in log.getvalue()]
    return values, [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_batch_of_confirmed_orders_is_counted_in_one_line_and_leaves_no_other(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values, log = _counted([CHANGE, CHANGE], capsys, monkeypatch)

    assert values == {"OrdersConfirmed": [2], "RevenueConfirmed": [1530], "SettleSeconds": [2.377, 2.377]}
    assert log == []


def test_a_batch_that_fails_leaves_a_line_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(metrics.logger.registered_handler, "stream", log)
    monkeypatch.delenv("STAGE")

    with pytest.raises(KeyError):
        metrics.handler({"Records": [CHANGE, CHANGE]}, Context())

    line = json.loads(log.getvalue())
    assert (line["level"], line["step"], line["outcome"], line["changes"]) == ("ERROR", "count", "error", 2)


def test_a_batch_that_is_delivered_twice_is_counted_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = _counted([CHANGE], capsys, monkeypatch)

    again, _ = _counted([CHANGE], capsys, monkeypatch)

    assert again == first


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("dynamodb", None),
        ("dynamodb", "text"),
        ("dynamodb.NewImage", {"status": {"S": "CONFIRMED"}}),
        ("dynamodb.NewImage", "text"),
        ("dynamodb.NewImage.status", {"S": "LOST"}),
        ("dynamodb.NewImage.status", {"X": "unknown type"}),
        ("dynamodb.NewImage.status", "CONFIRMED"),
        ("dynamodb.NewImage.total", {"S": "765"}),
        ("dynamodb.NewImage.total", {"M": {"amount": {"N": "many"}}}),
        ("dynamodb.NewImage.updatedAt", {"S": "yesterday"}),
        ("dynamodb.NewImage.createdAt", {"S": "2026-11-22T15:14:31.123"}),
        ("dynamodb.OldImage.status", None),
    ],
)
def test_a_broken_change_is_counted_as_such_and_the_others_are_counted(
    path: str, value: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values, log = _counted([_changed(path, value), CHANGE], capsys, monkeypatch)

    assert values == {
        "ChangesUnreadable": [1],
        "OrdersConfirmed": [1],
        "RevenueConfirmed": [765],
        "SettleSeconds": [2.377],
    }
    (line,) = log
    assert (line["level"], line["eventId"], line["changes"]) == ("WARNING", CHANGE["eventID"], 2)
    assert line["error"]


def test_a_change_that_is_nobodys_business_leaves_no_metric(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values, _ = _counted([_changed("dynamodb.OldImage.status", {"S": "CONFIRMED"})], capsys, monkeypatch)

    assert values == {}


def test_a_replay_is_counted_and_the_first_request_is_not(
    tables: OrderTables, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.stock("85123A", 10)
    with deployed(tables):
        OrdersApi().place(key="key-1")
        first = _emitted(capsys)
        OrdersApi().place(key="key-1")
        again = _emitted(capsys)

    assert first == []
    assert [line["OrdersReplayed"] for line in again] == [[1]]


@pytest.mark.parametrize(
    ("fault", "draw", "counted"), [("rate=0.5", 0.4, 1), ("rate=0.5", 0.6, 0), ("rate=0,latency=1", 0.4, 1)]
)
def test_an_invocation_that_a_fault_fails_or_delays_is_counted(
    fault: str, draw: float, counted: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before_the_pause: list[dict[str, Any]] = []

    with suppress(DependencyUnavailable):
        inject_fault(
            DependencyUnavailable,
            environment={"FAULT_INJECTION": fault},
            sleep=lambda _: before_the_pause.extend(_emitted(capsys)),
            draw=lambda: draw,
        )

    assert [line["FaultsInjected"] for line in before_the_pause] == [[1]] * counted
