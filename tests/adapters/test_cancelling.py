"""An operator cancels an order, or all that have been on hold for long."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from typer.testing import CliRunner

from devtools.checkout import REPOSITORY
from handlers.api.validation import checked_schema, violations
from handlers.contract.clock import rfc3339, utc_now
from handlers.contract.metrics import MetricName
from handlers.contract.names import OpenKind
from handlers.domain.order_facts import facts
from orderctl import settlement
from orderctl.cancelling import Cancellations, is_comment
from orderctl.commands import cancelling
from orderctl.dlq.orders import RedrivableOrders
from orderctl.dynamodb import to_item, to_plain
from orderctl.main import app
from orderctl.stack import Stack
from tests.backlog import EMAIL, TOKEN, Backlog
from tests.fakes import InterruptedClient
from tests.orderctl_json import read_documented

A_DAY = 24 * 3600
UNKNOWN = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
CLOSED_AT = "2026-11-22T15:00:01.000Z"
Orderctl = Callable[..., Result]


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        yield backlog


@pytest.fixture
def orderctl(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> Orderctl:
    """Run `orderctl cancel ...`, for whose stack confirmed orders can be cancelled for a day."""

    def run(*arguments: str, seconds: int = A_DAY, answer: str | None = None) -> Result:
        stack = replace(backlog.stack, cancel_confirmed_seconds=seconds)
        monkeypatch.setattr(cancelling, "find_stack", lambda *_: stack)
        command = ["cancel", "--rate", "100000", *arguments]
        return CliRunner().invoke(app, command, input=answer, prog_name="orderctl")

    return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of the waits, in which pauses take no time; `then` runs in each of them."""

    def sleep(seconds: float) -> None:
        clock.now += seconds
        clock.then()

    clock = SimpleNamespace(now=0.0, then=lambda: None, monotonic=lambda: clock.now, sleep=sleep)
    monkeypatch.setattr(cancelling, "time", clock)
    monkeypatch.setattr(settlement, "time", clock)
    return clock


def with_clients(monkeypatch: pytest.MonkeyPatch, **clients: Any) -> None:
    """Make orderctl use these clients instead of the real ones."""
    client = Stack.client
    monkeypatch.setattr(
        Stack, "client", lambda stack, service: clients.get(service) or client(stack, service)
    )


def ago(**span: float) -> str:
    return rfc3339(utc_now() - timedelta(**span))


def requested(order_id: str, reason: str = "OPERATOR") -> tuple[str, dict[str, str]]:
    detail = {"orderId": order_id, "customerId": "cust-17850", "reason": reason}
    return "OrderCancellationRequested", detail


@pytest.mark.parametrize("status", ["PENDING", "ON_HOLD"])
def test_an_undecided_order_gets_a_request_and_its_workflow_is_started(
    backlog: Backlog, orderctl: Orderctl, status: str
) -> None:
    order_id = backlog.place(status, attempts=3)

    result = orderctl(order_id.upper())

    assert result.exit_code == 0, result.output
    assert f"{order_id}: cancellation requested" in result.output
    assert backlog.announced() == [requested(order_id)]
    order = backlog.order(order_id)
    assert (order["status"], order["cancelReason"]) == (status, "OPERATOR")
    assert order["openKey"] == f"IN_PROGRESS#{order['cancelRequestedAt']}"
    assert not {"cancelComment", "attempts"} & order.keys()


def test_the_reason_is_stored_and_neither_printed_nor_announced(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place()

    result = orderctl(order_id, "--reason", "Ada called: wrong size")

    assert backlog.order(order_id)["cancelComment"] == "Ada called: wrong size"
    assert "Ada" not in result.output + json.dumps(backlog.announced())


def test_an_output_has_no_personal_data(backlog: Backlog, orderctl: Orderctl) -> None:
    output = orderctl(backlog.place()).output + orderctl(backlog.place("ON_HOLD")).output

    assert EMAIL not in output
    assert TOKEN not in output


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("a", True),
        ("🎁" * 200, True),
        ("Größe passt nicht", True),
        ("", False),
        ("x" * 201, False),
        ("two\nlines", False),
        ("\x7f", False),
        ("\x85", False),
        ("\x1b[2J", False),
    ],
)
def test_a_reason_has_the_rule_of_the_api(text: str, *, allowed: bool) -> None:
    schema = json.loads((REPOSITORY / "handlers/schemas/cancel_order.schema.json").read_text("utf-8"))

    assert is_comment(text) is allowed
    assert (not list(violations(checked_schema(schema), {"reason": text}))) is allowed


