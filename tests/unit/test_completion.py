"""The shell completes commands, options and values, by the environment variables of its scripts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ORDERCTL: Final = str(Path(sys.executable).with_name("orderctl"))
WORDS = [
    ("orderctl st", {"status", "stock", "stats"}),
    ("orderctl stock s", {"set", "show"}),
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


@pytest.mark.parametrize(("words", "completed"), WORDS)
def test_bash_completes(words: str, completed: set[str]) -> None:
    shown = _run(
        [ORDERCTL],
        _ORDERCTL_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    )

    assert set(shown.split()) == completed


@pytest.mark.parametrize(("words", "completed"), WORDS)
def test_zsh_completes_with_descriptions(words: str, completed: set[str]) -> None:
    shown = _run([ORDERCTL], _ORDERCTL_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=words)

    assert shown.startswith("_arguments '*: :((")
    assert all(f'"{each}"' in shown for each in completed)


def test_the_script_for_bash_works_in_bash() -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = _run([ORDERCTL], _ORDERCTL_COMPLETE="source_bash")
    complete = '\nCOMP_WORDS=(orderctl orders --status ON) COMP_CWORD=3; _orderctl_completion "$0"; '

    shown = _run([bash, "--norc", "-c", f'{script}{complete} echo "${{COMPREPLY[@]}}"', ORDERCTL])

    assert shown == "ON_HOLD\n"
