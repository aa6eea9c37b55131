"""stock set, show, import, split, merge: shows and changes products."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Annotated

import typer

from handlers.contract.money import MAX_UNIT_PRICE
from handlers.contract.names import MAX_AVAILABLE
from handlers.contract.stock_counters import MAX_COUNTERS
from orderctl.display.import_summary import skipped_table
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import counted, print_parts
from orderctl.display.product_table import products_table
from orderctl.errors import Interrupted, OperatorError, WrongArguments
from orderctl.files.csv_lines import read_csv_file
from orderctl.files.order_file import PRODUCT_ID
from orderctl.files.product_file import parse_product_file
from orderctl.products import Product, ProductsTable
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import progress, progress_bar, waiting

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Products, prices and stock: set, show, import, split, merge.",
)


@app.command("set")
def set_product(  # noqa: PLR0913  one parameter an option
    *,
    product: Annotated[str, typer.Argument(metavar="PRODUCT")],
    quantity: Annotated[
        int, typer.Argument(metavar="QTY", min=0, max=MAX_AVAILABLE, help="The available quantity.")
    ],
    price: Annotated[
        int | None,
        typer.Option(metavar="MINOR", min=1, max=MAX_UNIT_PRICE, help="Unit price in minor units."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The product's name.")] = None,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Set how much of a product is available; --price adds a new product."""
    _require_product_id(product)
    table = ProductsTable(find_stack(stack_name, profile, region))
    changed = table.set(product, available=quantity, unit_price=price, name=name)
    _show([changed], as_json=as_json)


@app.command()
def show(
    *,
    products: Annotated[list[str] | None, typer.Argument(metavar="[PRODUCT...]")] = None,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show these products, or all."""
    table = ProductsTable(find_stack(stack_name, profile, region))
    _show(_find(table, products) if products else table.all(), as_json=as_json)


@app.command("import")
def import_products(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Stock the products of a file; existing products are replaced.

    A product file has the columns productId,name,unitPrice,available, with prices in minor units.
    When a line of it is invalid, or a product of it is split, nothing is stocked.
    For an order file (InvoiceNo,StockCode,...), the quantities of its valid orders are stocked.
    """
    found = parse_product_file(read_csv_file(file))
    if found.skipped:
        print_parts(skipped_table(found.skipped), to=progress)
    if found.skipped and not found.from_orders:
        raise OperatorError(
            f"{file} has invalid lines, so nothing is stocked", what_to_do="Correct the lines above."
        )
    stock_products(ProductsTable(find_stack(stack_name, profile, region)), found.products)
    if as_json:
        skipped = [{"line": line.number, "reason": line.reason} for line in found.skipped]
        print_json({"stocked": len(found.products), "skipped": skipped})


@app.command()
def split(  # noqa: PLR0913  one parameter an option
    *,
    product: Annotated[str, typer.Argument(metavar="PRODUCT")],
    counters: Annotated[
        int, typer.Argument(metavar="N", min=2, max=MAX_COUNTERS, help="The number of counters.")
    ],
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Divide the stock of a product into N counters, so that it sells faster.

    One counter sells at most 500 times a second, and fewer when orders meet at it. Orders go on meanwhile. A
    product that is split gets another number of counters, or an even stock in the same number. Run it again
    when it was interrupted.
    """
    _require_product_id(product)
    _divide(ProductsTable(find_stack(stack_name, profile, region)), product, counters, as_json=as_json)


@app.command()
def merge(
    *,
    product: Annotated[str, typer.Argument(metavar="PRODUCT")],
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Put the stock of a split product into one counter again.

    Orders go on meanwhile. Nothing happens to a product that is not split. Run it again when it was
    interrupted.
    """
    _require_product_id(product)
    _divide(ProductsTable(find_stack(stack_name, profile, region)), product, 1, as_json=as_json)


def _divide(table: ProductsTable, product: str, counters: int, *, as_json: bool) -> None:
    try:
        with waiting("moving the stock between counters"):
            changed = table.split(product, counters)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted: the whole stock of {product} is on sale",
            what_to_do="Run the same command again to go on.",
        ) from None
    _show([changed], as_json=as_json)


def _require_product_id(product: str) -> None:
    if not PRODUCT_ID.fullmatch(product):
        raise WrongArguments(
            f"{product!r} is not a product id", what_to_do="Use 1 to 64 letters, digits, '_', '.' or '-'."
        )


def stock_products(table: ProductsTable, products: Sequence[Product], source: str = "") -> None:
    """Stock the products and show the progress."""
    done = 0
    try:
        with progress_bar("stocking products", len(products)) as set_done:
            for done in accumulate(table.stock(products, source=source)):
                set_done(done)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted: stocked {done} of {counted(len(products), 'product')}",
            what_to_do="Run the same command again.",
        ) from None


def _show(products: Sequence[Product], *, as_json: bool) -> None:
    if not as_json:
        print_parts(products_table(products))
        return
    listed = [
        {
            "productId": product.product_id,
            "name": product.name,
            "unitPrice": product.unit_price,
            "available": product.available,
            "counters": product.counters,
        }
        for product in products
    ]
    print_json({"products": listed})


def _find(table: ProductsTable, product_ids: Sequence[str]) -> list[Product]:
    found = table.find(dict.fromkeys(product_ids))
    missing = [product_id for product_id in product_ids if product_id not in found]
    if missing:
        raise OperatorError(
            f"There is no product {', '.join(missing)}",
            what_to_do="List all with `orderctl stock show`, or add one with `orderctl stock set`.",
        )
    return [found[product_id] for product_id in dict.fromkeys(product_ids)]
