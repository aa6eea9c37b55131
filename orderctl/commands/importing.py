"""Replays an order file."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

import typer

from orderctl import report
from orderctl.api_client import OrdersApi
from orderctl.commands.stock import write_stock
from orderctl.errors import OperatorError
from orderctl.files.csv_lines import read_csv_file
from orderctl.files.order_file import OrderFile, orders_of
from orderctl.files.product_file import stock_for
from orderctl.order_import import ImportSummary, Placement, place_all, summarise
from orderctl.products import Catalogue
from orderctl.settlement import OrderState, wait_while_pending
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, progress_bar

app = typer.Typer()
# How long an order that is throttled or meets an outage is tried again.
_PATIENCE_SECONDS: Final = 60


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text)
    except InvalidOperation:
        share = Decimal("NaN")
    if not share.is_finite() or not 0 <= share <= 1:
        raise typer.BadParameter("give a number from 0 to 1, for example 0.8")
    return share


@app.command("import")
def import_file(  # noqa: PLR0913  one parameter an option
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Orders on their way at a time.")] = 8,
    stock_share: Annotated[
        Decimal, typer.Option(parser=_share, metavar="SHARE", help="Part of the demand to stock.")
    ] = Decimal(1),
    keep_stock: Annotated[
        bool, typer.Option("--keep-stock", help="Leave catalogue and stock alone.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the last order.")] = 300,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Stock the products of an order file, place its orders and wait until they are settled.

    The file has the columns of UCI's Online Retail: InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
    UnitPrice, CustomerID, Country. Importing a file again stocks and places nothing again.
    """
    found = orders_of(read_csv_file(file))
    _report_left_out(found)
    if not found.orders:
        raise OperatorError(f"{file} holds no order that can be placed")
    stack = find_stack(stack_name, profile, region)
    if not keep_stock:
        _stock(Catalogue(stack), found, stock_share)
    summary = _replay(stack, found, concurrency=concurrency, timeout=timeout)
    report.show(report.import_report(summary))
    _fail_if_incomplete(summary)


def _report_left_out(file: OrderFile) -> None:
    if file.skipped:
        report.show(report.skipped_table(file.skipped), "")
    if file.refused:
        report.show(report.refused_table(file.refused), "")


def _stock(catalogue: Catalogue, file: OrderFile, share: Decimal) -> None:
    products = catalogue.not_stocked_from(file.digest, stock_for(file.products, share))
    if products:
        write_stock(catalogue, products, source=file.digest)
    else:
        output.print("The stock is left as it is: this file was imported before.")


def _replay(stack: Stack, file: OrderFile, *, concurrency: int, timeout: float) -> ImportSummary:
    api = OrdersApi(stack, connections=concurrency, patience=_PATIENCE_SECONDS)
    placements: list[Placement] = []
    with progress_bar("placing orders", len(file.orders)) as set_done:
        for placement in place_all(api, file, concurrency=concurrency):
            placements.append(placement)
            set_done(len(placements))
    return summarise(placements, _settled(stack, placements, timeout))


def _settled(stack: Stack, placements: list[Placement], timeout: float) -> list[OrderState]:
    order_ids = [placement.order_id for placement in placements if placement.accepted]
    with progress_bar("waiting until they are settled", len(order_ids)) as set_done:
        return wait_while_pending(stack, order_ids, timeout=timeout, on_progress=set_done)


def _fail_if_incomplete(summary: ImportSummary) -> None:
    if summary.failed:
        raise OperatorError(
            f"{len(summary.failed)} orders were not accepted",
            what_to_do="Mend what the API said above and import the file again: what is placed stays placed.",
        )
    if summary.unsettled:
        raise OperatorError(
            f"{summary.unsettled} orders are not settled",
            what_to_do="Look at one with `orderctl trace ORDER_ID`, or wait longer with --timeout.",
        )
