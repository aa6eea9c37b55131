"""`orderctl stock`: its JSON, and Ctrl-C."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orderctl.commands import stock
from orderctl.main import app
from tests.fakes import InterruptedClient
from tests.order_tables import OrderTables
from tests.orderctl_json import read_documented

Orderctl = Callable[..., Result]
MUG = {"productId": "MUG", "name": "Mug", "unitPrice": 255, "available": 12}
CATALOGUE = "productId,name,unitPrice,available\nMUG,Mug,255,12\n"


@pytest.fixture
def orderctl(tables: OrderTables, monkeypatch: pytest.MonkeyPatch) -> Orderctl:
    """Run `orderctl stock ...` on the tables."""

    def run(*arguments: str, dynamodb: Any = tables.dynamodb) -> Result:
        stack = SimpleNamespace(client=lambda _: dynamodb, inventory_table=tables.names.inventory)
        monkeypatch.setattr(stock, "find_stack", lambda *_: stack)
        return CliRunner().invoke(app, ["stock", *arguments], prog_name="orderctl")

    return run


def test_the_json_of_products_has_what_is_sold(orderctl: Orderctl) -> None:
    added = orderctl("set", "MUG", "12", "--price", "255", "--name", "Mug", "--json")
    shown = orderctl("show", "--json")

    assert read_documented(added.stdout, "stock set") == {"products": [MUG]}
    assert read_documented(shown.stdout, "stock show") == {"products": [MUG]}


def test_the_json_of_an_import_counts_products(orderctl: Orderctl, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.csv"
    file.write_text(CATALOGUE)

    imported = orderctl("import", str(file), "--json")

    assert read_documented(imported.stdout, "stock import") == {"stocked": 1, "skipped": []}


def test_the_json_of_an_import_of_orders_has_the_lines_that_are_none(
    orderctl: Orderctl, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "1,MUG,Mug,6,2026-03-02,2.55,17850,Freedonia\n"
        "C1,MUG,Mug,-6,2026-03-02,2.55,,Freedonia\n"
    )

    imported = orderctl("import", str(file), "--json")

    assert read_documented(imported.stdout, "stock import") == {
        "stocked": 1,
        "skipped": [{"line": 3, "reason": "cancellation"}],
    }


def test_ctrl_c_says_how_many_products_are_stocked(
    tables: OrderTables, orderctl: Orderctl, tmp_path: Path
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    file = tmp_path / "catalogue.csv"
    file.write_text(CATALOGUE)

    outcome = orderctl(
        "import", str(file), dynamodb=InterruptedClient(tables.dynamodb, "batch_write_item", interrupt)
    )

    assert outcome.exit_code == 130
    assert "Interrupted: stocked 0 of 1 product\nRun the same command again." in outcome.stderr


def test_what_is_no_product_id_is_wrong_usage(orderctl: Orderctl) -> None:
    assert orderctl("set", "A B", "1").exit_code == 2
