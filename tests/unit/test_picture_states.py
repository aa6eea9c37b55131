"""The picture of an execution: how each state is marked, and what it says."""

import pytest

from orderctl.picture.icons import SIGNS
from orderctl.picture.state_view import STANDING_WORDS, Standing, seconds_text
from tests.unit.picture_samples import (
    SVG,
    classes,
    fails,
    groups,
    logged,
    parse,
    picture_of,
    recorded_picture,
    renamed,
    signs,
    state,
    time_of,
    until,
    words,
)

STANDINGS = {str(each) for each in Standing}


def held(**options: object) -> str:
    return recorded_picture("held_after_retries", **options)


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        ("ProcessOrder", "succeeded"),
        ("ReserveInventory", "retried"),
        ("AuthorizePayment", "caught"),
        ("ParkAuthorizePayment", "succeeded"),
        ("HoldOrder", "succeeded"),
        ("CapturePayment", "not-reached"),
        ("ParkNotifyReceived", "not-reached"),
    ],
)
def test_a_state_has_the_one_class_and_the_sign_of_how_it_went(name: str, standing: str) -> None:
    group = state(held(), name)

    assert classes(group) & STANDINGS == {standing}
    assert signs(group) == ([] if standing == "not-reached" else [SIGNS[standing]])


def test_every_state_of_every_recorded_execution_has_exactly_one_class_of_its_standing() -> None:
    for log, number in (("held_redriven_cancelled", 3), ("lost_race", 2), ("confirmed_at_second_attempt", 1)):
        for whole in (False, True):
            drawn = groups(recorded_picture(log, number, whole=whole), lambda each: "state" in each)
            assert drawn
            assert all(len(classes(group) & STANDINGS) == 1 for group in drawn)


def test_a_state_tells_its_time_its_attempts_and_its_result() -> None:
    svg = held()

    assert "27 ms · 1 attempt → SENT" in words(state(svg, "NotifyReceived"))
    assert "3.3 s · 4 attempts, waited 3.3 s" in words(state(svg, "AuthorizePayment"))
    assert "449 ms · 3 attempts, waited 394 ms → RESERVED" in words(state(svg, "ReserveInventory"))


def test_a_failed_state_tells_its_error_and_its_cause() -> None:
    svg = held()

    assert "GatewayUnavailable: fault switch: rate=1.0,latency=0.0" in words(state(svg, "AuthorizePayment"))
    assert "Before: DependencyUnavailable: fault switch" in words(state(svg, "ReserveInventory"))


def test_the_title_of_a_state_has_every_attempt() -> None:
    title = state(held(), "AuthorizePayment").findtext(f"{SVG}title", "").splitlines()

    assert title[0] == "AuthorizePayment: Task, Lambda"
    assert [line.partition(" after ")[0] for line in title[2:]] == [
        f"attempt {number}: GatewayUnavailable" for number in (1, 2, 3, 4)
    ]


def test_a_long_cause_is_shortened_in_the_picture_and_whole_in_its_title() -> None:
    cause = "the gateway did not answer " * 20 + "END"
    svg = picture_of(fails(until(logged("held_after_retries"), "HoldOrder", more=1), "Broken", cause))

    group = state(svg, "HoldOrder")
    assert "END" not in words(group)
    assert "..." in words(group)
    assert "END" in group.findtext(f"{SVG}title", "")


def test_the_state_in_which_an_execution_failed_is_failed_and_so_is_the_end() -> None:
    svg = picture_of(fails(until(logged("held_after_retries"), "HoldOrder", more=1), "States.Runtime", "no"))

    assert "failed" in classes(state(svg, "HoldOrder"))
    (end,) = groups(svg, lambda each: "end" in each)
    assert "ended-failed" in classes(end)
    assert "Failed: States.Runtime: no" in words(end)


def test_a_running_state_tells_since_when_and_what_can_come_next_is_pale() -> None:
    events = until(logged("held_after_retries"), "AnnounceHeld")
    svg = picture_of(events, now=time_of(events[-1]).replace(microsecond=0))

    group = state(svg, "AnnounceHeld")
    assert classes(group) & STANDINGS == {"running"}
    assert signs(group) == [SIGNS["running"]]
    assert "running" in words(group)
    assert "not-reached" in classes(state(svg, "DecideClosing"))
    (end,) = groups(svg, lambda each: "end" in each)
    assert "goes on in AnnounceHeld" in words(end)


def test_without_the_time_a_running_state_says_only_that_it_runs() -> None:
    svg = picture_of(until(logged("held_after_retries"), "AnnounceHeld"))

    assert words(state(svg, "AnnounceHeld")) == "AnnounceHeld running"


def test_a_lost_race_is_told_in_words() -> None:
    group = state(recorded_picture("lost_race", 2), "ConfirmOrder")

    assert "caught" in classes(group)
    assert "Lost the race" in words(group)


def test_a_state_that_the_definition_does_not_know_is_drawn_with_a_note() -> None:
    svg = picture_of(renamed(logged("held_after_retries"), "HoldOrder", "KeepOrder"))

    assert "16 ms · 1 attempt · not in the deployed definition" in words(state(svg, "KeepOrder"))


def test_without_a_definition_the_path_is_drawn_and_no_state_is_called_unknown() -> None:
    svg = picture_of(logged("held_after_retries"), machine=None)

    assert "caught" in classes(state(svg, "AuthorizePayment"))
    assert "deployed definition" not in svg
    assert groups(svg, lambda each: "not-reached" in each) == []


def test_an_execution_that_has_entered_nothing_is_drawn() -> None:
    svg = picture_of(logged("held_after_retries")[:1], status="PENDING")

    assert "Goes on" in words(parse(svg))


def test_an_interactive_state_is_a_button_with_a_name_and_a_stub_is_none() -> None:
    svg = held(interactive=True, standalone=False)

    button = state(svg, "NotifyReceived")
    assert (button.get("role"), button.get("tabindex")) == ("button", "0")
    assert button.get("aria-label") == "NotifyReceived 27 ms · 1 attempt → SENT, succeeded"
    assert state(svg, "CapturePayment").get("role") is None
    assert parse(svg).get("role") == "group"


def test_the_name_of_a_retried_button_tells_the_waits() -> None:
    label = state(held(interactive=True), "AuthorizePayment").get("aria-label", "")

    assert "4 attempts, waited 3.3 s" in label
    assert STANDING_WORDS[Standing.CAUGHT] in label


def test_a_picture_that_is_not_interactive_has_no_buttons() -> None:
    assert not [each for each in parse(held()).iter() if each.get("role") == "button" or each.get("tabindex")]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.12, "120 ms"),
        (0.9996, "1.0 s"),
        (4.24, "4.2 s"),
        (59.96, "1 min 0 s"),
        (72, "1 min 12 s"),
    ],
)
def test_times_are_short(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text
