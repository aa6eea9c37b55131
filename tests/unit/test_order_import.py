"""The placing of the orders of a file, and the summary of an import."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.contract.names import OrderStatus
from orderctl.api_client import ApiUnreachable, Response
from orderctl.commands import importing
from orderctl.display.import_summary import counts_text, how_to_go_on, ranges
from orderctl.files.order_file import FileOrder, OrderFile
from orderctl.order_import import (
    ImportSummary,
    Latency,
    Outcome,
    Placement,
    Placing,
    order_request,
    summarise,
)
from orderctl.settlement import OrderState

START = datetime(2026, 11, 22, 15, 14, 31, tzinfo=UTC)


def file_order(invoice: str) -> FileOrder:
    return FileOrder(invoice=invoice, customer_id=f"cust-{invoice}", items=(("MUG", 1),))


def order_file(*invoices: str) -> OrderFile:
    orders = tuple(file_order(invoice) for invoice in invoices)
    return OrderFile(digest="d", orders=orders, refused=(), products=(), skipped=())


def response(order_id: str = "", *, status: int = 202, replayed: bool = False) -> Response:
    return Response(
        status=status,
        headers={"Idempotency-Replayed": "true"} if replayed else {},
        body={"orderId": order_id},
        seconds=0.02,
    )


def placement(order_id: str, *, status: int = 202, replayed: bool = False) -> Placement:
    answer = response(order_id, status=status, replayed=replayed)
    return Placement(order=file_order(order_id), response=answer)


def lost(invoice: str, *, sent: bool) -> Placement:
    return Placement(order=file_order(invoice), error="no connection", sent=sent)


def state(
    order_id: str, status: OrderStatus, *, reason: str = "", placed: float = 0, took: float = 1
) -> OrderState:
    created = START + timedelta(seconds=placed)
    return OrderState(
        order_id=order_id,
        status=status,
        reason=reason,
        created_at=created,
        updated_at=created + timedelta(seconds=took),
    )


class FakeApi:
    """An API whose response to the n-th request is scripted; it keeps the invoices that it received."""

    def __init__(self, respond: Callable[[int], Response]) -> None:
        self._respond = respond
        self._lock = threading.Lock()
        self.received: list[str] = []
        self.stopped = threading.Event()

    def place(self, order: dict[str, Any], *, idempotency_key: str) -> Response:
        with self._lock:
            self.received.append(idempotency_key)
            number = len(self.received)
        assert order["items"]
        return self._respond(number)

    def stop(self) -> None:
        self.stopped.set()

    def tell_silence(self, _seconds: float) -> None:
        """Say nothing."""


def outcomes(placing: Placing) -> list[Outcome]:
    return [each.outcome for each in placing.placements()]


def unreachable(*, sent: bool) -> ApiUnreachable:
    return ApiUnreachable("http://api/", why="no connection", sent=sent)


def test_every_order_of_the_file_is_placed_with_a_key_of_the_invoice_and_the_file() -> None:
    api = FakeApi(lambda number: response(f"o-{number}"))
    placing = Placing(api, order_file("1", "2", "3"), concurrency=2)  # type: ignore[arg-type]

    yielded = list(placing.run())

    assert sorted(api.received) == ["1-d", "2-d", "3-d"]
    assert sorted(each.order.invoice for each in yielded) == ["1", "2", "3"]
    assert outcomes(placing) == [Outcome.PLACED] * 3
    assert not placing.stopped


def test_the_rest_of_the_file_is_not_sent_when_the_api_is_gone() -> None:
    def accept_two(number: int) -> Response:
        if number > 2:
            raise unreachable(sent=number == 3)
        return response(f"o-{number}")

    api = FakeApi(accept_two)
    placing = Placing(api, order_file(*"1234567"), concurrency=1)  # type: ignore[arg-type]

    list(placing.run())

    assert len(api.received) == 3
    assert api.stopped.is_set()
    assert placing.stopped
    assert outcomes(placing) == [Outcome.PLACED] * 2 + [Outcome.UNKNOWN] + [Outcome.NOT_SENT] * 4


@pytest.mark.parametrize("status", [403, 429, 503])
def test_the_rest_of_the_file_is_not_sent_when_the_api_refuses_everything(status: int) -> None:
    api = FakeApi(lambda _: response(status=status))
    placing = Placing(api, order_file(*"1234"), concurrency=1)  # type: ignore[arg-type]

    list(placing.run())

    assert len(api.received) == 1
    assert outcomes(placing)[1:] == [Outcome.NOT_SENT] * 3


def test_an_order_that_is_refused_alone_does_not_stop_the_others() -> None:
    api = FakeApi(lambda number: response(status=422) if number == 1 else response("o"))
    placing = Placing(api, order_file(*"123"), concurrency=1)  # type: ignore[arg-type]

    list(placing.run())

    assert outcomes(placing) == [Outcome.REFUSED, Outcome.PLACED, Outcome.PLACED]


def test_an_order_that_fails_while_others_are_accepted_does_not_stop_them() -> None:
    others_accepted = threading.Event()

    def respond(number: int) -> Response:
        if number == 1:
            others_accepted.wait()
            return response(status=503)
        if number == 3:
            others_accepted.set()
        return response("o")

    placing = Placing(FakeApi(respond), order_file(*"12345"), concurrency=2)  # type: ignore[arg-type]

    list(placing.run())

    assert not placing.stopped
    assert sorted(outcomes(placing)) == [Outcome.PLACED] * 4 + [Outcome.UNKNOWN]


def test_an_order_without_a_response_when_the_placing_is_stopped_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orderctl.order_import._SECONDS_FOR_RESPONSES", 0.0)
    second_sent, end = threading.Event(), threading.Event()

    def respond(number: int) -> Response:
        if number > 1:
            second_sent.set()
            end.wait()
        return response(f"o-{number}")

    placing = Placing(FakeApi(respond), order_file(*"123"), concurrency=1)  # type: ignore[arg-type]
    next(placing.run())
    second_sent.wait()

    placing.stop()

    assert outcomes(placing) == [Outcome.PLACED, Outcome.UNKNOWN, Outcome.NOT_SENT]
    end.set()


def test_a_response_that_comes_shortly_after_the_stop_still_counts() -> None:
    second_sent = threading.Event()

    def respond(number: int) -> Response:
        if number > 1:
            second_sent.set()
            api.stopped.wait()
        return response(f"o-{number}")

    api = FakeApi(respond)
    placing = Placing(api, order_file(*"123"), concurrency=1)  # type: ignore[arg-type]
    next(placing.run())
    second_sent.wait()

    placing.stop()

    assert outcomes(placing) == [Outcome.PLACED, Outcome.PLACED, Outcome.NOT_SENT]


def test_ctrl_c_stops_the_placing() -> None:
    class Interrupted:
        total = 3
        stopped = False

        def run(self) -> Iterator[Placement]:
            yield placement("a")
            raise KeyboardInterrupt

        def stop(self) -> None:
            self.stopped = True

    placing = Interrupted()

    ended = importing._place(placing)  # type: ignore[arg-type]

    assert not ended
    assert placing.stopped


def test_an_error_of_the_program_ends_the_import() -> None:
    def respond(_: int) -> Response:
        raise AssertionError("a bug")

    placing = Placing(FakeApi(respond), order_file("1"), concurrency=1)  # type: ignore[arg-type]

    with pytest.raises(AssertionError, match="a bug"):
        list(placing.run())


@pytest.mark.parametrize(
    ("of_order", "outcome", "reason"),
    [
        (placement("a"), Outcome.PLACED, ""),
        (placement("a", status=422), Outcome.REFUSED, "The API responded with 422"),
        (placement("a", status=503), Outcome.UNKNOWN, "The API responded with 503"),
        (lost("a", sent=True), Outcome.UNKNOWN, "no connection"),
        (lost("a", sent=False), Outcome.NOT_SENT, "no connection"),
    ],
)
def test_the_outcome_tells_whether_an_order_may_have_been_placed(
    of_order: Placement, outcome: Outcome, reason: str
) -> None:
    assert (of_order.outcome, of_order.reason) == (outcome, reason)


def summary_of_an_outage() -> ImportSummary:
    return summarise(
        [
            *(placement(order_id) for order_id in "abcdef"),
            placement("g", status=422),
            lost("h", sent=True),
            lost("i", sent=False),
        ],
        [
            state("a", OrderStatus.CONFIRMED),
            state("b", OrderStatus.REJECTED, reason="OUT_OF_STOCK"),
            state("c", OrderStatus.ON_HOLD, reason="payment"),
            state("d", OrderStatus.ON_HOLD, reason="workflow"),
            state("e", OrderStatus.PENDING),
        ],
    )


def test_orders_are_counted_by_outcome_status_and_reason() -> None:
    summary = summary_of_an_outage()

    assert summary.by_status == {
        (OrderStatus.CONFIRMED, ""): 1,
        (OrderStatus.REJECTED, "OUT_OF_STOCK"): 1,
        (OrderStatus.ON_HOLD, "payment"): 1,
        (OrderStatus.ON_HOLD, "workflow"): 1,
        (OrderStatus.PENDING, ""): 1,
    }
    assert [failed.order.invoice for failed in summary.failed] == ["g"]
    assert (summary.settled, summary.pending, summary.status_unknown) == (2, 1, 1)
    assert (
        counts_text(summary)
        == "of 9 orders, 6 placed, 2 settled, 2 held, 1 not accepted, 1 unknown, 1 not sent"
    )


def test_held_orders_are_reported_with_their_queue_and_the_command_that_redrives_it() -> None:
    advice = how_to_go_on(summary_of_an_outage(), seconds=300, options=" --stack Shop")

    payment, workflow = (line for line in advice if "held" in line)
    assert payment.startswith(
        "1 order is held (payment), on the payment queue, see `orderctl dlq list payment"
    )
    assert "`orderctl dlq redrive payment --stack Shop`" in payment
    assert "1 order is held (workflow), without a message." in workflow
    assert "`orderctl dlq redrive all --stack Shop`" in workflow
    assert "timeout" not in payment + workflow


def test_an_incomplete_import_says_that_the_same_command_goes_on() -> None:
    interrupted = summarise([placement("a"), lost("b", sent=False)], [state("a", OrderStatus.CONFIRMED)])

    (advice,) = how_to_go_on(interrupted, seconds=300, options="")

    assert advice == "Run the same command again to go on: it places no order twice."


def test_pending_orders_can_be_waited_for_longer() -> None:
    summary = summarise([placement("a")], [state("a", OrderStatus.PENDING)])

    (advice,) = how_to_go_on(summary, seconds=300, options="")

    assert "1 orders are not settled after 300 s" in advice
    assert "--timeout" in advice


def test_a_complete_import_needs_no_advice() -> None:
    summary = summarise(
        [placement("a"), placement("b")],
        [state("a", OrderStatus.CONFIRMED), state("b", OrderStatus.REJECTED, reason="OUT_OF_STOCK")],
    )

    assert how_to_go_on(summary, seconds=300, options="") == []


def test_speed_and_latency_include_only_newly_placed_orders() -> None:
    summary = summarise(
        [placement("now"), placement("later"), placement("before", replayed=True)],
        [
            state("now", OrderStatus.CONFIRMED, placed=0, took=1),
            state("later", OrderStatus.CONFIRMED, placed=1, took=3),
            state("before", OrderStatus.CONFIRMED, placed=-1000, took=60),
        ],
    )

    assert summary.replayed == 1
    assert summary.orders_per_second == pytest.approx(2 / 4)
    assert summary.settlement_latency == Latency(p50=1, p99=3)


def test_an_import_that_placed_nothing_new_has_no_speed() -> None:
    summary = summarise([placement("a", replayed=True)], [state("a", OrderStatus.CONFIRMED)])

    assert (summary.orders_per_second, summary.settlement_latency) == (None, None)


def test_latency_percentiles_use_the_nearest_rank() -> None:
    assert Latency.from_seconds([*range(100, 0, -1)]) == Latency(p50=50, p99=99)
    assert Latency.from_seconds([7]) == Latency(p50=7, p99=7)


def test_an_order_of_the_file_becomes_a_valid_request() -> None:
    order = FileOrder(invoice="1001", customer_id="guest-1001", items=(("MUG", 6), ("POT", 2)))

    assert order_request(order) == {
        "customerId": "guest-1001",
        "customerEmail": "guest-1001@example.com",
        "paymentMethod": "pm_card_visa",
        "items": [{"productId": "MUG", "quantity": 6}, {"productId": "POT", "quantity": 2}],
    }


@pytest.mark.parametrize(
    ("numbers", "short"), [([3], "3"), ([3, 7, 8, 9], "3, 7-9"), ([1, 2, 4, 6, 7], "1-2, 4, 6-7")]
)
def test_consecutive_line_numbers_are_written_as_ranges(numbers: list[int], short: str) -> None:
    assert ranges(numbers) == short
