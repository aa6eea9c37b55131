"""The state machine and the document have the same order updates as the code."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from devtools.asl.definition import read_definition
from devtools.checkout import REPOSITORY
from handlers.contract import order_lifecycle as lifecycle
from handlers.contract.names import CancelReason
from handlers.contract.order_lifecycle import STATE_MACHINE_WRITES, OrderWrite
from orderctl.deployed_workflow import states

_ORDER: Final = "6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11"
_NOW: Final = "2026-11-22T15:14:31.123Z"
_WRITES: Final[Mapping[str, OrderWrite]] = {
    **{f"`{state}`": write for state, write in STATE_MACHINE_WRITES.items()},
    "API, operator: `request_cancellation`": lifecycle.request_cancellation(
        _ORDER, _NOW, CancelReason.CUSTOMER, comment="a comment", confirmed_since=_NOW
    ),
    "API, operator: `request_cancellation`, no confirmed order": lifecycle.request_cancellation(
        _ORDER, _NOW, CancelReason.CUSTOMER, comment="a comment"
    ),
    "sweeper: `request_cancellation`, expired hold": lifecycle.request_cancellation(
        _ORDER, _NOW, CancelReason.HOLD_EXPIRED, seen="key"
    ),
    "sweeper: `count_attempt`": lifecycle.count_attempt("key", 1, _NOW),
    "sweeper: `mark_unannounced`": lifecycle.mark_unannounced("key"),
    "sweeper: `hold_after_attempts`": lifecycle.hold_after_attempts("key", "workflow", _NOW),
    "sweeper: `leave_to_operator`": lifecycle.leave_to_operator("key", _NOW),
    "redrive: `resume`": lifecycle.resume(_NOW, _NOW),
    "redrive: `reopen`": lifecycle.reopen(_ORDER, _NOW, _NOW, announce_again=False),
    "eraser: `erase_contact`": lifecycle.erase_contact(_NOW),
    "operator: `forget`": lifecycle.forget(_ORDER, "cust-1", _NOW),
    "redrive: `reopen`, announce again": lifecycle.reopen(_ORDER, _NOW, _NOW, announce_again=True),
}


def updates_of_the_definition() -> dict[str, Any]:
    """Return the parameters of every state that updates an order, by the state's name."""
    return {
        name: state["Parameters"]
        for name, state in states(read_definition())
        if str(state.get("Resource", "")).endswith(":dynamodb:updateItem")
    }


def test_the_state_machine_makes_the_updates_of_the_protocol() -> None:
    expected = {
        state: {
            "TableName": "${OrdersTableName}",
            "Key": {"orderId": {"S.$": "$.orderId"}, "record": {"S": "ORDER"}},
            **write.arguments(_as_written_in_asl),
        }
        for state, write in STATE_MACHINE_WRITES.items()
    }

    assert updates_of_the_definition() == expected


def test_the_document_lists_the_changes_and_the_condition_of_every_write() -> None:
    document = (REPOSITORY / "docs" / "order-lifecycle.md").read_text(encoding="utf-8")
    rows = [row for row in document.splitlines() if row.count(" | ") == 3 and "`" in row]

    assert [row for row in rows if not row.startswith("| API:")] == [
        f"| {writer} | {_names(_sets(write))} | {_names(_removes(write))} | `{write.condition}` |"
        for writer, write in _WRITES.items()
    ]


def test_the_document_lists_the_attributes_of_a_new_order() -> None:
    document = (REPOSITORY / "docs" / "order-lifecycle.md").read_text(encoding="utf-8")
    stored = _names(lifecycle.stored_order(_ORDER, _NOW))

    assert f"| API: `stored_order` | {stored} | | `{lifecycle.NOT_STORED}` |" in document


def test_every_placeholder_of_an_expression_has_a_value_and_every_value_is_used() -> None:
    for writer, write in _WRITES.items():
        used = set(re.findall(r":\w+", write.update + " " + write.condition))

        assert used == set(write.values), writer


def test_a_redrive_without_messages_keeps_the_time_of_the_last_redrive() -> None:
    for write in (lifecycle.resume(_NOW, None), lifecycle.reopen(_ORDER, _NOW, None, announce_again=True)):
        assert "redrivenAt" not in write.update
        assert ":redriven" not in write.values


def _as_written_in_asl(values: Mapping[str, Any]) -> dict[str, Any]:
    is_path = re.compile(r"\$|States\.")
    return {name: {"S.$" if is_path.match(value) else "S": value} for name, value in values.items()}


def _sets(write: OrderWrite) -> Iterator[str]:
    set_, _, _ = write.update.removeprefix("SET ").partition(" REMOVE ")
    # Not at a comma between the arguments of a function.
    parts = re.split(r", (?![^(]*\))", set_)
    return (each.partition(" = ")[0].removeprefix("#") for each in parts)


def _removes(write: OrderWrite) -> Iterator[str]:
    _, _, removed = write.update.partition(" REMOVE ")
    return (name for name in removed.split(", ") if name)


def _names(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)
