"""The layout of the order workflow and of any other state machine."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations, pairwise
from math import isclose
from typing import Any

import pytest
from hypothesis import given, settings

from devtools.drawing.layout import layout
from orderctl.errors import OperatorError
from orderctl.picture.machine import Machine, Transition, TransitionKind, read_machine
from orderctl.picture.placed import Box, Layout, Line
from tests.unit.drawing_samples import machines, order_workflow, overlap, rectangle, segments

A_STEP = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}


@pytest.fixture(scope="module")
def picture() -> Layout:
    return layout(order_workflow())


@pytest.fixture(scope="module")
def box(picture: Layout) -> Callable[[str], Box]:
    boxes = {box.state.name: box for box in picture.boxes}
    return boxes.__getitem__


def test_branches_of_a_parallel_state_are_drawn_side_by_side(box: Callable[[str], Box]) -> None:
    first, second, third = box("ReserveInventory"), box("AuthorizePayment"), box("NotifyReceived")

    assert first.y == second.y == third.y
    assert first.x + first.width < second.x
    assert second.x + second.width < third.x


def test_branches_are_drawn_inside_their_frame(box: Callable[[str], Box]) -> None:
    frame, inside = box("Compensate"), box("ParkReversePayment")

    assert frame.x < inside.x < inside.x + inside.width < frame.x + frame.width
    assert frame.y < inside.y < inside.y + inside.height < frame.y + frame.height


def test_the_path_of_a_confirmed_order_is_a_vertical_line(box: Callable[[str], Box]) -> None:
    names = "DecideOutcome CapturePayment ConfirmOrder AnnounceConfirmed NotifyConfirmed DecideClosing"
    path = [box(name) for name in (*names.split(), "CloseOrder", "OrderProcessed")]

    assert len({state.x + state.width / 2 for state in path}) == 1
    assert [state.y for state in path] == sorted(state.y for state in path)


def test_a_park_state_is_drawn_beside_its_step(box: Callable[[str], Box]) -> None:
    step, parking = box("AnnounceConfirmed"), box("ParkAnnounceConfirmed")

    assert step.x + step.width < parking.x
    assert step.y == parking.y


def test_a_small_box_beside_a_step_is_vertically_centred(box: Callable[[str], Box]) -> None:
    step, small = box("CancelOrder"), box("OutOfStock")

    assert small.height < step.height
    assert step.y + step.height / 2 == small.y + small.height / 2


def test_only_transitions_of_one_choice_or_to_one_state_overlap(
    picture: Layout,
) -> None:
    overlapping = {
        (one.transition, other.transition)
        for one, other in combinations(picture.lines, 2)
        if not may_overlap(one.transition, other.transition) and lines_overlap(one, other)
    }

    assert not overlapping


def test_the_order_workflow_fits_the_width_of_a_readme(picture: Layout) -> None:
    assert picture.width < 1500


def test_the_layout_of_the_order_workflow_is_valid(picture: Layout) -> None:
    check(order_workflow(), picture)


@settings(max_examples=30, deadline=None)
@given(machine=machines())
def test_the_layout_of_any_state_machine_is_valid(machine: Machine) -> None:
    check(machine, layout(machine))


def test_many_transitions_out_of_a_small_state_start_on_its_outline() -> None:
    names = [f"S{number}" for number in range(1, 6)]
    steps = {name: {"Type": "Pass", "Next": next_} for name, next_ in pairwise([*names, "Again"])}
    back = [{"Variable": "$.n", "NumericEquals": 1, "Next": name} for name in names]
    again = {"Type": "Choice", "Choices": back, "Default": "S1"}
    machine = read_machine({"StartAt": "S1", "States": {**steps, "Again": again}})

    check(machine, layout(machine))


@pytest.mark.parametrize("step", [{"Type": "Task"}, {"Type": "Parallel", "Branches": [A_STEP]}])
def test_many_catchers_of_a_state_start_on_its_outline(step: dict[str, Any]) -> None:
    names = [f"S{number}" for number in range(1, 9)]
    catchers = [{"ErrorEquals": [name], "Next": name} for name in names]
    handlers = {name: {"Type": "Pass", "End": True} for name in names}
    states = {"Step": {**step, "Catch": catchers, "Next": "S1"}, **handlers}
    machine = read_machine({"StartAt": "Step", "States": states})

    check(machine, layout(machine))


def test_the_first_handler_of_a_step_is_beside_it_and_the_second_one_below() -> None:
    catchers = [{"ErrorEquals": [name], "Next": name} for name in ("First", "Second")]
    ends = {name: {"Type": "Task", "End": True} for name in ("Next", "First", "Second")}
    states = {"Step": {"Type": "Task", "Next": "Next", "Catch": catchers}, **ends}
    machine = read_machine({"StartAt": "Step", "States": states})

    picture = layout(machine)

    check(machine, picture)
    y = {box.state.name: box.y for box in picture.boxes}
    assert y["Step"] == y["First"] < y["Second"]


def test_a_transition_to_an_unknown_state_is_an_error() -> None:
    definition = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "Next": "Missing"}}}

    with pytest.raises(OperatorError, match="Only leads to Missing: there is no such state"):
        read_machine(definition)


def check(machine: Machine, picture: Layout) -> None:
    """Check that everything is drawn once, inside the picture, without overlaps."""
    drawn = Counter(box.state.name for box in picture.boxes)
    assert drawn == Counter(state.name for state in machine.all_states())
    assert Counter(line.transition for line in picture.lines) == Counter(machine.all_transitions())
    check_boxes(machine, picture)
    check_lines(machine, picture)


def check_boxes(machine: Machine, picture: Layout) -> None:
    around = frames_around(machine)
    words = [(label.x, label.y, label.width, label.height) for label in picture.labels]
    for one, other in combinations(picture.boxes, 2):
        nested = one.state.name in around[other.state.name] or other.state.name in around[one.state.name]
        assert nested or not overlap(rectangle(one), rectangle(other))
    assert not any(overlap(one, other) for one, other in combinations(words, 2))
    assert not any(
        overlap(rectangle(box), label) for box in picture.boxes for label in words if not box.state.branches
    )
    for box in picture.boxes:
        assert box.x >= 0
        assert box.x + box.width <= picture.width
        assert box.y + box.height <= picture.height


def check_lines(machine: Machine, picture: Layout) -> None:
    boxes = {box.state.name: box for box in picture.boxes}
    around = frames_around(machine)
    for line in picture.lines:
        check_ends(line, boxes)
        inside = around[line.transition.source or line.transition.target]
        for box in picture.boxes:
            if box.state.name not in inside:
                assert not any(overlap(segment, rectangle(box)) for segment in segments(line))


def check_ends(line: Line, boxes: dict[str, Box]) -> None:
    source, target = line.transition.source, line.transition.target
    for name, point in ((source, line.points[0]), (target, line.points[-1])):
        if name:
            assert on_outline(boxes[name], *point)
    if line.transition.kind is not TransitionKind.END:
        assert all(x == to_x or y == to_y for (x, y), (to_x, to_y) in pairwise(line.points))


def may_overlap(one: Transition, other: Transition) -> bool:
    both_choices = one.kind is other.kind is TransitionKind.CHOICE
    return one.target == other.target or (both_choices and one.source == other.source)


def lines_overlap(one: Line, other: Line) -> bool:
    return any(
        overlap(segment, other_segment) and (segment[2] > segment[3]) == (other_segment[2] > other_segment[3])
        for segment in segments(one)
        for other_segment in segments(other)
    )


def on_outline(box: Box, x: float, y: float) -> bool:
    right, bottom = box.x + box.width, box.y + box.height
    across, down = box.x <= x <= right, box.y <= y <= bottom
    at_side, at_end = (isclose(x, box.x) or isclose(x, right)), (isclose(y, box.y) or isclose(y, bottom))
    return (across and at_end) or (down and at_side)


def frames_around(machine: Machine, frames: frozenset[str] = frozenset()) -> dict[str, frozenset[str]]:
    """Return the Parallel states around each state."""
    around = dict.fromkeys(machine.states, frames)
    for state in machine.states.values():
        for branch in state.branches:
            around |= frames_around(branch, frames | {state.name})
    return around
