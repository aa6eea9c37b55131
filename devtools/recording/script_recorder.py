"""Makes a recording from a script: replays its responses and keeps the history."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from devtools.asl.definition import DEFINITION
from devtools.recording.history import last_state
from devtools.recording.recording import Origin, Recording
from devtools.recording.replay import Replay, replay
from devtools.recording.scripts.script import ORDER_PLACED, Script
from orderctl.errors import OperatorError


def record_script(script: Script, definition: Path = DEFINITION) -> Recording:
    """Replay a script; raise OperatorError if the execution does not end as the script expects."""
    replayed = replay(definition.read_text(), ORDER_PLACED, script.all_responses)
    _check(script, replayed)
    engine, today = f"moto {version('moto')}", datetime.now(UTC).date().isoformat()
    return Recording(
        scenario=script.name,
        origin=Origin(where="hand", engine=engine, date=today),
        input=ORDER_PLACED,
        responses=replayed.used,
        outcome=replayed.outcome,
    )


def _check(script: Script, replayed: Replay) -> None:
    if replayed.missing:
        raise OperatorError(
            f"{script.name} has no response for {', '.join(replayed.missing)}",
            what_to_do="Give the script more responses in devtools/recording/scripts.",
        )
    unused = [
        state
        for state, responses in script.responses.items()
        if len(replayed.used.get(state, ())) < len(responses)
    ]
    ended_in = last_state(replayed.outcome.history)
    if ended_in != script.ends_in or unused:
        raise OperatorError(
            f"{script.name} ends in {ended_in}, expected {script.ends_in}; unused responses: {unused or '-'}",
            why="the definition or the script changed",
            what_to_do="Correct the one that is wrong.",
        )
