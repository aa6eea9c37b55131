"""Compares POST /orders with a bare pipeline of the same shape, on a running local cloud.

    python -m devtools.bench_throughput    # `make bench-throughput` starts a local cloud of its own

The bare pipeline has an API, a function that prices the order, puts it and sends its event, a rule, and a
state machine with three functions side by side. It has no checks, no idempotency key, no compensation and no
log. Blocks of orders alternate, and each waits until the one before has ended, so that both see the same
machine.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import uuid4

from devtools.bare_pipeline.pipeline import deployed
from devtools.measurement import Measurement, show
from handlers.contract.names import ORDER_RECORD
from orderctl.api_client import ACCEPTED, problem
from orderctl.bench import Percentiles, Run, TimedApi
from orderctl.display.layout import add_row, new_table, print_parts
from orderctl.dynamodb import batch_get
from orderctl.errors import OperatorError
from orderctl.files.order_file import OrderFile
from orderctl.order_import import order_request
from orderctl.products import ProductsTable
from orderctl.stack import Stack, find_stack
from orderctl.terminal import print_error, progress_bar

LIMIT: Final = 1.3
_BLOCKS: Final = 20
_ORDERS: Final = 10
# The time of one request, not that of a queue of them.
_CONCURRENCY: Final = 1
_POLL_SECONDS: Final = 0.05
_WAIT_SECONDS: Final = 120

Block = Callable[[], list[float]]
Wait = Callable[[Sequence[str]], None]


def main() -> int:
    """Measure; return 1 if POST takes more than its limit."""
    try:
        ours, bare = response_seconds(find_stack())
    except OperatorError as error:
        print_error(error)
        return error.exit_code
    table = new_table("POST /orders", "p50", "p95", "p99", right=("p50", "p95", "p99"))
    for what, found in (("this system", ours), ("bare pipeline", bare)):
        add_row(table, what, *(f"{1000 * each:.1f} ms" for each in (found.p50, found.p95, found.p99)))
    print_parts(table, "")
    ratio = Measurement(
        what="p50, compared with the bare one", value=ours.p50 / bare.p50, limit=LIMIT, unit=""
    )
    show([ratio])
    return 0 if ratio.is_within_limit else 1


def response_seconds(stack: Stack) -> tuple[Percentiles, Percentiles]:
    """Return how long POST takes in the app, and in the bare pipeline beside it."""
    run = Run.of(_ORDERS * (_BLOCKS + 1))
    for _ in ProductsTable(stack).stock(run.products):
        pass
    orders = run.file()
    with deployed(stack) as bare, progress_bar("blocks", 2 * _BLOCKS) as set_done:
        blocks = (_block(stack, orders, _until_closed(stack)), _block(bare.stack, orders, bare.wait))
        for warm_up in blocks:
            warm_up()
        found: tuple[list[float], list[float]] = ([], [])
        for number in range(2 * _BLOCKS):
            which = (number + number // 2) % 2  # each is first as often as it is second
            found[which].extend(blocks[which]())
            set_done(number + 1)
    ours, theirs = (each for each in map(Percentiles.of, found) if each)
    return ours, theirs


def _block(stack: Stack, orders: OrderFile, wait: Wait) -> Block:
    api = TimedApi(stack, connections=_CONCURRENCY)

    def place() -> list[float]:
        took = []
        for order in orders.orders[:_ORDERS]:
            response = api.place(order_request(order), idempotency_key=str(uuid4()))
            if response.status != ACCEPTED:
                raise problem(response)
            took.append(response.seconds)
            wait([response.body["orderId"]])
        return took

    return place


def _until_closed(stack: Stack) -> Wait:
    """Return what waits until the workflows of orders are at their end, after CONFIRMED."""

    def wait(order_ids: Sequence[str]) -> None:
        open_ones = set(order_ids)
        deadline = time.monotonic() + _WAIT_SECONDS
        while open_ones:
            if time.monotonic() > deadline:
                raise OperatorError(f"{len(open_ones)} orders are not closed")
            time.sleep(_POLL_SECONDS)
            keys = [{"orderId": each, "record": ORDER_RECORD} for each in sorted(open_ones)]
            found = batch_get(stack.client("dynamodb"), stack.orders_table, keys, ("orderId", "openKey"))
            open_ones -= {item["orderId"] for item in found if "openKey" not in item}

    return wait


if __name__ == "__main__":
    sys.exit(main())
