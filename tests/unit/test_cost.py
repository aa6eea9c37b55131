"""What orderctl cost prints: the measured numbers times the price list."""

import json
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from devtools.cost.document import DOCUMENT, with_table
from infrastructure.config import StageConfig
from orderctl.cost.bill import MILLION, Bill, Costs
from orderctl.cost.durations import Durations
from orderctl.cost.measured import EXECUTION_LOG, Measured, Outcome
from orderctl.cost.price_list import price_list
from orderctl.main import app
from tests.orderctl_json import read_documented

MEASURED = Measured.read()


def costs(orders: int = MILLION, lines: int = 3) -> Costs:
    return Costs(prices=price_list(), measured=MEASURED, orders=orders, lines=lines)


def line(bill: Bill, operation: str) -> float:
    """Return what a line of the bill costs for a million orders."""
    return round(next(MILLION * item.dollars for item in bill.items if item.operation == operation), 6)


def test_every_price_is_of_one_date_and_has_the_page_of_aws_as_its_source() -> None:
    assert price_list().date == "2026-11"
    for price in price_list().prices.values():
        assert price.dollars > 0
        assert urlsplit(price.source)._replace(path="").geturl() == "https://aws.amazon.com"


def test_every_stated_value_has_a_reason() -> None:
    assert all(len(each.reason) > len("docs/operations.md") for each in price_list().stated.values())


def test_every_outcome_was_measured_with_the_same_numbers_of_lines() -> None:
    assert set(MEASURED.cases) == {(outcome, lines) for outcome in Outcome for lines in (1, 3, 10, 98)}


def test_a_line_of_the_bill_is_what_was_counted_times_its_price() -> None:
    usage = MEASURED.of(Outcome.CONFIRMED, 3)

    bill = costs().bill(Outcome.CONFIRMED)

    assert line(bill, "REST requests") == 3.5
    assert line(bill, "writes of the table Inventory") == 2 * 3 * 0.625
    assert line(bill, "log of executions") == pytest.approx(usage.log_bytes[EXECUTION_LOG] / 2**30 * 0.5e6)
    assert bill.dollars == sum(item.dollars for item in bill.items)


def test_the_duration_of_a_function_is_its_calls_and_what_is_stated_for_each() -> None:
    usage = replace(
        MEASURED.of(Outcome.CONFIRMED, 3),
        invocations={"inventory": 2},
        calls={"inventory": {"dynamodb:GetItem": 2, "dynamodb:TransactWriteItems": 2}},
    )

    seconds = Durations(price_list(), MEASURED).function_gigabyte_seconds(usage)

    assert seconds == pytest.approx(2 * (10 + 8 + 25) / 1000 * 0.5)


def test_an_execution_is_billed_for_its_longest_branches_in_steps_of_100_ms_and_64_mb() -> None:
    usage = replace(
        MEASURED.of(Outcome.CONFIRMED, 3),
        invocations={},
        states=10,
        executions=(((("dynamodb", "wait 2"), ("events",)), (("sqs",),)),),
    )

    seconds = Durations(price_list(), MEASURED).express_gigabyte_seconds(usage)

    # 15 + 2,000 ms side by side with 30 ms, then 20 ms, and 10 states of 3 ms
    assert seconds == pytest.approx(2.1 * 64 / 1024)


def test_stripe_makes_the_functions_and_the_executions_longer_and_nothing_else() -> None:
    simulated, stripe = costs().bill(Outcome.CONFIRMED), costs().with_stripe(Outcome.CONFIRMED)

    dearer = [
        after.operation
        for before, after in zip(simulated.items, stripe.items, strict=True)
        if after.dollars > before.dollars
    ]

    assert dearer == ["duration", "Express duration"]


def test_a_standard_workflow_costs_its_transitions_and_no_log() -> None:
    bill = costs().standard(Outcome.CONFIRMED)

    assert line(bill, "state transitions") == 25 * MEASURED.of(Outcome.CONFIRMED, 3).states
    assert "log of executions" not in [item.operation for item in bill.items]
    assert "Express executions" not in [item.operation for item in bill.items]


def test_only_the_log_of_executions_is_smaller_without_execution_data() -> None:
    with_data, without = costs().bill(Outcome.DECLINED), costs().without_data(Outcome.DECLINED)

    saved = line(with_data, "log of executions") - line(without, "log of executions")

    assert MILLION * (with_data.dollars - without.dollars) == pytest.approx(saved)
    assert saved > 5


def test_x_ray_follows_as_many_requests_as_in_prod() -> None:
    prod = StageConfig.for_stage("prod", payment_gateway="simulated")

    assert prod.traced_percent is not None
    assert costs().traced_share == prod.traced_percent / 100
    assert line(costs().bill(Outcome.CONFIRMED), "traces") == pytest.approx(0.25)