def test_a_reason_that_can_not_be_stored_is_refused(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place()

    result = orderctl(order_id, "--reason", "x" * 201)

    assert result.exit_code == 2
    assert "give 1 to 200 characters" in result.output
    assert "cancelReason" not in backlog.order(order_id)
    assert not is_comment("\udcff")


@pytest.mark.parametrize(
    "kind", [pytest.param(None, id="closed"), pytest.param(OpenKind.WAITING, id="waits for an operator")]
)
def test_an_order_that_was_confirmed_a_moment_ago_gets_a_request(
    backlog: Backlog, orderctl: Orderctl, kind: OpenKind | None
) -> None:
    order_id = backlog.place("CONFIRMED", since=ago(hours=23), kind=kind)

    result = orderctl(order_id)

    assert result.exit_code == 0, result.output
    assert backlog.announced() == [requested(order_id)]
    assert backlog.order(order_id)["status"] == "CONFIRMED"


@pytest.mark.parametrize(
    ("seconds", "why"),
    [(A_DAY, "customers can cancel for 24 hours"), (0, "customers can't cancel such an order")],
)
def test_an_order_that_was_confirmed_long_ago_is_only_cancelled_with_late(
    backlog: Backlog, orderctl: Orderctl, seconds: int, why: str
) -> None:
    order_id = backlog.place("CONFIRMED", since=ago(hours=25), closedAt=CLOSED_AT)
    before = backlog.order(order_id)

    refused = orderctl(order_id, seconds=seconds)
    after_refusal = backlog.order(order_id)
    late = orderctl(order_id, "--late", seconds=seconds)

    assert refused.exit_code == 1
    assert f"it is CONFIRMED since {before['updatedAt']}, and {why}" in refused.output
    assert "--late" in refused.output
    assert after_refusal == before
    assert late.exit_code == 0, late.output
    assert backlog.announced() == [requested(order_id)]


def test_where_no_confirmed_order_can_be_cancelled_the_clock_does_not_matter(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    by_a_clock_ahead = backlog.place("CONFIRMED", since=ago(minutes=-5))

    result = orderctl(by_a_clock_ahead, seconds=0)

    assert result.exit_code == 1
    assert "--late" in result.output


def test_an_order_that_is_being_announced_is_not_cancelled_yet(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("CONFIRMED", since=ago(seconds=1), kind=OpenKind.IN_PROGRESS)

    result = orderctl(order_id)

    assert result.exit_code == 1
    assert "it is CONFIRMED, and its customer is being told so" in result.output
    assert "Try again in a few seconds, or add --wait" in result.output
    assert backlog.announced() == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"status": "CANCELLED", "reason": "CUSTOMER", "cancelReason": "CUSTOMER"},
            "is CANCELLED already (CUSTOMER): there is nothing to do",
        ),
        (
            {"status": "REJECTED", "reason": "OUT_OF_STOCK"},
            "is REJECTED (OUT_OF_STOCK): there is nothing to cancel",
        ),
    ],
)
def test_an_order_of_which_nothing_is_left_stays_as_it_is(
    backlog: Backlog, orderctl: Orderctl, fields: dict[str, str], said: str
) -> None:
    order_id = backlog.place(**fields)
    before = backlog.order(order_id)

    result = orderctl(order_id, "--wait")

    assert result.exit_code == 0
    assert f"{order_id} {said}" in result.output
    assert backlog.announced() == []
    assert backlog.order(order_id) == before


