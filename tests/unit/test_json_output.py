"""The JSON of orderctl: what all commands have in common."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orderctl.command_list import COMMANDS, DEVELOPMENT_COMMANDS, load_command
from orderctl.display import json_output
from orderctl.display.json_output import print_json
from orderctl.terminal import SafeConsole
from tests.orderctl_json import documented_commands, read_documented


def _commands() -> Iterator[tuple[str, Any]]:
    """Yield the name of each command and subcommand."""
    for name in (*COMMANDS, *DEVELOPMENT_COMMANDS):
        command = load_command(name)
        yield name, command
        yield from ((f"{name} {each}", sub) for each, sub in getattr(command, "commands", {}).items())


def test_a_document_is_not_broken_coloured_or_able_to_act_on_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    console = SafeConsole(width=40, force_terminal=True, color_system="truecolor")
    monkeypatch.setattr(json_output, "output", console)
    value = {"name": "[bold]" + "long " * 20 + "\x1b[2J\u202eß", "orders": [{"available": 12}]}

    with console.capture() as shown:
        print_json(value)

    assert json.loads(shown.get()) == value
    assert "\x1b" not in shown.get()
    assert shown.get().splitlines()[0] == "{"
    assert len(shown.get().splitlines()) == 8


def test_every_command_with_json_is_documented() -> None:
    with_json = {
        name for name, command in _commands() if any("--json" in param.opts for param in command.params)
    }

    assert {name for name in with_json if name not in documented_commands()} == set()
    assert {name.partition(" --")[0] for name in documented_commands()} <= with_json


@pytest.mark.parametrize(
    "document",
    [
        '{"stocked": 1, "skipped": [], "more": 1}',
        '{"stocked": 1}',
        '{"stocked": 1, "skipped": [{"line": 3}]}',
        '{"stocked": 1, "skipped": [{"line": 3, "reason": "", "text": ""}]}',
    ],
)
def test_a_field_too_many_or_too_few_is_noticed(document: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        read_documented(document, "stock import")


def test_a_documented_document_is_read() -> None:
    assert read_documented('{"stocked": 0, "skipped": []}', "stock import") == {"stocked": 0, "skipped": []}
