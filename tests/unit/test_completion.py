"""The shell completes commands, options and values, by the environment variables of its scripts."""

import os
import shutil
import subprocess
from typing import Final

import pytest

from tests.orderctl_processes import SCRIPT, Call, orderctl_each

ORDERCTL: Final = str(SCRIPT)
WORDS = [
    ("orderctl st", {"status", "stock", "stats"}),
    ("orderctl stock s", {"set", "show", "split"}),
    ("orderctl orders --st", {"--status", "--stack", "--stage"}),
    ("orderctl orders --status ON", {"ON_HOLD"}),
    ("orderctl dlq redrive pay", {"payment"}),
    ("orderctl cancel --on", {"--on-hold-older-than"}),
    ("orderctl up --w", {"--watch"}),
    ("orderctl open ", {"order", "executions", "dashboard"}),
    ("orderctl --ro", {"--role"}),
]


def _run(command: list[str], **variables: str) -> str:
    ended = subprocess.run(  # noqa: S603  fixed
        command, env=os.environ | variables, check=True, capture_output=True, text=True
    )
    assert ended.stderr == ""
    return ended.stdout


@pytest.fixture(scope="module")
def completed() -> dict[tuple[str, str], str]:
    """What orderctl prints for each shell and its words."""
    calls = {("bash", words): _in_bash(words) for words, _ in WORDS}
    calls |= {("zsh", words): _in_zsh(words) for words, _ in WORDS}
    ended = orderctl_each([Call(variables=variables) for variables in calls.values()])
    assert {(each.code, each.stderr) for each in ended} == {(0, "")}
    return {call: each.stdout for call, each in zip(calls, ended, strict=True)}


def _in_bash(words: str) -> dict[str, str]:
    return {
        "_ORDERCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }


def _in_zsh(words: str) -> dict[str, str]:
    return {"_ORDERCTL_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": words}


@pytest.mark.parametrize(("words", "expected"), WORDS)
def test_bash_completes(completed: dict[tuple[str, str], str], words: str, expected: set[str]) -> None:
    assert set(completed["bash", words].split()) == expected


@pytest.mark.parametrize(("words", "expected"), WORDS)
def test_zsh_completes_with_descriptions(
    completed: dict[tuple[str, str], str], words: str, expected: set[str]
) -> None:
    shown = completed["zsh", words]

    assert shown.startswith("_arguments '*: :((")
    assert all(f'"{each}"' in shown for each in expected)


def test_the_script_for_bash_works_in_bash() -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = _run([ORDERCTL], _ORDERCTL_COMPLETE="source_bash")
    complete = '\nCOMP_WORDS=(orderctl orders --status ON) COMP_CWORD=3; _orderctl_completion "$0"; '

    shown = _run([bash, "--norc", "-c", f'{script}{complete} echo "${{COMPREPLY[@]}}"', ORDERCTL])

    assert shown == "ON_HOLD\n"
