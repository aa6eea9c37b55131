"""Reads the runbook: for each alarm the commands, in their order."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY

OPERATIONS: Final = REPOSITORY / "docs" / "operations.md"
_HEADING: Final = re.compile(r"^### (.+)$", re.MULTILINE)
_ALARMS: Final = re.compile(r"^Alarms: (.+)$", re.MULTILINE)
_STEP: Final = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
_COMMAND: Final = re.compile(r"`(orderctl [^`]+)`")
_NAME: Final = re.compile(r"`([^`]+)`")
# A step that is only for a case.
_CASE: Final = "If "
# One entry is for the alarms of all functions, and one for those of all queues.
_KINDS: Final[Mapping[str, str]] = {
    "Errors": "Errors-FUNCTION",
    "NearTimeout": "NearTimeout-FUNCTION",
    "NotEmpty": "NotEmpty-QUEUE",
    "Old": "Old-QUEUE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of the runbook as it stands there; `in_a_case` when its step begins with "If"."""

    text: str
    in_a_case: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What to do when one of these alarms rings. `alarms` are the names as the runbook has them."""

    title: str
    alarms: tuple[str, ...]
    commands: tuple[Command, ...]
    text: str


def runbook(document: Path = OPERATIONS) -> tuple[Entry, ...]:
    """Return the entries in the order of the document."""
    section = document.read_text(encoding="utf-8").partition("\n## Runbook\n")[2].partition("\n## ")[0]
    _, *parts = _HEADING.split(section)
    return tuple(_entry(title, text) for title, text in zip(parts[::2], parts[1::2], strict=True))


def entry_of(alarm: str, entries: tuple[Entry, ...]) -> Entry:
    """Return the entry of an alarm of a stack."""
    return next(entry for entry in entries if general_name(alarm) in entry.alarms)


def general_name(alarm: str) -> str:
    """Return the name of an alarm in the runbook: one for all functions, and one for all queues."""
    kind, _, of = alarm.partition("-")
    return _KINDS[kind] if of else kind


def _entry(title: str, text: str) -> Entry:
    named = _ALARMS.search(text)
    return Entry(
        title=title,
        alarms=tuple(_NAME.findall(named[1])) if named else (),
        commands=tuple(_commands(text)),
        text=text,
    )


def _commands(text: str) -> Iterator[Command]:
    for step in _STEP.findall(text):
        for command in _COMMAND.findall(step):
            yield Command(text=command, in_a_case=step.startswith(_CASE))