def test_a_second_request_only_starts_the_workflow_again(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place(cancelRequestedAt=ago(hours=1), cancelReason="CUSTOMER", cancelComment="mine")
    before = backlog.order(order_id)

    result = orderctl(order_id, "--reason", "theirs")

    assert result.exit_code == 0
    assert "cancellation requested before (CUSTOMER); its workflow runs again" in result.output
    assert backlog.announced() == [requested(order_id, "CUSTOMER")]
    assert backlog.order(order_id) == before


def test_an_unknown_order_is_reported(orderctl: Orderctl) -> None:
    result = orderctl(UNKNOWN)

    assert result.exit_code == 1
    assert f"There is no order {UNKNOWN}" in result.output


@pytest.mark.parametrize("order_id", ["", "4711", UNKNOWN.replace("-", ""), f"{{{UNKNOWN}}}"])
def test_what_can_not_be_an_order_id_is_a_usage_error(orderctl: Orderctl, order_id: str) -> None:
    result = orderctl(order_id)

    assert result.exit_code == 2
    assert "is not an order id" in result.output


def test_a_broken_record_is_reported(backlog: Backlog, orderctl: Orderctl) -> None:
    result = orderctl(backlog.place("SHIPPED"))

    assert result.exit_code == 1
    assert "is broken" in result.output


def test_an_order_that_is_confirmed_meanwhile_is_judged_by_what_it_is_then(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("PENDING")

    def confirm() -> None:
        backlog.change(order_id, status="CONFIRMED", updatedAt=ago(seconds=0))

    with_clients(monkeypatch, dynamodb=InterruptedClient(backlog.dynamodb, "update_item", confirm))

    result = orderctl(order_id)

    assert result.exit_code == 1
    assert "can't be cancelled yet: it is CONFIRMED" in result.output
    assert "cancelReason" not in backlog.order(order_id)


class RefusingBus:
    """A bus that accepts no event."""

    def put_events(self, **_: Any) -> dict[str, Any]:
        return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}


def test_a_refused_event_is_left_to_the_sweeper(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD")
    with_clients(monkeypatch, events=RefusingBus())

    result = orderctl(order_id)
    again = orderctl(order_id)

    assert result.exit_code == 0
    assert "The bus did not accept the event." in result.output
    assert "the sweeper starts its workflow in some minutes" in result.output
    assert backlog.order(order_id)["openKey"].startswith("IN_PROGRESS#")
    assert "its workflow was not started again" in again.output


def test_an_operator_whom_the_bus_refuses_is_told_what_is_stored_and_which_role_to_use(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place()

    def refuse() -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "denied"}}, "PutEvents")

    with_clients(monkeypatch, events=InterruptedClient(backlog.events, "put_events", refuse))

    result = orderctl(order_id)

    assert result.exit_code == 1
    assert "--role operator" in result.output
    assert f"{order_id}: the request is stored, and the sweeper starts its workflow" in result.output


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ({"status": "CANCELLED", "reason": "OPERATOR"}, ("CANCELLED (OPERATOR)", 0)),
        (
            {"status": "ON_HOLD", "reason": "payment"},
            ("Fix the cause, then run `orderctl dlq redrive payment`", 3),
        ),
    ],
)
@pytest.mark.parametrize("status", ["CONFIRMED", "ON_HOLD"])
def test_the_wait_ends_when_the_workflow_has_cancelled_or_held_the_order(  # noqa: PLR0913  fixtures and parameters
    backlog: Backlog,
    orderctl: Orderctl,
    clock: SimpleNamespace,
    *,
    status: str,
    ending: dict[str, str],
    said: tuple[str, int],
) -> None:
    order_id = backlog.place(status, since=ago(hours=1))
    pauses = []

    def end() -> None:
        pauses.append(clock.now)
        if len(pauses) == 1:
            # A redrive takes it up meanwhile.
            backlog.change(order_id, status="PENDING", updatedAt=ago(seconds=-1))
        if len(pauses) == 3:
            backlog.change(order_id, updatedAt=ago(seconds=-2), **ending)

    clock.then = end

    result = orderctl(order_id, "--wait")

    text, exit_code = said
    assert result.exit_code == exit_code, result.output
    assert text in result.output
    assert len(pauses) == 3


def test_the_wait_for_an_order_that_stays_as_it_is_ends_with_an_error(
    backlog: Backlog, orderctl: Orderctl, clock: SimpleNamespace
) -> None:
    order_id = backlog.place("ON_HOLD")

    result = orderctl(order_id, "--wait")

    assert result.exit_code == 3
    assert f"{order_id} is still ON_HOLD after 60 s" in result.output
    assert clock.now >= 60


@pytest.mark.parametrize(
    ("ending", "exit_code"), [({"status": "CANCELLED", "reason": "OPERATOR"}, 0), ({"status": "ON_HOLD"}, 3)]
)
def test_the_json_has_the_status_after_the_wait(
    backlog: Backlog, orderctl: Orderctl, clock: SimpleNamespace, ending: dict[str, str], exit_code: int
) -> None:
    order_id = backlog.place("PENDING")
    clock.then = lambda: backlog.change(order_id, updatedAt=ago(seconds=-2), **ending)

    result = orderctl(order_id, "--wait", "--json")

    assert result.exit_code == exit_code
    assert read_documented(result.stdout, "cancel") == {
        "orderId": order_id,
        "answer": "REQUESTED",
        "status": ending["status"],
        "reason": ending.get("reason"),
    }


