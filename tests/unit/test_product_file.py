"""Parsing a catalogue file or an order file into stock."""

from decimal import Decimal

import pytest

from orderctl.errors import OperatorError
from orderctl.files.csv_lines import read_csv
from orderctl.files.order_file import OrderedProduct
from orderctl.files.product_file import ProductFile, parse_product_file, stock_for
from orderctl.products import Product


def read(*lines: str) -> ProductFile:
    return parse_product_file(read_csv("\n".join(lines).encode()))


def test_the_columns_of_a_catalogue_may_have_any_order() -> None:
    file = read("available,productId,unitPrice,name", "12,MUG,255,TIN MUG")

    assert file.products == (Product(product_id="MUG", name="TIN MUG", unit_price=255, available=12),)


def test_the_stock_of_an_order_file_is_the_demand_of_its_orders() -> None:
    file = read(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "1001,MUG,TIN MUG,6,2026-03-02,2.55,,Freedonia",
        "1002,MUG,TIN MUG,4,2026-03-02,2.55,,Freedonia",
    )

    assert file.products == (Product(product_id="MUG", name="TIN MUG", unit_price=255, available=10),)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("A B,TIN MUG,255,12", "productId empty or invalid"),
        ("MUG,TIN MUG,255,12", "productId is on an earlier line"),
        ("POT,TEA POT,0,12", "unitPrice not a whole number of minor units from 1 to 999999999"),
        ("POT,TEA POT,2.55,12", "unitPrice not a whole number of minor units from 1 to 999999999"),
        ("POT,TEA POT,1000000000,12", "unitPrice not a whole number of minor units from 1 to 999999999"),
        ("POT,TEA POT,255,-1", "available not a whole number from 0 to 999999999"),
        (f"POT,TEA POT,255,{'9' * 44}", "available not a whole number from 0 to 999999999"),
        ("POT,TEA POT,255", "wrong number of columns"),
    ],
)
def test_an_invalid_line_of_a_catalogue_is_skipped_with_its_number(broken: str, reason: str) -> None:
    file = read("productId,name,unitPrice,available", "MUG,TIN MUG,255,12", broken, "JUG,JUG,99,1")

    assert [(line.number, str(line.reason)) for line in file.skipped] == [(3, reason)]
    assert [product.product_id for product in file.products] == ["MUG", "JUG"]


def test_a_file_that_is_neither_a_catalogue_nor_an_order_file_is_refused() -> None:
    with pytest.raises(OperatorError, match="no column productId, unitPrice, available"):
        read("name,price", "TIN MUG,2.55")


def test_a_share_of_the_demand_is_rounded_down() -> None:
    product = OrderedProduct(product_id="MUG", name="TIN MUG", unit_price=255, demand=11)

    assert stock_for([product], share=Decimal("0.7"))[0].available == 7
