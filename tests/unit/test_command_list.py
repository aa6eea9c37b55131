"""The list of commands that `orderctl --help` shows without loading them."""

import subprocess
import sys

import pytest

from orderctl.command_list import COMMANDS, DEVELOPMENT_COMMANDS, load_command

PROGRAM = """
import sys
from orderctl.main import app
app(["--help"], standalone_mode=False)
print("boto3 is imported:", "boto3" in sys.modules)
"""
SUMMARIES = {name: command.summary for name, command in COMMANDS.items()} | DEVELOPMENT_COMMANDS


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_list_has_the_first_sentence_of_each_command_s_own_help(name: str) -> None:
    assert load_command(name).help.startswith(SUMMARIES[name])


def test_the_help_lists_every_command_and_imports_no_aws_client() -> None:
    command = [sys.executable, "-c", PROGRAM]

    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  fixed

    listed = [line.split()[1] for line in shown.splitlines() if line.startswith("│ ")]
    assert set(SUMMARIES) <= set(listed)
    assert "boto3 is imported: False" in shown
