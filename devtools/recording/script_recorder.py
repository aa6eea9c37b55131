"""Makes a recording from a script: replays its responses and keeps the history."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from devtools.asl.definition import DEFINITION
from devtools.recording.history import last_state
from devtools.recording.recording import Origin, Recording
from devtools.recording.replay import Replay, replay
from devtools.recording.scripts.script import ORDER_PLACED, Script
from devtools.recording.task_responses import TaskResponses
from orderctl.errors import OperatorError

_SCRIPTS: Final = "devtools/recording/scripts"


def record_script(script: Script, definition: Path = DEFINITION) -> Recording:
    """Replay a script; raise OperatorError if the execution does not go as the script expects."""
    text = definition.read_text()
    scripted = script.unusual_responses(json.loads(text))
    replayed = replay(text, ORDER_PLACED, script.all_responses(json.loads(text)))
    _check(script, scripted, replayed)
    engine, today = f"moto {_moto_version()}", datetime.now(UTC).date().isoformat()
    return Recording(
        scenario=script.name,
        origin=Origin(where="hand", engine=engine, date=today),
        input=ORDER_PLACED,
        responses=replayed.used,
        outcome=replayed.outcome,
    )


@cache
def _moto_version() -> str:
    return version("moto")


def _check(script: Script, scripted: TaskResponses, replayed: Replay) -> None:
    if replayed.missing:
        raise OperatorError(
            f"no response for {', '.join(replayed.missing)}",
            what_to_do=f"Write it in _USUAL of {_SCRIPTS}/script.py, or in the script's own responses.",
        )
    unused = list(_unused(scripted, replayed))
    if unused:
        raise OperatorError(
            f"responses are left over: {', '.join(unused)}",
            what_to_do=f"If the definition is right, take them out of the script in {_SCRIPTS}.",
        )
    ended_in = last_state(replayed.outcome.history)
    if ended_in != script.ends_in:
        raise OperatorError(
            f"it ends in {ended_in}, the script says {script.ends_in}",
            what_to_do=f'If the definition is right, write ends_in="{ended_in}" in the script in {_SCRIPTS}.',
        )


def _unused(scripted: TaskResponses, replayed: Replay) -> Iterator[str]:
    for state, responses in scripted.items():
        used = len(replayed.used.get(state, ()))
        if used < len(responses):
            yield f"{state} makes {used} of {len(responses)} attempts"
