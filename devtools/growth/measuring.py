"""Counts the calls of an order and of the lists on a local cloud, and measures the time of orders."""

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, Final
from uuid import uuid4

from devtools.cost.deployed import DeployedStack
from devtools.cost.measuring import Measurer
from devtools.cost.notes import OPERATOR, noting, read_notes, units_of
from devtools.cost.scenarios import Case
from devtools.growth.figures import ListFigures, OrderFigures, OrderUsage
from devtools.growth.stored import ORDERS_PER_CUSTOMER, customer
from handlers.contract.names import OrderStatus
from orderctl.api_client import ACCEPTED, OK, problem
from orderctl.bench import TimedApi
from orderctl.cost.measured import Outcome
from orderctl.errors import OperatorError
from orderctl.open_orders import OpenOrders
from orderctl.order_import import PAYMENT_METHOD
from orderctl.products import Product, ProductsTable
from orderctl.settlement import wait_while_pending

# The best round is the least disturbed by other work on the machine.
_ROUNDS: Final = 4
_ORDERS: Final = 10
_SETTLE_SECONDS: Final = 120
_UNIT_PRICE: Final = 255
_ORDERS_FUNCTION: Final = "orders"
_SWEEPER: Final = "sweeper"


def order_figures(deployed: DeployedStack, *, stored: int, lines: int) -> OrderFigures:
    """Count the calls of one order, then measure some, one after the other."""
    usage = order_usage(deployed, lines)
    rounds = [_times(deployed, lines) for _ in range(_ROUNDS)]
    return OrderFigures(
        stored=stored,
        lines=lines,
        usage=usage,
        accept=min(accept for accept, _ in rounds),
        settle=min(settle for _, settle in rounds),
    )


def order_usage(deployed: DeployedStack, lines: int) -> OrderUsage:
    """Count what one order uses, when nobody else places one of the same products."""
    prefix = f"G{uuid4().hex[:3]}".upper()
    used = Measurer(deployed=deployed).measure(Case(outcome=Outcome.CONFIRMED, lines=lines, prefix=prefix))
    return OrderUsage(
        calls=int(sum(sum(calls.values()) for calls in used.calls.values())),
        write_units=sum(used.write_units.values()),
        read_units=sum(used.read_units.values()),
    )


def _times(deployed: DeployedStack, lines: int) -> tuple[float, float]:
    name = f"GROWTH-{uuid4().hex[:8]}"
    products = [
        Product(product_id=f"{name}-{line}", name="Growth", unit_price=_UNIT_PRICE, available=_ORDERS)
        for line in range(lines)
    ]
    for _ in ProductsTable(deployed.stack).stock(products):
        pass
    api = TimedApi(deployed.stack)
    accept, settle = [], []
    for _ in range(_ORDERS):
        order = {
            "customerId": name,
            "customerEmail": f"{name}@example.com",
            "paymentMethod": PAYMENT_METHOD,
            "items": [{"productId": product.product_id, "quantity": 1} for product in products],
        }
        response = api.place(order, idempotency_key=str(uuid4()))
        if response.status != ACCEPTED:
            raise problem(response)
        (state,) = wait_while_pending(deployed.stack, [response.body["orderId"]], timeout=_SETTLE_SECONDS)
        if state.status is not OrderStatus.CONFIRMED:
            raise OperatorError(f"An order is {state.status}", what_to_do="Measure again on a quiet machine.")
        accept.append(response.seconds)
        settle.append(state.seconds)
    return median(accept), median(settle)


def list_figures(deployed: DeployedStack, *, stored: int) -> list[ListFigures]:
    """Count what lists orders: for a customer, for an operator, and for the sweeper."""
    api, open_orders = TimedApi(deployed.stack), OpenOrders(deployed.stack)

    def of_customer() -> None:
        response = api.list_orders(customer(0), limit=ORDERS_PER_CUSTOMER)
        if response.status != OK or len(response.body["orders"]) != ORDERS_PER_CUSTOMER:
            raise problem(response)

    def held() -> None:
        list(open_orders.find(OrderStatus.ON_HOLD))

    counted = [
        _counted(
            deployed, f"GET /orders of a customer with {ORDERS_PER_CUSTOMER}", _ORDERS_FUNCTION, of_customer
        ),
        _counted(deployed, "orderctl orders --status ON_HOLD", OPERATOR, held),
    ]
    sweep = Measurer(deployed=deployed).measure_sweep()
    calls = int(sum(sweep.calls[_SWEEPER].values()))
    counted.append(("a sweep that finds nothing", calls, sum(sweep.read_units.values())))
    return [
        ListFigures(what=what, stored=stored, calls=calls, read_units=units) for what, calls, units in counted
    ]


def _counted(
    deployed: DeployedStack, what: str, caller: str, act: Callable[[], None]
) -> tuple[str, int, float]:
    with noting(deployed.requests_file):
        act()
        noted = read_notes(deployed.requests_file, deployed.names)
    ours: list[Mapping[str, Any]] = [note for note in noted if deployed.caller(note["caller"]) == caller]
    units = units_of(ours, deployed.tables, deployed.caller)
    return what, len(ours), sum(units.reads.values())
