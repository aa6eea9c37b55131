"""Parsing an order file with valid and with invalid lines."""

import pytest

from orderctl.errors import OperatorError
from orderctl.files.csv_lines import read_csv
from orderctl.files.order_file import (
    FileOrder,
    OrderedProduct,
    OrderFile,
    Refusal,
    minor_units,
    parse_order_file,
)
from tests.data.generate_orders import FILE as SAMPLE
from tests.data.generate_orders import content as sample_content

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
GOOD = "1001,MUG,TIN MUG,6,2026-03-02 08:26:00,2.55,17850,Freedonia"


def read(*lines: str | bytes) -> OrderFile:
    encoded = [line if isinstance(line, bytes) else line.encode() for line in (HEADER, *lines)]
    return parse_order_file(read_csv(b"\n".join(encoded)))


def line(
    *, invoice: str = "1001", code: str = "MUG", quantity: str = "6", price: str = "2.55", customer: str = ""
) -> str:
    return f"{invoice},{code},TIN MUG,{quantity},2026-03-02 08:26:00,{price},{customer},Freedonia"


def skipped(file: OrderFile) -> list[tuple[int, str]]:
    return [(broken.number, str(broken.reason)) for broken in file.skipped]


def test_the_lines_of_one_invoice_make_one_order() -> None:
    file = read(line(code="MUG", customer="17850"), line(code="POT", quantity="2", customer="17850"))

    assert file.orders == (
        FileOrder(invoice="1001", customer_id="cust-17850", items=(("MUG", 6), ("POT", 2))),
    )


def test_two_lines_of_one_product_become_one_item() -> None:
    file = read(line(quantity="6"), line(quantity="4"))

    assert file.orders[0].items == (("MUG", 10),)


def test_an_invoice_whose_lines_are_not_adjacent_is_one_order() -> None:
    file = read(line(invoice="1", code="A"), line(invoice="2", code="A"), line(invoice="1", code="B"))

    assert [order.items for order in file.orders] == [(("A", 6), ("B", 6)), (("A", 6),)]


def test_an_order_without_a_customer_belongs_to_a_guest() -> None:
    assert read(line(invoice="1001", customer="")).orders[0].customer_id == "guest-1001"


def test_a_customer_number_with_a_decimal_fraction_is_read_as_an_integer() -> None:
    assert read(line(customer="17850.0")).orders[0].customer_id == "cust-17850"


def test_a_product_has_its_most_frequent_price_and_the_demand_of_all_orders() -> None:
    file = read(
        line(invoice="1", price="2.10", quantity="1"),
        line(invoice="2", price="1.85", quantity="2"),
        line(invoice="3", price="1.85", quantity="3"),
    )

    assert file.products == (OrderedProduct(product_id="MUG", name="TIN MUG", unit_price=185, demand=6),)


def test_a_product_without_a_description_is_named_by_its_code() -> None:
    assert read(GOOD.replace("TIN MUG", "")).products[0].name == "MUG"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (line(invoice="C1001", quantity="-6"), "cancellation"),
        (line(invoice=""), "invoice number empty or invalid"),
        (line(code=""), "stock code empty or invalid"),
        (line(code="BANK CHARGES"), "stock code empty or invalid"),
        (line(code="Ä1"), "stock code empty or invalid"),
        (line(quantity="0"), "quantity not a whole number from 1 to 10000"),
        (line(quantity="-1"), "quantity not a whole number from 1 to 10000"),
        (line(quantity="10001"), "quantity not a whole number from 1 to 10000"),
        (line(quantity="1.5"), "quantity not a whole number from 1 to 10000"),
        (line(quantity="1_0"), "quantity not a whole number from 1 to 10000"),
        (line(quantity="٣"), "quantity not a whole number from 1 to 10000"),
        (line(quantity=""), "quantity not a whole number from 1 to 10000"),
        (line(price="0"), "price not a positive amount in whole minor units"),
        (line(price="-2.55"), "price not a positive amount in whole minor units"),
        (line(price="2.555"), "price not a positive amount in whole minor units"),
        (line(price="NaN"), "price not a positive amount in whole minor units"),
        (line(price="1e400"), "price not a positive amount in whole minor units"),
        (line(customer="17 850"), "customer id invalid"),
        (line() + ",more", "wrong number of columns"),
        ("1001,MUG", "wrong number of columns"),
        (line().replace("TIN MUG", '"TIN MUG'), "a quote is not closed or is misplaced"),
        (line().replace("TIN", '"TIN"'), "a quote is not closed or is misplaced"),
        (line().encode().replace(b"TIN", b"\xff\xfe"), "not UTF-8"),
    ],
)
def test_an_invalid_line_is_skipped_with_its_number_and_reason(broken: str | bytes, reason: str) -> None:
    file = read(GOOD, broken, line(code="POT"))

    assert skipped(file) == [(3, reason)]
    assert [order.items for order in file.orders] == [(("MUG", 6), ("POT", 6))]


