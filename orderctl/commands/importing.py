"""import: places the orders of a file."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

import typer

from orderctl.api_client import OrdersApi
from orderctl.commands.stock import stock_products
from orderctl.display.import_summary import refused_table, skipped_table, summary_view
from orderctl.display.layout import print_parts
from orderctl.errors import OperatorError
from orderctl.files.csv_lines import read_csv_file
from orderctl.files.order_file import OrderFile, parse_order_file
from orderctl.files.product_file import stock_for
from orderctl.order_import import ImportSummary, Placement, place_all, summarise
from orderctl.products import ProductsTable
from orderctl.settlement import OrderState, wait_while_pending
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, progress_bar

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
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Requests at a time.")] = 8,
    stock_share: Annotated[
        Decimal,
        typer.Option(parser=_share, metavar="SHARE", help="Share of the ordered quantity to stock."),
    ] = Decimal(1),
    keep_stock: Annotated[
        bool, typer.Option("--keep-stock", help="Don't change products and stock.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the orders.")] = 300,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Stock the products of an order file, place its orders and wait until they are settled.

    The file has the columns of UCI's Online Retail: InvoiceNo, StockCode, Description, Quantity, InvoiceDate,
    UnitPrice, CustomerID, Country. A second import of the same file stocks and places nothing.
    """
    found = parse_order_file(read_csv_file(file))
    _show_left_out(found)
    if not found.orders:
        raise OperatorError(f"{file} has no order that can be placed")
    stack = find_stack(stack_name, profile, region)
    if not keep_stock:
        _stock(ProductsTable(stack), found, stock_share)
    summary = _place_and_wait(stack, found, concurrency=concurrency, timeout=timeout)
    print_parts(summary_view(summary))
    _fail_if_incomplete(summary)


def _show_left_out(file: OrderFile) -> None:
    if file.skipped:
        print_parts(skipped_table(file.skipped), "")
    if file.refused:
        print_parts(refused_table(file.refused), "")


def _stock(table: ProductsTable, file: OrderFile, share: Decimal) -> None:
    products = table.not_stocked_from(file.digest, stock_for(file.products, share))
    if products:
        stock_products(table, products, source=file.digest)
    else:
        output.print("The stock is unchanged: this file was imported before.")


def _place_and_wait(stack: Stack, file: OrderFile, *, concurrency: int, timeout: float) -> ImportSummary:
    api = OrdersApi(stack, connections=concurrency, retry_seconds=_RETRY_SECONDS)
    placements: list[Placement] = []
    with progress_bar("placing orders", len(file.orders)) as set_done:
        for placement in place_all(api, file, concurrency=concurrency):
            placements.append(placement)
            set_done(len(placements))
    return summarise(placements, _wait_until_settled(stack, placements, timeout))


def _wait_until_settled(stack: Stack, placements: list[Placement], timeout: float) -> list[OrderState]:
    order_ids = [placement.order_id for placement in placements if placement.accepted]
    with progress_bar("waiting until the orders are settled", len(order_ids)) as set_done:
        return wait_while_pending(stack, order_ids, timeout=timeout, on_progress=set_done)


def _fail_if_incomplete(summary: ImportSummary) -> None:
    if summary.failed:
        raise OperatorError(
            f"{len(summary.failed)} orders were not accepted",
            what_to_do="Fix what the API reported above and import the file again. No order is placed twice.",
        )
    if summary.unsettled:
        raise OperatorError(
            f"{summary.unsettled} orders are not settled",
            what_to_do="Inspect one with `orderctl trace ORDER_ID`, or wait longer with --timeout.",
        )
