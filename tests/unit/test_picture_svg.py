"""The picture of an execution as SVG: heading, ending, legend, and what a strict policy of a page allows."""

import re

import pytest

from orderctl.picture.icons import SIGNS
from orderctl.picture.theme import picture_css
from tests.unit.picture_samples import (
    SVG,
    classes,
    groups,
    logged,
    parse,
    picture_of,
    recorded_picture,
    signs,
    state,
    until,
    words,
)

HELD = "held_after_retries"
CANCELLED = "held_redriven_cancelled"
HOSTILE = "<script>alert(1)</script>\"'&]]>\x00\x1b[31m\u202eevil"


def test_the_heading_tells_order_status_execution_start_and_time() -> None:
    text = words(parse(recorded_picture(CANCELLED, 2)))

    assert "Order 8547e4d2-0a4c-59dd-964c-3b5b9bc2fb08" in text
    assert "cancelled by an operator" in text
    assert "Execution 2 of 3, started by a redrive" in text
    assert "2026-11-26 14:22:46 UTC · took 3.2 s" in text


@pytest.mark.parametrize(
    ("log", "number", "ending", "says"),
    [
        ("confirmed_at_second_attempt", 1, "ended-confirmed", "Confirmed the order"),
        (HELD, 1, "ended-held", "Held the order: AuthorizePayment failed"),
        (CANCELLED, 3, "ended-cancelled", "Cancelled the order"),
        ("lost_race", 2, "ended-without-change", "settled"),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_the_end_has_the_colour_and_the_sign_of_what_the_execution_did(
    log: str, number: int, ending: str, says: str, *, whole: bool
) -> None:
    svg = recorded_picture(log, number, whole=whole)

    end = state(svg, "OrderProcessed")
    assert ending in classes(end)
    assert signs(end) == [SIGNS[ending]]
    assert says in words(parse(svg))


@pytest.mark.parametrize("whole", [False, True])
def test_the_end_of_a_held_order_is_neither_green_nor_ticked(*, whole: bool) -> None:
    end = state(recorded_picture(HELD, whole=whole), "OrderProcessed")

    assert signs(end) == [SIGNS["ended-held"]]
    assert SIGNS["ended-held"] != SIGNS["succeeded"]
    # The class of the ending comes later in the style sheet than that of the state, so it decides.
    css = picture_css()
    assert css.index(" .ended-held {") > css.index(" .succeeded {")
    assert re.search(r"\.ended-held \{ --op-colour: var\(--op-held\)", css)


def test_the_legend_has_what_is_in_the_picture_and_nothing_else() -> None:
    quiet = words(parse(recorded_picture("lost_race", 1)))
    troubled = words(parse(recorded_picture(HELD)))

    assert "succeeded after a retry" not in quiet
    assert "way of a caught error" not in quiet
    assert "SQS" not in quiet
    assert "order confirmed" in quiet
    assert {"succeeded after a retry", "failed, and the error was caught", "not reached"} <= set(
        legend_of(recorded_picture(HELD))
    )
    assert "order held: waits for an operator" in troubled
    assert "order confirmed" not in troubled
    assert "running now" not in troubled


def legend_of(svg: str) -> list[str]:
    return [each.text or "" for each in parse(svg).findall(f"{SVG}text[@class='said']")]


def test_the_ways_not_taken_tell_when_they_are_taken() -> None:
    stub = state(recorded_picture(HELD), "MessageLost")

    assert "inventory = LOST or payment = LOST" in words(stub)
    assert "on any error" in words(state(recorded_picture(HELD), "ParkNotifyReceived"))


def test_the_reason_of_the_way_that_was_taken_is_written_beside_its_line() -> None:
    reasons = [
        each.text
        for each in parse(recorded_picture("confirmed_at_second_attempt")).iter(f"{SVG}text")
        if each.get("class") == "reason"
    ]

    assert reasons == ["inventory = RESERVED and payment = AUTHORIZED or CAPTURED", "otherwise"]


@pytest.mark.parametrize("whole", [False, True])
def test_a_picture_in_a_page_has_no_style_no_script_and_no_id(*, whole: bool) -> None:
    root = parse(recorded_picture(HELD, standalone=False, interactive=True, whole=whole))

    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    attributes = {name for each in root.iter() for name in each.attrib}
    assert tags <= {"svg", "g", "rect", "path", "polygon", "circle", "text", "title"}
    assert not {name for name in attributes if name in {"style", "id", "href"} or name.startswith("on")}


def test_a_file_of_its_own_has_its_title_and_its_style_sheet_and_refers_to_nothing() -> None:
    svg = recorded_picture(HELD)

    root = parse(svg)
    assert root.findtext(f"{SVG}title", "").startswith("Order af358dad-b27d-58c6-a9db-d43c0753c941, on hold")
    assert root.findtext(f"{SVG}style") == picture_css()
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in svg


@pytest.mark.parametrize("whole", [False, True])
def test_text_of_strangers_stays_text(*, whole: bool) -> None:
    events = logged(HELD)
    for event in events:
        if event["type"] == "TaskFailed":
            event["details"] |= {"error": HOSTILE, "cause": HOSTILE * 30}
    svg = picture_of(events, reason=HOSTILE, whole=whole, interactive=True)

    tags = {each.tag.removeprefix(SVG) for each in parse(svg).iter()}
    assert "script" not in tags
    assert not set(svg) & {"\x00", "\x1b", "\u202e"}


def test_a_name_and_an_error_of_any_length_stay_in_the_picture() -> None:
    events = logged(HELD)
    for event in events:
        if event["type"] == "TaskFailed":
            event["details"] |= {"error": "E" * 500, "cause": "漢" * 500}
        elif event["details"].get("name") == "HoldOrder":
            event["details"]["name"] = "Hold" * 50

    assert_inside(picture_of(events, reason="r" * 500))


@pytest.mark.parametrize(
    ("log", "number"), [(HELD, 1), (CANCELLED, 1), (CANCELLED, 2), (CANCELLED, 3), ("lost_race", 2)]
)
def test_a_picture_fits_a_readme_and_all_its_text_is_inside(log: str, number: int) -> None:
    svg = recorded_picture(log, number)

    assert float(parse(svg).attrib["width"]) <= 830
    assert_inside(svg)


def assert_inside(svg: str) -> None:
    """Check that every line of text ends inside of the picture and, in a card, inside of the card."""
    root = parse(svg)
    width = float(root.attrib["width"])
    for text in root.iter(f"{SVG}text"):
        assert float(text.attrib["x"]) + float(text.attrib["textLength"]) <= width
    for group in groups(svg, lambda each: "state" in each and "not-reached" not in each):
        outline = next(iter(group.iter(f"{SVG}rect")))
        right = float(outline.attrib["x"]) + float(outline.attrib["width"])
        bottom = float(outline.attrib["y"]) + float(outline.attrib["height"])
        for text in group.iter(f"{SVG}text"):
            assert float(text.attrib["x"]) + float(text.attrib["textLength"]) <= right
            assert float(text.attrib["y"]) <= bottom


def test_two_drawings_of_one_execution_are_the_same_bytes() -> None:
    assert recorded_picture(HELD) == recorded_picture(HELD)


def test_a_running_picture_of_a_branch_has_no_line_from_what_has_not_ended() -> None:
    svg = picture_of(until(logged(HELD), "ParkAuthorizePayment"), status="PENDING")

    assert "running" in classes(state(svg, "ProcessOrder"))
    assert "running" in classes(state(svg, "ParkAuthorizePayment"))
    assert "succeeded" in classes(state(svg, "NotifyReceived"))
