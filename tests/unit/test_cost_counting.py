"""How calls, units and log bytes are counted for `make bench-cost`."""

import json
from pathlib import Path
from typing import Any

import pytest

from devtools.cost.aws_names import AwsNames
from devtools.cost.capacity import (
    Index,
    index_write_units,
    item_bytes,
    query_units,
    read_units,
    stored_bytes,
    write_units,
)
from devtools.cost.durations import stages_of
from devtools.cost.execution_lines import line_on_aws, line_without_data
from devtools.cost.metrics_changes import is_counted
from devtools.cost.notes import Tables, notes_of, noting, units_of
from devtools.local_cloud.patches import noted_requests

OPEN = Index(
    name="open-orders",
    keys=frozenset({"openShard", "openKey"}),
    attributes=frozenset({"orderId", "openShard", "openKey", "status"}),
)
ITEM = {"orderId": {"S": "1"}, "openShard": {"S": "0"}, "openKey": {"S": "IN_PROGRESS"}, "status": {"S": "P"}}


def sized(size: int) -> dict[str, Any]:
    return {"a": {"S": "x" * (size - 1)}}


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"name": {"S": "Müller"}}, 4 + 7),
        ({"n": {"N": "1234"}}, 1 + 3),
        ({"n": {"N": "-12.50"}}, 1 + 4),
        ({"n": {"N": "0"}}, 1 + 2),
        ({"b": {"BOOL": True}}, 1 + 1),
        ({"l": {"L": [{"S": "ab"}, {"S": "c"}]}}, 1 + 3 + 3 + 2),
        ({"m": {"M": {"key": {"S": "v"}}}}, 1 + 3 + 3 + 1 + 1),
        (None, 0),
    ],
)
def test_an_item_has_the_size_of_its_names_and_values(item: Any, size: int) -> None:
    assert item_bytes(item) == size


def test_a_write_costs_a_unit_for_each_kilobyte_of_the_larger_item_and_twice_that_in_a_transaction() -> None:
    assert write_units(None, sized(1024)) == 1
    assert write_units(sized(1025), sized(10)) == 2
    assert write_units(sized(3000), None, transaction=True) == 6
    assert write_units(None, None) == 1


def test_a_read_costs_a_unit_for_each_four_kilobytes_and_half_of_it_when_it_may_be_old() -> None:
    assert read_units(sized(4096), consistent=True) == 1
    assert read_units(sized(4097), consistent=False) == 1
    assert read_units(None, consistent=False) == 0.5


def test_a_query_rounds_the_sum_of_its_items() -> None:
    assert query_units([sized(1000)] * 4, consistent=True) == 1
    assert query_units([sized(1000)] * 5, consistent=True) == 2
    assert query_units([], consistent=False) == 0.5


def test_an_index_costs_a_write_for_each_entry_that_comes_or_goes_and_none_when_it_stays_the_same() -> None:
    moved = ITEM | {"openKey": {"S": "WAITING"}}
    closed = {name: value for name, value in ITEM.items() if name != "openKey"}

    assert index_write_units(OPEN, None, ITEM) == 1
    assert index_write_units(OPEN, ITEM, ITEM | {"status": {"S": "C"}}) == 1
    assert index_write_units(OPEN, ITEM, moved) == 2
    assert index_write_units(OPEN, ITEM, closed) == 1
    assert index_write_units(OPEN, ITEM, ITEM | {"other": {"S": "x"}}) == 0
    assert index_write_units(OPEN, closed, closed) == 0


def test_what_is_stored_has_100_bytes_more_for_each_entry() -> None:
    assert stored_bytes(ITEM, [OPEN]) == 2 * (item_bytes(ITEM) + 100)


def note(operation: str, *items: tuple[Any, Any], **request: Any) -> dict[str, Any]:
    return {
        "caller": "arn:aws:sts::000000000000:assumed-role/role/payment",
        "service": "dynamodb",
        "operation": operation,
        "request": {"TableName": "T", **request},
        "response": "{}",
        "items": [{"table": "T", "before": before, "after": after} for before, after in items],
    }


TABLES = Tables(called={"T": "Orders"}, indexes={"Orders": (OPEN,)})


