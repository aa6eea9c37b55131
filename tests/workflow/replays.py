"""Holds the definition to a recording."""

from orderctl.recording.difference import differences
from orderctl.recording.recording import Recording
from orderctl.recording.replay import replay


def complaint(definition: str, recording: Recording) -> str:
    """Say how a replay parts from the recording, and what to do; empty when it doesn't."""
    replayed = replay(definition, recording.input, recording.answers)
    problems = [f"{task}: no recorded answer" for task in replayed.unanswered]
    problems += [
        f"{state}: {len(given)} recorded answers, {len(replayed.used.get(state, ()))} asked for"
        for state, given in recording.answers.items()
        if len(replayed.used.get(state, ())) < len(given)
    ]
    difference = differences(recording.outcome, replayed.outcome)
    if not problems and not difference:
        return ""
    again = f"If that is as it should be, record it again: orderctl record {recording.scenario}"
    return "\n".join([f"{recording.scenario} is not replayed as recorded.", *problems, difference, again])
