"""Tables with order ids on narrow terminals."""

import shlex
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console, RenderableType

from devtools.demo.orders import DEMO_ORDERS
from devtools.demo.play import DemoResult
from devtools.demo.view import short_trace
from handlers.contract.names import OpenKind, OrderStatus
from orderctl import terminal
from orderctl.commands.cancelling import held_table
from orderctl.display import layout
from orderctl.display.layout import print_command, print_facts, print_parts
from orderctl.display.order_view import orders_table
from orderctl.display.report_view import report_view
from orderctl.display.stats_view import stats_view
from orderctl.display.watch_view import watch_view
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import WaitingOrder
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.tables import messages_view, plan_table, waiting_view
from orderctl.errors import OperatorError
from orderctl.open_orders import OpenOrder
from orderctl.order_report import OrderReport
from orderctl.order_stats import OrderStats, SettleSeconds
from orderctl.terminal import SafeConsole
from orderctl.watching import Snapshot

ORDER_ID = "23ac301d-e113-400f-8d5a-f406e39d870a"
NOW = datetime(2026, 11, 22, 15, 14, 31, tzinfo=UTC)
TIME = "2026-11-22T15:14:31.123Z"
ORDER = {
    "orderId": ORDER_ID,
    "customerId": "cust-17850",
    "status": "REJECTED",
    "reason": "PAYMENT_DECLINED",
    "total": {"amount": 123456, "currency": "USD"},
    "items": [{"productId": "85123A", "quantity": 6, "unitPrice": 255}],
    "steps": {"payment": {"status": "DECLINED", "at": TIME, "reason": "authentication_required"}},
    "createdAt": TIME,
    "updatedAt": TIME,
}
LETTER = DeadLetter(
    queue="notification",
    message_id="m-1",
    receipt="r-1",
    sent=NOW - timedelta(hours=3, minutes=12),
    body={"orderId": ORDER_ID, "step": "NotifyConfirmed", "error": "DependencyUnavailable"},
)
DEMO = DemoResult(expected=DEMO_ORDERS[-1], order=ORDER, executions=[], dead_letter=None)
WAITING = WaitingOrder(
    order_id=ORDER_ID,
    status="CONFIRMED",
    reason="notification",
    since=NOW,
    open_key=f"WAITING#{TIME}",
    customer_id="cust-17850",
)
REPORT = OrderReport(order=ORDER, record={}, notifications={}, executions=[], parked=[], notes=[])
STATS = OrderStats(
    since=NOW,
    until=NOW,
    outcomes=Counter({(OrderStatus.REJECTED, "OUT_OF_STOCK"): 1200}),
    settle_seconds=SettleSeconds.of([1.0, 2.0]),
    dead_letters={"payment": 2},
    # As long as a product's id may be.
    refused_products=[(ORDER_ID, 7)],
    cut_off=(),
    without_data=False,
)
SNAPSHOT = Snapshot(
    at=NOW,
    in_progress={"PENDING": 3},
    waiting={"ON_HOLD": 12, "CONFIRMED": 1},
    cut_off=frozenset(OpenKind),
    newest=[ORDER],
    held=[
        OpenOrder(
            order_id=ORDER_ID,
            kind=OpenKind.WAITING,
            status="ON_HOLD",
            reason="notification",
            since=TIME,
            updated_at=TIME,
        )
    ],
    dead_letters={"inventory": 0, "payment": 12, "notification": 0, "delivery": 0},
)

VIEWS: dict[str, Callable[[int], list[RenderableType]]] = {
    "orders": lambda _: [orders_table([ORDER], NOW)],
    "show": lambda _: [report_view(REPORT, NOW)],
    "dlq list": lambda width: messages_view([LETTER], {}, NOW, limit=1, width=width),
    "dlq list, without a message": lambda _: waiting_view([WAITING], NOW, limit=1, in_flight=0),
    "demo": lambda _: [*short_trace(DEMO)],
    "stats": lambda _: [stats_view(STATS)],
    "watch": lambda _: [watch_view(SNAPSHOT)],
    "cancel --dry-run": lambda _: [held_table([WAITING])],
    "dlq redrive --dry-run": lambda _: [plan_table(RedrivePlan.from_messages([LETTER]), {})],
}


