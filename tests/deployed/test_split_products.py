"""A product whose stock is split into counters: many concurrent orders, and splits and merges meanwhile."""

import json
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from typer.testing import CliRunner

from orderctl.main import app
from orderctl.products import ProductsTable
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import orderctl

CONCURRENCY = 12


def outcomes(shop: DeployedShop, order_ids: list[str]) -> Counter[tuple[str, str | None]]:
    """Wait until the orders are settled, and count how they ended."""
    shop.wait_until_not_pending(*order_ids)
    orders = [shop.records(order_id)["ORDER"] for order_id in order_ids]
    return Counter((order["status"], order.get("reason")) for order in orders)


def test_a_split_product_is_sold_out_exactly(shop: DeployedShop) -> None:
    product = shop.sell(available=20)
    orderctl("stock", "split", product, "6")

    with ThreadPoolExecutor(CONCURRENCY) as buyers:
        responses = list(buyers.map(lambda _: shop.place({product: 1}), range(26)))
    order_ids = [response.body["orderId"] for response in responses]

    assert outcomes(shop, order_ids) == {("CONFIRMED", None): 20, ("REJECTED", "OUT_OF_STOCK"): 6}
    shown = json.loads(orderctl("stock", "show", product, "--json").stdout)["products"]
    assert [(each["available"], each["counters"]) for each in shown] == [(0, 6)]
    shop.wait_until_closed(*order_ids)


def test_a_product_is_split_and_merged_while_it_is_sold(shop: DeployedShop) -> None:
    product = shop.sell(available=18)
    orderctl("stock", "split", product, "4")

    with ThreadPoolExecutor(CONCURRENCY) as buyers:
        placing: list[Future[str]] = [
            buyers.submit(lambda: str(shop.place({product: 2}).body["orderId"])) for _ in range(12)
        ]
        orderctl("stock", "merge", product)
        orderctl("stock", "split", product, "3")
        wait(placing)
    order_ids = [each.result() for each in placing]
    ended = outcomes(shop, order_ids)
    orderctl("stock", "merge", product)
    sold_out = ProductsTable(shop.stack).find([product])[product]
    shop.wait_until_closed(*order_ids)
    confirmed = next(each for each in order_ids if shop.records(each)["ORDER"]["status"] == "CONFIRMED")
    orderctl("cancel", confirmed, "--wait")

    assert ended == {("CONFIRMED", None): 9, ("REJECTED", "OUT_OF_STOCK"): 3}
    assert (sold_out.available, sold_out.counters) == (0, 1)
    assert shop.available(product) == 2


def test_an_import_refuses_a_split_product_before_it_sends_an_order(
    shop: DeployedShop, tmp_path: Path
) -> None:
    product = shop.sell(available=18)
    orderctl("stock", "split", product, "4")
    file = tmp_path / "orders.csv"
    file.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        f"536365,{product},MUG,2,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
    )

    refused = CliRunner().invoke(app, ["import", str(file)])

    assert refused.exit_code == 1
    assert f"Split into counters: {product}" in refused.stderr
    assert f"`orderctl stock merge {product}`" in refused.stderr
    assert "No order was sent." in refused.stderr
    assert shop.available(product) == 18