def test_an_order_file_may_have_a_byte_order_mark_quotes_and_empty_lines() -> None:
    quoted = GOOD.replace("TIN MUG", '"MUG, ""TIN"" £1"')

    file = parse_order_file(read_csv(f"\ufeff{HEADER}\r\n\r\n{quoted}\r\n\r\n".encode()))

    assert file.skipped == ()
    assert [product.name for product in file.products] == ['MUG, "TIN" £1']


def test_an_order_of_98_products_can_be_placed_and_one_of_99_can_not() -> None:
    full = [line(invoice="98", code=f"P{number}") for number in range(98)]
    oversized = [line(invoice="99", code=f"P{number}") for number in range(99)]

    file = read(*full, *oversized)

    assert [order.invoice for order in file.orders] == ["98"]
    assert [(order.invoice, order.refusal) for order in file.refused] == [("99", Refusal.PRODUCTS)]


def test_an_order_whose_lines_add_up_to_more_than_10000_pieces_can_not_be_placed() -> None:
    file = read(line(quantity="10000"), line(quantity="1"))

    assert file.orders == ()
    assert [order.refusal for order in file.refused] == [Refusal.QUANTITY]


def test_the_products_of_an_order_that_can_not_be_placed_have_no_demand() -> None:
    file = read(line(invoice="1", quantity="10000"), line(invoice="1", quantity="1"), line(invoice="2"))

    assert [(product.product_id, product.demand) for product in file.products] == [("MUG", 6)]


def test_two_files_have_different_digests() -> None:
    assert read(GOOD).digest == read(GOOD).digest
    assert read(GOOD).digest != read(line(quantity="7")).digest


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"\xff\xfeI\x00n\x00", "line 1 is not a header: not UTF-8"),
        (b"InvoiceNo;StockCode\n1;2", "its header has no column InvoiceNo, StockCode"),
        (HEADER.replace("Quantity", "Menge").encode(), "its header has no column Quantity"),
    ],
)
def test_a_file_that_is_not_an_order_file_is_refused_with_the_reason(content: bytes, what: str) -> None:
    with pytest.raises(OperatorError, match=what):
        parse_order_file(read_csv(content))


@pytest.mark.parametrize(
    ("price", "minor"), [("2.55", 255), ("2.1", 210), ("8", 800), ("0.29", 29), ("2.550", 255)]
)
def test_a_price_is_exact_in_minor_units(price: str, minor: int) -> None:
    assert minor_units(price) == minor


def test_the_sample_resembles_a_real_day() -> None:
    content = SAMPLE.read_bytes()

    file = parse_order_file(read_csv(content))

    sizes = sorted(len(order.items) for order in (*file.orders, *file.refused))
    assert content == sample_content()
    assert (len(file.orders), len(file.refused), len(file.skipped)) == (68, 2, 14)
    assert (sizes[len(sizes) // 2], sum(size > 40 for size in sizes)) == (8, 7)
