"""Every command of orderctl in README.md and docs/operations.md is run, with its placeholders filled.

Only on an emulator: the commands change the definition and switch faults on.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from devtools.gameday.system import System
from orderctl.fault_switch import Service
from orderctl.main import app
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import wait_until_parked

_ROOT: Final = Path(__file__).parents[3]
_DOCUMENTS: Final = ("README.md", "docs/operations.md")
_COMMAND: Final = re.compile(r"(?:^|`)orderctl ([^`#\n]+)", re.MULTILINE)

# What is not run here, by its first word, with the reason.
NOT_RUN: Final[Mapping[str, str]] = {
    "up": "the tests share a local cloud that runs already; test_local_cloud.py and test_edit_loop.py run it",
    "deploy": "it would change the shared local cloud; test_edit_loop.py runs it",
    "down": "it would stop the shared local cloud; test_local_commands.py runs it",
    "demo": "test_local_commands.py runs it",
    "record": "it writes into the checkout; test_recording.py runs it",
    "draw": "it writes into the checkout; tests/unit/test_pictures.py draws",
    "gameday": "it needs a local cloud of its own; test_gameday.py plays failures",
    "open": "a local cloud has no page of the AWS console; tests/unit/test_opening.py",
    "console": "it serves until Ctrl-C; its own tests run it",
    "--role": "a local cloud has no role of operators; tests/unit/test_stack.py",
    "--install-completion": "it would change the shell of whoever runs the tests",
    "--show-completion": "it needs to know the caller's shell; tests/unit/test_completion.py",
}
# A sentence names some commands without their arguments.
_COMPLETED: Final[Mapping[str, str]] = {
    "dlq": "dlq list",
    "dlq show": "dlq show ORDER_ID",
    "dlq redrive": "dlq redrive payment",
    "fault": "fault payment status",
    "import": "import FILE.csv",
    "place": "place 85123A:1 --customer C --email E --payment pm_card_visa",
    "show": "show ORDER_ID",
    "trace": "trace ORDER_ID",
    "cancel": "cancel ORDER_ID",
    "orders": "orders --customer C",
    "stock set": "stock set 85123A 100",
    "stock import": "stock import PRODUCTS.csv",
    "stock": "stock show",
    # It asks before, and there is no terminal.
    "forget --customer C": "forget --customer C --yes",
    "bench --orders 1000 --concurrency 16": "bench --orders 10 --concurrency 4",
    # Without it, it runs until Ctrl-C.
    "watch": "watch --once",
}
_DONE: Final = frozenset({0})
# The local cloud has orders of other tests, and their redrive can hold them again.
_HELD_AGAIN: Final = frozenset({0, 3})


def _documented() -> list[str]:
    """Return the commands of the documents, each once; `a\\|b` in a table are two."""
    found: dict[str, None] = {}
    for name in _DOCUMENTS:
        for line in _COMMAND.findall((_ROOT / name).read_text(encoding="utf-8")):
            words = [word.split("|") for word in line.strip().replace("\\|", "|").split(" ")]
            for chosen in product(*words):
                command = " ".join(chosen)
                found[_COMPLETED.get(command, command)] = None
    return list(found)


def _commands() -> list[str]:
    return [command for command in _documented() if command.split(" ")[0] not in NOT_RUN]


@pytest.fixture(scope="module")
def system(local_stack: Stack) -> Iterator[System]:
    """The system of the local cloud, with the definition of the release again at the end."""
    system = System(local_stack)
    yield system
    system.deploy_definition(lambda release: release)


@pytest.fixture
def files(tmp_path: Path) -> Mapping[str, str]:
    orders, products = tmp_path / "orders.csv", tmp_path / "products.csv"
    orders.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,DOCUMENTED,Mug,6,2026-03-02 08:26:00,2.55,17850,Freedonia\n"
    )
    products.write_text("productId,name,unitPrice,available\nDOCUMENTED,Mug,255,12\n")
    return {
        "FILE": str(tmp_path / "order.html"),
        "FILE.csv": str(orders),
        "REPORT.csv": str(tmp_path / "report.csv"),
        "PRODUCTS.csv": str(products),
    }


def _an_order(shop: DeployedShop, system: System, command: str, customer: str) -> str:
    """Return an order that the command can work on: for those of dead letters one with a message."""
    items = {shop.sell(): 1}
    if command.startswith("dlq"):
        with system.rule_target({"Arn": f"{shop.stack.state_machine_arn}-that-is-gone"}):
            order_id = str(shop.place(items, customer=customer).body["orderId"])
            wait_until_parked(shop.stack, [order_id], count=1)
        return order_id
    order_id = str(shop.place(items, customer=customer).body["orderId"])
    shop.wait_until_closed(order_id)
    return order_id


def _filled(command: str, values: Mapping[str, str]) -> list[str]:
    """Return the words of a command; every stage is the local one."""
    words = [values.get(word, word) for word in shlex.split(command) if word != "[VERSION]"]
    options = ["", *words[:-1]]
    return ["local" if option == "--stage" else word for option, word in zip(options, words, strict=True)]


@pytest.mark.parametrize("command", _commands())
def test_a_documented_command_does_its_work(
    command: str, shop: DeployedShop, system: System, files: Mapping[str, str], customer: str
) -> None:
    values = {"C": customer, "E": "ada@example.com", "EMAIL": "ada@example.com", "QUEUE": "payment", **files}
    if "PRODUCT" in command.split():
        values["PRODUCT"] = shop.sell()
    if {"ORDER_ID", "ID", "C"} & set(command.split()):
        order_id = _an_order(shop, system, command, customer)
        values |= {"ORDER_ID": order_id, "ID": order_id}
    if command.startswith("rollback"):
        # A deployment, so that there is a version before it.
        system.deploy_definition(lambda release: release.update(Comment=command))

    try:
        outcome = CliRunner().invoke(app, _filled(command, values))
    finally:
        if command.startswith("fault") and " on" in command:
            CliRunner().invoke(app, ["fault", command.split(" ")[1], "off"])

    is_redrive = command.startswith("dlq redrive") and "--wait" in command
    assert outcome.exit_code in (_HELD_AGAIN if is_redrive else _DONE), outcome.output
    assert outcome.stdout or outcome.stderr


def test_every_command_that_is_not_run_is_documented() -> None:
    first_words = {command.split(" ")[0] for command in _documented()}

    assert NOT_RUN.keys() - first_words <= {"gameday", "console", "--show-completion"}
    assert len(_commands()) > 40
    assert {f"fault {service} off" for service in Service} <= set(_commands())
