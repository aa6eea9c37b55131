"""The pictures in the documents and the layout in orderctl match the definition and the recordings."""

from pathlib import Path
from typing import Final

import pytest

from devtools.drawing.pictures import draw_again, drawn_files

_ROOT: Final = Path(__file__).parents[2]
_RECORDED: Final = sorted((_ROOT / "statemachines" / "pictures").glob("*.svg"))
_FILES: Final = drawn_files()


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_a_drawn_file_matches_what_it_is_drawn_from(file: Path) -> None:
    drawn = _FILES[file]()

    # The command that pytest shows is all that one needs: a difference of such files says nothing.
    is_same = drawn == file.read_text(encoding="utf-8")
    assert is_same, f"{file.relative_to(_ROOT)} is not up to date: run `orderctl draw --update`"


def test_a_file_is_written_only_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"

    assert [draw_again(file, lambda: "one"), draw_again(file, lambda: "one")] == [True, False]
    assert draw_again(file, lambda: "two")
    assert file.read_text() == "two"


def test_every_file_that_is_drawn_is_checked() -> None:
    names = {str(file.relative_to(_ROOT)) for file in _FILES}

    assert {"orderctl/picture/whole_workflow.json", "docs/pictures/held_order.svg"} <= names
    assert {str(file.relative_to(_ROOT)) for file in _RECORDED} <= names


def test_the_document_on_testing_shows_every_picture_of_a_recording() -> None:
    document = (_ROOT / "docs" / "testing.md").read_text(encoding="utf-8")

    assert _RECORDED
    assert [name for name in _RECORDED if str(name.relative_to(_ROOT)) not in document] == []
