"""bench: measures how many orders a stage accepts and settles."""

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Annotated, Final

import typer

from handlers.contract.names import Stage, stack_name
from orderctl.bench import LINES, BenchResult, Run, TimedApi, result_of
from orderctl.commands.stock import stock_products
from orderctl.cost.bill import Costs
from orderctl.cost.measured import Measured, Outcome
from orderctl.cost.price_list import price_list
from orderctl.display.bench_view import bench_json, bench_view
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_parts
from orderctl.errors import Interrupted, OperatorError, WrongArguments
from orderctl.lambda_limits import MOST_REQUESTS_AT_ONCE
from orderctl.order_import import Placement, Placing
from orderctl.products import ProductsTable
from orderctl.settlement import Settlement
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import progress_bar, say, waiting

_MOST_ORDERS: Final = 100_000
_RETRY_SECONDS: Final = 60


def bench(  # noqa: PLR0913  one parameter an option
    *,
    orders: Annotated[int, typer.Option(min=1, max=_MOST_ORDERS, help="How many orders to place.")] = 500,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Requests at a time.")
    ] = MOST_REQUESTS_AT_ONCE,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the orders.")] = 300,
    accept_cost: Annotated[
        bool, typer.Option("--accept-cost", help="Allow it on AWS, where it costs money.")
    ] = False,
    as_json: AsJson = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Measure how many orders a stage accepts and settles in a second.

    It stocks products of its own, places orders of three of them, and waits until they are settled. Orders
    and products stay. The stage prod is refused.
    """
    if stack == stack_name(Stage.PROD):
        raise WrongArguments(
            "The stage prod is not for benchmarks", what_to_do="Use the local cloud, or --stage dev."
        )
    found = find_stack(stack, profile, region)
    if found.endpoint_url is None and not accept_cost:
        raise OperatorError(
            f"{orders} orders on AWS cost about {_dollars(orders):.2f} USD, at list prices",
            what_to_do="Add --accept-cost to place them.",
        )
    run = Run.of(orders)
    stock_products(ProductsTable(found), run.products)
    _Bench(found, run, concurrency).run(timeout, as_json=as_json)


def _dollars(orders: int) -> float:
    costs = Costs(prices=price_list(), measured=Measured.read(), orders=orders, lines=LINES)
    return orders * costs.bill(Outcome.CONFIRMED).dollars


class _Bench:
    """Places the orders of a run, waits for them and reports, also when Ctrl-C ends it."""

    def __init__(self, stack: Stack, run: Run, concurrency: int) -> None:
        self._stack = stack
        self._run = run
        self._concurrency = concurrency
        api = TimedApi(stack, connections=concurrency, retry_seconds=_RETRY_SECONDS)
        self._placing = Placing(api, run.file(), concurrency=concurrency)

    def run(self, timeout: float, *, as_json: bool) -> None:
        """Measure and print; raise OperatorError when an order is not settled in time."""
        started = monotonic()
        interrupted = not self._place()
        seconds = monotonic() - started
        placements = self._placing.placements()
        settlement = Settlement(self._stack, [each.order_id for each in placements if each.accepted])
        interrupted = not self._wait(settlement, 0 if interrupted else timeout) or interrupted
        result = result_of(placements, settlement.states, concurrency=self._concurrency, seconds=seconds)
        if as_json:
            print_json(bench_json(result, products=self._run.name))
        else:
            print_parts(bench_view(result))
        self._report(result, placements, interrupted=interrupted)

    def _place(self) -> bool:
        """Place the orders; return False when Ctrl-C ended it."""
        try:
            with progress_bar("placing orders", self._placing.total) as set_done:
                responses = (each for each in self._placing.run() if each.response)
                for done, _ in enumerate(responses, start=1):
                    set_done(done)
        except KeyboardInterrupt:
            # A second one ends the wait for the last responses.
            with suppress(KeyboardInterrupt), waiting("waiting for the orders that were sent"):
                self._placing.stop()
            return False
        return True

    def _wait(self, settlement: Settlement, timeout: float) -> bool:
        """Wait until the orders are settled; return False when Ctrl-C ended it."""
        if not settlement.total:
            return True
        try:
            with progress_bar("waiting until the orders are settled", settlement.total) as set_done:
                settlement.wait(timeout=timeout, retry_seconds=_RETRY_SECONDS, on_progress=set_done)
        except KeyboardInterrupt:
            return False
        return True

    def _report(self, result: BenchResult, placements: Sequence[Placement], *, interrupted: bool) -> None:
        say(f"What is left: {result.accepted} orders, and the products {self._run.name}-… with their stock.")
        counts = f"of {result.orders} orders, {result.accepted} accepted and {result.settled} settled"
        if interrupted:
            raise Interrupted(
                f"Interrupted: {counts}", what_to_do="The accepted orders go on. Run it again for new ones."
            )
        if result.settled < result.orders:
            reasons = {each.reason for each in placements if not each.accepted}
            raise OperatorError(
                "The benchmark is not complete",
                why="; ".join([counts, *sorted(reasons)[:1]]),
                what_to_do="Look at `orderctl status`, or use a longer --timeout.",
            )
