"""The report of an import, with a line for each order."""

import csv
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.contract.names import OrderStatus
from orderctl.api_client import Response
from orderctl.errors import OperatorError
from orderctl.files.import_report import import_report
from orderctl.files.order_file import FileOrder
from orderctl.order_import import Placement
from orderctl.settlement import OrderState

PLACED = datetime(2026, 11, 22, 15, 14, 31, tzinfo=UTC)
HEADER = ["invoice", "orderId", "status", "reason", "seconds"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The order file of the import."""
    file = tmp_path / "orders.csv"
    file.write_text("InvoiceNo\n")
    return file


def order(invoice: str, *, products: int = 1) -> FileOrder:
    return FileOrder(
        invoice=invoice, customer_id="c", items=tuple((f"P{number}", 1) for number in range(products))
    )


def placed(invoice: str, *, status: int = 202, detail: str = "") -> Placement:
    body = {"orderId": f"id-{invoice}", "detail": detail}
    return Placement(order=order(invoice), response=Response(status=status, headers={}, body=body, seconds=0))


def state(invoice: str, status: OrderStatus, reason: str = "") -> OrderState:
    changed = PLACED + timedelta(seconds=1.5)
    return OrderState(
        order_id=f"id-{invoice}", status=status, reason=reason, created_at=PLACED, updated_at=changed
    )


def rows(file: Path) -> list[list[str]]:
    with file.open(newline="") as opened:
        return list(csv.reader(opened))


def test_every_order_of_the_file_has_a_line(tmp_path: Path, source: Path) -> None:
    file = tmp_path / "report.csv"

    with import_report(file, source=source) as report:
        report.fill(
            [
                placed("1"),
                placed("2"),
                placed("3"),
                placed("4", status=422, detail="unknown"),
                Placement(order=order("5"), error="no connection"),
                Placement(order=order("6"), error="not sent", sent=False),
                placed("8"),
            ],
            [
                state("1", OrderStatus.CONFIRMED),
                state("2", OrderStatus.ON_HOLD, "payment"),
                state("8", OrderStatus.CANCELLED, "CUSTOMER"),
            ],
            refused=[order("7", products=99)],
        )

    assert rows(file) == [
        HEADER,
        ["1", "id-1", "CONFIRMED", "", "1.500"],
        ["2", "id-2", "ON_HOLD", "payment", ""],
        ["3", "id-3", "status unknown", "", ""],
        ["4", "", "not accepted", "The API responded with 422: unknown", ""],
        ["5", "", "unknown", "no connection", ""],
        ["6", "", "not sent", "not sent", ""],
        ["8", "id-8", "CANCELLED", "CUSTOMER", "1.500"],
        ["7", "", "not sent", "more than 98 distinct products", ""],
    ]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OperatorError("AWS does not respond")])
def test_the_report_is_written_when_the_import_ends_early(
    tmp_path: Path, source: Path, failure: BaseException | type[BaseException]
) -> None:
    file = tmp_path / "report.csv"

    with suppress(KeyboardInterrupt, OperatorError), import_report(file, source=source) as report:
        report.fill([Placement(order=order("1"), error="not sent", sent=False)])
        raise failure

    assert rows(file) == [HEADER, ["1", "", "not sent", "not sent", ""]]
    assert sorted(found.name for found in tmp_path.iterdir()) == ["orders.csv", "report.csv"]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula_for_a_spreadsheet(tmp_path: Path, source: Path, start: str) -> None:
    file = tmp_path / "report.csv"

    with import_report(file, source=source) as report:
        report.fill([Placement(order=order(start), error=start, sent=False)])

    invoice, _, _, reason, _ = rows(file)[1]
    assert invoice.startswith("'")
    assert reason.startswith("'")


def test_a_report_that_can_not_be_written_is_refused_before_the_import(tmp_path: Path, source: Path) -> None:
    missing, begun = tmp_path / "none" / "report.csv", False

    with (
        pytest.raises(OperatorError, match="can't be written: No such file or directory"),
        import_report(missing, source=source),
    ):
        begun = True

    assert not begun


def test_the_order_file_is_not_overwritten(tmp_path: Path, source: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(source)

    with pytest.raises(OperatorError, match="is the order file"), import_report(link, source=source):
        pass

    assert source.read_text() == "InvoiceNo\n"


def test_an_earlier_report_is_replaced(tmp_path: Path, source: Path) -> None:
    file = tmp_path / "report.csv"
    file.write_text("an earlier, longer report\n" * 100)
    before = (tmp_path / "new.txt").open("w")
    before.close()

    with import_report(file, source=source) as report:
        report.fill([placed("1")])

    assert rows(file) == [HEADER, ["1", "id-1", "status unknown", "", ""]]
    assert file.stat().st_mode == (tmp_path / "new.txt").stat().st_mode
