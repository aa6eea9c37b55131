"""Imports a whole order file on the deployed system: tests/data/orders.csv, or $ORDERS_CSV."""

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orderctl.files.csv_lines import read_csv
from orderctl.files.order_file import OrderFile, parse_order_file
from orderctl.main import app
from orderctl.order_import import order_request
from orderctl.products import ProductsTable
from tests.deployed.deployed_shop import DeployedShop
from tests.dynamodb_items import from_item

SAMPLE = Path(__file__).parent.parent / "data" / "orders.csv"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
STOCKED_SHARE = 0.8


@dataclass(frozen=True)
class Imported:
    """An imported file, its parsed content, and the result of `orderctl import`."""

    path: Path
    file: OrderFile
    result: Result
    earlier: frozenset[str]  # the orders that were there before


@pytest.fixture(scope="module")
def imported(shop: DeployedShop, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The file, imported with too little stock for all orders."""
    path = tmp_path_factory.mktemp("import") / "orders.csv"
    path.write_bytes(_never_imported(Path(os.environ.get("ORDERS_CSV") or SAMPLE)))
    file = parse_order_file(read_csv(path.read_bytes()))
    earlier = frozenset(record["orderId"] for record in order_records(shop))
    result = import_(path, "--stock-share", str(STOCKED_SHARE))
    return Imported(path=path, file=file, result=result, earlier=earlier)


def _never_imported(file: Path) -> bytes:
    """Return the file with one more cancellation, because a stage that was kept may know it already."""
    cancellation = f"C{uuid4().hex},MUG,MUG,-1,2026-03-02 08:00:00,2.55,,Freedonia\n"
    return file.read_bytes().rstrip() + b"\n" + cancellation.encode()


def import_(path: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["import", str(path), *options])


def order_records(shop: DeployedShop) -> list[dict[str, Any]]:
    """Return the ORDER record of every order of the stage."""
    scan = shop.stack.client("dynamodb").get_paginator("scan")
    pages = scan.paginate(TableName=shop.stack.orders_table, ConsistentRead=True)
    records = (from_item(item) for page in pages for item in page["Items"])
    return [record for record in records if record["record"] == "ORDER"]


def placed_orders(shop: DeployedShop, imported: Imported) -> list[dict[str, Any]]:
    """Return the file's ORDER records; other tests order for the same customers, with other addresses."""
    addresses = {order_request(order)["customerEmail"] for order in imported.file.orders}
    return [
        record
        for record in order_records(shop)
        if record.get("customerEmail") in addresses and record["orderId"] not in imported.earlier
    ]


def stock(shop: DeployedShop, file: OrderFile) -> dict[str, int]:
    found = ProductsTable(shop.stack).find(product.product_id for product in file.products)
    return {product_id: product.available for product_id, product in found.items()}


def test_every_order_of_the_file_is_placed_once_and_settled(shop: DeployedShop, imported: Imported) -> None:
    orders = placed_orders(shop, imported)

    assert imported.result.exit_code == 0, imported.result.output
    assert Counter(order["customerId"] for order in orders) == Counter(
        order.customer_id for order in imported.file.orders
    )
    assert {order["status"] for order in orders} == {"CONFIRMED", "REJECTED"}
    assert {order.get("reason") for order in orders if order["status"] == "REJECTED"} == {"OUT_OF_STOCK"}


def test_no_stock_is_sold_twice_or_lost(shop: DeployedShop, imported: Imported) -> None:
    sold: Counter[str] = Counter()
    for order in placed_orders(shop, imported):
        if order["status"] != "REJECTED":
            sold.update({item["productId"]: int(item["quantity"]) for item in order["items"]})

    left = stock(shop, imported.file)

    assert all(available >= 0 for available in left.values())
    assert {product_id: available + sold[product_id] for product_id, available in left.items()} == {
        product.product_id: product.demand * 8 // 10 for product in imported.file.products
    }


def test_the_import_prints_a_summary(shop: DeployedShop, imported: Imported) -> None:
    statuses = Counter(order["status"] for order in placed_orders(shop, imported))

    output = imported.result.output
    assert re.search(rf"\b{statuses['CONFIRMED']}  CONFIRMED", output)
    assert re.search(rf"\b{statuses['REJECTED']}  REJECTED \(OUT_OF_STOCK\)", output)
    assert re.search(r"\d+\.\d orders/s", output)
    assert re.search(r"placed to settled: p50 \d+ ms, p99 \d+ ms", output)
    assert re.search(r"response to POST: p50 \d+ ms, p99 \d+ ms", output)


def test_skipped_lines_and_orders_are_shown_with_their_reason(imported: Imported) -> None:
    reasons = Counter(str(line.reason) for line in imported.file.skipped)

    assert reasons["cancellation"]
    assert imported.file.refused
    for reason, count in reasons.items():
        assert re.search(rf"^ *{count}  {reason} +\d", imported.result.output, re.MULTILINE)
    for order in imported.file.refused:
        assert re.search(
            rf"{order.invoice} +{len(order.items)}  more than 98 distinct products", imported.result.output
        )


def test_a_second_import_of_the_file_changes_nothing(shop: DeployedShop, imported: Imported) -> None:
    orders, left = placed_orders(shop, imported), stock(shop, imported.file)

    again = import_(imported.path)

    assert again.exit_code == 0, again.output
    assert "this file was imported before" in again.output
    assert f"{len(orders)} of them were placed by an earlier import" in again.output
    assert placed_orders(shop, imported) == orders
    assert stock(shop, imported.file) == left


def test_an_import_with_keep_stock_uses_the_existing_stock(shop: DeployedShop, tmp_path: Path) -> None:
    product = shop.sell(available=10, unit_price=99)
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEADER}\n1,{product},MUG,4,2026-03-02,2.55,,Freedonia\n")

    result = import_(path, "--keep-stock")

    assert result.exit_code == 0, result.output
    assert shop.available(product) == 6


def test_an_order_that_the_api_refuses_fails_the_import_and_the_other_orders_are_placed(
    shop: DeployedShop, tmp_path: Path
) -> None:
    product = shop.sell(available=10)
    path = tmp_path / "orders.csv"
    path.write_text(
        f"{HEADER}\n"
        f"1,{product},MUG,4,2026-03-02,2.55,,Freedonia\n"
        "2,not-sold,MUG,4,2026-03-02,2.55,,Freedonia\n"
    )

    result = import_(path, "--keep-stock")

    assert result.exit_code == 1
    assert "1  CONFIRMED" in result.output
    assert re.search(r"2 +The API responded with 422 .*\n.*/items/0/productId", result.output)
    assert "of 2 orders, 1 placed, 1 settled, 1 not accepted, 0 unknown" in result.stderr
