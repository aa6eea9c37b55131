"""The folded layout: from top to bottom, branches side by side, nothing over anything else."""

from itertools import combinations, pairwise
from typing import Any

import pytest

from orderctl.picture.folded import fold
from orderctl.picture.machine import Machine, read_machine
from orderctl.picture.measures import STUB_HEIGHT, WIDTH
from orderctl.picture.pieces import Card, Folded
from tests.execution_logs import RecordedLog
from tests.unit.drawing_samples import Rectangle, overlap
from tests.unit.picture_samples import execution_of, logged, order_machine

ALL = [
    (name, number)
    for name in ("confirmed_at_second_attempt", "held_after_retries", "held_redriven_cancelled", "lost_race")
    for number in range(1, len(RecordedLog.read(name).executions) + 1)
]


def folded(name: str, number: int = 1) -> Folded:
    return fold(execution_of(logged(name, number)).trace, order_machine(), "held it", (0, 0))


def card(picture: Folded, name: str) -> Card:
    (found,) = (each for each in picture.cards if each.view.name == name)
    return found


def test_only_what_was_entered_has_a_card() -> None:
    picture = folded("held_after_retries")

    names = {each.view.name for each in picture.cards}
    assert "AuthorizePayment" in names
    assert "CapturePayment" not in names
    assert "CapturePayment" in {each.way.target for each in picture.stubs}


def test_branches_are_side_by_side_in_the_order_of_the_definition_inside_of_their_frame() -> None:
    picture = folded("held_after_retries")

    frame = card(picture, "ProcessOrder")
    branches = [card(picture, name) for name in ("ReserveInventory", "AuthorizePayment", "NotifyReceived")]
    assert len({each.y for each in branches}) == 1
    for one, other in pairwise(branches):
        assert one.x + one.width < other.x
    inside = [*branches, card(picture, "ParkAuthorizePayment")]
    assert all(contains(rectangle(frame), rectangle(each)) for each in inside)


def test_states_follow_each_other_downwards_on_one_line() -> None:
    picture = folded("held_after_retries")

    names = ("ProcessOrder", "DecideOutcome", "PaymentBroken", "HoldOrder", "AnnounceHeld", "LeaveToOperator")
    path = [card(picture, name) for name in names]
    assert len({each.x for each in path}) == 1
    for one, other in pairwise(path):
        assert one.y + one.height < other.y


def test_the_handler_of_an_error_is_below_its_step_and_its_line_is_that_of_an_error() -> None:
    picture = folded("held_after_retries")

    step, handler = card(picture, "AuthorizePayment"), card(picture, "ParkAuthorizePayment")
    assert step.x == handler.x
    (line,) = (each for each in picture.wires if each.points[-1][1] == handler.y and each.is_catch)
    assert line.points[0][1] == step.y + step.height


@pytest.mark.parametrize(("name", "number"), ALL)
def test_nothing_covers_anything_else(name: str, number: int) -> None:
    picture = folded(name, number)

    assert picture.end
    end: Rectangle = (picture.end.x, picture.end.y, picture.end.width, picture.end.height)
    solid = [rectangle(each) for each in picture.cards if not each.is_frame]
    stubs = [(each.x, each.y, each.width, STUB_HEIGHT - 1) for each in picture.stubs]
    words = [(each.x, each.y, 40.0, 11.0) for each in picture.labels]
    everything = [*solid, *stubs, *words, end]
    assert not [pair for pair in combinations(everything, 2) if overlap(*pair)]
    assert all(x >= 0 and x + width <= WIDTH for x, _, width, _ in everything)


def test_many_branches_are_put_into_several_rows() -> None:
    names = [f"Step{number}" for number in range(7)]
    picture = fold(execution_of(parallel(names)).trace, parallel_machine(names), "", (0, 0))

    rows = {card(picture, name).y for name in names}
    assert len(rows) == 3
    assert all(contains(rectangle(card(picture, "All")), rectangle(card(picture, name))) for name in names)


def test_a_branch_that_the_definition_does_not_have_is_drawn_last() -> None:
    names = ["Known", "Other"]
    picture = fold(execution_of(parallel(names[::-1])).trace, parallel_machine(names[:1]), "", (0, 0))

    assert card(picture, "Known").x < card(picture, "Other").x
    assert not card(picture, "Other").view.is_known


def parallel_machine(names: list[str]) -> Machine:
    branches = [{"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}} for name in names]
    return read_machine(
        {"StartAt": "All", "States": {"All": {"Type": "Parallel", "Branches": branches, "End": True}}}
    )


def parallel(names: list[str]) -> list[dict[str, Any]]:
    """Return the events of an execution of one Parallel state, with a branch for each name."""
    events = [
        event(1, 0, "ParallelStateEntered", name="All"),
        event(2, 1, "ParallelStateStarted"),
    ]
    for name in names:
        number = len(events) + 1
        events.append(event(number, 2, "PassStateEntered", name=name))
        events.append(event(number + 1, number, "PassStateExited", name=name))
    number = len(events) + 1
    return [
        *events,
        event(number, number - 1, "ParallelStateSucceeded"),
        event(number + 1, number, "ParallelStateExited", name="All"),
        event(number + 2, number + 1, "ExecutionSucceeded"),
    ]


def event(number: int, previous: int, type_: str, **details: str) -> dict[str, Any]:
    return {
        "id": number,
        "previous_event_id": previous,
        "type": type_,
        "event_timestamp": str(1795702906870 + number),
        "details": details,
    }


def rectangle(each: Card) -> Rectangle:
    return each.x, each.y, each.width, each.height


def contains(outer: Rectangle, inner: Rectangle) -> bool:
    (x, y, width, height), (inner_x, inner_y, inner_width, inner_height) = outer, inner
    return (
        x <= inner_x
        and y <= inner_y
        and inner_x + inner_width <= x + width
        and inner_y + inner_height <= y + height
    )
