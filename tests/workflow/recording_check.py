"""Holds the definition to a recording."""

from dataclasses import dataclass

from devtools.recording.comparison import differences
from devtools.recording.recording import Outcome, Recording
from devtools.recording.replay import replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`complaint` says how the replay parts from the recording, and what to do; empty when it doesn't."""

    complaint: str
    outcome: Outcome


def check(definition: str, recording: Recording) -> Checked:
    """Replay a recording and compare."""
    replayed = replay(definition, recording.input, recording.answers)
    problems = [f"{task}: no recorded answer" for task in replayed.unanswered]
    problems += [
        f"{state}: {len(given)} recorded answers, {len(replayed.used.get(state, ()))} asked for"
        for state, given in recording.answers.items()
        if len(replayed.used.get(state, ())) < len(given)
    ]
    problems += filter(None, [differences(recording.outcome, replayed.outcome)])
    if problems:
        problems.insert(0, f"{recording.scenario} is not replayed as recorded.")
        problems.append(f"If that is as it should be, record it again: orderctl record {recording.scenario}")
    return Checked(complaint="\n".join(problems), outcome=replayed.outcome)
