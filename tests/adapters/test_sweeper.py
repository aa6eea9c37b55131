"""Orders whose event or execution was lost are emitted again, and held after the last attempt."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any
from uuid import UUID

import pytest
from botocore.exceptions import ClientError

from handlers import sweeper
from handlers.adapters.delivery_queue import DeliveryQueue
from handlers.adapters.event_bus import EventBus
from handlers.adapters.open_orders import OpenOrders
from handlers.adapters.orders_table import OrdersTable
from handlers.adapters.time_budget import TimeBudget
from handlers.contract.events import order_placed
from handlers.contract.names import OpenKind
from handlers.domain.sweep import SweepOutcome, SweepPolicy
from handlers.sweeper import Sweeper
from tests.backlog import EMAIL, LONG_AGO, TOKEN, Backlog
from tests.fakes import InterruptedClient

NOW = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)
JUST_NOW = "2026-11-22T15:55:00.000Z"
EXPIRED = "2026-11-16T15:59:59.999Z"
NOT_EXPIRED = "2026-11-16T16:00:00.001Z"
TO_BE_CANCELLED = {"cancelRequestedAt": LONG_AGO, "cancelReason": "CUSTOMER"}
ENOUGH_TIME = TimeBudget(remaining_millis=lambda: 55_000)


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        yield backlog


def _time_for(*, batches: int) -> TimeBudget:
    times = chain(repeat(55_000, batches), repeat(9_000))
    return TimeBudget(remaining_millis=lambda: next(times))


def _sweeper(backlog: Backlog, *, dynamodb: Any = None, events: Any = None, now: datetime = NOW) -> Sweeper:
    """Make a sweeper; the clients given here replace the real ones."""
    return Sweeper(
        open_orders=OpenOrders(dynamodb or backlog.dynamodb, backlog.orders_table),
        orders=OrdersTable(dynamodb or backlog.dynamodb, backlog.orders_table),
        bus=EventBus(events or backlog.events, backlog.bus_name),
        delivery=DeliveryQueue(backlog.sqs, backlog.queue_url("delivery")),
        policy=SweepPolicy(after=timedelta(minutes=6), max_attempts=5, hold_expires_after=timedelta(days=6)),
        now=lambda: now,
    )


class RefusingBus:
    """A bus that refuses the events of one type."""

    def __init__(self, events: Any, detail_type: str) -> None:
        self._events = events
        self._detail_type = detail_type

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  boto3's name
        results = []
        for entry in Entries:
            if entry["DetailType"] == self._detail_type:
                results.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "later"})
            else:
                results += self._events.put_events(Entries=[entry])["Entries"]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}


def test_an_overdue_order_is_emitted_again_and_its_waiting_time_starts_again(backlog: Backlog) -> None:
    order_id = backlog.place(since=LONG_AGO)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.EMITTED: 1}
    assert backlog.emitted() == [order_id]
    order = backlog.order(order_id)
    assert (order["status"], order["openKey"], order["attempts"]) == (
        "PENDING",
        "IN_PROGRESS#2026-11-22T16:00:00.000Z",
        1,
    )


def test_a_sweep_emits_the_original_event(backlog: Backlog) -> None:
    order_id = backlog.place()
    stored = OrdersTable(backlog.dynamodb, backlog.orders_table).read_order(order_id)

    _sweeper(backlog).sweep(ENOUGH_TIME)

    assert backlog.announced() == [("OrderPlaced", order_placed(stored).detail)]


def test_a_second_sweep_does_not_emit_the_order_before_it_is_overdue_again(backlog: Backlog) -> None:
    backlog.place()
    _sweeper(backlog).sweep(ENOUGH_TIME)
    backlog.announced()

    outcomes = _sweeper(backlog, now=NOW + timedelta(minutes=5)).sweep(ENOUGH_TIME)

    assert not outcomes
    assert backlog.announced() == []


@pytest.mark.parametrize(
    ("status", "since"), [("PENDING", JUST_NOW), ("ON_HOLD", LONG_AGO), ("CONFIRMED", LONG_AGO)]
)
def test_a_sweep_does_not_change_other_orders(backlog: Backlog, status: str, since: str) -> None:
    order_id = backlog.place(status, since=since)
    before = backlog.order(order_id)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert not outcomes
    assert backlog.announced() == []
    assert backlog.order(order_id) == before


def test_overdue_orders_of_every_shard_are_emitted_once(backlog: Backlog) -> None:
    order_ids = {backlog.place() for _ in range(45)}

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.EMITTED: 45}
    emitted = backlog.emitted()
    assert len(emitted) == 45
    assert set(emitted) == order_ids


def test_all_pages_of_overdue_orders_are_read(backlog: Backlog) -> None:
    order_ids = {backlog.place(orderId=str(UUID(int=8 * number))) for number in range(5)}

    class ShortPages:
        def __getattr__(self, name: str) -> Any:
            return getattr(backlog.dynamodb, name)

        def query(self, **request: Any) -> Any:
            return backlog.dynamodb.query(**request, Limit=2)

    _sweeper(backlog, dynamodb=ShortPages()).sweep(ENOUGH_TIME)

    assert set(backlog.emitted()) == order_ids


def test_each_minute_starts_with_another_shard(backlog: Backlog) -> None:
    in_shard = [backlog.place(orderId=str(UUID(int=number))) for number in range(8)]

    _sweeper(backlog, now=NOW.replace(minute=11)).sweep(ENOUGH_TIME)

    assert backlog.emitted() == [*in_shard[3:], *in_shard[:3]]


def test_an_order_is_held_and_announced_after_five_attempts(backlog: Backlog) -> None:
    order_id = backlog.place(attempts=5)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.HELD: 1}
    order = backlog.order(order_id)
    assert (order["status"], order["reason"]) == ("ON_HOLD", "workflow")
    assert order["openKey"] == "WAITING#2026-11-22T16:00:00.000Z"
    assert order["updatedAt"] == "2026-11-22T16:00:00.000Z"
    held = {"orderId": order_id, "customerId": "cust-17850", "reason": "workflow"}
    assert backlog.announced() == [("OrderHeld", held)]


@pytest.mark.parametrize(
    ("status", "fields"), [("CONFIRMED", {}), ("REJECTED", {"reason": "PAYMENT_DECLINED"})]
)
def test_a_settled_order_that_is_not_closed_is_emitted_again(
    backlog: Backlog, status: str, fields: dict[str, Any]
) -> None:
    order_id = backlog.place(status, kind=OpenKind.IN_PROGRESS, **fields)
    before = backlog.order(order_id)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.EMITTED: 1}
    assert backlog.emitted() == [order_id]
    assert backlog.order(order_id) == before | {
        "unannounced": True,
        "openKey": "IN_PROGRESS#2026-11-22T16:00:00.000Z",
        "attempts": 1,
    }


def test_a_settled_order_that_is_closed_during_the_sweep_is_not_emitted(backlog: Backlog) -> None:
    order_id = backlog.place("CONFIRMED", kind=OpenKind.IN_PROGRESS)
    dynamodb = InterruptedClient(backlog.dynamodb, "update_item", lambda: backlog.settle(order_id))

    outcomes = _sweeper(backlog, dynamodb=dynamodb).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.CHANGED: 1}
    assert backlog.emitted() == []
    assert not {"openKey", "unannounced"} & backlog.order(order_id).keys()


def test_a_held_order_that_was_not_announced_is_emitted_again(backlog: Backlog) -> None:
    order_id = backlog.place("ON_HOLD", kind=OpenKind.IN_PROGRESS, reason="payment")

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.EMITTED: 1}
    assert backlog.emitted() == [order_id]
    assert backlog.order(order_id)["status"] == "ON_HOLD"


def test_a_held_order_without_attempts_left_is_announced_with_its_reason(backlog: Backlog) -> None:
    order_id = backlog.place("ON_HOLD", kind=OpenKind.IN_PROGRESS, reason="payment", attempts=5)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.HELD: 1}
    held = {"orderId": order_id, "customerId": "cust-17850", "reason": "payment"}
    assert backlog.announced() == [("OrderHeld", held)]
    assert backlog.order(order_id)["openKey"] == "WAITING#2026-11-22T16:00:00.000Z"


def test_a_settled_order_without_attempts_left_is_left_to_an_operator(backlog: Backlog) -> None:
    order_id = backlog.place("CONFIRMED", kind=OpenKind.IN_PROGRESS, attempts=5)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.HELD: 1}
    assert backlog.announced() == []
    order = backlog.order(order_id)
    assert (order["status"], order["openKey"]) == ("CONFIRMED", "WAITING#2026-11-22T16:00:00.000Z")


def test_an_order_that_never_settles_is_emitted_five_times(backlog: Backlog) -> None:
    order_id = backlog.place()

    for hour in range(10):
        _sweeper(backlog, now=NOW + timedelta(hours=hour)).sweep(ENOUGH_TIME)

    assert backlog.emitted() == [order_id] * 5
    assert backlog.order(order_id)["status"] == "ON_HOLD"


def test_an_announcement_that_the_bus_refuses_is_parked(backlog: Backlog) -> None:
    order_id = backlog.place(attempts=5)
    bus = RefusingBus(backlog.events, "OrderHeld")

    outcomes = _sweeper(backlog, events=bus).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.HELD: 1}
    assert backlog.parked("delivery") == [
        {
            "source": "ecommerce.orders",
            "detail-type": "OrderHeld",
            "detail": {"orderId": order_id, "customerId": "cust-17850", "reason": "workflow"},
        }
    ]


def test_an_event_that_the_bus_refuses_does_not_count_as_an_attempt(backlog: Backlog) -> None:
    order_id = backlog.place()
    before = backlog.order(order_id)

    outcomes = _sweeper(backlog, events=RefusingBus(backlog.events, "OrderPlaced")).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.REFUSED: 1}
    assert backlog.order(order_id) == before


def test_an_order_that_settles_after_it_was_found_is_not_emitted(backlog: Backlog) -> None:
    order_id = backlog.place()
    dynamodb = InterruptedClient(backlog.dynamodb, "get_item", lambda: backlog.settle(order_id))

    outcomes = _sweeper(backlog, dynamodb=dynamodb).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.CHANGED: 1}
    assert backlog.emitted() == []


@pytest.mark.parametrize("attempts", [0, 5])
def test_an_order_that_settles_during_the_sweep_stays_settled(backlog: Backlog, attempts: int) -> None:
    order_id = backlog.place(attempts=attempts)
    dynamodb = InterruptedClient(backlog.dynamodb, "update_item", lambda: backlog.settle(order_id))

    outcomes = _sweeper(backlog, dynamodb=dynamodb).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.CHANGED: 1}
    order = backlog.order(order_id)
    assert order["status"] == "CONFIRMED"
    assert "openKey" not in order
    assert ("OrderHeld" in dict(backlog.announced())) is False


def test_two_sweeps_at_the_same_time_count_one_attempt(backlog: Backlog) -> None:
    order_id = backlog.place()
    dynamodb = InterruptedClient(
        backlog.dynamodb, "update_item", lambda: _sweeper(backlog).sweep(ENOUGH_TIME)
    )

    outcomes = _sweeper(backlog, dynamodb=dynamodb).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.CHANGED: 1}
    assert backlog.order(order_id)["attempts"] == 1


def test_a_deleted_order_does_not_stop_the_sweep(backlog: Backlog) -> None:
    gone, waiting = (backlog.place(orderId=str(UUID(int=number))) for number in (8, 16))
    key = {"orderId": {"S": gone}, "record": {"S": "ORDER"}}
    dynamodb = InterruptedClient(
        backlog.dynamodb,
        "get_item",
        lambda: backlog.dynamodb.delete_item(TableName=backlog.orders_table, Key=key),
    )

    outcomes = _sweeper(backlog, dynamodb=dynamodb).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.CHANGED: 1, SweepOutcome.EMITTED: 1}
    assert backlog.emitted() == [waiting]


def test_an_unreadable_order_does_not_stop_the_sweep_and_is_held_after_five_attempts(
    backlog: Backlog,
) -> None:
    broken = backlog.place(items=None)
    waiting = backlog.place()

    first = _sweeper(backlog).sweep(ENOUGH_TIME)
    for hour in range(1, 6):
        _sweeper(backlog, now=NOW + timedelta(hours=hour)).sweep(ENOUGH_TIME)

    assert first == {SweepOutcome.UNREADABLE: 1, SweepOutcome.EMITTED: 1}
    assert set(backlog.emitted()) == {waiting}
    assert backlog.order(broken)["status"] == "ON_HOLD"


def test_an_order_with_an_unknown_status_is_held_after_five_attempts(backlog: Backlog) -> None:
    order_id = backlog.place("SHIPPED", kind=OpenKind.IN_PROGRESS)

    for hour in range(1, 7):
        _sweeper(backlog, now=NOW + timedelta(hours=hour)).sweep(ENOUGH_TIME)

    assert backlog.emitted() == []
    assert backlog.order(order_id)["status"] == "ON_HOLD"


def test_orders_that_a_sweep_has_no_time_for_are_left_to_the_next_sweep(backlog: Backlog) -> None:
    order_ids = {backlog.place() for _ in range(25)}

    first = _sweeper(backlog).sweep(_time_for(batches=2))
    second = _sweeper(backlog, now=NOW + timedelta(minutes=1)).sweep(ENOUGH_TIME)

    assert first == {SweepOutcome.EMITTED: 20}
    assert second == {SweepOutcome.EMITTED: 5}
    assert set(backlog.emitted()) == order_ids


def test_a_missing_permission_fails_the_sweep(backlog: Backlog) -> None:
    backlog.place()

    class ForbiddenBus:
        def put_events(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutEvents")

    with pytest.raises(ClientError):
        _sweeper(backlog, events=ForbiddenBus()).sweep(ENOUGH_TIME)


def _requested(order_id: str, reason: str) -> tuple[str, dict[str, str]]:
    detail = {"orderId": order_id, "customerId": "cust-17850", "reason": reason}
    return "OrderCancellationRequested", detail


def test_an_order_whose_hold_has_expired_is_cancelled(backlog: Backlog) -> None:
    order_id = backlog.place("ON_HOLD", since=EXPIRED, reason="payment", executionArn="arn:1", attempts=2)
    before = backlog.order(order_id)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    now = "2026-11-22T16:00:00.000Z"
    assert outcomes == {SweepOutcome.EXPIRED: 1}
    assert backlog.announced() == [_requested(order_id, "HOLD_EXPIRED")]
    kept = {name: value for name, value in before.items() if name not in {"executionArn", "attempts"}}
    assert backlog.order(order_id) == kept | {
        "cancelRequestedAt": now,
        "cancelReason": "HOLD_EXPIRED",
        "updatedAt": now,
        "openKey": f"IN_PROGRESS#{now}",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "ON_HOLD", "since": NOT_EXPIRED},
        {"status": "CONFIRMED", "kind": OpenKind.WAITING, "since": EXPIRED},
        {"status": "REJECTED", "kind": OpenKind.WAITING, "since": EXPIRED},
        {"status": "ON_HOLD", "since": EXPIRED, **TO_BE_CANCELLED},
        {"status": "CONFIRMED", "since": EXPIRED},
    ],
    ids=["held for less", "confirmed, waiting", "rejected, waiting", "cancellation held", "closed"],
)
def test_a_sweep_cancels_no_other_order(backlog: Backlog, fields: dict[str, Any]) -> None:
    order_id = backlog.place(**fields)
    before = backlog.order(order_id)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert not outcomes
    assert backlog.announced() == []
    assert backlog.order(order_id) == before


def test_a_hold_that_is_not_announced_yet_does_not_expire(backlog: Backlog) -> None:
    order_id = backlog.place("ON_HOLD", kind=OpenKind.IN_PROGRESS, since=EXPIRED, reason="payment")

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.EMITTED: 1}
    assert "cancelRequestedAt" not in backlog.order(order_id)


def test_a_hold_that_expires_right_after_the_sweep_gave_up_is_not_cancelled_by_the_same_sweep(
    backlog: Backlog,
) -> None:
    order_id = backlog.place(since=EXPIRED, attempts=5)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.HELD: 1}
    assert "cancelRequestedAt" not in backlog.order(order_id)


def test_expired_holds_of_every_shard_are_cancelled_once(backlog: Backlog) -> None:
    order_ids = {backlog.place("ON_HOLD", since=EXPIRED, reason="payment") for _ in range(25)}

    first = _sweeper(backlog).sweep(ENOUGH_TIME)
    second = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert (first, second) == ({SweepOutcome.EXPIRED: 25}, {})
    assert sorted(backlog.announced(), key=str) == sorted(
        (_requested(order_id, "HOLD_EXPIRED") for order_id in order_ids), key=str
    )


@pytest.mark.parametrize(
    "change",
    [
        {"status": "PENDING", "openKey": "IN_PROGRESS#2026-11-22T15:59:59.000Z", "reason": None},
        {"status": "CONFIRMED", "openShard": None, "openKey": None},
        {"openKey": "WAITING#2026-11-22T15:59:59.000Z"},
        TO_BE_CANCELLED,
    ],
    ids=["redriven", "confirmed", "held again", "cancelled by the customer"],
)
def test_an_order_that_changes_after_it_was_found_is_left_alone(
    backlog: Backlog, change: dict[str, Any]
) -> None:
    order_id = backlog.place("ON_HOLD", since=EXPIRED, reason="payment")
    dynamodb = InterruptedClient(backlog.dynamodb, "update_item", lambda: backlog.change(order_id, **change))

    outcomes = _sweeper(backlog, dynamodb=dynamodb).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.CHANGED: 1}
    assert backlog.announced() == []
    assert backlog.order(order_id).get("cancelReason") == change.get("cancelReason")


def test_a_refused_event_of_an_expired_hold_is_emitted_when_the_order_is_overdue(backlog: Backlog) -> None:
    order_id = backlog.place("ON_HOLD", since=EXPIRED, reason="payment")
    bus = RefusingBus(backlog.events, "OrderCancellationRequested")

    refused = _sweeper(backlog, events=bus).sweep(ENOUGH_TIME)
    outcomes = _sweeper(backlog, now=NOW + timedelta(minutes=7)).sweep(ENOUGH_TIME)

    assert (refused, outcomes) == ({SweepOutcome.EXPIRED: 1}, {SweepOutcome.EMITTED: 1})
    assert backlog.announced() == [_requested(order_id, "HOLD_EXPIRED")]


def test_expired_holds_that_a_sweep_has_no_time_for_are_left_to_the_next_sweep(backlog: Backlog) -> None:
    order_ids = {backlog.place("ON_HOLD", since=EXPIRED, reason="payment") for _ in range(25)}

    # One look at the clock finds that no order is overdue.
    first = _sweeper(backlog).sweep(_time_for(batches=3))
    second = _sweeper(backlog, now=NOW + timedelta(minutes=1)).sweep(ENOUGH_TIME)

    assert first == {SweepOutcome.EXPIRED: 20}
    assert second == {SweepOutcome.EXPIRED: 5}
    assert {detail["orderId"] for _, detail in backlog.announced()} == order_ids


def test_overdue_orders_come_before_expired_holds(backlog: Backlog) -> None:
    backlog.place("ON_HOLD", since=EXPIRED, reason="payment")
    overdue = backlog.place()

    outcomes = _sweeper(backlog).sweep(_time_for(batches=1))

    assert outcomes == {SweepOutcome.EMITTED: 1}
    assert backlog.emitted() == [overdue]


@pytest.mark.parametrize("status", ["PENDING", "ON_HOLD", "CONFIRMED", "CANCELLED"])
@pytest.mark.parametrize("reason", ["CUSTOMER", "OPERATOR", "HOLD_EXPIRED"])
def test_an_overdue_order_with_a_request_to_cancel_it_is_emitted_as_such(
    backlog: Backlog, status: str, reason: str
) -> None:
    order_id = backlog.place(
        status, kind=OpenKind.IN_PROGRESS, cancelRequestedAt=LONG_AGO, cancelReason=reason, cancelComment="x"
    )

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.EMITTED: 1}
    assert backlog.announced() == [_requested(order_id, reason)]


@pytest.mark.parametrize("status", ["PENDING", "CONFIRMED"])
def test_a_cancellation_without_attempts_left_is_held(backlog: Backlog, status: str) -> None:
    order_id = backlog.place(status, kind=OpenKind.IN_PROGRESS, attempts=5, **TO_BE_CANCELLED)

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.HELD: 1}
    held = {"orderId": order_id, "customerId": "cust-17850", "reason": "workflow"}
    assert backlog.announced() == [("OrderHeld", held)]
    order = backlog.order(order_id)
    assert (order["status"], order["reason"]) == ("ON_HOLD", "workflow")
    assert order["openKey"] == "WAITING#2026-11-22T16:00:00.000Z"
    assert order["cancelReason"] == "CUSTOMER"


def test_a_cancelled_order_without_attempts_left_stays_cancelled_and_is_left_to_an_operator(
    backlog: Backlog,
) -> None:
    order_id = backlog.place(
        "CANCELLED", kind=OpenKind.IN_PROGRESS, attempts=5, reason="CUSTOMER", **TO_BE_CANCELLED
    )

    outcomes = _sweeper(backlog).sweep(ENOUGH_TIME)

    assert outcomes == {SweepOutcome.HELD: 1}
    assert backlog.announced() == []
    order = backlog.order(order_id)
    assert (order["status"], order["openKey"]) == ("CANCELLED", "WAITING#2026-11-22T16:00:00.000Z")


class Context:
    """The context object of a Lambda invocation."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:sweeper"
    aws_request_id = "6d2a4a6b-2f9b-4c0e-8a06-0a2a2f0d3b11"

    def get_remaining_time_in_millis(self) -> int:
        return 55_000


@pytest.fixture
def _configured(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    variables = backlog.deployment.environment_of("sweeper")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sweeper._sweeper.cache_clear()
    yield
    sweeper._sweeper.cache_clear()


@pytest.mark.usefixtures("_configured")
def test_the_function_sweeps_the_deployed_table_and_logs_only_counts(
    backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place(since=LONG_AGO.replace("2026", "2020"))
    log = io.StringIO()
    monkeypatch.setattr(sweeper.logger.registered_handler, "stream", log)

    result = sweeper.handler({}, Context())

    assert result == {"emitted": 1}
    assert backlog.emitted() == [order_id]
    [line] = log.getvalue().splitlines()
    assert json.loads(line)["outcomes"] == {"emitted": 1}
    assert not [personal for personal in (EMAIL, TOKEN, "cust-17850") if personal in line]
