"""The list of orderctl's commands, and their messages when they can't run."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orderctl import command_list, stack
from orderctl.command_list import COMMANDS, DEVELOPMENT_COMMANDS, ENTRY_POINT_GROUP, load_command
from orderctl.examples import EXAMPLES
from orderctl.main import app

PROGRAM = """
import sys
from orderctl.main import app
app(["--help"], standalone_mode=False)
print(*sys.modules, file=sys.stderr)
"""
NOT_FOR_HELP = {
    *("aws_cdk", "aws_lambda_powertools", "boto3", "constructs", "devtools"),
    *("infrastructure", "ministack", "moto", "uvicorn"),
}
SUMMARIES = {name: command.summary for name, command in COMMANDS.items()} | DEVELOPMENT_COMMANDS


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_list_has_the_first_sentence_of_the_help_of_each_command(name: str) -> None:
    assert load_command(name).help.startswith(SUMMARIES[name])


def _with_subcommands() -> Iterator[tuple[str, Any]]:
    for name in SUMMARIES:
        command = load_command(name)
        yield name, command
        yield from ((f"{name} {each}", sub) for each, sub in getattr(command, "commands", {}).items())


def test_the_help_of_every_command_and_subcommand_ends_with_an_example_of_it() -> None:
    commands = dict(_with_subcommands())

    assert set(EXAMPLES) == {"", *commands}
    for name, command in commands.items():
        words = shlex.split(EXAMPLES[name])
        assert words[: len(name.split()) + 1] == ["orderctl", *name.split()]
        assert command.epilog == f"Example: `{EXAMPLES[name]}`"


def test_the_arguments_of_every_example_are_valid() -> None:
    for name, command in _with_subcommands():
        if not hasattr(command, "commands"):
            command.make_context(name, shlex.split(EXAMPLES[name])[len(name.split()) + 1 :])


def test_the_help_lists_every_command_and_imports_none_of_them() -> None:
    command = [sys.executable, "-c", PROGRAM]

    shown = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  fixed

    listed = [line.split()[1] for line in shown.stdout.splitlines() if line.startswith("│ ")]
    imported = {name.partition(".")[0] for name in shown.stderr.split()}
    assert set(SUMMARIES) <= set(listed)
    assert "typer" in imported
    assert imported & NOT_FOR_HELP == set()


def test_the_list_has_all_installed_development_commands_and_draw_has_a_part_in_them() -> None:
    installed = [entry_point.name for entry_point in entry_points(group=ENTRY_POINT_GROUP)]

    assert (
        sorted(installed)
        == sorted([*DEVELOPMENT_COMMANDS, "draw"])
        == [
            "demo",
            "deploy",
            "down",
            "draw",
            "record",
            "up",
        ]
    )


def test_the_error_of_a_command_without_aws_credentials_has_the_options_for_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # Another test may have used the credentials of this one's session.
    monkeypatch.setattr(stack, "_session", stack._session.__wrapped__)
    monkeypatch.setattr(stack, "_client", stack._client.__wrapped__)

    outcome = CliRunner().invoke(app, ["status", "--stack", "Shop", "--region", "us-east-1"])

    assert outcome.exit_code == 1
    assert "No AWS credentials were found\nAdd --profile" in outcome.stderr


def test_the_error_of_a_missing_development_tool_names_its_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = EntryPoint(name="up", value="no_such_package.commands:up", group="orderctl.commands")
    monkeypatch.setattr(command_list, "entry_points", lambda **_: EntryPoints([missing]))

    outcomes = [CliRunner().invoke(app, [name]) for name in ("up", "down")]

    assert [outcome.exit_code for outcome in outcomes] == [1, 1]
    for outcome, name in zip(outcomes, ("up", "down"), strict=True):
        assert f"`orderctl {name}` needs the development tools" in outcome.stderr
        assert "Clone the repository" in outcome.stderr


@pytest.mark.parametrize(
    ("command", "error", "explained"),
    [
        (["stock", "set", "A", "9" * 44], "Invalid value for 'QTY'", "orderctl stock set -h"),
        (["stock", "set", "A", "5", "--price", "0"], "Invalid value for '--price'", "orderctl stock set -h"),
        (["orders"], "Invalid value: give --customer ID, or --status", "orderctl orders -h"),
        (["nonsense"], "No such command 'nonsense'", "orderctl -h"),
    ],
)
def test_wrong_arguments_are_refused_in_two_lines(command: list[str], error: str, explained: str) -> None:
    outcome = CliRunner().invoke(app, command, prog_name="orderctl")

    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    first, second = outcome.stderr.splitlines()
    assert first.startswith(f"error: {error}")
    assert second == f"`{explained}` explains it."


@pytest.mark.parametrize("arguments", [("orders", "--status", "bogus"), ("dlq", "list", "bogus")])
def test_a_wrong_choice_is_told_without_the_name_of_an_error(arguments: tuple[str, ...]) -> None:
    outcome = CliRunner().invoke(app, [*arguments])

    assert outcome.exit_code == 2
    assert ": 'bogus' is not one of " in " ".join(outcome.stderr.split())
