"""The pictures in the documents match the definition and the recordings."""

from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from orderctl.main import app

_ROOT: Final = Path(__file__).parents[2]
_PICTURES: Final = sorted((_ROOT / "statemachines" / "pictures").glob("*.svg"))


@pytest.mark.parametrize("picture", _PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_matches_its_recording(picture: Path) -> None:
    definition = _ROOT / "statemachines" / "order_workflow.asl.json"
    recording = _ROOT / "tests" / "workflow" / "recordings" / f"{picture.stem}.json"
    options = ["--definition", str(definition), "--recording", str(recording), "--output", "-"]

    drawn = CliRunner().invoke(app, ["draw", *options])

    assert drawn.stdout == picture.read_text(encoding="utf-8"), (
        f"draw it again: orderctl draw --recording {recording.relative_to(_ROOT)}"
        f" --output {picture.relative_to(_ROOT)}"
    )


def test_the_document_on_testing_shows_every_picture() -> None:
    document = (_ROOT / "docs" / "testing.md").read_text(encoding="utf-8")

    assert _PICTURES
    assert [name for name in _PICTURES if str(name.relative_to(_ROOT)) not in document] == []
