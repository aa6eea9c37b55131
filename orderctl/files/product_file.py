"""Parses products from a product file or from an order file."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from handlers.contract.money import MAX_UNIT_PRICE
from handlers.contract.names import MAX_AVAILABLE
from orderctl.files.csv_lines import CsvFile, Row, SkippedLine
from orderctl.files.order_file import PRODUCT_ID, OrderedProduct, parse_order_file
from orderctl.plain_text import clean_name
from orderctl.products import Product

_COLUMNS: Final = ("productId", "name", "unitPrice", "available")
_COUNT: Final = re.compile(r"[0-9]{1,18}")


class InvalidProduct(StrEnum):
    """Why a parsed line is skipped."""

    PRODUCT = "productId empty or invalid"
    PRICE = f"unitPrice not a whole number of minor units from 1 to {MAX_UNIT_PRICE}"
    AVAILABLE = f"available not a whole number from 0 to {MAX_AVAILABLE}"
    REPEATED = "productId is on an earlier line"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFile:
    """The products to stock, and the lines that were skipped. `from_orders`: it is an order file."""

    products: tuple[Product, ...]
    skipped: tuple[SkippedLine, ...]
    from_orders: bool


def parse_product_file(file: CsvFile) -> ProductFile:
    """Parse a product file or an order file, by its header; raise OperatorError when it is neither."""
    if "StockCode" in file.columns:
        orders = parse_order_file(file)
        return ProductFile(products=stock_for(orders.products), skipped=orders.skipped, from_orders=True)
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
    return ProductFile(products=tuple(products.values()), skipped=tuple(skipped), from_orders=False)


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
    if not _is_number(row.fields["unitPrice"], least=1, most=MAX_UNIT_PRICE):
        return InvalidProduct.PRICE
    if not _is_number(row.fields["available"], least=0, most=MAX_AVAILABLE):
        return InvalidProduct.AVAILABLE
    return None


def _is_number(text: str, *, least: int, most: int) -> bool:
    return bool(_COUNT.fullmatch(text)) and least <= int(text) <= most


def _product(row: Row) -> Product:
    return Product(
        product_id=row.fields["productId"],
        name=clean_name(row.fields["name"]) or row.fields["productId"],
        unit_price=int(row.fields["unitPrice"]),
        available=int(row.fields["available"]),
    )
