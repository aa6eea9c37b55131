"""`orderctl stock`: its JSON, split products, and Ctrl-C."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import Result
from typer.testing import CliRunner

from handlers.contract.stock_counters import counter_id
from orderctl import products
from orderctl.commands import stock
from orderctl.main import app
from orderctl.product_counters import ProductCounters
from tests.fakes import InterruptedClient
from tests.order_tables import OrderTables
from tests.orderctl_json import read_documented

Orderctl = Callable[..., Result]
MUG = {"productId": "MUG", "name": "Mug", "unitPrice": 255, "available": 12, "counters": 1}
CATALOGUE = "productId,name,unitPrice,available\nMUG,Mug,255,12\n"


class BusyTables:
    """Passes every call to `target`, and refuses transactions as if orders were made all the time."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def transact_write_items(self, **_: Any) -> Any:
        self.refused += 1
        reasons = {"CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}
        error = {"Code": "TransactionCanceledException", "Message": "conflict"}
        raise ClientError({"Error": error, **reasons}, "TransactWriteItems")


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


@pytest.fixture
def mug(orderctl: Orderctl) -> str:
    orderctl("set", "MUG", "12", "--price", "255", "--name", "Mug")
    return "MUG"


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "ProductCounters", partial(ProductCounters, sleep=lambda _: None))


def test_the_stock_of_a_product_is_split_evenly_and_merged_again(
    tables: OrderTables, orderctl: Orderctl, mug: str
) -> None:
    split = orderctl("split", mug, "5", "--json")
    counters = [tables.available(counter_id(mug, number)) for number in range(5)]
    shown = orderctl("show", mug)
    merged = orderctl("merge", mug, "--json")

    assert read_documented(split.stdout, "stock split") == {"products": [MUG | {"counters": 5}]}
    assert counters == [3, 3, 2, 2, 2]
    assert "12 in 5 counters" in shown.stdout
    assert read_documented(merged.stdout, "stock merge") == {"products": [MUG]}
    assert tables.dynamodb.scan(TableName=tables.names.inventory)["Count"] == 1


@pytest.mark.parametrize("counters", ["2", "3", "8", "50"])
def test_a_split_product_gets_another_number_of_counters_and_an_even_stock(
    tables: OrderTables, orderctl: Orderctl, mug: str, counters: str
) -> None:
    orderctl("split", mug, "3")
    tables.stock(counter_id(mug, 1), 0)

    outcome = orderctl("split", mug, counters, "--json")

    left = [tables.available(counter_id(mug, number)) for number in range(int(counters))]
    assert read_documented(outcome.stdout, "stock split")["products"][0]["counters"] == int(counters)
    assert (sum(left), max(left) - min(left) <= 1) == (8, True)
    assert tables.dynamodb.scan(TableName=tables.names.inventory)["Count"] == int(counters)


def test_a_product_with_no_stock_is_split_too(orderctl: Orderctl, mug: str) -> None:
    orderctl("set", mug, "0")

    assert "0 in 10 counters" in orderctl("split", mug, "10").stdout


def test_a_merge_of_a_product_that_is_not_split_changes_nothing(orderctl: Orderctl, mug: str) -> None:
    assert read_documented(orderctl("merge", mug, "--json").stdout, "stock merge") == {"products": [MUG]}


def test_a_merge_finds_the_counters_of_a_product_that_another_program_replaced(
    tables: OrderTables, orderctl: Orderctl, mug: str
) -> None:
    orderctl("split", mug, "4")
    tables.stock(mug, 20)

    outcome = orderctl("merge", mug, "--json")

    assert read_documented(outcome.stdout, "stock merge")["products"][0]["available"] == 20 + 3 * 3
    assert tables.dynamodb.scan(TableName=tables.names.inventory)["Count"] == 1


@pytest.mark.parametrize("command", [("split", "CUP", "3"), ("merge", "CUP")])
def test_a_product_that_does_not_exist_is_not_split(orderctl: Orderctl, command: tuple[str, ...]) -> None:
    outcome = orderctl(*command)

    assert outcome.exit_code == 1
    assert "There is no product CUP\nList all with `orderctl stock show`" in outcome.stderr


