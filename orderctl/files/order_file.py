"""Parses order files in the format of UCI's Online Retail: one line for each product of an invoice.

https://archive.ics.uci.edu/dataset/352/online+retail
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from handlers.contract.names import MAX_ITEMS_PER_ORDER, MAX_QUANTITY
from orderctl.files.csv_lines import CsvFile, Row, SkippedLine
from orderctl.plain_text import clean_name

_COLUMNS: Final = ("InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice", "CustomerID")
PRODUCT_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MINOR_DIGITS: Final = 2
_NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_QUANTITY: Final = re.compile(r"[0-9]{1,5}")
_PRICE: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
_T = TypeVar("_T")


class InvalidLine(StrEnum):
    """Why a parsed line is skipped."""

    CANCELLATION = "cancellation"
    INVOICE = "invoice number empty or invalid"
    PRODUCT = "stock code empty or invalid"
    QUANTITY = f"quantity not a whole number from 1 to {MAX_QUANTITY}"
    PRICE = "price not a positive amount in whole minor units"
    CUSTOMER = "customer id invalid"


class Refusal(StrEnum):
    """Why an order can't be placed although its lines are valid."""

    PRODUCTS = f"more than {MAX_ITEMS_PER_ORDER} distinct products"
    QUANTITY = f"more than {MAX_QUANTITY} pieces of one product"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """A valid line; `unit_price` is in minor units, `customer` can be empty."""

    invoice: str
    product_id: str
    name: str
    quantity: int
    unit_price: int
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrder:
    """One invoice; `items` are pairs of product id and quantity."""

    invoice: str
    customer_id: str
    items: tuple[tuple[str, int], ...]

    @property
    def refusal(self) -> Refusal | None:
        """Return why the order can't be placed, or None."""
        if len(self.items) > MAX_ITEMS_PER_ORDER:
            return Refusal.PRODUCTS
        if any(quantity > MAX_QUANTITY for _, quantity in self.items):
            return Refusal.QUANTITY
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedProduct:
    """A product of the file, with its most frequent price and name.

    `demand` is the quantity in all orders that can be placed.
    """

    product_id: str
    name: str
    unit_price: int
    demand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """The orders and products of a file, in its order; the digest identifies its content."""

    digest: str
    orders: tuple[FileOrder, ...]
    refused: tuple[FileOrder, ...]
    products: tuple[OrderedProduct, ...]
    skipped: tuple[SkippedLine, ...]


def parse_order_file(file: CsvFile) -> OrderFile:
    """Group the valid lines by invoice; raise OperatorError when a column is missing."""
    file.require(_COLUMNS)
    checked = [_line(row) for row in file.rows]
    lines = [line for line in checked if isinstance(line, InvoiceLine)]
    skipped = [*file.skipped, *(line for line in checked if isinstance(line, SkippedLine))]
    orders = _orders(lines)
    placeable = tuple(order for order in orders if order.refusal is None)
    return OrderFile(
        digest=file.digest,
        orders=placeable,
        refused=tuple(order for order in orders if order.refusal),
        products=_products(lines, placeable),
        skipped=tuple(sorted(skipped, key=lambda line: line.number)),
    )


def minor_units(price: str) -> int:
    """Return the price in minor units; 0 when it is not a positive whole number of them."""
    if not _PRICE.fullmatch(price):
        return 0
    amount = Decimal(price).scaleb(_MINOR_DIGITS)
    return int(amount) if amount == int(amount) else 0


_RULES: Final[tuple[tuple[InvalidLine, Callable[[Mapping[str, str]], object]], ...]] = (
    (InvalidLine.CANCELLATION, lambda fields: not fields["InvoiceNo"].startswith("C")),
    (InvalidLine.INVOICE, lambda fields: _NUMBER.fullmatch(fields["InvoiceNo"])),
    (InvalidLine.PRODUCT, lambda fields: PRODUCT_ID.fullmatch(fields["StockCode"])),
    (InvalidLine.QUANTITY, lambda fields: _is_quantity(fields["Quantity"])),
    (InvalidLine.PRICE, lambda fields: minor_units(fields["UnitPrice"])),
    (
        InvalidLine.CUSTOMER,
        lambda fields: not fields["CustomerID"] or _NUMBER.fullmatch(_customer(fields)),
    ),
)


def _is_quantity(text: str) -> bool:
    return bool(_QUANTITY.fullmatch(text)) and 1 <= int(text) <= MAX_QUANTITY


def _line(row: Row) -> InvoiceLine | SkippedLine:
    for reason, is_valid in _RULES:
        if not is_valid(row.fields):
            return SkippedLine(number=row.number, reason=reason)
    return InvoiceLine(
        invoice=row.fields["InvoiceNo"],
        product_id=row.fields["StockCode"],
        name=clean_name(row.fields["Description"]),
        quantity=int(row.fields["Quantity"]),
        unit_price=minor_units(row.fields["UnitPrice"]),
        customer=_customer(row.fields),
    )


def _customer(fields: Mapping[str, str]) -> str:
    # A spreadsheet writes 17850 as 17850.0 when other cells of the column are empty.
    return fields["CustomerID"].removesuffix(".0")


def _orders(lines: Sequence[InvoiceLine]) -> list[FileOrder]:
    by_invoice: dict[str, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        by_invoice[line.invoice].append(line)
    return [_order(invoice, of_invoice) for invoice, of_invoice in by_invoice.items()]


def _order(invoice: str, lines: Sequence[InvoiceLine]) -> FileOrder:
    quantities: Counter[str] = Counter()
    for line in lines:
        quantities[line.product_id] += line.quantity
    customer = next((line.customer for line in lines if line.customer), "")
    return FileOrder(
        invoice=invoice,
        customer_id=f"cust-{customer}" if customer else f"guest-{invoice}",
        items=tuple(quantities.items()),
    )


def _products(lines: Sequence[InvoiceLine], orders: Sequence[FileOrder]) -> tuple[OrderedProduct, ...]:
    demand: Counter[str] = Counter()
    for order in orders:
        demand.update(dict(order.items))
    by_product: dict[str, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        by_product[line.product_id].append(line)
    return tuple(
        OrderedProduct(
            product_id=product_id,
            name=_most_frequent((line.name for line in of_product if line.name), default=product_id),
            unit_price=_most_frequent((line.unit_price for line in of_product), default=0),
            demand=demand[product_id],
        )
        for product_id, of_product in by_product.items()
    )


def _most_frequent(values: Iterable[_T], default: _T) -> _T:
    # When two are equally frequent, Counter returns the first one seen.
    return next((value for value, _ in Counter(values).most_common(1)), default)
