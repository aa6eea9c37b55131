"""The operator's commands on the deployed system, also with invalid arguments."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orderctl.main import app
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import outage, place, wait_until_parked
from tests.dynamodb_items import to_item
from tests.orderctl_json import read_documented
from tests.waiting import eventually

BUYER = ("--customer", "cust-1", "--email", "ada@example.com")
CARD = ("--payment", "pm_card_visa")


def orderctl(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def messages(outcome: Result) -> list[str]:
    """Return the lines of standard error without those that tell what a slow command waits for."""
    return [line for line in outcome.stderr.splitlines() if not line.startswith("… ")]


def single_spaced(text: str) -> str:
    """Return the text with single spaces."""
    return re.sub(r"\s+", " ", text)


def test_an_order_can_be_placed_shown_listed_and_traced(shop: DeployedShop) -> None:
    product, customer = shop.sell(available=10, unit_price=255), f"cust-{uuid4()}"

    placed = orderctl(
        "place", f"{product}:2", "--customer", customer, "--email", "ada@example.com", *CARD, "--wait"
    )
    order_id = placed.stdout.split()[0]
    shown = eventually(
        lambda: _output_with(orderctl("show", order_id), "notification (confirmed) SENT"),
        "the sent notification",
    )
    listed = eventually(
        lambda: _output_with(orderctl("orders", "--customer", customer), f"{order_id} CONFIRMED USD 5.10"),
        "the confirmed order in the list",
    )
    shop.wait_until_closed(order_id)
    traced = orderctl("trace", order_id)

    assert re.fullmatch(
        rf"{order_id} PENDING USD 5.10 CONFIRMED after \d+\.\d s ", single_spaced(placed.stdout)
    )
    assert f"status CONFIRMED customer {customer} total USD 5.10" in shown
    assert f"{product} 2 USD 2.55" in shown
    assert re.search(r"inventory RESERVED .* payment CAPTURED", shown)
    assert listed
    assert traced.stdout.startswith("first: confirmed the order (")
    assert re.search(r"ReserveInventory RESERVED .*\d+ ms", traced.stdout)  # a cold start can be retried
    assert re.search(r"ConfirmOrder.*AnnounceConfirmed.*NotifyConfirmed", traced.stdout, re.DOTALL)


def test_a_held_order_is_explained_by_show_alone(shop: DeployedShop) -> None:
    with outage("payment"):
        (order_id,) = place(shop, shop.sell())
        shop.wait_until_not_pending(order_id)
        wait_until_parked(shop.stack, [order_id], count=1)

    shown = eventually(
        lambda: _output_with(orderctl("show", order_id), "first: held the order: AuthorizePayment failed"),
        "the execution in the log",
    )
    redriven = orderctl("dlq", "redrive", "--order", order_id, "--wait")
    settled = eventually(
        lambda: _output_with(orderctl("show", order_id), "redrive: confirmed the order"),
        "the second execution in the log",
    )

    assert "status ON_HOLD (payment)" in shown
    assert "Held: AuthorizePayment failed. Nothing is lost, and it has waited for an operator since" in shown
    assert "AuthorizePayment failed after 4 attempts: GatewayUnavailable: fault switch" in shown
    assert "AuthorizePayment on the payment queue, needs redrive" in shown
    assert f"orderctl dlq redrive --order {order_id}" in shown
    assert "SUCCEEDED" not in shown
    assert f"{order_id} CONFIRMED done" in single_spaced(redriven.stdout)
    assert redriven.exit_code == 0
    assert "Everything is done." in settled


@pytest.mark.usefixtures("stack")
def test_the_status_tells_how_the_system_is_doing() -> None:
    outcome = orderctl("status")

    lines = {line.partition("  ")[0] for line in outcome.stdout.splitlines()}
    assert {"in progress", "waiting", "dead letters", "faults"} <= lines
    assert outcome.exit_code == 0


def _output_with(outcome: Result, wanted: str) -> str | None:
    return single_spaced(outcome.stdout) if wanted in single_spaced(outcome.stdout) else None


def test_a_second_place_with_the_same_key_reports_a_replay(shop: DeployedShop) -> None:
    product, key = shop.sell(), str(uuid4())

    first, second = (orderctl("place", f"{product}:2", *BUYER, *CARD, "--key", key) for _ in range(2))

    assert first.stdout.split()[0] == second.stdout.split()[0]
    assert "placed before with this key" not in first.stdout
    assert "placed before with this key" in second.stdout


def test_the_list_of_orders_has_the_requested_length(shop: DeployedShop) -> None:
    product, customer = shop.sell(), f"cust-{uuid4()}"
    placed = [shop.place({product: 1}, customer=customer).body["orderId"] for _ in range(3)]
    shop.wait_for_orders_of(customer, count=3)

    listed = orderctl("orders", "--customer", customer, "--limit", "2")

    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == placed[:0:-1]


def test_an_order_on_hold_is_listed_by_its_status(shop: DeployedShop) -> None:
    with outage("payment"):
        placed = orderctl("place", f"{shop.sell()}:1", *BUYER, *CARD, "--wait", "--json")
    order = read_documented(placed.stdout, "place")

    listed = orderctl("orders", "--status", "ON_HOLD", "--limit", "1000", "--json")
    older = orderctl("orders", "--status", "ON_HOLD", "--older-than", "1d", "--limit", "1000", "--json")

    assert (placed.exit_code, order["status"], order["reason"]) == (3, "ON_HOLD", "payment")
    found = {each["orderId"]: each for each in read_documented(listed.stdout, "orders")["orders"]}
    assert (found[order["orderId"]]["status"], found[order["orderId"]]["reason"]) == ("ON_HOLD", "payment")
    assert order["orderId"] not in older.stdout
    orderctl("dlq", "redrive", "payment", "--order", order["orderId"])
    shop.wait_until_closed(order["orderId"])


def test_the_statistics_have_settled_and_refused_orders(shop: DeployedShop) -> None:
    product = shop.sell(available=1)
    for quantity in (1, 2):
        orderctl("place", f"{product}:{quantity}", *BUYER, *CARD, "--wait")

    found = eventually(lambda: _stats_with_refused(product), "the refused product in the log")

    outcomes = {(each["status"], each["reason"]): each["orders"] for each in found["outcomes"]}
    assert outcomes["CONFIRMED", None] >= 1
    assert outcomes["REJECTED", "OUT_OF_STOCK"] >= 1
    assert found["settleSeconds"]["orders"] >= 2
    assert 0 < found["settleSeconds"]["p50"] <= found["settleSeconds"]["max"]


def _stats_with_refused(product: str) -> dict[str, Any] | None:
    found: dict[str, Any] = read_documented(orderctl("stats", "--since", "5m", "--json").stdout, "stats")
    refused = {each["productId"] for each in found["refusedProducts"]}
    # Of products that are refused equally often, the first ten are shown.
    return found if product in refused or len(refused) == 10 else None


@pytest.mark.usefixtures("stack")
def test_a_customer_without_orders_is_reported() -> None:
    outcome = orderctl("orders", "--customer", "nobody")

    assert (outcome.stdout, messages(outcome)) == ("", ["nobody has no orders"])


def test_a_refusal_of_the_api_is_shown_with_its_pointers(shop: DeployedShop) -> None:
    product = shop.sell()

    outcome = orderctl("place", f"{product}:0", "no-such:1", "--customer", "c", "--email", "nobody", *CARD)

    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert "/items/0/quantity: " in outcome.stderr
    assert "/customerEmail: " in outcome.stderr


@pytest.mark.usefixtures("stack")
def test_stock_can_be_set_and_shown() -> None:
    product = f"P-{uuid4()}"

    added = orderctl("stock", "set", product, "12", "--price", "255", "--name", "[b]Mug[/b]")
    changed = orderctl("stock", "set", product, "7")
    shown = orderctl("stock", "show", product)
    everything = orderctl("stock", "show")

    assert f"{product} [b]Mug[/b] 255 12" in single_spaced(added.stdout)
    assert f"{product} [b]Mug[/b] 255 7" in single_spaced(changed.stdout)
    assert changed.stdout == shown.stdout
    assert f"{product} [b]Mug[/b] 255 7" in single_spaced(everything.stdout)


@pytest.mark.usefixtures("stack")
def test_a_new_product_needs_a_price() -> None:
    outcome = orderctl("stock", "set", f"P-{uuid4()}", "12")

    assert outcome.exit_code == 1
    assert "Add it with --price" in outcome.stderr


def test_a_catalogue_can_be_imported(shop: DeployedShop, tmp_path: Path) -> None:
    file, product = tmp_path / "catalogue.csv", f"P-{uuid4()}"
    file.write_text(f"productId,name,unitPrice,available\n{product},Mug,255,12\n")

    outcome = orderctl("stock", "import", str(file))

    assert outcome.exit_code == 0
    assert shop.available(product) == 12


def test_a_catalogue_with_an_impossible_price_changes_nothing(shop: DeployedShop, tmp_path: Path) -> None:
    file, product = tmp_path / "catalogue.csv", shop.sell(available=7)
    file.write_text(f"productId,name,unitPrice,available\n{product},Mug,255,12\nJUG,Jug,{'9' * 38},1\n")

    outcome = orderctl("stock", "import", str(file))

    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert "1 unitPrice not a whole number of minor units from 1 to 999999999 3" in single_spaced(
        outcome.stderr
    )
    assert "has invalid lines, so nothing is stocked" in outcome.stderr
    assert shop.available(product) == 7


def test_an_order_of_a_product_with_an_impossible_price_is_refused(shop: DeployedShop) -> None:
    product = shop.sell()
    shop.stack.client("dynamodb").update_item(
        TableName=shop.stack.inventory_table,
        Key=to_item({"productId": product}),
        UpdateExpression="SET unitPrice = :price",
        ExpressionAttributeValues=to_item({":price": 10**38 - 1}),
    )

    ordered = orderctl("place", f"{product}:6", *BUYER, *CARD)
    shown = orderctl("stock", "show", product)

    assert "responded with 422 Unknown products" in ordered.stderr
    assert f"There is no product {product}" in shown.stderr


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    ("arguments", "what", "what_to_do"),
    [
        (("show", str(uuid4())), "There is no order", "--stage"),
        (("trace", str(uuid4())), "There is no order", "--stage"),
        (("orders", "--customer", "c" * 65), "The API responded with 400", "customerId"),
        (("stock", "show", "no-such"), "There is no product no-such", "orderctl stock show"),
        (("import", "/no/such/file.csv"), "/no/such/file.csv can't be read: No such file", ""),
        (("import", __file__), "The file can't be read", "InvoiceNo,StockCode,Description,Quantity"),
        (("stock", "import", __file__), "The file can't be read", "productId,name,unitPrice,available"),
    ],
)
def test_an_invalid_use_prints_a_short_error_message(
    arguments: tuple[str, ...], what: str, what_to_do: str
) -> None:
    outcome = orderctl(*arguments)

    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert messages(outcome)[0].startswith(f"error: {what}")
    assert what_to_do in outcome.stderr
    assert len(messages(outcome)) <= 3


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    ("arguments", "what", "what_to_do"),
    [
        (("place", "MUG", *BUYER, *CARD), "'MUG' is not PRODUCT:QTY", "Write for example"),
        (("place", "MUG:many", *BUYER, *CARD), "'MUG:many' is not PRODUCT:QTY", "Write for example"),
        (("place", "MUG:1", *BUYER, *CARD, "--key", "ü"), "'ü' is not an idempotency key", "printable ASCII"),
        (("stock", "set", "A B", "1"), "'A B' is not a product id", "letters"),
    ],
)
def test_an_argument_that_makes_no_sense_is_wrong_usage(
    arguments: tuple[str, ...], what: str, what_to_do: str
) -> None:
    outcome = orderctl(*arguments)

    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert messages(outcome)[0].startswith(f"error: {what}")
    assert what_to_do in outcome.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("stock", "set", "MUG", "-1"),
        ("stock", "set", "MUG", "many"),
        ("stock", "set", "MUG", "9" * 44),
        ("stock", "set", "MUG", "1", "--price", "0"),
        ("stock", "set", "MUG", "1", "--price", "9" * 38),
        ("import", "x.csv", "--concurrency", "0"),
        ("import", "x.csv", "--stock-share", "1.1"),
        ("import", "x.csv", "--stock-share", "NaN"),
        ("orders", "--customer", "c", "--limit", "0"),
        ("place", "MUG:1"),
        ("orders",),
        ("no-such-command",),
    ],
)
def test_an_invalid_option_is_refused(arguments: tuple[str, ...]) -> None:
    outcome = orderctl(*arguments)

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("error: ")
    assert len(outcome.stderr.splitlines()) == 2


def test_a_file_without_orders_fails_the_import(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "C1,MUG,Mug,-6,2026-03-02,2.55,,Freedonia\n"
    )

    outcome = orderctl("import", str(file))

    assert outcome.exit_code == 1
    assert "1 cancellation 2" in single_spaced(outcome.stderr)
    assert "has no order that can be placed" in outcome.stderr
