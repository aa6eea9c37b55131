"""draw: the picture of an order from its log, and the development use."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoints
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from typer.testing import CliRunner

from devtools.asl.definition import read_definition
from orderctl import command_list, execution_log
from orderctl.commands import drawing
from orderctl.main import app
from tests.backlog import Backlog
from tests.execution_logs import RecordedLog
from tests.moto_clients import client
from tests.unit.picture_samples import classes, parse, state, words

Draw = Callable[..., Result]
GROUP = "/aws/vendedlogs/states/Orders"
PLACED = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
LOG = RecordedLog.read("held_redriven_cancelled")


@pytest.fixture
def backlog(dev_template: dict[str, Any]) -> Iterator[Backlog]:
    with Backlog.in_moto(dev_template) as backlog:
        client("logs").create_log_group(logGroupName=GROUP)
        yield backlog


@pytest.fixture
def draw(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Run `orderctl draw` on the tables and the log in moto, and a deployed definition."""
    deployed = SimpleNamespace(log_group=GROUP, definition=read_definition())
    monkeypatch.setattr(drawing, "find_stack", lambda *_: backlog.stack)
    monkeypatch.setattr(drawing, "DeployedWorkflow", lambda _: deployed)
    monkeypatch.setattr(execution_log, "DeployedWorkflow", lambda _: deployed)
    return lambda *arguments: CliRunner().invoke(app, ["draw", *map(str, arguments)])


@pytest.fixture
def order_id(backlog: Backlog) -> str:
    """An order that was held, redriven, confirmed and cancelled."""
    order_id = str(uuid4())
    times = LOG.put_into_log(GROUP, order_id, since=PLACED)
    redriven_at = PLACED.isoformat().removesuffix("+00:00")
    backlog.place("CANCELLED", orderId=order_id, reason="OPERATOR", redrivenAt=redriven_at, **times)
    return order_id


def test_draw_writes_the_last_execution_into_a_file(draw: Draw, order_id: str, tmp_path: Path) -> None:
    file = tmp_path / "order.svg"

    outcome = draw(order_id, "--output", file)

    assert (outcome.exit_code, outcome.stdout) == (0, "")
    svg = file.read_text(encoding="utf-8")
    assert "Execution 3 of 3, started by the request to cancel the order" in words(parse(svg))
    assert f"Order {order_id}" in words(parse(svg))
    assert "ended-cancelled" in classes(state(svg, "OrderProcessed"))


def test_without_an_output_the_file_is_named_by_the_order(
    draw: Draw, order_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    draw(order_id)

    assert [each.name for each in tmp_path.iterdir()] == [f"order-{order_id}.svg"]


def test_an_execution_is_chosen_by_its_number_and_written_to_standard_output(
    draw: Draw, order_id: str
) -> None:
    svg = draw(order_id, "--execution", 1, "--output", "-").stdout

    assert "Execution 1 of 3" in words(parse(svg))
    assert "caught" in classes(state(svg, "ReserveInventory"))


def test_the_whole_workflow_is_drawn_on_demand(draw: Draw, order_id: str) -> None:
    svg = draw(order_id, "--whole", "--output", "-").stdout

    assert "pale" in classes(state(svg, "HoldOrder"))


def test_an_execution_that_there_is_not_is_told_in_one_line(draw: Draw, order_id: str) -> None:
    outcome = draw(order_id, "--execution", 4)

    assert outcome.exit_code == 1
    assert f"error: There is no execution 4 of {order_id}: the log has 3 executions" in outcome.stderr


def test_an_unknown_order_is_told(draw: Draw) -> None:
    outcome = draw("23ac301d-e113-400f-8d5a-f406e39d870a")

    assert outcome.exit_code == 1
    assert "error: There is no order 23ac301d-e113-400f-8d5a-f406e39d870a" in outcome.stderr


def test_an_order_that_has_just_been_placed_has_no_execution_yet(draw: Draw, backlog: Backlog) -> None:
    order_id = backlog.place("PENDING", createdAt=PLACED.isoformat())

    outcome = draw(order_id)

    assert outcome.exit_code == 1
    assert f"error: The log has no execution of {order_id} yet\nRun this again" in outcome.stderr


def test_a_file_that_cannot_be_written_is_told(draw: Draw, order_id: str, tmp_path: Path) -> None:
    outcome = draw(order_id, "--output", tmp_path / "missing" / "order.svg")

    assert outcome.exit_code == 1
    assert "order.svg: No such file or directory" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--whole",), "give the id of an order"),
        (("--execution", "1"), "give the id of an order"),
        ((str(uuid4()), "--update"), "give the id of an order or a file, not both"),
        ((str(uuid4()), "--recording", "x.json"), "give the id of an order or a file, not both"),
        (("nonsense",), "'nonsense' is not an order id"),
    ],
)
def test_wrong_arguments_are_refused(draw: Draw, arguments: tuple[str, ...], error: str) -> None:
    outcome = draw(*arguments)

    assert outcome.exit_code == 2
    assert error in outcome.stderr


def test_a_recording_needs_the_development_tools(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_list, "entry_points", lambda **_: EntryPoints([]))

    outcome = draw("--recording", "confirmed.json")

    assert outcome.exit_code == 1
    assert "error: `orderctl draw` needs the development tools" in outcome.stderr
    assert "Clone the repository" in outcome.stderr
