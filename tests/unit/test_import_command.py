"""`orderctl import` when the cloud goes away, and when it is interrupted."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from handlers.contract.clock import rfc3339, utc_now
from orderctl.commands import importing
from orderctl.main import app
from orderctl.products import Product
from orderctl.stack import QUEUES, Stack
from tests.dynamodb_items import to_item
from tests.orderctl_json import read_documented

HEADER: Final = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
MUG = Product(product_id="MUG", name="Mug", unit_price=255, available=12)
STATUS = {"createdAt": rfc3339(utc_now()), "updatedAt": rfc3339(utc_now())}


class Cloud(ThreadingHTTPServer):
    """A local cloud that accepts `accepted` orders; `then` tells whether it responds to a further one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.placed: list[str] = []
        self.accepted = 1_000
        self.then: Callable[[], bool] = lambda: True
        self.status: dict[str, str] = {"status": "CONFIRMED"}
        self.dynamodb_error: str | None = None
        self.gone = threading.Event()

    def stack(self) -> Stack:
        url = f"http://127.0.0.1:{self.server_port}"
        return Stack(
            endpoint_url=url,
            region="us-east-1",
            api_url=f"{url}/prod/",
            api_key="key",
            console_url=None,
            state_machine_arn="",
            orders_table="orders",
            inventory_table="inventory",
            bus_name="ecommerce",
            dlq_urls=dict.fromkeys(QUEUES, ""),
        )


