"""Runs commands of the runbook as an operator does, in this process."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from typer.testing import CliRunner

from devtools.gameday.runbook import Command, Entry
from orderctl.main import app

# It found what is broken.
_FOUND: Final[Mapping[str, frozenset[int]]] = {"doctor": frozenset({0, 1})}
_DONE: Final = frozenset({0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that was run."""

    text: str
    ok: bool
    output: str


def chosen(entry: Entry, cases: Sequence[str]) -> list[str]:
    """Return the commands of an entry that apply: those of every case, and those of the given cases."""
    return [each.text for each in entry.commands if not each.in_a_case or _is_of(each, cases)]


def _is_of(command: Command, cases: Sequence[str]) -> bool:
    return command.text in cases


def run(text: str, values: Mapping[str, str]) -> Ran:
    """Run a command with its placeholders filled."""
    _, name, *rest = [values.get(word, word) for word in shlex.split(text)]
    outcome = CliRunner().invoke(app, [name, *rest])
    crash = "" if isinstance(outcome.exception, SystemExit) else repr(outcome.exception or "")
    return Ran(
        text=text,
        ok=outcome.exit_code in _FOUND.get(name, _DONE),
        output=outcome.stdout + outcome.stderr + crash,
    )
