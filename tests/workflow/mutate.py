"""Changes the definition in small ways, and checks that the recordings detect each change.

Run it with `make mutate`. It is not a test, because it replays the recordings thousands of times.
"""

import json
import logging
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any

from devtools.asl.definition import read_definition
from devtools.recording.recording import Recording, recordings
from tests.workflow.definition_checks import schema_violations, violations
from tests.workflow.mutants import Mutant, mutants
from tests.workflow.recording_check import check
from tests.workflow.recording_coverage import covered, parts

_WORKERS = 2
_TIMEOUT_SECONDS = 60
# Mutants without an effect, because no result matches both rules.
EQUIVALENT: Mapping[tuple[str, str], str] = {
    ("DecideOutcome", "Choices[1] after the next"): "a refused order is not RESERVED with a valid payment",
    ("DecideOutcome", "Choices[2] after the next"): "an accepted order has no LOST step",
}


class _TimedOut(BaseException):
    """Not a subclass of Exception, which the interpreter would treat as a failed task."""


def main() -> None:
    """Print a table of the mutants; exit with 1 when one of them is not detected."""
    detected: dict[str, Counter[str]] = defaultdict(Counter)
    survivors = []
    with ProcessPoolExecutor(_WORKERS) as pool:
        all_mutants = list(mutants(read_definition()))
        for number, (mutant, by) in enumerate(
            zip(all_mutants, pool.map(_detected_by, all_mutants, chunksize=4), strict=True), start=1
        ):
            detected[mutant.kind][by] += 1
            if by == "nothing":
                survivors.append(mutant)
                _say(f"not detected: {mutant.state or 'machine'}: {mutant.kind}: {mutant.description}")
            _say(f"\r{number} of {len(all_mutants)} ", end="", file=sys.stderr)
    _say("\r", end="", file=sys.stderr)
    _print_table(detected)
    sys.exit(1 if survivors else 0)


def _detected_by(mutant: Mutant) -> str:
    if (mutant.state, mutant.description) in EQUIVALENT:
        return "equivalent"
    logging.disable()  # the interpreter logs every mutant that it can't run
    signal.signal(signal.SIGALRM, _time_out)
    signal.alarm(_TIMEOUT_SECONDS)
    try:
        return _first_detection(mutant)
    except _TimedOut:
        return "a replay that never ends"
    finally:
        signal.alarm(0)


def _first_detection(mutant: Mutant) -> str:
    """Return the check that detects a mutant; checks without parsing come first, because parsing is slow."""
    if violations(mutant.definition):
        return "a static check"
    text = json.dumps(mutant.definition)
    for recording in sorted(_recordings(), key=lambda recording: not _passes(recording, mutant.state)):
        try:
            if check(text, recording).lines:
                return "a replay"
        except Exception:  # noqa: BLE001  a mutant that can't run is detected
            return "the interpreter"
    found = {item for each in _recordings() for item in covered(mutant.definition, each.outcome.history)}
    if parts(mutant.definition) - found:
        return "coverage"
    return "cfn-lint" if schema_violations(mutant.definition) else "nothing"


@cache
def _recordings() -> list[Recording]:
    return [Recording.read(file) for file in recordings()]


def _passes(recording: Recording, state: str) -> bool:
    return any(event.get("state") == state for each in recording.outcome.history.values() for event in each)


def _time_out(*_: Any) -> None:
    raise _TimedOut


def _print_table(detected: Mapping[str, Counter[str]]) -> None:
    total = Counter[str]()
    _say(f"{'change':18}{'mutants':>8}{'detected':>10}  by")
    for kind in sorted(detected):
        _say(_row(kind, detected[kind]))
        total += detected[kind]
    _say(_row("all", total))


def _row(kind: str, counted: Counter[str]) -> str:
    count = counted.total() - counted["equivalent"]
    by = ", ".join(f"{by} {times}" for by, times in counted.most_common())
    return f"{kind:18}{count:8}{count - counted['nothing']:10}  {by}"


def _say(text: str, **where: Any) -> None:
    print(text, **where, flush=True)  # noqa: T201  the output of a command


if __name__ == "__main__":
    main()
