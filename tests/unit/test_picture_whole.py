"""An execution on the whole workflow, whose layout is a file of orderctl."""

import json

from orderctl.picture.layout_file import layout_from_json, layout_json, whole_layout
from tests.unit.picture_samples import (
    SVG,
    classes,
    groups,
    logged,
    parse,
    picture_of,
    recorded_picture,
    renamed,
    state,
    words,
)


def whole() -> str:
    return recorded_picture("held_after_retries", whole=True)


def test_every_state_of_the_workflow_is_drawn_once_and_what_was_not_reached_is_pale() -> None:
    drawn = groups(whole(), lambda each: "state" in each)

    names = [each.get("data-state") for each in drawn]
    assert sorted(names) == sorted(box.state.name for box in whole_layout().boxes)
    assert "pale" in classes(state(whole(), "CapturePayment"))
    assert "pale" not in classes(state(whole(), "HoldOrder"))


def test_the_path_is_drawn_over_the_lines_that_were_not_taken() -> None:
    lines = [
        each.get("class", "").partition(" ")[0]
        for each in parse(whole()).iter(f"{SVG}path")
        if each.get("class", "").startswith(("wire", "stub-line"))
        and not each.get("d", "").startswith("M1,11H")
    ]

    first = lines.index("wire")
    assert set(lines[:first]) == {"stub-line"}
    assert set(lines[first:]) == {"wire"}
    # 3 branches, 4 states in them and what is after each, and 9 steps of the execution.
    assert len(lines[first:]) == 3 + 1 + 3 + 9 - 1


def test_the_errors_are_listed_below_the_heading() -> None:
    text = words(parse(whole()))

    assert "Held the order: AuthorizePayment failed" in text
    assert (
        "AuthorizePayment, 3.3 s, 4 attempts, waited 3.3 s: GatewayUnavailable: fault switch: rate=1.0"
        in text
    )


def test_an_execution_of_another_version_is_drawn_folded() -> None:
    other = picture_of(renamed(logged("held_after_retries"), "HoldOrder", "KeepOrder"), whole=True)

    assert float(parse(other).attrib["width"]) == 830
    assert float(parse(whole()).attrib["width"]) > 1400


def test_an_execution_that_took_another_way_than_this_version_has_is_drawn_folded() -> None:
    events = [each for each in logged("held_after_retries") if each["details"].get("name") != "AnnounceHeld"]

    assert float(parse(picture_of(events, whole=True)).attrib["width"]) == 830


def test_a_layout_is_the_same_after_it_was_written_and_read() -> None:
    layout = whole_layout()

    again = layout_from_json(json.loads(layout_json(layout)))
    assert again == layout
