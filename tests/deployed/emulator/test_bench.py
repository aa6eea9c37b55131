"""`orderctl bench` on the local cloud, and the bare pipeline that it is compared with."""

import os
import signal
import subprocess
import sys
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from devtools.bare_pipeline.pipeline import STACK_NAME, deployed
from orderctl.bench import Run, TimedApi
from orderctl.main import app
from orderctl.order_import import order_request
from orderctl.products import ProductsTable
from orderctl.stack import Stack
from tests.orderctl_json import read_documented


def test_the_rates_and_percentiles_of_a_benchmark_are_shown(local_stack: Stack) -> None:
    outcome = CliRunner().invoke(app, ["bench", "--orders", "12", "--concurrency", "3", "--json"])

    assert outcome.exit_code == 0, outcome.output
    found = read_documented(outcome.stdout, "bench")
    assert (found["accepted"], found["settled"]) == (12, 12)
    assert found["outcomes"] == [{"status": "CONFIRMED", "reason": None, "orders": 12}]
    assert found["acceptedPerSecond"] > 0
    assert 0 < found["settleSeconds"]["p50"] <= found["settleSeconds"]["p99"]
    assert f"the products {found['products']}-…" in outcome.stderr
    products = ProductsTable(local_stack).find([f"{found['products']}-0"])
    assert products[f"{found['products']}-0"].available > 0


@pytest.mark.usefixtures("local_stack")
def test_ctrl_c_ends_a_benchmark_and_says_what_was_placed() -> None:
    command = [sys.executable, "-m", "orderctl", "bench", "--orders", "5000", "--concurrency", "2"]
    with subprocess.Popen(  # noqa: S603  fixed
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stderr is not None
        while "placing orders" not in running.stderr.readline():
            assert running.poll() is None
        os.killpg(running.pid, signal.SIGINT)
        shown, said = running.communicate()

    assert running.returncode == 130
    assert "accepted" in shown
    assert "error: Interrupted: of 5000 orders, " in said
    assert "What is left: " in said


def test_the_bare_pipeline_writes_the_records_of_an_order_and_is_removed(local_stack: Stack) -> None:
    run = Run.of(1)
    order = order_request(run.file().orders[0])
    list(ProductsTable(local_stack).stock(run.products))

    with deployed(local_stack) as bare:
        placed = TimedApi(bare.stack).place(order, idempotency_key=str(uuid4()))
        bare.wait([placed.body["orderId"]])

    assert placed.status == 202
    with pytest.raises(ClientError, match="does not exist"):
        local_stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)
