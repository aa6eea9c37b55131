"""Makes the recording of a hand-written scenario, by replaying its answers."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from devtools.asl.definition import DEFINITION
from devtools.recording.hand_written import PLACED, HandWritten
from devtools.recording.history import last_state
from devtools.recording.recording import Recorded, Recording
from devtools.recording.replay import replay
from orderctl.errors import OperatorError


def record_by_hand(scenario: HandWritten, definition: Path = DEFINITION) -> Recording:
    """Replay what the scenario's tasks answer; raise OperatorError where it ends otherwise than it says."""
    played = replay(definition.read_text(), PLACED, scenario.all_answers)
    if played.unanswered:
        raise OperatorError(
            f"{scenario.name} has no answer for {', '.join(played.unanswered)}",
            what_to_do="Give it more answers in devtools/recording/hand_written_scenarios.py.",
        )
    left = [
        state for state, given in scenario.answers.items() if len(played.used.get(state, ())) < len(given)
    ]
    ended_in = last_state(played.outcome.history)
    if ended_in != scenario.ends_in or left:
        raise OperatorError(
            f"{scenario.name} ends in {ended_in}, not in {scenario.ends_in}; not used up: {left or '-'}",
            why="the definition or the scenario changed",
            what_to_do="Correct the one that is wrong.",
        )
    return Recording(
        scenario=scenario.name,
        recorded=Recorded(
            where="hand", engine=f"moto {version('moto')}", date=datetime.now(UTC).date().isoformat()
        ),
        input=PLACED,
        answers=played.used,
        outcome=played.outcome,
    )
