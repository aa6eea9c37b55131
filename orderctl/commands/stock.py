"""The catalogue: set, show, import."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Annotated

import typer

from orderctl import report
from orderctl.errors import OperatorError
from orderctl.files.csv_lines import read_csv_file
from orderctl.files.order_file import PRODUCT_ID
from orderctl.files.product_file import Product, catalogue_of
from orderctl.products import Catalogue
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import progress_bar

app = typer.Typer()
stock = typer.Typer(no_args_is_help=True, help="What is sold, at which price, and how much of it is there.")
app.add_typer(stock, name="stock")


@stock.command("set")
def set_product(  # noqa: PLR0913  one parameter an option
    *,
    product: Annotated[str, typer.Argument(metavar="PRODUCT")],
    quantity: Annotated[int, typer.Argument(metavar="QTY", min=0, help="How much is available.")],
    price: Annotated[
        int | None, typer.Option(metavar="MINOR", min=1, help="Unit price in minor units.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The product's name.")] = None,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Set how much of a product is available; --price adds a new product."""
    if not PRODUCT_ID.fullmatch(product):
        raise OperatorError(
            f"{product!r} is no product id", what_to_do="Take 1 to 64 letters, digits, '_', '.' or '-'."
        )
    catalogue = Catalogue(find_stack(stack_name, profile, region))
    report.show(
        report.products_table([catalogue.set(product, available=quantity, unit_price=price, name=name)])
    )


@stock.command()
def show(
    products: Annotated[list[str] | None, typer.Argument(metavar="[PRODUCT...]")] = None,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show these products, or all."""
    catalogue = Catalogue(find_stack(stack_name, profile, region))
    report.show(report.products_table(_named(catalogue, products) if products else catalogue.all()))


@stock.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Stock the catalogue from a file, over what is there.

    The header decides: productId,name,unitPrice,available is a catalogue (prices in minor units); an order
    file (InvoiceNo,StockCode,...) is stocked with what its orders ask for.
    """
    found = catalogue_of(read_csv_file(file))
    catalogue = Catalogue(find_stack(stack_name, profile, region))
    write_stock(catalogue, found.products)
    if found.skipped:
        report.show(report.skipped_table(found.skipped))


def write_stock(catalogue: Catalogue, products: Sequence[Product], source: str = "") -> None:
    """Write the products and show how far it is."""
    with progress_bar("stocking products", len(products)) as set_done:
        for done in accumulate(catalogue.stock(products, source=source)):
            set_done(done)


def _named(catalogue: Catalogue, product_ids: Sequence[str]) -> list[Product]:
    found = catalogue.find(dict.fromkeys(product_ids))
    missing = [product_id for product_id in product_ids if product_id not in found]
    if missing:
        raise OperatorError(
            f"There is no product {', '.join(missing)}",
            what_to_do="See all with `orderctl stock show`, or add one with `orderctl stock set`.",
        )
    return [found[product_id] for product_id in dict.fromkeys(product_ids)]
