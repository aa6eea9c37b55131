"""Reads a catalogue from a CSV file: its own columns, or an order file's."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from orderctl.files.csv_lines import CsvFile, Row, SkippedLine
from orderctl.files.order_file import PRODUCT_ID, FileProduct, orders_of

COLUMNS: Final = ("productId", "name", "unitPrice", "available")
_COUNT: Final = re.compile(r"[0-9]{1,9}")


class Skip(StrEnum):
    """Why a line is left out."""

    PRODUCT = "productId empty or invalid"
    PRICE = "unitPrice not a whole number of minor units above 0"
    AVAILABLE = "available not a whole number from 0"
    REPEATED = "productId stands on an earlier line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A line of the catalogue; the price is in minor units."""

    product_id: str
    name: str
    unit_price: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFile:
    """What can be stocked, and the lines left out."""

    products: tuple[Product, ...]
    skipped: tuple[SkippedLine, ...]


def catalogue_of(file: CsvFile) -> CatalogueFile:
    """Decide by the header which kind of file it is; raise OperatorError where it is neither."""
    if "StockCode" in file.columns:
        orders = orders_of(file)
        return CatalogueFile(products=stock_for(orders.products), skipped=orders.skipped)
    file.require(COLUMNS)
    products: dict[str, Product] = {}
    skipped = list(file.skipped)
    for row in file.rows:
        reason = _why_skipped(row, known=products)
        if reason:
            skipped.append(SkippedLine(number=row.number, reason=reason))
        else:
            products[row.fields["productId"]] = _product(row)
    skipped.sort(key=lambda line: line.number)
    return CatalogueFile(products=tuple(products.values()), skipped=tuple(skipped))


def stock_for(products: Iterable[FileProduct], share: Decimal = Decimal(1)) -> tuple[Product, ...]:
    """Stock each product with this share of what the file's orders ask for, rounded down."""
    return tuple(
        Product(
            product_id=product.product_id,
            name=product.name,
            unit_price=product.unit_price,
            available=int(product.demand * share),
        )
        for product in products
    )


def _why_skipped(row: Row, known: Container[str]) -> Skip | None:
    if not PRODUCT_ID.fullmatch(row.fields["productId"]):
        return Skip.PRODUCT
    if row.fields["productId"] in known:
        return Skip.REPEATED
    if not _COUNT.fullmatch(row.fields["unitPrice"]) or int(row.fields["unitPrice"]) == 0:
        return Skip.PRICE
    if not _COUNT.fullmatch(row.fields["available"]):
        return Skip.AVAILABLE
    return None


def _product(row: Row) -> Product:
    return Product(
        product_id=row.fields["productId"],
        name=row.fields["name"] or row.fields["productId"],
        unit_price=int(row.fields["unitPrice"]),
        available=int(row.fields["available"]),
    )
