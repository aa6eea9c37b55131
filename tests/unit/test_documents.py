"""The files, targets and commands in README and docs exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from orderctl.command_list import load_command
from orderctl.main import app

_ROOT: Final = Path(__file__).parents[2]
_DOCUMENTS: Final = [
    *(_ROOT / name for name in ("README.md", "DECISIONS.md", "SECURITY.md")),
    *sorted((_ROOT / "docs").glob("*.md")),
]
_LINK: Final = re.compile(r"]\((?!https?:)([^)#]+)")
_COMMAND: Final = re.compile(r"(?:^|`)(orderctl [^`#\n]+)", re.MULTILINE)
_PATH: Final = re.compile(
    r"`((?:handlers|statemachines|infrastructure|orderctl|devtools|tests|docs)/[\w./-]*)`"
)

by_document = pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda document: document.name)


@by_document
def test_every_link_and_every_path_is_an_existing_file(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    missing = [link for link in _LINK.findall(text) if not (document.parent / link).exists()]
    missing += [path for path in _PATH.findall(text) if not (_ROOT / path).exists()]

    assert missing == []


@by_document
def test_every_make_target_exists(document: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (_ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    named = re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(named) <= set(targets)


@by_document
def test_every_command_of_orderctl_exists_with_its_options(document: Path) -> None:
    for line in _COMMAND.findall(document.read_text(encoding="utf-8")):
        for words in _alternatives(line):
            command, rest = _resolved(words)
            known = {option for parameter in command.params for option in parameter.opts}

            unknown = {word for word in rest if word.startswith("--")} - known

            assert unknown == set(), line


def test_every_threat_has_an_answer_that_a_test_checks() -> None:
    document = (_ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [row for row in document.splitlines() if row.count(" | ") == 4 and row.endswith("` |")]

    assert len(rows) >= 25
    for row in rows:
        assert re.search(r"`tests/[\w/]+\.py` \|$", row), row


def test_the_readme_is_short() -> None:
    lines = (_ROOT / "README.md").read_text(encoding="utf-8").splitlines()

    assert len([line for line in lines if not line.startswith("![")]) < 155


def _alternatives(line: str) -> Iterator[list[str]]:
    """Split `dlq list\\|show` of a table into two commands."""
    words = line.replace("\\|", "|").split()[1:]
    choices = next((word for word in words if "|" in word), None)
    for choice in choices.split("|") if choices else [None]:
        yield [choice if choice and word == choices else word for word in words]


def _resolved(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command with this name, and its arguments."""
    group: Any = get_command(app)
    if words[0].startswith("-"):
        return group, []
    assert words[0] in group.commands, f"orderctl has no command {words[0]}"
    command, rest = load_command(words[0]), words[1:]
    if rest and rest[0] in getattr(command, "commands", {}):
        return command.commands[rest[0]], rest[1:]
    return command, rest