@pytest.mark.parametrize("width", [40, 60, 80])
def test_an_order_id_in_a_message_is_never_broken_across_lines(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(width=width, force_terminal=True, soft_wrap=True, highlight=False, color_system=None)
    monkeypatch.setattr(terminal, "progress", console)
    long_word = "https://example.com/" + "x" * width

    with console.capture() as shown:
        terminal.print_error(OperatorError(f"the order with the id {ORDER_ID} is PENDING", why=long_word))

    first, *others = shown.get().splitlines()
    assert ORDER_ID in first + "\n" + others[0]
    assert long_word in others[-1]
    assert max(map(len, [first, *others[:-1]])) <= width


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("view", VIEWS)
def test_an_order_id_is_never_broken_across_lines(view: str, width: int) -> None:
    console = Console(width=width)

    with console.capture() as shown:
        console.print(*VIEWS[view](width), sep="\n")

    lines = shown.get().splitlines()
    assert any(ORDER_ID in line for line in lines)
    assert max(map(len, lines)) <= width


def test_a_table_that_does_not_fit_becomes_a_list_with_whole_words() -> None:
    console = Console(width=40)

    with console.capture() as shown:
        console.print(orders_table([ORDER], NOW + timedelta(hours=3)))

    assert shown.get().splitlines() == [
        "order",
        ORDER_ID,
        "  status REJECTED (PAYMENT_DECLINED)",
        "  total USD 1234.56",
        "  placed (UTC) 2026-11-22 15:14:31",
        "  changed 2 h 59 min ago",
    ]


def _words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("view", VIEWS)
def test_no_word_is_broken(view: str, width: int) -> None:
    """Every word of a narrow view is one of the widest view; a list adds the names of the columns."""
    wide, narrow = SafeConsole(width=400), SafeConsole(width=width, force_terminal=True, color_system=None)

    with wide.capture() as whole:
        print_parts(*VIEWS[view](400), to=wide)
    with narrow.capture() as shown:
        print_parts(*VIEWS[view](width), to=narrow)

    of_narrow_only = {"message", "order", "is", "old,", "received", "time", "notification:", "1"}
    assert set(_words(shown.get())) - set(_words(whole.get())) - of_narrow_only == set()
    assert max(map(len, shown.get().splitlines())) <= width


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_word_that_is_longer_than_a_line_stays_whole(width: int) -> None:
    console = SafeConsole(width=width, force_terminal=True, color_system=None)
    arn = "arn:aws:states:us-east-1:000000000000:express:OrderWorkflow-" + "x" * width

    with console.capture() as shown:
        console.print(f"first: held the order, see {arn} for more of it")

    assert arn in shown.get().splitlines()
    assert [line for line in shown.get().splitlines() if line != arn and len(line) > width] == []


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_command_that_does_not_fit_goes_on_in_another_line(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = SafeConsole(width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(layout, "output", console)
    command = f"orderctl dlq redrive --order {ORDER_ID} --stage prod"

    with console.capture() as shown:
        print_command(command)

    assert ORDER_ID in shown.get()
    assert shlex.split(shown.get().replace("\\\n", "")) == shlex.split(command)
    assert max(map(len, shown.get().splitlines())) <= width + 2


@pytest.mark.parametrize("width", [40, 60])
def test_a_long_fact_is_indented_below_its_name(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    console = SafeConsole(width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(layout, "output", console)

    with console.capture() as shown:
        print_facts(
            {"waiting": "3 orders: 3 ON_HOLD, for an operator, the longest for 11 min", "log": "a.log"}
        )

    first, second, *_ = shown.get().splitlines()
    assert first.startswith("waiting  3 orders")
    assert second.startswith("  ")
    assert max(map(len, shown.get().splitlines())) <= width
