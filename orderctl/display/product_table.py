"""Shows products."""

from collections.abc import Iterable

from rich.table import Table

from orderctl.display.layout import add_row, new_table
from orderctl.products import Product


def products_table(products: Iterable[Product]) -> Table:
    """List products with price and stock."""
    table = new_table("product", "name", "minor units", "available", right=["minor units", "available"])
    for product in products:
        of_counters = f" in {product.counters} counters" if product.counters > 1 else ""
        available = f"{product.available}{of_counters}"
        add_row(table, product.product_id, product.name, product.unit_price, available)
    return table