def service(arn: str) -> str:
    return arn.rpartition("/")[2]


def test_units_are_added_up_by_table_and_index_and_calls_by_caller() -> None:
    notes = [
        note("PutItem", (None, ITEM)),
        note("GetItem", (ITEM, ITEM), ConsistentRead=True),
        note("TransactWriteItems", (None, ITEM), (ITEM, ITEM | {"status": {"S": "C"}})),
    ]

    units = units_of(notes, TABLES, service)

    assert units.writes == {"Orders": 1 + 2 + 2, "open-orders": 1 + 1 + 1}
    assert units.reads == {"Orders": 1}
    assert units.calls["payment"]["dynamodb:PutItem"] == 1


def test_a_write_whose_condition_fails_costs_the_table_and_no_index() -> None:
    units = units_of([note("UpdateItem", (sized(2000), sized(2000)))], TABLES, service)

    assert units.writes == {"Orders": 2}
    assert units.changes == []


def test_calls_of_other_orders_and_reads_of_operators_are_not_counted() -> None:
    of_order = note("UpdateItem", Key={"orderId": {"S": "order-1"}})
    others = [note("UpdateItem", Key={"orderId": {"S": "order-2"}})]
    read = note("GetItem", Key={"orderId": {"S": "order-1"}})
    look = read | {"caller": "arn:aws:iam::000000000000:root"}

    assert notes_of([of_order, *others, read, look], ["order-1"]) == [of_order, read]


def test_the_deletion_of_a_received_message_belongs_to_its_order() -> None:
    message = {"ReceiptHandle": "handle-1", "Body": "{'orderId': 'order-1'}"}
    received = note("ReceiveMessage") | {"service": "sqs", "response": json.dumps({"Messages": [message]})}
    deleted = note("DeleteMessageBatch", Entries=[{"ReceiptHandle": "handle-1"}]) | {"service": "sqs"}
    other = note("DeleteMessageBatch", Entries=[{"ReceiptHandle": "handle-2"}]) | {"service": "sqs"}

    found = notes_of([received, deleted, other], ["order-1"])

    assert found == [received, deleted]
    assert units_of(found, TABLES, service).queue_requests == 2


