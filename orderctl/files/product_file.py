"""Parses products from a product file or from an order file."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from orderctl.files.csv_lines import CsvFile, Row, SkippedLine
from orderctl.files.order_file import PRODUCT_ID, OrderedProduct, parse_order_file
from orderctl.products import Product

_COLUMNS: Final = ("productId", "name", "unitPrice", "available")
_COUNT: Final = re.compile(r"[0-9]{1,9}")


class InvalidProduct(StrEnum):
    """Why a parsed line is skipped."""

    PRODUCT = "productId empty or invalid"
    PRICE = "unitPrice not a whole number of minor units above 0"
    AVAILABLE = "available not a whole number from 0"
    REPEATED = "productId is on an earlier line"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFile:
    """The products to stock, and the lines that were skipped."""

    products: tuple[Product, ...]
    skipped: tuple[SkippedLine, ...]


def parse_product_file(file: CsvFile) -> ProductFile:
    """Parse a product file or an order file, by its header; raise OperatorError when it is neither."""
    if "StockCode" in file.columns:
        orders = parse_order_file(file)
        return ProductFile(products=stock_for(orders.products), skipped=orders.skipped)
    file.require(_COLUMNS)
    products: dict[str, Product] = {}
    skipped = list(file.skipped)
    for row in file.rows:
        reason = _invalid(row, known=products)
        if reason:
            skipped.append(SkippedLine(number=row.number, reason=reason))
        else:
            products[row.fields["productId"]] = _product(row)
    skipped.sort(key=lambda line: line.number)
    return ProductFile(products=tuple(products.values()), skipped=tuple(skipped))


def stock_for(products: Iterable[OrderedProduct], share: Decimal = Decimal(1)) -> tuple[Product, ...]:
    """Stock each product with this share of its demand, rounded down."""
    return tuple(
        Product(
            product_id=product.product_id,
            name=product.name,
            unit_price=product.unit_price,
            available=int(product.demand * share),
        )
        for product in products
    )


def _invalid(row: Row, known: Container[str]) -> InvalidProduct | None:
    if not PRODUCT_ID.fullmatch(row.fields["productId"]):
        return InvalidProduct.PRODUCT
    if row.fields["productId"] in known:
        return InvalidProduct.REPEATED
    if not _COUNT.fullmatch(row.fields["unitPrice"]) or int(row.fields["unitPrice"]) == 0:
        return InvalidProduct.PRICE
    if not _COUNT.fullmatch(row.fields["available"]):
        return InvalidProduct.AVAILABLE
    return None


def _product(row: Row) -> Product:
    return Product(
        product_id=row.fields["productId"],
        name=row.fields["name"] or row.fields["productId"],
        unit_price=int(row.fields["unitPrice"]),
        available=int(row.fields["available"]),
    )