def test_the_changes_of_an_order_are_a_part_of_a_batch_of_the_metrics_function() -> None:
    usage = MEASURED.of(Outcome.CONFIRMED, 3)
    alone = _with_batches_of(1).bill(Outcome.CONFIRMED)

    shared = _with_batches_of(4).bill(Outcome.CONFIRMED)

    saved_requests = line(alone, "requests") - line(shared, "requests")
    saved_bytes = 2 * usage.log_bytes["metrics"] * (1 - 1 / 4)
    assert saved_requests == pytest.approx(2 * (1 - 1 / 4) * 0.2)
    assert line(alone, "duration") > line(shared, "duration")
    assert line(alone, "logs of functions") - line(shared, "logs of functions") == pytest.approx(
        saved_bytes / 2**30 * 0.5e6, abs=1e-5
    )


def _with_batches_of(changes: int) -> Costs:
    stated = price_list().stated
    batch = replace(stated["changesPerBatch"], value=changes)
    prices = replace(price_list(), stated={**stated, "changesPerBatch": batch})
    return replace(costs(), prices=prices)


def test_each_sweep_is_a_trace() -> None:
    sweeper = next(each.dollars for each in costs().monthly() if each.what.startswith("sweeper"))

    assert sweeper > 60 * 730 * 5 / 1e6


def test_a_month_is_what_the_operations_document_says() -> None:
    monthly = {each.what: round(each.dollars, 2) for each in costs().monthly()}

    text = (DOCUMENT.parent / "operations.md").read_text(encoding="utf-8")
    assert f"{monthly['alarms, dashboard and the key of their topic']:.2f} USD a month" in text
    assert f"{monthly['metrics of our own']:.2f} USD a month" in text


def test_logs_and_events_are_kept_as_long_as_in_prod() -> None:
    prod = StageConfig.for_stage("prod", payment_gateway="simulated")

    assert (prod.log_retention, prod.archive_days) == ("THREE_MONTHS", 30)
    usage = MEASURED.of(Outcome.CONFIRMED, 3)
    records, logs, events = (each.dollars for each in costs().kept(Outcome.CONFIRMED))
    assert records == pytest.approx(usage.stored_bytes * 1e6 / 2**30 * (0.25 + 0.2))
    # Two changes are half of a batch of four.
    log_bytes = sum(usage.log_bytes.values()) - usage.log_bytes["metrics"] / 2
    assert logs == pytest.approx(log_bytes * 1e6 / 2**30 * 0.15 * 3 * 0.03)
    assert events == pytest.approx(usage.event_bytes * 1e6 / 2**30 * 0.023)


def test_the_table_in_the_document_is_that_of_the_file() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert with_table(text, MEASURED) == text


def test_the_command_shows_totals_comparisons_and_what_is_stated() -> None:
    shown = CliRunner().invoke(app, ["cost", "--lines", "10"])

    assert shown.exit_code == 0, shown.output
    dollars = MILLION * costs(lines=10).bill(Outcome.CONFIRMED).dollars
    assert f"{dollars:.2f}" in next(row for row in shown.output.splitlines() if row.split()[:1] == ["total"])
    assert "Biggest: " in shown.output
    assert "Stated, not measured: functionMillis 10 ms" in shown.output
    assert "on a Standard workflow" in shown.output
    assert "prices of 2026-11" in shown.output


def test_the_json_has_every_line_of_the_bill_and_is_documented() -> None:
    shown = CliRunner().invoke(app, ["cost", "--orders", "2e6", "--json"])

    document = read_documented(shown.stdout, "cost")

    confirmed = document["outcomes"][0]
    assert document["orders"] == 2_000_000
    assert sum(item["dollarsPerMillion"] for item in confirmed["items"]) == pytest.approx(
        confirmed["dollarsPerMillion"]
    )
    assert confirmed["dollars"] == pytest.approx(2 * confirmed["dollarsPerMillion"])
    assert {item["price"] for item in confirmed["items"]} <= {price["name"] for price in document["prices"]}


@pytest.mark.parametrize(
    "arguments", [["--lines", "4"], ["--orders", "0"], ["--orders", "1.5"], ["--orders", "x"]]
)
def test_other_numbers_are_refused(arguments: list[str]) -> None:
    refused = CliRunner().invoke(app, ["cost", *arguments])

    assert refused.exit_code == 2
    assert arguments[1] in refused.output


def test_the_file_is_written_as_it_is_read() -> None:
    written = {**MEASURED.of(Outcome.HELD, 3).to_json()}

    assert type(MEASURED.sweep).from_json(json.loads(json.dumps(written))) == MEASURED.of(Outcome.HELD, 3)
