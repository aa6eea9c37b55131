"""import: places the orders of a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

import typer

from orderctl.api_client import OrdersApi
from orderctl.aws_calls import operator_error
from orderctl.commands.stock import stock_products
from orderctl.display.import_summary import (
    counts_text,
    how_to_go_on,
    refused_table,
    skipped_table,
    summary_json,
    summary_view,
)
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_parts
from orderctl.errors import Interrupted, OperatorError
from orderctl.files.csv_lines import read_csv_file
from orderctl.files.import_report import import_report
from orderctl.files.order_file import OrderFile, parse_order_file
from orderctl.files.product_file import stock_for
from orderctl.lambda_limits import MOST_REQUESTS_AT_ONCE, requests_at_once
from orderctl.order_import import Placement, Placing, summarise
from orderctl.products import ProductsTable
from orderctl.settlement import OrderState, Settlement
from orderctl.stack import Profile, Region, Stack, StackName, find_stack, stack_options
from orderctl.terminal import print_error, progress, progress_bar, say, waiting

_RETRY_SECONDS: Final = 60


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text)
    except InvalidOperation:
        share = Decimal("NaN")
    if not share.is_finite() or not 0 <= share <= 1:
        raise typer.BadParameter("give a number from 0 to 1, for example 0.8")
    return share


def import_orders(  # noqa: PLR0913  one parameter an option
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="Requests at a time. Default: 8, fewer where the account allows few Lambda executions.",
        ),
    ] = None,
    stock_share: Annotated[
        Decimal,
        typer.Option(parser=_share, metavar="SHARE", help="Share of the ordered quantity to stock."),
    ] = Decimal(1),
    keep_stock: Annotated[
        bool, typer.Option("--keep-stock", help="Don't change products and stock.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the orders.")] = 300,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write a line for each order to this file.")
    ] = None,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Stock the products of an order file, place its orders and wait until they are settled.

    The file has the columns of UCI's Online Retail: InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
    UnitPrice, CustomerID, Country. A second import of the same file stocks and places nothing.

    When the API or the network is gone, it tries again for a minute and then ends. The same command goes on
    where it ended.
    """
    found = parse_order_file(read_csv_file(file))
    _show_left_out(found)
    if not found.orders:
        raise OperatorError(f"{file} has no order that can be placed")
    stack = find_stack(stack_name, profile, region)
    at_a_time = concurrency or _requests_at_once(stack)
    api = OrdersApi(stack, connections=at_a_time, retry_seconds=_RETRY_SECONDS)
    placing = Placing(api, found, concurrency=at_a_time)
    with import_report(report, source=file) as lines:
        lines.fill(placing.placements(), refused=found.refused)
        if not keep_stock:
            with _nothing_sent():
                _stock(ProductsTable(stack), found, stock_share)
        ended = _place_and_wait(stack, placing, timeout)
        lines.fill(ended.placements, ended.states, refused=found.refused)
        _report_end(ended, timeout, stack_options(stack_name, profile, region), as_json=as_json)


def _requests_at_once(stack: Stack) -> int:
    try:
        fitting = requests_at_once(stack.client("lambda"))
    except Exception as failure:
        error = operator_error(failure)
        if error is None:
            raise
        say(f"The limit of Lambda is unknown ({error.what}): {MOST_REQUESTS_AT_ONCE} requests at a time.")
        return MOST_REQUESTS_AT_ONCE
    if fitting < MOST_REQUESTS_AT_ONCE:
        say(f"The account allows few Lambda executions: {fitting} requests at a time.")
    return fitting


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What became of the orders; `error` is why their status could not be read to the end."""

    placements: Sequence[Placement]
    states: Sequence[OrderState]
    interrupted: bool
    error: OperatorError | None


def _show_left_out(file: OrderFile) -> None:
    if file.skipped:
        print_parts(skipped_table(file.skipped), "", to=progress)
    if file.refused:
        print_parts(refused_table(file.refused), "", to=progress)


def _stock(table: ProductsTable, file: OrderFile, share: Decimal) -> None:
    with waiting("reading the stock"):
        products = table.not_stocked_from(file.digest, stock_for(file.products, share))
    if products:
        stock_products(table, products, source=file.digest)
    else:
        say("The stock is unchanged: this file was imported before.")


@contextmanager
def _nothing_sent() -> Iterator[None]:
    """Say of an error of AWS that it came before the first order."""
    try:
        yield
    except Interrupted as interrupted:
        advice = f"No order was sent. {interrupted.what_to_do}"
        raise Interrupted(interrupted.what, what_to_do=advice) from None
    except OperatorError as refused:
        advice = f"No order was sent. {refused.what_to_do}"
        raise OperatorError(refused.what, why=refused.why, what_to_do=advice) from None
    except Exception as failure:
        error = operator_error(failure)
        if error is None:
            raise
        advice = f"{error.what_to_do}\nNo order was sent. Run the same command again to go on."
        raise OperatorError(error.what, why=error.why, what_to_do=advice.strip()) from None


def _place_and_wait(stack: Stack, placing: Placing, timeout: float) -> _End:
    interrupted = not _place(placing)
    placements = placing.placements()
    settlement = Settlement(stack, [each.order_id for each in placements if each.accepted])
    gave_up = interrupted or placing.stopped
    error = None
    try:
        _wait(
            settlement, timeout=0 if interrupted else timeout, retry_seconds=0 if gave_up else _RETRY_SECONDS
        )
    except KeyboardInterrupt:
        interrupted = True
    except Exception as failure:
        error = operator_error(failure)
        if error is None:
            raise
    return _End(placements=placements, states=settlement.states, interrupted=interrupted, error=error)


def _place(placing: Placing) -> bool:
    """Place the orders; return False when Ctrl-C ended it."""
    try:
        with progress_bar("placing orders", placing.total) as set_done:
            responses = (each for each in placing.run() if each.response)
            for done, _ in enumerate(responses, start=1):
                set_done(done)
    except KeyboardInterrupt:
        # A second one ends the wait for the last responses.
        with suppress(KeyboardInterrupt), waiting("waiting for the responses to the orders that were sent"):
            placing.stop()
        return False
    return True


def _wait(settlement: Settlement, *, timeout: float, retry_seconds: float) -> None:
    if not settlement.total:
        return
    with progress_bar("waiting until the orders are settled", settlement.total) as set_done:
        settlement.wait(timeout=timeout, retry_seconds=retry_seconds, on_progress=set_done)


def _report_end(ended: _End, timeout: float, options: str, *, as_json: bool) -> None:
    """Print how the orders ended; raise OperatorError when the import is not complete."""
    summary = summarise(ended.placements, ended.states)
    if as_json:
        print_json(summary_json(summary))
    else:
        print_parts(summary_view(summary))
    advice = how_to_go_on(summary, seconds=timeout, options=options)
    if ended.error:
        advice.insert(0, str(ended.error).splitlines()[0])
    if ended.interrupted:
        print_error(OperatorError("Interrupted", why=counts_text(summary), what_to_do="\n".join(advice)))
        raise typer.Exit(Interrupted.exit_code)
    if advice:
        raise OperatorError(
            "The import is not complete",
            why=counts_text(summary),
            what_to_do="\n".join(advice),
        )