def test_a_note_of_a_call_that_was_on_its_way_does_not_make_the_removed_file_again(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    with noting(file):
        noted_requests._write(file, {"operation": "PutItem"})
        written = file.read_text()

    noted_requests._write(file, {"operation": "GetItem"})

    assert written == '{"operation": "PutItem"}\n'
    assert not file.exists()


def test_names_are_those_that_cloudformation_would_give_on_aws() -> None:
    names = AwsNames(
        [
            {
                "ResourceType": "AWS::StepFunctions::StateMachine",
                "LogicalResourceId": "WorkflowOrderWorkflow723A9269",
                "PhysicalResourceId": "arn:aws:states:us-east-1:000000000000:stateMachine:orders-local",
            },
            {
                "ResourceType": "AWS::Lambda::Function",
                "LogicalResourceId": "FunctionsNotification692F21FA",
                "PhysicalResourceId": "OrderProcessing-local-FunctionsNotification692F21FAC20DEDA2B21B9",
            },
            {
                "ResourceType": "AWS::SNS::Topic",
                "LogicalResourceId": "Customers12345678",
                "PhysicalResourceId": "arn:aws:sns:us-east-1:000000000000:customers-local",
            },
        ]
    )
    uuid = "af95c7ab-2dec-45c1-94fa-caa5c0587e83"

    assert names.text("stateMachine:orders-local") == "stateMachine:orders"
    assert names.text("OrderProcessing-local-FunctionsNotification692F21FAC20DEDA2B21B9") == (
        "OrderProcessing-prod-FunctionsNotification692F21FA-XXXXXXXXXXXX"
    )
    assert names.text("customers-local") == "customers-prod"
    assert names.text('{"EventBusName":"ecommerce-local"}') == '{"EventBusName":"ecommerce"}'
    assert names.text("http://localhost:4566/000000000000/x") == (
        "https://sqs.us-east-1.amazonaws.com/123456789012/x"
    )
    # EventBridge names the execution with two UUIDs.
    assert len(names.text(f"arn:aws:states:us-east-1:000000000000:express:orders-local:{uuid}:{uuid}")) == 163


def event(type_: str, **details: Any) -> str:
    return json.dumps({"id": "3", "type": type_, "details": details, "previous_event_id": "2"})


def test_a_result_in_the_log_has_the_headers_that_aws_adds() -> None:
    line = event("TaskSucceeded", resource="updateItem", resourceType="dynamodb", output="{}")

    logged = json.loads(line_on_aws(line))

    result = json.loads(logged["details"]["output"])
    assert result["SdkHttpMetadata"]["AllHttpHeaders"]["Content-Type"] == ["application/x-amz-json-1.0"]
    assert result["SdkHttpMetadata"]["HttpHeaders"]["Content-Type"] == "application/x-amz-json-1.0"
    assert result["SdkResponseMetadata"]["RequestId"]


def test_the_result_of_a_function_has_no_headers() -> None:
    line = event("LambdaFunctionSucceeded", output='{"status": "SENT"}')

    assert '"output":"{\\"status\\":\\"SENT\\"}"' in line_on_aws(line)


def test_a_result_of_eventbridge_has_no_headers_and_a_line_has_no_spaces() -> None:
    line = event(
        "TaskSucceeded", resource="putEvents", resourceType="events", output='{"FailedEntryCount": 0}'
    )

    assert '"output":"{\\"FailedEntryCount\\":0}"' in line_on_aws(line)
    assert " " not in line_on_aws(line)


def test_a_log_without_execution_data_keeps_names_and_errors() -> None:
    entered = event("TaskStateEntered", name="CloseOrder", input="{}", inputDetails={"truncated": False})
    failed = event("TaskFailed", error="GatewayUnavailable", cause="{}")

    assert json.loads(line_without_data(entered))["details"] == {"name": "CloseOrder"}
    assert json.loads(line_without_data(failed))["details"] == {"error": "GatewayUnavailable", "cause": "{}"}


def history(*events: tuple[int, int, str, str]) -> list[dict[str, Any]]:
    return [
        {"id": str(id_), "previous_event_id": str(before), "type": type_, "details": {"task": task}}
        for id_, before, type_, task in events
    ]


def test_tasks_are_in_stages_with_branches_and_their_retries() -> None:
    events = history(
        (1, 0, "ParallelStateEntered", ""),
        (2, 1, "ParallelStateStarted", ""),
        (3, 2, "TaskStateEntered", ""),
        (4, 3, "LambdaFunctionScheduled", "payment"),
        (5, 4, "LambdaFunctionStarted", ""),
        (6, 2, "TaskStateEntered", ""),
        (7, 6, "TaskScheduled", "inventory"),
        (8, 5, "LambdaFunctionFailed", ""),
        (9, 8, "LambdaFunctionScheduled", "payment"),
        (10, 9, "TaskFailed", ""),
        (11, 10, "TaskScheduled", "payment"),
        (12, 11, "ParallelStateSucceeded", ""),
        (13, 12, "ParallelStateExited", ""),
        (14, 13, "TaskStateEntered", ""),
        (15, 14, "TaskScheduled", "dynamodb"),
    )

    stages = stages_of(events, lambda each: str(each["details"]["task"]))

    assert stages == [
        [["inventory"], ["payment", "wait 0.5", "payment", "wait 1", "payment"]],
        [["dynamodb"]],
    ]


def test_the_metrics_function_counts_what_the_filters_of_its_stream_let_through() -> None:
    order = {"orderId": {"S": "1"}, "record": {"S": "ORDER"}, "status": {"S": "PENDING"}}
    confirmed = order | {"status": {"S": "CONFIRMED"}}
    step = {"orderId": {"S": "1"}, "record": {"S": "STEP#payment"}, "status": {"S": "REFUNDED"}}

    assert is_counted(None, order)
    assert is_counted(order, confirmed)
    assert is_counted(step | {"status": {"S": "CAPTURED"}}, step)
    assert not is_counted(confirmed, confirmed | {"closedAt": {"S": "now"}})
    assert not is_counted(None, step)
    assert not is_counted(None, {"productId": {"S": "1"}})
