"""Executions of orders, as their logs have them or with what the tests change, and their pictures."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from orderctl.order_report import Execution, described
from orderctl.picture.execution_picture import draw_execution
from orderctl.picture.heading import heading_of
from orderctl.picture.machine import Machine, read_machine
from orderctl.trace import LoggedEvent, trace_execution
from tests.execution_logs import RecordedLog

SVG = "{http://www.w3.org/2000/svg}"
_DEFINITION = Path(__file__).parents[2] / "statemachines" / "order_workflow.asl.json"

Events = list[dict[str, Any]]


def order_machine() -> Machine:
    return read_machine(json.loads(_DEFINITION.read_text(encoding="utf-8")))


def logged(name: str, number: int = 1) -> Events:
    """Return the events of one execution of a recorded log, to be changed."""
    return [*json.loads(json.dumps(RecordedLog.read(name).executions[number - 1]["events"]))]


def until(events: Events, state: str, *, more: int = 0) -> Events:
    """Return the events until a state was entered, and some more."""
    place = next(place for place, event in enumerate(events) if entered(event) == state)
    return events[: place + 1 + more]


def entered(event: dict[str, Any]) -> str:
    return str(event["details"]["name"]) if event["type"].endswith("StateEntered") else ""


def renamed(events: Events, old: str, new: str) -> Events:
    for event in events:
        if event["details"].get("name") == old:
            event["details"]["name"] = new
    return events


def fails(events: Events, error: str, cause: str) -> Events:
    """Let the last state fail, and the execution with it."""
    last = events[-1]
    at, details = last["event_timestamp"], {"error": error, "cause": cause}
    ending = [(1, "TaskFailed"), (2, "ExecutionFailed")]
    added = [
        {
            "id": last["id"] + more,
            "previous_event_id": last["id"] + more - 1,
            "type": type_,
            "event_timestamp": at,
            "details": details,
        }
        for more, type_ in ending
    ]
    return [*events, *added]


def execution_of(events: Events, **record: Any) -> Execution:
    (execution,) = described(record, [trace_execution("arn", map(LoggedEvent.from_json, events))])
    return execution


def picture_of(events: Events, status: str = "ON_HOLD", reason: str = "", **options: Any) -> str:
    """Draw one execution of an order; `options` are those of `draw_execution`."""
    record = {"orderId": "8547e4d2-0a4c-59dd-964c-3b5b9bc2fb08", "status": status, "reason": reason}
    execution = execution_of(events, **record)
    return draw_execution(
        heading=heading_of(record, record["orderId"], [execution], execution),
        execution=execution,
        **{"machine": order_machine(), **options},
    )


def recorded_picture(name: str, number: int = 1, **options: Any) -> str:
    """Draw one execution of a recorded log."""
    log = RecordedLog.read(name)
    executions = log.described()
    execution = executions[number - 1]
    return draw_execution(
        heading=heading_of(log.record, log.record["orderId"], executions, execution),
        execution=execution,
        **{"machine": order_machine(), **options},
    )


def time_of(event: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(event["event_timestamp"]) / 1000, UTC)


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  our own drawing


def groups(svg: str, matches: Callable[[set[str]], bool]) -> list[ET.Element]:
    return [each for each in parse(svg).iter(f"{SVG}g") if matches(classes(each))]


def classes(element: ET.Element) -> set[str]:
    return set(element.get("class", "").split())


def state(svg: str, name: str) -> ET.Element:
    """Return what is drawn of a state that was entered; where it was not, of its first stub."""
    found = [each for each in parse(svg).iter(f"{SVG}g") if each.get("data-state") == name]
    return min(found, key=lambda each: "not-reached" in classes(each))


def words(element: ET.Element) -> str:
    """Return the text that one sees, in one line."""
    return " ".join(each.text or "" for each in element.iter(f"{SVG}text"))


def signs(element: ET.Element) -> list[str]:
    return [each.get("d", "") for each in element.iter(f"{SVG}path") if each.get("class") == "sign"]
