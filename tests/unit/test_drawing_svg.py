"""The SVG: marks of a recording, text that fits, the same bytes every time."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from devtools.drawing import elk
from devtools.drawing.path import read_path
from devtools.drawing.side_by_side import side_by_side
from devtools.drawing.svg import draw
from orderctl.errors import OperatorError
from orderctl.main import app
from orderctl.picture.machine import read_machine
from orderctl.picture.markup import text
from tests.unit.drawing_samples import ORDER_WORKFLOW, confirmed, order_workflow, passed, payment_outage

SVG = "{http://www.w3.org/2000/svg}"


def drawing(recording: dict[str, Any] | None = None) -> str:
    machine = order_workflow()
    return draw(machine, "Order workflow", read_path(machine, recording) if recording else None)


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  our own drawing


def classes(svg: str, state: str) -> set[str]:
    (group,) = (each for each in parse(svg).iter(f"{SVG}g") if each.get("data-state") == state)
    return set(group.get("class", "").split())


def transition_classes(svg: str, source: str, target: str) -> list[set[str]]:
    return [
        set(group[0].get("class", "").split())
        for group in parse(svg).iter(f"{SVG}g")
        if (group.get("data-from"), group.get("data-to")) == (source, target)
    ]


def test_a_drawing_drops_what_xml_forbids() -> None:
    drawn = text("a\x00\x1b<b>\ufffe&", 0, 0, 10, "name")

    assert ET.fromstring(drawn).text == "a<b>&"  # noqa: S314  ours


def test_a_drawing_without_a_recording_has_no_marks() -> None:
    root = parse(drawing())

    marks = {word for each in root.iter(f"{SVG}g") for word in each.get("class", "").split()}

    assert not marks & {"passed", "failed", "pale"}


def test_the_path_of_a_recording_is_marked_and_the_rest_is_pale() -> None:
    svg = drawing(confirmed())

    assert "passed" in classes(svg, "ConfirmOrder")
    assert "pale" in classes(svg, "HoldOrder")
    assert "passed" in transition_classes(svg, "DecideOutcome", "CapturePayment")[0]
    assert "pale" in transition_classes(svg, "DecideOutcome", "PaymentBroken")[0]


def test_a_failed_step_is_marked_with_its_attempts() -> None:
    svg = drawing(payment_outage())

    assert classes(svg, "AuthorizePayment") >= {"passed", "failed"}
    assert {"catch", "passed"} <= transition_classes(svg, "AuthorizePayment", "ParkAuthorizePayment")[0]
    assert svg.count(">x4</text>") == 2  # on the step, and in the legend


def test_a_catch_to_the_next_state_is_a_line_of_its_own() -> None:
    caught, normal = transition_classes(drawing(), "ParkAnnounceHeld", "DecideClosing")

    assert "catch" in caught
    assert "next" in normal


def test_the_drawing_has_no_external_references() -> None:
    svg = drawing(confirmed()).replace("http://www.w3.org/2000/svg", "")

    assert "http" not in svg
    assert "url(" not in svg


def test_every_line_of_text_fits_its_place() -> None:
    root = parse(drawing())
    box = next(each for each in root.iter(f"{SVG}g") if each.get("data-state") == "ParkAnnounceConfirmed")
    outline = box.find(f"{SVG}rect[@class='shape']")
    assert outline is not None

    ends = [float(text.attrib["x"]) + float(text.attrib["textLength"]) for text in box.iter(f"{SVG}text")]

    assert max(ends) < float(outline.attrib["x"]) + float(outline.attrib["width"])


def test_a_name_is_escaped() -> None:
    definition = {"StartAt": "<a & b>", "States": {"<a & b>": {"Type": "Pass", "End": True}}}

    svg = draw(read_machine(definition), 'a "title" & more')

    assert 'a "title" & more' in parse(svg).itertext()
    assert "<a & b>" in parse(svg).itertext()


def test_two_runs_draw_the_same_bytes() -> None:
    program = (
        "import json, sys\n"
        "from orderctl.picture.machine import read_machine\n"
        "from devtools.drawing.svg import draw\n"
        "print(draw(read_machine(json.load(open(sys.argv[1]))), 'Order workflow'), end='')\n"
    )
    other_run = subprocess.run(  # noqa: S603  runs this Python
        [sys.executable, "-c", program, str(ORDER_WORKFLOW)],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        check=True,
        capture_output=True,
        text=True,
    )

    assert other_run.stdout == drawing()


def test_a_missing_layout_library_is_reported_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elk, "ELK", tmp_path / "elkjs")

    with pytest.raises(OperatorError, match=r"can't draw: elkjs is missing\nRun `make install`"):
        elk.start()


def test_the_first_state_that_differs_is_ringed_in_both_drawings() -> None:
    other = confirmed()
    other["history"]["OrderWorkflow"] = payment_outage()["history"]["OrderWorkflow"]

    svg = side_by_side(drawing(confirmed()), drawing(other), ("recorded", "replayed"))

    root = parse(svg)
    rings = [each for each in root if each.get("class") == "difference"]
    assert len(rings) == 2
    for ring, picture, state in zip(
        rings, root.findall(f"{SVG}svg"), ("CapturePayment", "PaymentBroken"), strict=True
    ):
        assert surrounds(ring, picture, state)
    assert "First difference after DecideOutcome: expected CapturePayment, got PaymentBroken" in svg
    assert {"recorded", "replayed"} <= set(root.itertext())


def test_the_last_common_state_is_ringed_in_the_drawing_of_the_shorter_path() -> None:
    shorter = confirmed()
    shorter["history"]["OrderWorkflow"] = passed("ProcessOrder", "DecideOutcome")

    root = parse(side_by_side(drawing(confirmed()), drawing(shorter), ("recorded", "replayed")))

    left, right = (each for each in root if each.get("class") == "difference")
    pictures = root.findall(f"{SVG}svg")
    assert surrounds(left, pictures[0], "CapturePayment")
    assert surrounds(right, pictures[1], "DecideOutcome")


def test_two_drawings_of_the_same_path_are_reported_as_equal() -> None:
    svg = side_by_side(drawing(confirmed()), drawing(confirmed()), ("recorded", "replayed"))

    assert "Both took the same path" in svg
    assert 'class="difference"' not in svg


def test_the_command_writes_the_drawing_of_a_recording(tmp_path: Path) -> None:
    recording, output = tmp_path / "payment_outage.json", tmp_path / "picture.svg"
    recording.write_text(json.dumps(payment_outage()))

    result = run("--recording", str(recording), "--output", str(output))

    assert result.exit_code == 0
    root = parse(output.read_text(encoding="utf-8"))
    assert root.findtext(f"{SVG}title") == "Order workflow: payment_outage"
    assert "passed" in classes(output.read_text(encoding="utf-8"), "HoldOrder")


def test_the_command_can_write_to_standard_output() -> None:
    result = run("--output", "-")

    assert result.output.startswith("<svg ")


def test_a_file_that_is_missing_or_is_not_json_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{\n]")

    no_json = run("--recording", str(broken), "--output", "-")
    missing = run("--recording", str(tmp_path / "missing.json"), "--output", "-")

    assert (no_json.exit_code, missing.exit_code) == (1, 1)
    assert "invalid JSON in line 2" in no_json.stderr
    assert re.search(r"can't read .*missing\.json: No such file", missing.stderr)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(
        app, ["draw", "--definition", str(ORDER_WORKFLOW), *arguments], catch_exceptions=False
    )


def surrounds(ring: ET.Element, picture: ET.Element, state: str) -> bool:
    (group,) = (each for each in picture.iter(f"{SVG}g") if each.get("data-state") == state)
    shape = next(each for each in group if each.get("class") == "shape")
    points = [tuple(map(float, each.split(","))) for each in shape.get("points", "").split()]
    if not points:
        points = [(float(shape.attrib["x"]), float(shape.attrib["y"]))]
    left, top = float(ring.attrib["x"]), float(ring.attrib["y"])
    right, bottom = left + float(ring.attrib["width"]), top + float(ring.attrib["height"])
    dx, dy = float(picture.attrib["x"]), float(picture.attrib["y"])
    return all(left < x + dx < right and top < y + dy < bottom for x, y in points)