def test_ctrl_c_during_the_wait_says_that_the_cancellation_goes_on(
    backlog: Backlog, orderctl: Orderctl, clock: SimpleNamespace
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    order_id = backlog.place("PENDING")
    clock.then = interrupt

    result = orderctl(order_id, "--wait", "--json")

    assert result.exit_code == 130
    assert f"Interrupted: the cancellation of {order_id} is requested and goes on" in result.stderr
    assert f"`orderctl show {order_id}`" in result.stderr
    assert read_documented(result.stdout, "cancel")["answer"] == "REQUESTED"


def test_with_wait_an_order_that_is_being_announced_is_cancelled_when_that_is_done(
    backlog: Backlog, orderctl: Orderctl, clock: SimpleNamespace
) -> None:
    order_id = backlog.place("CONFIRMED", since=ago(seconds=1), kind=OpenKind.IN_PROGRESS)

    def go_on() -> None:
        if "cancelReason" in backlog.order(order_id):
            backlog.change(order_id, status="CANCELLED", reason="OPERATOR")
        else:
            backlog.settle(order_id)

    clock.then = go_on

    result = orderctl(order_id, "--wait")

    assert result.exit_code == 0, result.output
    assert "CANCELLED (OPERATOR)" in result.output


def test_the_orders_that_have_been_on_hold_for_longer_are_cancelled(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    old = {backlog.place("ON_HOLD", since=ago(days=8), reason="payment") for _ in range(3)}
    others = [
        backlog.place("ON_HOLD", since=ago(days=6)),
        backlog.place("PENDING", since=ago(days=8)),
        backlog.place("CONFIRMED", since=ago(days=8), kind=OpenKind.WAITING),
        backlog.place("ON_HOLD", since=ago(days=8), cancelRequestedAt=ago(days=9), cancelReason="CUSTOMER"),
    ]
    before = [backlog.order(order_id) for order_id in others]

    result = orderctl("--on-hold-older-than", "7d", "--reason", "out of patience", "--yes")

    assert result.exit_code == 0, result.output
    assert "Cancellation requested: 3 orders" in result.output
    assert sorted(backlog.announced(), key=str) == sorted(map(requested, old), key=str)
    assert {backlog.order(order_id)["cancelComment"] for order_id in old} == {"out of patience"}
    assert [backlog.order(order_id) for order_id in others] == before


@pytest.mark.parametrize(("arguments", "answer"), [(("--dry-run",), None), ((), "n\n")])
def test_nothing_changes_without_a_confirmation(
    backlog: Backlog, orderctl: Orderctl, arguments: tuple[str, ...], answer: str | None
) -> None:
    order_id = backlog.place("ON_HOLD", since=ago(days=8), reason="payment")
    before = backlog.order(order_id)

    result = orderctl("--on-hold-older-than", "7d", *arguments, answer=answer)

    assert ("Would be cancelled: 1 order" in result.output) == bool(arguments)
    assert (order_id in result.output) == bool(arguments)
    assert ("Cancel 1 order for good?" in result.output) != bool(arguments)
    assert backlog.order(order_id) == before
    assert backlog.announced() == []


@pytest.mark.parametrize(("argument", "requested"), [("--dry-run", False), ("--yes", True)])
def test_the_json_of_many_has_each_order(
    backlog: Backlog, orderctl: Orderctl, argument: str, *, requested: bool
) -> None:
    since = ago(days=8)
    order_id = backlog.place("ON_HOLD", since=since, reason="payment")

    result = orderctl("--on-hold-older-than", "7d", "--json", argument)

    listed = read_documented(result.stdout, "cancel --on-hold-older-than")
    assert listed == {
        "dryRun": not requested,
        "orders": [{"orderId": order_id, "reason": "payment", "since": since, "requested": requested}],
    }


def test_no_order_on_hold_is_nothing_to_do(orderctl: Orderctl) -> None:
    result = orderctl("--on-hold-older-than", "0")

    assert result.exit_code == 0
    assert "No order has been ON_HOLD for so long" in result.output


@pytest.mark.parametrize(
    "change",
    [
        {"status": "PENDING", "openKey": "IN_PROGRESS#2026-11-22T15:59:00.000Z"},
        {"openKey": "WAITING#2026-11-22T15:59:00.000Z"},
    ],
    ids=["redriven", "redriven, and held again"],
)
def test_an_order_that_has_changed_since_it_was_read_is_left_and_listed(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    first, second = (backlog.place("ON_HOLD", since=ago(days=days)) for days in (9, 8))
    changing = InterruptedClient(backlog.dynamodb, "update_item", lambda: backlog.change(second, **change))
    with_clients(monkeypatch, dynamodb=changing)

    result = orderctl("--on-hold-older-than", "7d", "--yes")

    assert result.exit_code == 1
    assert "Cancellation requested: 1 order\n" in result.output
    assert "1 order not cancelled: changed since the list was read" in result.output
    assert result.output.count(second) == 1
    assert backlog.announced() == [requested(first)]


def test_an_order_that_its_customer_cancels_meanwhile_counts_as_requested(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = backlog.place("ON_HOLD", since=ago(days=8))

    def cancel() -> None:
        backlog.change(order_id, cancelRequestedAt=ago(seconds=0), cancelReason="CUSTOMER")

    with_clients(monkeypatch, dynamodb=InterruptedClient(backlog.dynamodb, "update_item", cancel))

    result = orderctl("--on-hold-older-than", "7d", "--yes")

    assert result.exit_code == 0, result.output
    assert "Cancellation requested: 1 order\n" in result.output
    assert backlog.announced() == [requested(order_id, "CUSTOMER")]


def test_a_run_that_was_cut_off_is_finished_by_the_next_one(
    backlog: Backlog, orderctl: Orderctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_ids = {backlog.place("ON_HOLD", since=ago(days=8)) for _ in range(3)}

    class InterruptedBus:
        """A bus that accepts an event; then the operator presses Ctrl-C."""

        accepted = 0

        def put_events(self, **request: Any) -> Any:
            if self.accepted:
                raise KeyboardInterrupt
            self.accepted += 1
            return backlog.events.put_events(**request)

    with monkeypatch.context() as patch:
        with_clients(patch, events=InterruptedBus())
        interrupted = orderctl("--on-hold-older-than", "7d", "--yes")
    finished = orderctl("--on-hold-older-than", "7d", "--yes")

    assert interrupted.exit_code == 130
    assert "Interrupted: requested the cancellation of 1 of 3 orders" in interrupted.output
    assert "Cancellation requested: 1 order\n" in finished.output
    orders = [backlog.order(order_id) for order_id in order_ids]
    assert {order["cancelReason"] for order in orders} == {"OPERATOR"}
    assert all(order["openKey"].startswith("IN_PROGRESS#") for order in orders)


def test_many_are_cancelled_at_the_rate(backlog: Backlog) -> None:
    for _ in range(3):
        backlog.place("ON_HOLD")
    slept: list[float] = []
    work = Cancellations(backlog.stack, sleep=slept.append)

    done = list(work.request_held(RedrivableOrders(backlog.stack).waiting(), rate=4))

    assert [was_requested for _, was_requested in done] == [True] * 3
    assert slept == [0.25] * 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name one order, or give --on-hold-older-than"),
        ((UNKNOWN, "--on-hold-older-than", "7d"), "name one order, or give --on-hold-older-than"),
        ((UNKNOWN, "--dry-run"), "--dry-run is for --on-hold-older-than"),
        (("--on-hold-older-than", "7d", "--wait"), "--late, --wait and --paid-back are for one order"),
        (("--on-hold-older-than", "7d", "--late"), "--late, --wait and --paid-back are for one order"),
        (("--on-hold-older-than", "a week"), "give a time such as 30s, 15m, 24h or 7d"),
        (("--on-hold-older-than", "999999999d"), "give a time such as 30s, 15m, 24h or 7d"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    orderctl: Orderctl, arguments: tuple[str, ...], said: str
) -> None:
    result = orderctl(*arguments)

    assert result.exit_code == 2
    assert said in result.output
    assert "`orderctl cancel -h` explains it." in result.output


def being_refunded(backlog: Backlog, payment: str) -> str:
    """Place an order that somebody asked to cancel, and that is held because its refund fails."""
    order_id = backlog.place("ON_HOLD")
    backlog.change(order_id, cancelRequestedAt=CLOSED_AT, cancelReason="CUSTOMER")
    backlog.record(order_id, "STEP#payment", status=payment, at=CLOSED_AT, reference="pi_1")
    return order_id


def payment_of(backlog: Backlog, order_id: str) -> dict[str, Any]:
    found = backlog.stack.client("dynamodb").get_item(
        TableName=backlog.orders_table, Key=to_item({"orderId": order_id, "record": "STEP#payment"})
    )
    return to_plain(found["Item"])


@pytest.mark.parametrize("payment", ["CAPTURED", "REFUNDED"])
def test_money_that_was_paid_back_in_another_way_lets_the_cancellation_go_on(
    backlog: Backlog, orderctl: Orderctl, payment: str
) -> None:
    order_id = being_refunded(backlog, payment)

    result = orderctl(order_id, "--paid-back", "--yes")

    assert result.exit_code == 0
    assert payment_of(backlog, order_id)["status"] == "REFUNDED"
    assert payment_of(backlog, order_id)["reference"] == "pi_1"
    if payment == "CAPTURED":
        assert list(facts({"status": "CAPTURED"}, payment_of(backlog, order_id))) == [
            (MetricName.REVENUE_REFUNDED, 1530)
        ]
    assert backlog.announced() == [requested(order_id, "CUSTOMER")]


@pytest.mark.parametrize(("answer", "payment"), [("y\n", "REFUNDED"), ("n\n", "CAPTURED")])
def test_the_books_change_only_after_a_confirmation(
    backlog: Backlog, orderctl: Orderctl, answer: str, payment: str
) -> None:
    order_id = being_refunded(backlog, "CAPTURED")

    result = orderctl(order_id, "--paid-back", answer=answer)

    question = f"Record for good that USD 15.30 of {order_id} was paid back in another way?"
    assert question in result.stderr
    assert payment_of(backlog, order_id)["status"] == payment
    assert bool(backlog.announced()) == (payment == "REFUNDED")


@pytest.mark.parametrize("many", [False, True])
def test_nobody_is_asked_without_a_terminal(backlog: Backlog, orderctl: Orderctl, *, many: bool) -> None:
    order_id = being_refunded(backlog, "CAPTURED")
    held = backlog.place("ON_HOLD", since=ago(days=8), reason="payment")

    result = orderctl("--on-hold-older-than", "7d") if many else orderctl(order_id, "--paid-back")

    assert result.exit_code == 2
    assert "standard input is no terminal\nAdd --yes" in result.stderr
    assert payment_of(backlog, order_id)["status"] == "CAPTURED"
    assert "cancelReason" not in backlog.order(held)
    assert backlog.announced() == []


def test_money_that_was_never_taken_is_not_paid_back(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = being_refunded(backlog, "AUTHORIZED")

    result = orderctl(order_id, "--paid-back", "--yes")

    assert result.exit_code == 1
    assert f"The payment of {order_id} is AUTHORIZED, not CAPTURED" in result.stderr
    assert payment_of(backlog, order_id)["status"] == "AUTHORIZED"
    assert backlog.announced() == []


def test_only_a_cancelled_order_is_paid_back(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("CONFIRMED")
    backlog.record(order_id, "STEP#payment", status="CAPTURED", at=CLOSED_AT, reference="pi_1")

    result = orderctl(order_id, "--paid-back")

    assert result.exit_code == 1
    assert f"Nobody has asked to cancel {order_id}" in result.stderr
    assert payment_of(backlog, order_id)["status"] == "CAPTURED"


def test_no_reason_is_stored_when_the_customer_was_forgotten(backlog: Backlog, orderctl: Orderctl) -> None:
    order_id = backlog.place("CONFIRMED", updatedAt=ago(hours=1), forgottenAt=ago(hours=1))

    result = orderctl(order_id, "--reason", "Ada called")

    assert result.exit_code == 0
    assert backlog.order(order_id)["cancelReason"] == "OPERATOR"
    assert "cancelComment" not in backlog.order(order_id)


def test_the_time_to_cancel_begins_when_the_order_was_confirmed_first(
    backlog: Backlog, orderctl: Orderctl
) -> None:
    settled_at = ago(hours=25)
    order_id = backlog.place("CONFIRMED", updatedAt=ago(hours=1), settledAt=settled_at)

    result = orderctl(order_id)

    assert result.exit_code == 1
    assert f"it is CONFIRMED since {settled_at}" in " ".join(result.output.split())
    assert "cancelRequestedAt" not in backlog.order(order_id)
