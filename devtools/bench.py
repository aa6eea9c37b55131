"""Measures the replays of recordings and `orderctl --help`, and compares them with their limits."""

import gc
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from devtools.asl.definition import DEFINITION
from devtools.measurement import Measurement, seconds, show
from devtools.recording.comparison import differences
from devtools.recording.recording import Recording, recordings
from devtools.recording.replay import replay
from orderctl.terminal import output, progress_bar

REPLAY_LIMIT_SECONDS: Final = 0.05
# The best of them is the least disturbed by other work on the machine.
REPLAY_RUNS: Final = 7
HELP_LIMIT: Final = 1.5
HELP_RUNS: Final = 7
_HELP: Final = (str(Path(sys.executable).with_name("orderctl")), "--help")
# The libraries that orderctl always needs.
_IMPORTS: Final = (sys.executable, "-c", "import typer, rich, boto3")


def main() -> int:
    """Measure everything; return 1 if a value exceeds its limit."""
    gc.freeze()  # so that the garbage collector skips all that is imported
    replays = _replays()
    orderctl_help = _orderctl_help()
    held = all(each.is_within_limit for each in (*replays, orderctl_help))
    slowest = sorted(replays, key=lambda each: each.value, reverse=True)
    too_slow = [each for each in slowest if not each.is_within_limit]
    show([*(too_slow or slowest[:1]), orderctl_help])
    output.print(
        f"{len(replays)} replays, {len(too_slow)} of them too slow; each is the best of {REPLAY_RUNS}."
    )
    return 0 if held else 1


def _replays() -> list[Measurement]:
    definition = DEFINITION.read_text()
    files = recordings()
    found = []
    with progress_bar("replays", len(files)) as done:
        for count, file in enumerate(files, start=1):
            found.append(_replay(definition, Recording.read(file)))
            done(count)
    return found


def _replay(definition: str, recording: Recording) -> Measurement:
    def once() -> None:
        differences(recording.outcome, replay(definition, recording.input, recording.responses).outcome)

    once()  # the first replay parses the definition
    best = min(seconds(once) for _ in range(REPLAY_RUNS))
    return Measurement(
        what=f"replay of {recording.scenario}",
        value=1000 * best,
        limit=1000 * REPLAY_LIMIT_SECONDS,
        unit="ms",
    )


def _orderctl_help() -> Measurement:
    """Compare the best runs; the two commands alternate, so that load on the machine affects both."""
    helps, imports = [], []
    with progress_bar("orderctl --help", HELP_RUNS) as done:
        for count in range(1, HELP_RUNS + 1):
            imports.append(seconds(lambda: _run(_IMPORTS)))
            helps.append(seconds(lambda: _run(_HELP)))
            done(count)
    return Measurement(
        what=f"orderctl --help, {min(helps):.2f} s; to import typer, rich and boto3: {min(imports):.2f} s",
        value=min(helps) / min(imports),
        limit=HELP_LIMIT,
        unit="times",
    )


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    sys.exit(main())
