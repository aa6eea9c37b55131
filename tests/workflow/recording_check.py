"""Checks that the definition still behaves as recorded."""

from dataclasses import dataclass

from devtools.recording.comparison import differences
from devtools.recording.recording import Outcome, Recording
from devtools.recording.replay import replay


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """`message` has the differences and what to do about them; it is empty when there are none."""

    message: str
    outcome: Outcome


def check(definition: str, recording: Recording) -> CheckResult:
    """Replay a recording and compare."""
    replayed = replay(definition, recording.input, recording.responses)
    problems = [f"{task}: no recorded response" for task in replayed.missing]
    problems += [
        f"{state}: {len(replayed.used.get(state, ()))} of {len(responses)} recorded responses used"
        for state, responses in recording.responses.items()
        if len(replayed.used.get(state, ())) < len(responses)
    ]
    problems += filter(None, [differences(recording.outcome, replayed.outcome)])
    if problems:
        problems.insert(0, f"{recording.scenario} is not replayed as recorded.")
        problems.append(f"If the change is right, record it again: orderctl record {recording.scenario}")
    return CheckResult(message="\n".join(problems), outcome=replayed.outcome)