class _Handler(BaseHTTPRequestHandler):
    server: Cloud
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._respond(200, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.gone.is_set():
            self.close_connection = True
        elif self.path == "/prod/orders":
            self._place()
        elif self.server.dynamodb_error:
            self._respond(400, {"__type": self.server.dynamodb_error, "message": "refused"})
        else:
            keys = body["RequestItems"]["orders"]["Keys"]
            items = [to_item({**STATUS, **self.server.status}) | key for key in keys]
            self._respond(200, {"Responses": {"orders": items}})

    def _place(self) -> None:
        with self.server.lock:
            number = len(self.server.placed)
            self.server.placed.append(self.headers["Idempotency-Key"])
        if number >= self.server.accepted and not self.server.then():
            self.close_connection = True
            return
        self._respond(202, {"orderId": f"order-{number}"})

    def _respond(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A cloud that orderctl takes for its local cloud; it tries again for less than a second."""
    monkeypatch.setenv("ORDERCTL_HOME", str(tmp_path))
    monkeypatch.setattr(importing, "_RETRY_SECONDS", 0.5)
    with Cloud() as running:
        (tmp_path / "stack.json").write_text(running.stack().to_json())
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with twenty orders."""
    file = tmp_path / "orders.csv"
    lines = [f"{number},MUG,Mug,1,2026-03-02,2.55,,Freedonia" for number in range(1001, 1021)]
    file.write_text("\n".join([HEADER, *lines]))
    return file


def statuses(report: Path) -> list[str]:
    with report.open(newline="") as opened:
        return [row["status"] for row in csv.DictReader(opened)]


def import_(file: Path, *options: str) -> Any:
    report = file.with_name("report.csv")
    arguments = ["import", str(file), "--concurrency", "1", "--report", str(report), *options]
    return CliRunner().invoke(app, arguments)


def test_when_the_cloud_goes_away_the_import_ends_with_what_is_known(
    cloud: Cloud, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # botocore tries again for some seconds, which is not what this test is about.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    cloud.accepted = 5

    def go_away() -> bool:
        cloud.gone.set()
        return False

    cloud.then = go_away

    ended = import_(file, "--keep-stock")

    assert ended.exit_code == 1
    assert "does not respond (the connection was closed); trying again for" in ended.stderr
    assert "DynamoDB in us-east-1 does not respond" in ended.stderr
    assert (
        "error: The import is not complete: of 20 orders, 5 placed, 0 settled, 1 unknown, 14 not sent\n"
        in ended.stderr
    )
    assert "Run the same command again to go on: it places no order twice." in ended.stderr
    assert len(set(cloud.placed)) == 6
    assert statuses(file.with_name("report.csv")) == ["status unknown"] * 5 + ["unknown"] + ["not sent"] * 14


def test_when_only_the_api_goes_away_the_status_of_the_placed_orders_is_read(
    cloud: Cloud, file: Path
) -> None:
    cloud.accepted = 5
    cloud.then = lambda: False

    ended = import_(file, "--keep-stock")

    assert ended.exit_code == 1
    assert "5  CONFIRMED" in ended.stdout
    assert "of 20 orders, 5 placed, 5 settled, 1 unknown, 14 not sent" in ended.stderr


def test_expired_credentials_do_not_hide_what_is_placed(cloud: Cloud, file: Path) -> None:
    cloud.dynamodb_error = "com.amazon.coral.service#ExpiredTokenException"

    ended = import_(file, "--keep-stock")

    assert ended.exit_code == 1
    assert "of 20 orders, 20 placed, 0 settled, 0 unknown" in ended.stderr
    assert "The AWS credentials have expired" in ended.stderr
    assert "their status could not be read. Run the same command again" in ended.stderr


def test_when_the_stock_can_not_be_set_no_order_is_sent(cloud: Cloud, file: Path) -> None:
    cloud.dynamodb_error = "com.amazon.coral.service#ExpiredTokenException"

    ended = import_(file)

    assert ended.exit_code == 1
    assert "error: The AWS credentials have expired" in ended.stderr
    assert "No order was sent. Run the same command again to go on." in ended.stderr
    assert cloud.placed == []
    assert statuses(file.with_name("report.csv")) == ["not sent"] * 20


def test_held_orders_are_reported_as_held(cloud: Cloud, file: Path) -> None:
    cloud.status = {"status": "ON_HOLD", "reason": "payment"}

    ended = import_(file, "--keep-stock")

    assert ended.exit_code == 1
    assert "20  ON_HOLD (payment)" in ended.stdout
    assert "20 orders are held (payment), on the payment queue" in ended.stderr
    assert "`orderctl dlq redrive payment`" in ended.stderr
    assert "--timeout" not in ended.stderr


def test_the_json_counts_how_the_orders_ended(cloud: Cloud, file: Path) -> None:
    cloud.status = {"status": "ON_HOLD", "reason": "payment"}

    ended = import_(file, "--keep-stock", "--json")

    found = read_documented(ended.stdout, "import")
    assert ended.exit_code == 1
    assert (found["placed"], found["unknown"]) == (20, 0)
    assert found["outcomes"] == [{"status": "ON_HOLD", "reason": "payment", "orders": 20}]


def test_ctrl_c_while_the_products_are_stocked_says_that_no_order_was_sent(
    cloud: Cloud, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("orderctl.products.ProductsTable.not_stocked_from", lambda *_: [MUG])
    monkeypatch.setattr("orderctl.products.ProductsTable.stock", interrupt)

    ended = import_(file)

    assert ended.exit_code == 130
    assert (
        "Interrupted: stocked 0 of 1 product\nNo order was sent. Run the same command again." in ended.stderr
    )
    assert cloud.placed == []


def test_ctrl_c_ends_the_import_with_the_same_summary(cloud: Cloud, file: Path) -> None:
    reached, end = threading.Event(), threading.Event()
    cloud.accepted = 5

    def respond_too_late() -> bool:
        reached.set()
        return end.wait()

    cloud.then = respond_too_late
    report = file.with_name("report.csv")
    command = [sys.executable, "-m", "orderctl", "import", str(file), "--keep-stock", "--concurrency", "1"]
    with subprocess.Popen(  # noqa: S603  ours
        [*command, "--report", str(report)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as importing_process:
        reached.wait()
        os.kill(importing_process.pid, signal.SIGINT)
        output, errors = importing_process.communicate()
    end.set()

    assert importing_process.returncode == 130
    assert "5  CONFIRMED" in output
    assert "error: Interrupted: of 20 orders, 5 placed, 5 settled, 1 unknown, 14 not sent" in errors
    assert "Traceback" not in errors
    assert statuses(report) == ["CONFIRMED"] * 5 + ["unknown"] + ["not sent"] * 14


def test_the_end_of_an_outage_is_said_and_the_import_goes_on(cloud: Cloud, file: Path) -> None:
    answers = iter([False])
    cloud.accepted = 5
    cloud.then = lambda: next(answers, True)

    ended = import_(file, "--keep-stock")

    assert ended.exit_code == 0, ended.output
    assert "does not respond" in ended.stderr
    assert "responds again" in ended.stderr
    assert statuses(file.with_name("report.csv")) == ["CONFIRMED"] * 20