@pytest.mark.parametrize("counters", ["0", "1", "51", "x"])
def test_a_number_of_counters_that_is_not_possible_is_wrong_usage(
    orderctl: Orderctl, mug: str, counters: str
) -> None:
    assert orderctl("split", mug, counters).exit_code == 2


def test_a_counter_is_no_product(orderctl: Orderctl, mug: str) -> None:
    orderctl("split", mug, "3")

    assert orderctl("merge", "MUG#1").exit_code == 2
    assert "There is no product MUG#1" in orderctl("show", "MUG#1").stderr
    assert read_documented(orderctl("show", "--json").stdout, "stock show") == {
        "products": [MUG | {"counters": 3}]
    }


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("command", ["split", "merge"])
def test_a_product_that_orders_change_all_the_time_stays_whole_and_the_error_says_what_to_do(
    tables: OrderTables, orderctl: Orderctl, mug: str, command: str
) -> None:
    orderctl("split", mug, "3")
    busy = BusyTables(tables.dynamodb)

    outcome = orderctl(command, mug, *(["5"] if command == "split" else []), dynamodb=busy)

    assert (outcome.exit_code, busy.refused) == (1, 12)
    assert "Orders change the stock of MUG too quickly: gave up after 12 attempts" in outcome.stderr
    assert "Its whole stock is on sale, in 3 counters. Run the same command again" in outcome.stderr
    assert sum(tables.available(counter_id(mug, number)) for number in range(3)) == 12


def test_ctrl_c_says_that_the_split_goes_on_with_the_same_command(
    tables: OrderTables, orderctl: Orderctl, mug: str
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    outcome = orderctl(
        "split", mug, "3", dynamodb=InterruptedClient(tables.dynamodb, "transact_write_items", interrupt)
    )

    assert outcome.exit_code == 130
    assert "Interrupted: the whole stock of MUG is on sale" in outcome.stderr


def test_the_stock_of_a_split_product_is_set_in_all_its_counters(
    tables: OrderTables, orderctl: Orderctl, mug: str
) -> None:
    orderctl("split", mug, "3")

    outcome = orderctl("set", mug, "100", "--price", "300", "--name", "Cup", "--json")

    assert read_documented(outcome.stdout, "stock set") == {
        "products": [
            {"productId": mug, "name": "Cup", "unitPrice": 300, "available": 100, "counters": 3},
        ]
    }
    assert [tables.available(counter_id(mug, number)) for number in range(3)] == [34, 33, 33]


@pytest.mark.usefixtures("no_pauses")
def test_a_stock_that_can_not_be_set_stays(tables: OrderTables, orderctl: Orderctl, mug: str) -> None:
    orderctl("split", mug, "3")

    outcome = orderctl("set", mug, "100", dynamodb=BusyTables(tables.dynamodb))

    assert outcome.exit_code == 1
    assert "The stock of MUG is as it was" in outcome.stderr
    assert sum(tables.available(counter_id(mug, number)) for number in range(3)) == 12


def test_the_stock_of_a_product_that_does_not_exist_is_not_set(orderctl: Orderctl) -> None:
    outcome = orderctl("set", "CUP", "100")

    assert outcome.exit_code == 1
    assert "There is no product CUP\nAdd it with --price (in minor units)." in outcome.stderr


def test_an_import_does_not_replace_a_split_product_and_writes_nothing(
    orderctl: Orderctl, mug: str, tmp_path: Path
) -> None:
    orderctl("split", mug, "3")
    file = tmp_path / "catalogue.csv"
    file.write_text(CATALOGUE + "CUP,Cup,300,5\n")

    outcome = orderctl("import", str(file))

    assert outcome.exit_code == 1
    assert "Split into counters: MUG: their stock is not replaced, so nothing was written" in outcome.stderr
    assert "Merge each first: `orderctl stock merge MUG`." in outcome.stderr
    assert "There is no product CUP" in orderctl("show", "CUP").stderr
