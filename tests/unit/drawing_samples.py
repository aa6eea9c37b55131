"""State machines, recordings and geometry for the drawing tests."""

import json
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from orderctl.picture.machine import Machine, read_machine
from orderctl.picture.placed import Box, Line

ORDER_WORKFLOW = Path(__file__).parents[2] / "statemachines" / "order_workflow.asl.json"

Rectangle = tuple[float, float, float, float]


def order_workflow() -> Machine:
    return read_machine(json.loads(ORDER_WORKFLOW.read_text(encoding="utf-8")))


def passed(*names: str) -> list[dict[str, Any]]:
    """Events of states without tasks, or of tasks that succeeded at the first attempt."""
    return [
        event
        for name in names
        for event in (
            {"type": "TaskStateEntered", "state": name},
            {"type": "TaskStateExited", "state": name},
        )
    ]


def attempted(name: str, *, failures: int, succeeded: bool) -> list[dict[str, Any]]:
    """Events of a task that failed several times, and then succeeded or had no retry left."""
    entered, exited = passed(name)
    last = [{"type": "TaskSucceeded", "state": name}] if succeeded else []
    return [entered, *([{"type": "TaskFailed", "state": name}] * failures), *last, exited]


def confirmed() -> dict[str, Any]:
    """A recording of a confirmed order whose payment succeeded at the second attempt."""
    return {
        "scenario": "confirmed",
        "status": "SUCCEEDED",
        "history": {
            "OrderWorkflow": passed(
                "ProcessOrder",
                "DecideOutcome",
                "CapturePayment",
                "ConfirmOrder",
                "AnnounceConfirmed",
                "NotifyConfirmed",
                "DecideClosing",
                "CloseOrder",
                "OrderProcessed",
            ),
            "ProcessOrder[0]": passed("ReserveInventory"),
            "ProcessOrder[1]": attempted("AuthorizePayment", failures=1, succeeded=True),
            "ProcessOrder[2]": passed("NotifyReceived"),
        },
    }


def payment_outage() -> dict[str, Any]:
    """A recording of an order that was held because the payment gateway was down."""
    return {
        "scenario": "payment_outage",
        "status": "SUCCEEDED",
        "history": {
            "OrderWorkflow": passed(
                "ProcessOrder",
                "DecideOutcome",
                "PaymentBroken",
                "HoldOrder",
                "AnnounceHeld",
                "DecideClosing",
                "LeaveToOperator",
                "OrderProcessed",
            ),
            "ProcessOrder[0]": passed("ReserveInventory"),
            "ProcessOrder[1]": attempted("AuthorizePayment", failures=4, succeeded=False)
            + passed("ParkAuthorizePayment"),
            "ProcessOrder[2]": passed("NotifyReceived"),
        },
    }


def overlap(one: Rectangle, other: Rectangle) -> bool:
    (x, y, width, height), (other_x, other_y, other_width, other_height) = one, other
    return (
        x < other_x + other_width
        and other_x < x + width
        and y < other_y + other_height
        and other_y < y + height
    )


def rectangle(box: Box) -> Rectangle:
    return box.x, box.y, box.width, box.height


def segments(line: Line) -> Iterator[Rectangle]:
    """The straight segments of a line, as thin rectangles."""
    for (x, y), (to_x, to_y) in pairwise(line.points):
        yield min(x, to_x), min(y, to_y), max(abs(to_x - x), 0.01), max(abs(to_y - y), 0.01)


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Small state machines with any combination of loops, handlers, choices and branches."""
    numbers = count(1)
    return read_machine(draw(_definitions(numbers, depth=1)))


@st.composite
def _definitions(draw: st.DrawFn, numbers: "count[int]", depth: int) -> dict[str, Any]:
    types = draw(st.lists(st.sampled_from(_TYPES if depth else _SIMPLE_TYPES), min_size=1, max_size=7))
    names = [f"State{'Long' * draw(st.integers(0, 3))}{next(numbers)}" for _ in types]
    target = st.sampled_from(names)
    states = {name: draw(_state(type_, target)) for name, type_ in zip(names, types, strict=True)}
    for state in states.values():
        if state["Type"] == "Parallel":
            state["Branches"] = [
                draw(_definitions(numbers, depth - 1)) for _ in range(draw(st.integers(1, 3)))
            ]
    return {"StartAt": names[0], "States": states}


_SIMPLE_TYPES = ("Task", "Task", "Task", "Pass", "Choice", "Succeed", "Fail")
_TYPES = (*_SIMPLE_TYPES, "Parallel")


@st.composite
def _state(draw: st.DrawFn, type_: str, target: st.SearchStrategy[str]) -> dict[str, Any]:
    state: dict[str, Any] = {"Type": type_}
    if type_ == "Choice":
        rule = st.builds(lambda next_: {"Variable": "$.n", "NumericEquals": 1, "Next": next_}, target)
        return state | {"Choices": draw(st.lists(rule, min_size=1, max_size=3)), "Default": draw(target)}
    if type_ in {"Succeed", "Fail"}:
        return state
    if type_ in {"Task", "Parallel"}:
        state["Catch"] = [
            {"ErrorEquals": ["States.ALL"], "Next": draw(target)} for _ in range(draw(st.integers(0, 2)))
        ]
    return state | draw(st.one_of(st.just({"End": True}), st.builds(lambda next_: {"Next": next_}, target)))
